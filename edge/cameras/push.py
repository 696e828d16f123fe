"""Frames that somebody else hands in over HTTP."""

from edge.cameras.pixels import RawFormat, raw_to_rgb
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import PushCameraSettings
from edge.clock import Clock
from edge.contract.errors import FrameRejected
from edge.contract.frame import EncodedImage, Frame, Pixels
from edge.contract.result import new_result_id
from edge.preprocess import decode, media_type_of

__all__ = ["PushCamera", "PushedFrames"]


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


class PushedFrames:
    """Makes frames of image files or raw pixels that were handed in; what cannot be decoded becomes a fault."""

    def __init__(self, camera: str, clock: Clock, max_pixels: int, raw: RawFormat | None = None) -> None:
        """Take frames as one client sends them.

        Args:
            camera: name that the frames carry.
            clock: time.
            max_pixels: of an image file, by its header; a larger one is not decoded.
            raw: format of frames without a header; None for image files.
        """
        self._camera = camera
        self._clock = clock
        self._max_pixels = max_pixels
        self._raw = raw

    def frame(self, data: bytes, part_id: str | None = None) -> Frame:
        """One frame, decoded.

        `received_us` is taken before decoding: for who asks over the network, decoding is a part of the answer's time.
        """
        received_us = self._clock.now_us()
        fault, pixels = None, None
        try:
            pixels = self._pixels(data)
        except FrameRejected as error:
            fault = str(error)
        return Frame(
            pixels=pixels,
            part_id=part_id or f"part-{new_result_id()[-12:]}",
            camera=self._camera,
            captured_at=self._clock.utc(),
            received_us=received_us,
            # Raw pixels are no file that anybody could open later: they are stored as PNG.
            encoded=EncodedImage(data, media_type_of(data)) if self._raw is None else None,
            fault=fault,
        )

    def _pixels(self, data: bytes) -> Pixels:
        return decode(data, self._max_pixels) if self._raw is None else raw_to_rgb(data, self._raw)
