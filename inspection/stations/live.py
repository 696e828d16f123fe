"""What each station said last; in memory, for a heartbeat older than the process tells nothing."""

import threading
from dataclasses import dataclass
from datetime import datetime

from edge.contract.link import Heartbeat, LivePicture
from inspection.stations.ledger_since import LedgerSince
from inspection.stations.turns import Turns

__all__ = ["LiveBoard", "Seen"]


@dataclass(frozen=True)
class Seen:
    """The last heartbeat of a station.

    Attributes:
        at: when it arrived, by the clock of this service.
        picture: the last picture, which may have come with an earlier heartbeat.
        picture_at: when that picture arrived.
        ledger: what it has counted with the bundle that it runs.
        turns: the processes that reported under its name.
    """

    at: datetime
    heartbeat: Heartbeat
    picture: LivePicture | None
    picture_at: datetime | None
    ledger: LedgerSince
    turns: Turns

    @property
    def clock_ahead_s(self) -> float:
        """How far the station's clock is ahead of ours; below 0 behind. The way of the heartbeat is in it."""
        return (self.heartbeat.sent_at - self.at).total_seconds()


class LiveBoard:
    """The last heartbeat by station; safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, Seen] = {}

    def note(self, station: str, heartbeat: Heartbeat, now: datetime) -> None:
        """Take a heartbeat; one without a picture keeps the picture before it."""
        with self._lock:
            before = self._seen.get(station)
            picture, picture_at = heartbeat.picture, now
            if picture is None and before is not None:
                picture = before.picture
            if before is not None and before.picture_at and (picture is before.picture or picture == before.picture):
                picture_at = before.picture_at
            slim = heartbeat.model_copy(update={"picture": None})
            ledger = LedgerSince.first(slim) if before is None else before.ledger.then(slim)
            turns = (Turns() if before is None else before.turns).then(slim.process, now)
            self._seen[station] = Seen(now, slim, picture, picture_at if picture else None, ledger, turns)

    def forget(self, station: str) -> None:
        """Let go of a station that was taken out of service."""
        with self._lock:
            self._seen.pop(station, None)

    def last(self, station: str) -> Seen | None:
        """The last heartbeat of a station; None if none came since the service started."""
        with self._lock:
            return self._seen.get(station)

    def all(self) -> dict[str, Seen]:
        """The last heartbeat by station name."""
        with self._lock:
            return dict(self._seen)
