"""Who looks at which waiting parts now, so that two people who review at once do not begin with the same ones."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inspection.store.tables import ResultRow

__all__ = ["Desks", "held_last"]

_GONE_AFTER = timedelta(seconds=20)  # a page asks every five while it is seen
_IDLE_AFTER = timedelta(minutes=10)  # on the same part: nobody sits there


@dataclass(frozen=True)
class _Desk:
    parts: tuple[str, ...]
    on_it_since: datetime
    at: datetime


class Desks:
    """In memory, like heartbeats: what is lost with the process is who came first; safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._desks: dict[str, _Desk] = {}

    def look(self, person: str, parts: Sequence[str], now: datetime) -> frozenset[str]:
        """Note what a person looks at and will next, but for what others came to first; returns what others look at.

        Args:
            person: who asks.
            parts: ids, the one on the screen first; empty for somebody who only reads.
            now: when.
        """
        with self._lock:
            others = self._of_others(person, now)
            if parts:
                mine = tuple(part for part in parts if part not in others)
                before = self._desks.get(person)
                stays = before is not None and before.parts[:1] == mine[:1]
                self._desks[person] = _Desk(mine, before.on_it_since if stays and before else now, now)
            return others

    def _of_others(self, person: str, now: datetime) -> frozenset[str]:
        self._desks = {
            name: desk
            for name, desk in self._desks.items()
            if (now - desk.at <= _GONE_AFTER and now - desk.on_it_since <= _IDLE_AFTER) or name == person
        }
        return frozenset(part for name, desk in self._desks.items() if name != person for part in desk.parts)


def held_last(rows: Sequence[ResultRow], held: frozenset[str]) -> list[ResultRow]:
    """The same parts in the same order, but for those that others look at: they stay in the queue, at its end."""
    return sorted(rows, key=lambda row: row.id in held)
