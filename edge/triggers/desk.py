"""Triggers from outside, and the frame that belongs to each."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Protocol

from edge.cameras.framing import PartCounter
from edge.clock import Clock
from edge.contract.frame import Frame
from edge.parts.assembler import PartAssembler
from edge.parts.views import View
from edge.station.ledger import Listener, Ticket
from edge.triggers.gate import FrameGate, Ignored
from edge.triggers.settings import AskedTriggerSettings

__all__ = ["Expecting", "TriggerDesk"]


class Expecting(Protocol):
    """What a desk asks of the critical path: `edge.station.line.Line`."""

    def expect(self, part_id: str, view: View, listener: Listener | None = None, *, of_part: bool = False) -> Ticket:
        """Count a trigger whose frame is still to come; its deadline runs from now."""
        ...

    def supply(self, ticket: Ticket, frame: Frame) -> bool:
        """Have the frame judged; False if the trigger was settled before."""
        ...


class TriggerDesk:
    """Counts each trigger at once, so that its deadline runs, and gives each of its views the camera's next frame.

    Attributes:
        ignored: frames that are no part.
        bounced: triggers that came too soon, or twice for one part.
    """

    def __init__(
        self,
        settings: AskedTriggerSettings,
        views: Sequence[View],
        line: Expecting,
        assembler: PartAssembler | None,
        clock: Clock,
    ) -> None:
        """Wait for triggers and frames; `assembler` combines the results where a part has several views."""
        self.ignored = Ignored()
        self.bounced = Ignored()
        self._settings = settings
        self._views = _with_skips(views, settings.skip_frames)
        self._line = line
        self._assembler = assembler
        self._clock = clock
        self._names = PartCounter("+".join(dict.fromkeys(view.camera for view in views))[:64], clock)
        self._lock = Lock()
        self._pending: dict[str, deque[_Pending]] = {view.camera: deque() for view in views}
        self._latest_us: int | None = None
        self._latest_part: str | None = None

    @property
    def waiting(self) -> int:
        """Views whose frame is still to come, as far as is remembered."""
        with self._lock:
            return sum(len(pending) for pending in self._pending.values())

    def gate_of(self, camera: str) -> FrameGate:
        """Takes the frames of one camera."""
        return _CameraGate(self, camera)

    def fire(self, part_id: str | None = None, listener: Listener | None = None) -> str | None:
        """One trigger, from any thread; never waits.

        Args:
            part_id: serial number; counted here if None.
            listener: is told the part's result too.

        Returns:
            why it was ignored; None if it was taken.
        """
        with self._lock:
            refused = self._refusal(part_id)
            if refused is not None:
                self.bounced.add(refused)
                return refused
            self._latest_us, self._latest_part = self._clock.now_us(), part_id
            of_part = self._assembler is not None
            heard_by = listener if self._assembler is None else self._assembler.begin(listener)
            name = part_id or self._names.next_id()
            for view, skip in self._views:
                ticket = self._line.expect(name, view, heard_by, of_part=of_part)
                pending = self._pending[view.camera]
                self._oldest(pending)  # lets go of those whose deadline passed: the camera may be away for days
                pending.append(_Pending(ticket, view, skip))
        return None

    def take(self, camera: str, frame: Frame) -> None:
        """Give the frame to the oldest trigger that waits for one of this camera."""
        with self._lock:
            pending = self._oldest(self._pending[camera])
            if pending is None:
                self.ignored.add("no trigger")
                return
            if pending.skip > 0:
                pending.skip -= 1
                self.ignored.add("exposed before the trigger")
                return
            self._pending[camera].popleft()
        mine = replace(frame, part_id=pending.ticket.part_id, camera=pending.view.name)
        if not self._line.supply(pending.ticket, mine):
            self.ignored.add("after the deadline")

    def _refusal(self, part_id: str | None) -> str | None:
        if self._latest_us is None:
            return None
        since_ms = (self._clock.now_us() - self._latest_us) / 1000
        if part_id is not None and part_id == self._latest_part and since_ms < self._settings.same_part_ms:
            return "same part id as before"
        return "too soon after the one before" if since_ms < self._settings.min_interval_ms else None

    @staticmethod
    def _oldest(pending: "deque[_Pending]") -> "_Pending | None":
        while pending and pending[0].ticket.frame is None:  # its deadline passed without a frame
            pending.popleft()
        return pending[0] if pending else None


def _with_skips(views: Sequence[View], skip_frames: int) -> tuple[tuple[View, int], ...]:
    """Only before its first shot a camera can deliver what it exposed before the trigger."""
    first = {view.camera: view for view in reversed(views)}
    return tuple((view, skip_frames if view is first[view.camera] else 0) for view in views)


@dataclass(slots=True)
class _Pending:
    """A trigger that waits for its frame."""

    ticket: Ticket
    view: View
    skip: int


class _CameraGate(FrameGate):
    """The desk, for one camera."""

    def __init__(self, desk: TriggerDesk, camera: str) -> None:
        self.ignored = desk.ignored
        self._desk = desk
        self._camera = camera

    def take(self, frame: Frame) -> None:
        """Give it to the desk."""
        self._desk.take(self._camera, frame)
