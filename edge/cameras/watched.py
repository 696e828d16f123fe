"""A camera that says it is fine but is not: no new frame, or always the same one."""

from zlib import crc32

from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import WatchSettings
from edge.clock import Clock
from edge.contract.errors import CameraLost
from edge.contract.frame import Frame, Pixels

__all__ = ["WatchedCamera"]

_PROBE = 64  # rows and columns that are compared: enough, since a live sensor's noise is everywhere


class WatchedCamera(Camera):
    """Passes frames on and gives the camera up, so that it is connected again, when it is stale or frozen."""

    def __init__(self, camera: Camera, settings: WatchSettings, clock: Clock) -> None:
        """Watch `camera`."""
        self.name = camera.name
        self._camera = camera
        self._settings = settings
        self._clock = clock
        self._latest_us = 0
        self._print: int | None = None
        self._same = 0

    def open(self) -> None:
        """Connect, and start to count from here.

        Raises:
            CameraLost: not there.
        """
        self._camera.open()
        self._latest_us = self._clock.now_us()
        self._print, self._same = None, 0

    def grab(self, timeout_s: float) -> Frame | NoFrame:
        """The next frame.

        Raises:
            CameraLost: no frame for as long as the settings allow, or as many identical ones.
        """
        frame = self._camera.grab(timeout_s)
        if frame is NoFrame.NOT_YET:
            self._check_age()
        elif isinstance(frame, Frame):
            self._latest_us = self._clock.now_us()
            if frame.pixels is not None:
                self._check_change(frame.pixels)
        return frame

    def close(self) -> None:
        """Disconnect."""
        self._camera.close()

    def _check_age(self) -> None:
        age_s = (self._clock.now_us() - self._latest_us) / 1e6
        if age_s > self._settings.silence_s:
            raise CameraLost(f"camera {self.name}: no frame for {age_s:.1f} s")

    def _check_change(self, pixels: Pixels) -> None:
        limit = self._settings.frozen_frames
        if limit is None:
            return
        found = _fingerprint(pixels)
        self._same = self._same + 1 if found == self._print else 0
        self._print = found
        if self._same >= limit:
            raise CameraLost(f"camera {self.name}: frozen, {self._same + 1} identical frames in a row")


def _fingerprint(pixels: Pixels) -> int:
    height, width = pixels.shape[:2]
    return crc32(pixels[:: max(1, height // _PROBE), :: max(1, width // _PROBE)].tobytes())
