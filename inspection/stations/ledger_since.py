"""What a station's ledger has counted since it was first heard to run its bundle.

A ledger counts from the start of the station. What belongs to the bundle is the difference to the first heartbeat that
named it, and it is there before the results are: a station whose results wait in its spool still sends heartbeats.
"""

from dataclasses import dataclass, replace
from typing import Self

from edge.contract.ledger import LedgerCounts
from edge.contract.link import Heartbeat

__all__ = ["LedgerSince", "Settled"]


@dataclass(frozen=True)
class Settled:
    """How many parts were settled, and how many of them as UNDECIDED (drops and timeouts among them)."""

    parts: int
    undecided: int


@dataclass(frozen=True)
class LedgerSince:
    """The ledger of one bundle at one station; in memory, like the heartbeats that it is made of.

    Attributes:
        process: of the station; None is a station of a version that did not name it.
        looks: the counts at the first heartbeat after their number had reached 1, 2, 4, 8, …; oldest first.
    """

    bundle_id: str | None
    process: str | None
    start: LedgerCounts
    last: LedgerCounts
    looks: tuple[Settled, ...] = ()

    @classmethod
    def first(cls, heartbeat: Heartbeat) -> Self:
        """From here on."""
        return cls(heartbeat.bundle_id, heartbeat.process, heartbeat.ledger, heartbeat.ledger)

    def then(self, heartbeat: Heartbeat) -> "LedgerSince":
        """With the next heartbeat; another bundle or a restart of the station begins again."""
        same = (heartbeat.bundle_id, heartbeat.process) == (self.bundle_id, self.process)
        if not same or _fell(self.last, heartbeat.ledger):
            return LedgerSince.first(heartbeat)
        now = replace(self, last=heartbeat.ledger)
        settled = now.settled
        due = settled.parts >= (1 if not self.looks else 1 << self.looks[-1].parts.bit_length())
        return replace(now, looks=(*self.looks, settled)) if due else now

    @property
    def settled(self) -> Settled:
        """Up to the last heartbeat."""
        undecided = self.last.undecided - self.start.undecided
        decided = self.last.passed + self.last.failed - self.start.passed - self.start.failed
        return Settled(decided + undecided, undecided)


def _fell(before: LedgerCounts, after: LedgerCounts) -> bool:
    """Whether a count is lower than it was: a restart, heard of so late that the sum may be higher again."""
    return any(getattr(after, name) < getattr(before, name) for name in ("triggers", "passed", "failed", "undecided"))
