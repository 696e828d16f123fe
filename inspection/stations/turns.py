"""Two boxes with the key of one station, told by their processes: one that ended never reports again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

__all__ = ["Turns"]

_REMEMBERED = 8
_ENOUGH = 3  # a heartbeat that a restart overtook makes two: the old process is back, then the new one is
_WINDOW = timedelta(minutes=5)  # heartbeats come every minute at the slowest


@dataclass(frozen=True)
class Turns:
    """The processes that reported as one station; in memory, like the heartbeats that it is made of.

    Attributes:
        processes: the latest, newest last; None is a station of a version that did not name its process.
        returns: when one reported again after another had, the latest few.
    """

    processes: tuple[str | None, ...] = ()
    returns: tuple[datetime, ...] = ()

    def then(self, process: str | None, now: datetime) -> Self:
        """With the next heartbeat."""
        if self.processes[-1:] == (process,):
            return self
        others = tuple(one for one in self.processes if one != process)[1 - _REMEMBERED :]
        returns = (*self.returns, now)[-_ENOUGH:] if process in self.processes else self.returns
        return type(self)((*others, process), returns)

    def taken(self, now: datetime) -> bool:
        """Whether several processes report in turn, which one box never does, however often it restarts."""
        return len(self.returns) == _ENOUGH and now - self.returns[0] <= _WINDOW
