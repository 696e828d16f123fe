"""Images that go with a result: the frame, the overlay, and a small picture for the live page."""

import base64
from hashlib import sha256

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.bit_depth import white_level
from edge.contract.frame import EncodedImage, Frame, Pixels
from edge.contract.link import LivePicture
from edge.contract.manifest import Roi
from edge.contract.result import ImageKind, ImageRef
from edge.inference import Judgement
from edge.overlay import render_overlay
from edge.preprocess import encode_png
from edge.spool.store import Record
from edge.station.line import Settled

__all__ = ["live_picture", "map_on_frame", "record_with_images"]

_LIVE_SIDE_PX = 480
_MAX_BASE64 = 400_000  # the contract's limit for one picture of a heartbeat
_MAX_OVERLAY_PX = 1024


def record_with_images(settled: Settled, kept_share: float) -> Record:
    """The result for the spool, with its frame and, if it was judged, its overlay, and with which chance it is kept."""
    images = [(ImageKind.FRAME, image) for image in _frame_image(settled.frame)]
    if settled.judgement is not None:
        images.append((ImageKind.OVERLAY, _overlay(settled, settled.judgement)))
    hashed = [(kind, sha256(image.data).hexdigest(), image) for kind, image in images]
    refs = tuple(
        ImageRef(kind=kind, sha256=digest, media_type=image.media_type, size_bytes=len(image.data))
        for kind, digest, image in hashed
    )
    told = {"images": refs, "signature": _signature(settled.judgement), "kept_share": kept_share if refs else None}
    result = settled.result.model_copy(update=told)
    return Record(result, {digest: image for _, digest, image in hashed})


def live_picture(settled: Settled) -> LivePicture | None:
    """A small picture of a part; None if the frame has no pixels."""
    if settled.frame.pixels is None:
        return None
    overlay = None if settled.judgement is None else _base64(_overlay(settled, settled.judgement))
    return LivePicture(
        result=settled.result,
        frame_jpeg_base64=_base64(_small_jpeg(settled.frame.pixels)),
        overlay_png_base64=overlay if overlay is not None and len(overlay) <= _MAX_BASE64 else None,
    )


def map_on_frame(anomaly_map: NDArray[np.float32], roi: Roi | None, frame_size: tuple[int, int]) -> NDArray[np.float32]:
    """The anomaly map placed where its ROI lies in the frame, in about the map's own resolution.

    Args:
        anomaly_map: `(h, w)` float32, covers the ROI.
        roi: None if it covers the whole frame already.
        frame_size: height and width of the frame in pixels.

    Returns:
        `(H', W')` float32 of the frame's shape, zero outside the ROI.
    """
    if roi is None:
        return anomaly_map
    height, width = frame_size
    scale = min(anomaly_map.shape[0] / roi.height_px, _MAX_OVERLAY_PX / max(height, width))
    canvas = np.zeros((max(1, round(height * scale)), max(1, round(width * scale))), np.float32)
    top, left = round(roi.y_px * scale), round(roi.x_px * scale)
    bottom = min(canvas.shape[0], max(top + 1, round((roi.y_px + roi.height_px) * scale)))
    right = min(canvas.shape[1], max(left + 1, round((roi.x_px + roi.width_px) * scale)))
    resized = cv2.resize(anomaly_map, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    canvas[top:bottom, left:right] = resized
    return canvas


def _signature(judgement: Judgement | None) -> tuple[int, ...]:
    if judgement is None or judgement.signature is None:
        return ()
    return tuple(int(value) for value in np.rint(127 * judgement.signature))


def _frame_image(frame: Frame) -> list[EncodedImage]:
    if frame.encoded is not None:
        return [frame.encoded]
    return [] if frame.pixels is None else [encode_png(frame.pixels)]


def _overlay(settled: Settled, judgement: Judgement) -> EncodedImage:
    size = (0, 0) if settled.frame.pixels is None else settled.frame.pixels.shape[:2]
    return render_overlay(map_on_frame(judgement.anomaly_map, settled.roi, size), judgement.threshold)


def _small_jpeg(pixels: Pixels) -> bytes:
    height, width = pixels.shape[:2]
    scale = min(1.0, _LIVE_SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    eight = small if small.dtype == np.uint8 else cv2.convertScaleAbs(small, alpha=255 / white_level(int(small.max())))
    _, buffer = cv2.imencode(".jpg", cv2.cvtColor(eight, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])
    return buffer.tobytes()


def _base64(image: EncodedImage | bytes) -> str:
    return base64.b64encode(image if isinstance(image, bytes) else image.data).decode("ascii")
