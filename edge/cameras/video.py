"""A video file, replayed as a camera."""

from collections.abc import Iterator

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError

from edge.cameras.framing import Framing
from edge.cameras.pace import Pace
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import VideoCameraSettings
from edge.clock import Clock
from edge.contract.errors import CameraLost
from edge.contract.frame import Frame

__all__ = ["VideoCamera"]


class VideoCamera(Camera):
    """Delivers the frames of a file, at its own rate or at another one, once or again and again."""

    def __init__(self, settings: VideoCameraSettings, clock: Clock) -> None:
        """Prepare; nothing is opened yet."""
        self.name = settings.name
        self._settings = settings
        self._clock = clock
        self._framing = Framing(settings.name, clock)
        self._container: InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._pace: Pace | None = None
        self._index = 0

    def open(self) -> None:
        """Open the file, at its beginning.

        Raises:
            CameraLost: not there, or no video.
        """
        try:
            self._container = av.open(str(self._settings.path))
            stream = self._container.streams.video[0]
        except (FFmpegError, OSError, IndexError) as error:
            raise CameraLost(f"camera {self.name}: {self._settings.path}: {error}") from error
        rate = self._settings.rate_hz or float(stream.average_rate or 25)
        self._pace = Pace(rate, self._clock)
        self._rewind()

    def grab(self, timeout_s: float) -> Frame | NoFrame:
        """Wait until the next frame is due and decode it; one that cannot be decoded is a frame with a fault.

        Raises:
            CameraLost: it was not opened.
        """
        if self._pace is None or self._container is None:
            raise CameraLost(f"camera {self.name}: not open")
        if not self._pace.wait(timeout_s):
            return NoFrame.NOT_YET
        frame = self._next()
        if frame is NoFrame.END and self._settings.loop and self._index > 0:
            self._rewind()
            frame = self._next()
        return frame

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()
        self._container = self._pace = None

    def _rewind(self) -> None:
        if self._container is not None:
            self._container.seek(0)
            self._frames = self._container.decode(video=0)
            self._index = 0

    def _next(self) -> Frame | NoFrame:
        try:
            decoded = next(self._frames, None)
        except FFmpegError as error:
            return self._framing.frame(None, f"{self._settings.path.name}: {error}")
        if decoded is None:
            return NoFrame.END
        self._index += 1
        source = f"{self._settings.path.name}#{self._index}"
        return self._framing.frame(np.asarray(decoded.to_ndarray(format="rgb24"), np.uint8), source=source[-300:])
