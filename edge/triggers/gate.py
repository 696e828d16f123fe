"""What a station asks of a trigger: which frames are parts."""

from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Annotated, Protocol

from pydantic import Field

from edge.contract.frame import Frame
from edge.contract.values import Value

__all__ = ["EveryFrame", "FrameGate", "Ignored", "TriggerStatus"]


class TriggerStatus(Value):
    """What became of frames and triggers that are no parts."""

    kind: str
    frames_ignored: Annotated[dict[str, int], Field(description="frames that were no trigger, by reason")]
    triggers_ignored: Annotated[dict[str, int], Field(description="triggers that bounced or came twice, by reason")]
    connected: Annotated[bool, Field(description="whether who gives the triggers can be heard")]
    last_error: str | None


class Ignored:
    """Counts by reason what is no part; fed by one thread, read by others."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._lock = Lock()
        self._counts: Counter[str] = Counter()

    def add(self, reason: str) -> None:
        """One more."""
        with self._lock:
            self._counts[reason] += 1

    def counts(self) -> dict[str, int]:
        """All so far."""
        with self._lock:
            return dict(self._counts)


class FrameGate(Protocol):
    """Takes every frame of the camera, in the camera's thread; never waits.

    Attributes:
        ignored: frames that are no part.
    """

    ignored: Ignored

    def take(self, frame: Frame) -> None:
        """Submit the frame, or count why not."""
        ...


class EveryFrame(FrameGate):
    """Each frame is a part."""

    def __init__(self, submit: Callable[[Frame], object]) -> None:
        """Hand every frame to `submit`."""
        self.ignored = Ignored()
        self._submit = submit

    def take(self, frame: Frame) -> None:
        """Submit it."""
        self._submit(frame)
