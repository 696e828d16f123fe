"""Triggers from outside, and the frame that belongs to each."""

from collections import deque
from dataclasses import replace
from threading import Lock
from typing import Protocol

from edge.cameras.framing import PartCounter
from edge.clock import Clock
from edge.contract.frame import Frame
from edge.station.ledger import Listener, Ticket
from edge.triggers.gate import FrameGate, Ignored
from edge.triggers.settings import AskedTriggerSettings

__all__ = ["Expecting", "TriggerDesk"]


class Expecting(Protocol):
    """What a desk asks of the critical path: `edge.station.line.Line`."""

    def expect(self, part_id: str, camera: str, listener: Listener | None = None) -> Ticket:
        """Count a trigger whose frame is still to come; its deadline runs from now."""
        ...

    def supply(self, ticket: Ticket, frame: Frame) -> bool:
        """Have the frame judged; False if the trigger was settled before."""
        ...


class TriggerDesk(FrameGate):
    """Counts each trigger at once, so that its deadline runs, and gives it the next frame of the camera.

    Attributes:
        bounced: triggers that came too soon, or twice for one part.
    """

    def __init__(self, settings: AskedTriggerSettings, camera: str, line: Expecting, clock: Clock) -> None:
        """Wait for triggers and frames."""
        self.ignored = Ignored()
        self.bounced = Ignored()
        self._settings = settings
        self._camera = camera
        self._line = line
        self._clock = clock
        self._names = PartCounter(camera, clock)
        self._lock = Lock()
        self._pending: deque[_Pending] = deque()
        self._latest_us: int | None = None
        self._latest_part: str | None = None

    def fire(self, part_id: str | None = None, listener: Listener | None = None) -> str | None:
        """One trigger, from any thread; never waits.

        Args:
            part_id: serial number; counted here if None.
            listener: is told the result too.

        Returns:
            why it was ignored; None if it was taken.
        """
        with self._lock:
            refused = self._refusal(part_id)
            if refused is not None:
                self.bounced.add(refused)
                return refused
            self._latest_us, self._latest_part = self._clock.now_us(), part_id
            ticket = self._line.expect(part_id or self._names.next_id(), self._camera, listener)
            self._pending.append(_Pending(ticket, self._settings.skip_frames))
        return None

    def take(self, frame: Frame) -> None:
        """Give the frame to the oldest trigger that waits for one."""
        with self._lock:
            pending = self._oldest()
            if pending is None:
                self.ignored.add("no trigger")
                return
            if pending.skip > 0:
                pending.skip -= 1
                self.ignored.add("exposed before the trigger")
                return
            self._pending.popleft()
        if not self._line.supply(pending.ticket, replace(frame, part_id=pending.part_id)):
            self.ignored.add("after the deadline")

    def _refusal(self, part_id: str | None) -> str | None:
        if part_id is not None and part_id == self._latest_part:
            return "same part id as before"
        if self._latest_us is None:
            return None
        since_ms = (self._clock.now_us() - self._latest_us) / 1000
        return "too soon after the one before" if since_ms < self._settings.min_interval_ms else None

    def _oldest(self) -> "_Pending | None":
        while self._pending and self._pending[0].ticket.frame is None:  # its deadline passed without a frame
            self._pending.popleft()
        return self._pending[0] if self._pending else None


class _Pending:
    """A trigger that waits for its frame."""

    def __init__(self, ticket: Ticket, skip: int) -> None:
        self.ticket = ticket
        self.skip = skip
        self.part_id = ticket.part_id
