"""A network camera: RTSP, or MJPEG over HTTP."""

import re
from collections.abc import Iterator

import av
import numpy as np
from av.container import InputContainer
from av.error import ExitError, FFmpegError, InvalidDataError

from edge.cameras.framing import Framing
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import StreamCameraSettings
from edge.clock import Clock
from edge.contract.errors import CameraLost
from edge.contract.frame import Frame

__all__ = ["StreamCamera"]

_MACHINE = re.compile(r"^(\w+://)(?:[^/?#]*@)?([^/?#]*)")  # without a login, and without the path, where some have it


class StreamCamera(Camera):
    """Delivers each decoded frame as it comes.

    The library cannot be told to come back empty-handed: `grab` waits up to the settings' `timeout_s`.
    """

    def __init__(self, settings: StreamCameraSettings, clock: Clock) -> None:
        """Prepare; nothing is connected yet."""
        self.name = settings.name
        self._settings = settings
        self._framing = Framing(settings.name, clock)
        self._container: InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())

    def open(self) -> None:
        """Connect.

        Raises:
            CameraLost: no answer, or no video in it.
        """
        url, timeout = self._settings.url.get_secret_value(), self._settings.timeout_s
        # No buffer of the library's own: a frame that waits there is a verdict that comes late.
        options, file_format = {"fflags": "nobuffer"}, "mpjpeg"
        if url.startswith("rtsp"):
            options["rtsp_transport"], file_format = self._settings.rtsp_transport, "rtsp"
        try:
            self._container = av.open(url, format=file_format, options=options, timeout=(timeout, timeout))
            stream = self._container.streams.video[0]
        except (FFmpegError, OSError, IndexError) as error:
            self.close()
            raise CameraLost(f"camera {self.name}: {self._why(error)}") from error
        stream.thread_type = "SLICE"  # threads by frame would hold frames back
        # Without it a picture that lacks its lower half is filled up with grey and looks whole.
        stream.codec_context.options = {"err_detect": "explode", "flags": "low_delay"}
        self._frames = self._container.decode(stream)

    def grab(self, timeout_s: float) -> Frame | NoFrame:
        """The next frame; one that came damaged is a frame with a fault.

        Raises:
            CameraLost: the stream ended, broke, or was silent for too long.
        """
        del timeout_s
        try:
            decoded = next(self._frames, None)
        except InvalidDataError as error:
            if self._container is not None:
                self._frames = self._container.decode(video=0)
            return self._framing.frame(None, f"garbled: {self._why(error)}")
        except (FFmpegError, OSError) as error:
            raise CameraLost(f"camera {self.name}: {self._why(error)}") from error
        if decoded is None:
            raise CameraLost(f"camera {self.name}: the stream ended")
        if decoded.is_corrupt:
            return self._framing.frame(None, "garbled: the decoder says that parts of the frame are missing")
        return self._framing.frame(np.asarray(decoded.to_ndarray(format="rgb24"), np.uint8))

    def close(self) -> None:
        """Disconnect."""
        self._frames = iter(())
        if self._container is not None:
            self._container.close()
        self._container = None

    def _why(self, error: Exception) -> str:
        """The library quotes the address with its password, and calls it an exit when time is up."""
        url = self._settings.url.get_secret_value()
        found = _MACHINE.match(url)
        shown = "its address" if found is None else "".join(found.groups())
        said = f"no answer within {self._settings.timeout_s:g} s" if isinstance(error, ExitError) else str(error)
        return said.replace(url, shown)
