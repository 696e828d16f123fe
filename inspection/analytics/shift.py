"""A shift by the clock of the plant: from when to when, whatever the clock did that night."""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from edge.contract.errors import BadInput

__all__ = ["Shift", "hours_begin_at", "instants", "offset_min", "zone_of"]


@dataclass(frozen=True)
class Shift:
    """A shift.

    Attributes:
        day: on which it begins.
        start: by the plant's clock.
        hours: that it lasts; it may go on past midnight.
    """

    day: date
    start: time
    hours: int


def zone_of(name: str | None) -> tzinfo | None:
    """The time zone of a setting that was checked; None is this machine's own."""
    return None if name is None else ZoneInfo(name)


def instants(shift: Shift, zone: tzinfo | None) -> tuple[datetime, datetime]:
    """Its first instant and the one after its last, in UTC; it lasts its hours in a night of the changing clock, too.

    Raises:
        BadInput: it does not begin with an hour of those by which parts are counted, or is of no year that is.
    """
    local = datetime.combine(shift.day, shift.start)
    if not MINYEAR < local.year < MAXYEAR:
        raise BadInput(f"shift_day: expected a day of the years {MINYEAR + 1} to {MAXYEAR - 1}, got {shift.day}")
    since = (local.astimezone() if zone is None else local.replace(tzinfo=zone)).astimezone(UTC)
    if since.minute or since.second or since.microsecond:
        raise BadInput(
            "shift_start: expected the beginning of an hour of UTC, by which parts are counted, "
            f"got {shift.start:%H:%M} (UTC {since:%H:%M})"
        )
    return since, since + timedelta(hours=shift.hours)


def offset_min(instant: datetime, zone: tzinfo | None) -> int:
    """Minutes that the plant's clock is ahead of UTC then."""
    ahead = instant.astimezone(zone).utcoffset() or timedelta()
    return ahead // timedelta(minutes=1)


def hours_begin_at(zone: tzinfo | None) -> int:
    """Minute of the plant's clock at which an hour of UTC begins, by which parts are counted: 30 in India."""
    return offset_min(datetime.now(UTC), zone) % 60
