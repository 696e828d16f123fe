"""Frames that somebody else hands in over HTTP."""

from edge.cameras.pixels import RawFormat, raw_to_rgb
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import PushCameraSettings
from edge.clock import Clock
from edge.contract.errors import FrameRejected
from edge.contract.frame import EncodedImage, Frame
from edge.contract.result import new_result_id
from edge.preprocess import decode, media_type_of

__all__ = ["PushCamera", "frame_from_bytes"]


class PushCamera(Camera):
    """Always connected and never delivers by itself: its frames are submitted by the API, one request each."""

    def __init__(self, settings: PushCameraSettings, clock: Clock) -> None:
        """Prepare; there is nothing to connect to."""
        self.name = settings.name
        self._clock = clock

    def open(self) -> None:
        """Nothing to connect."""

    def grab(self, timeout_s: float) -> NoFrame:
        """Wait for `timeout_s`; the frames take another way."""
        self._clock.sleep(timeout_s)
        return NoFrame.NOT_YET

    def close(self) -> None:
        """Nothing to disconnect."""


def frame_from_bytes(
    data: bytes, camera: str, clock: Clock, part_id: str | None = None, raw: RawFormat | None = None
) -> Frame:
    """Make a frame of an image file or of raw pixels that were handed in; what cannot be decoded becomes a fault.

    `received_us` is taken before decoding: for who asks over HTTP, decoding is a part of the answer's time.
    """
    received_us = clock.now_us()
    fault, pixels = None, None
    try:
        pixels = decode(data) if raw is None else raw_to_rgb(data, raw)
    except FrameRejected as error:
        fault = str(error)
    return Frame(
        pixels=pixels,
        part_id=part_id or f"part-{new_result_id()[:12]}",
        camera=camera,
        captured_at=clock.utc(),
        received_us=received_us,
        # Raw pixels are no file that anybody could open later: they are stored as PNG.
        encoded=EncodedImage(data, media_type_of(data)) if raw is None else None,
        fault=fault,
    )
