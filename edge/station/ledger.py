"""The ledger: a ticket for every trigger, settled exactly once."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition

from edge.contract.frame import Frame
from edge.contract.ledger import LedgerCounts
from edge.contract.result import InspectionResult, Outcome, Verdict

__all__ = ["Ledger", "Listener", "Ticket"]

Listener = Callable[[InspectionResult], None]
"""Is told the one result of a ticket, in the thread that settled it; must return at once."""


@dataclass(slots=True, eq=False)
class Ticket:
    """One trigger on its way to its verdict.

    Attributes:
        sequence: the station's trigger counter.
        recipe: the part type that the line made at the trigger.
        part_id: identity of the part.
        trigger_us: monotonic clock of the trigger; the deadline counts from here.
        frame: what is to be judged; None once the ticket is settled, so that a settled one holds no memory.
        of_part: one view of several; the outputs are told of the part, not of it.
        listener: who waits for the result beside the outputs.
    """

    sequence: int
    recipe: str
    part_id: str
    trigger_us: int
    frame: Frame | None
    listener: Listener | None = None
    of_part: bool = False


class Ledger:
    """Counts every trigger and what became of it; all of it under one lock, so that it balances at every moment."""

    def __init__(self, last_sequence: int = 0) -> None:
        """Go on after `last_sequence`, the highest number that an earlier process used."""
        self._changed = Condition()
        self._sequence = last_sequence
        self._triggers = 0
        self._outcomes: Counter[Outcome] = Counter()
        self._verdicts: Counter[Verdict] = Counter()
        self._drop_reasons: Counter[str] = Counter()

    def open(self, frame: Frame, recipe: str, listener: Listener | None = None) -> Ticket:
        """Count one trigger, of that part type, and give it its number."""
        with self._changed:
            self._triggers += 1
            self._sequence += 1
            return Ticket(self._sequence, recipe, frame.part_id, frame.received_us, frame, listener)

    def attach(self, ticket: Ticket, frame: Frame) -> bool:
        """Give the ticket the frame that it waited for; False if it was settled before."""
        with self._changed:
            if ticket.frame is None:
                return False
            ticket.frame = frame
            return True

    def settle(
        self, ticket: Ticket, outcome: Outcome, verdict: Verdict, drop_reason: str | None = None
    ) -> tuple[Frame, Listener | None] | None:
        """Claim the ticket for this outcome; the first one wins.

        Returns:
            the ticket's frame and listener for the winner, None if the ticket was settled before.
        """
        with self._changed:
            frame = ticket.frame
            if frame is None:
                return None
            listener, ticket.frame, ticket.listener = ticket.listener, None, None
            self._outcomes[outcome] += 1
            self._verdicts[verdict] += 1
            if outcome is Outcome.DROP:
                self._drop_reasons[drop_reason or "unknown"] += 1
            self._changed.notify_all()
            return frame, listener

    def counts(self) -> LedgerCounts:
        """A snapshot that balances."""
        with self._changed:
            return LedgerCounts(
                triggers=self._triggers,
                verdicts=self._outcomes[Outcome.VERDICT],
                timeouts=self._outcomes[Outcome.TIMEOUT],
                drops=self._outcomes[Outcome.DROP],
                in_flight=self._in_flight(),
                passed=self._verdicts[Verdict.PASS],
                failed=self._verdicts[Verdict.FAIL],
                undecided=self._verdicts[Verdict.UNDECIDED],
                drop_reasons=dict(self._drop_reasons),
            )

    def wait_until_settled(self, timeout_s: float) -> bool:
        """Wait until nothing is in flight; False if `timeout_s` was not enough."""
        with self._changed:
            return self._changed.wait_for(lambda: self._in_flight() == 0, timeout_s)

    def _in_flight(self) -> int:
        return self._triggers - self._outcomes.total()
