"""The camera's thread: connect, grab, submit, and connect again when it is lost."""

import logging
from collections.abc import Callable
from threading import Event

from edge.backoff import Backoff
from edge.cameras.protocol import Camera, NoFrame
from edge.contract.errors import CameraLost
from edge.contract.frame import Frame
from edge.contract.values import Value
from edge.worker import Worker

__all__ = ["CameraLoop", "CameraStatus"]

_log = logging.getLogger(__name__)
_GRAB_S = 0.2


class CameraStatus(Value):
    """How the camera is."""

    name: str
    connected: bool
    finished: bool
    frames: int
    times_lost: int
    fault: str | None


class CameraLoop:
    """Submits every frame of one camera.

    Attributes:
        ended: set once the camera said that no frame will come any more.
    """

    def __init__(
        self,
        camera: Camera,
        submit: Callable[[Frame], object],
        may_start: Event,
        backoff: Backoff | None = None,
    ) -> None:
        """Prepare the thread; nothing is opened before `may_start` is set."""
        self.ended = Event()
        self._camera = camera
        self._submit = submit
        self._may_start = may_start
        self._backoff = backoff or Backoff(first_s=0.2, max_s=10.0)
        self._connected = False
        self._frames = self._lost = 0
        self._fault: str | None = None
        self.worker = Worker(f"camera-{camera.name}", self._step)

    def status(self) -> CameraStatus:
        """Connected or not, and why."""
        return CameraStatus(
            name=self._camera.name,
            connected=self._connected,
            finished=self.ended.is_set(),
            frames=self._frames,
            times_lost=self._lost,
            fault=self._fault,
        )

    def stop(self) -> None:
        """End the thread, then disconnect."""
        self.worker.stop()
        self._connected = False
        self._camera.close()

    def _step(self) -> None:
        if not self._may_start.wait(_GRAB_S):
            return
        if self.ended.is_set():
            self.worker.stopping.wait(_GRAB_S)
            return
        try:
            self._open_if_needed()
            self._take(self._camera.grab(_GRAB_S))
        except CameraLost as error:
            self._reconnect_later(error)

    def _open_if_needed(self) -> None:
        if not self._connected:
            self._camera.open()
            self._connected = True
            self._fault = None
            _log.info("camera %s is connected", self._camera.name)

    def _take(self, frame: Frame | NoFrame) -> None:
        if isinstance(frame, Frame):
            self._backoff.reset()
            self._frames += 1
            self._submit(frame)
        elif frame is NoFrame.END:
            _log.info("camera %s has no more frames", self._camera.name)
            self.ended.set()

    def _reconnect_later(self, error: CameraLost) -> None:
        wait_s = self._backoff.next_s()
        if self._fault != str(error):
            _log.warning("camera lost, next try in %.1f s: %s", wait_s, error)
        self._lost += 1
        self._connected = False
        self._fault = str(error)
        self._camera.close()
        self.worker.stopping.wait(wait_s)
