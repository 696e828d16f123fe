"""Where triggers come from that nobody asks for over HTTP: a PLC's coil, an MQTT topic."""

import logging
from collections.abc import Callable
from typing import Protocol

from edge.backoff import Backoff
from edge.contract.errors import ControllerLost
from edge.outage import Outage
from edge.worker import Worker

__all__ = ["Fire", "Listening", "TriggerSource"]

_log = logging.getLogger(__name__)
Fire = Callable[[str | None], str | None]
"""Takes a part id, or None; answers why the trigger was ignored."""


class Listening(Protocol):
    """One way to hear of triggers."""

    def listen(self) -> None:
        """Look once, and fire what is new; returns after a moment.

        Raises:
            ControllerLost: nobody can be heard; tried again with backoff.
        """
        ...

    def close(self) -> None:
        """Disconnect; never raises."""
        ...


class TriggerSource:
    """The thread that listens.

    Attributes:
        connected: whether the latest look succeeded.
        last_error: why not.
    """

    def __init__(self, listening: Listening, name: str = "trigger") -> None:
        """Prepare the thread of that name."""
        self.connected = False
        self.last_error: str | None = None
        self._listening = listening
        self._backoff = Backoff(first_s=0.1, max_s=5.0)
        self._outage = Outage()
        self.worker = Worker(name, self._step)

    def stop(self) -> None:
        """End the thread, then disconnect."""
        self.worker.stop()
        self._listening.close()

    def _step(self) -> None:
        try:
            self._listening.listen()
        except ControllerLost as error:
            if self._outage.is_news(str(error)):
                _log.warning("%s cannot be heard: %s", self.worker.name, error)
            self.connected, self.last_error = False, str(error)
            self.worker.stopping.wait(self._backoff.next_s())
        else:
            self._backoff.reset()
            self._outage.over()
            self.connected = True
