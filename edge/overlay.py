"""The anomaly map as a picture to lay over the frame; drawn after the verdict, never before."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import FrameRejected
from edge.contract.frame import EncodedImage, Pixels
from edge.preprocess import encode_png

__all__ = ["draw_over", "render_overlay"]

_CLEAR_BELOW = 0.5  # of the threshold: parts of the map that speak for a good part stay invisible
_FULL_AT = 2.0  # of the threshold, or at the map's peak where that is higher: a strong defect must not hide its place
_MAX_ALPHA = 200


def render_overlay(anomaly_map: NDArray[np.float32], threshold: float) -> EncodedImage:
    """Colour a map: clear where nothing is wrong, yellow around the threshold, red and dense above.

    Args:
        anomaly_map: `(H, W)` float32, in the units of `threshold`.
        threshold: the bundle's, > 0.

    Returns:
        PNG, RGBA, `(H, W)` pixels.

    Raises:
        FrameRejected: the map is empty or no `(H, W)`; there is no overlay for this part.
    """
    if anomaly_map.ndim != 2 or anomaly_map.size == 0:  # noqa: PLR2004 - (H, W)
        raise FrameRejected(f"anomaly map: expected shape (H, W), not empty, got {anomaly_map.shape}")
    relative = np.nan_to_num(anomaly_map / max(threshold, 1e-6), nan=_FULL_AT)
    full_at = max(_FULL_AT, float(relative.max()))
    strength = np.clip((relative - _CLEAR_BELOW) / (full_at - _CLEAR_BELOW), 0, 1)
    level = (255 * strength).astype(np.uint8)
    # The upper half of the colour map: yellow to red, so that blue never reads as "something here".
    colours = cv2.applyColorMap((128 + level // 2).astype(np.uint8), cv2.COLORMAP_JET)
    alpha = np.where(level > 0, 40 + level.astype(np.float32) * (_MAX_ALPHA - 40) / 255, 0).astype(np.uint8)
    ok, buffer = cv2.imencode(".png", np.dstack([colours, alpha]))
    if not ok:
        raise FrameRejected(f"cannot draw an anomaly map of shape {anomaly_map.shape}")
    return EncodedImage(data=buffer.tobytes(), media_type="image/png")


def draw_over(pixels: Pixels, overlay: EncodedImage) -> EncodedImage:
    """The frame with an overlay blended in, for people who look at one file.

    Args:
        pixels: `(H, W, 3)` RGB, uint8 or uint16; 16 bits are stretched so that the brightest pixel is white.
        overlay: of `render_overlay`, in any size.

    Returns:
        PNG, RGB, `(H, W)` pixels.
    """
    layer = cv2.imdecode(np.frombuffer(overlay.data, np.uint8), cv2.IMREAD_UNCHANGED)
    layer = cv2.resize(np.asarray(layer), pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    alpha = layer[..., 3:].astype(np.float32) / 255
    white = 255 if pixels.dtype == np.uint8 else max(int(pixels.max()), 1)
    picture = pixels[..., ::-1].astype(np.float32) * (255 / white)
    blended = (1 - alpha) * picture + alpha * layer[..., :3]
    return encode_png(np.ascontiguousarray(blended[..., ::-1]).astype(np.uint8))
