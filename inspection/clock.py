"""Time, injected: services take a `Clock`, tests give their own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

__all__ = ["Clock", "hour_of", "in_utc", "utc_now"]

_ROOM = timedelta(days=32)  # for time zones, and the month that a window has where nobody says when it begins
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC) + _ROOM, datetime.max.replace(tzinfo=UTC) - _ROOM
Clock = Callable[[], datetime]
"""Answers the wall clock, aware, in UTC."""


def utc_now() -> datetime:
    """The wall clock of this machine, in UTC."""
    return datetime.now(UTC)


def hour_of(instant: datetime) -> datetime:
    """The hour of UTC that an aware instant lies in: what is counted by the hour is counted under it."""
    return in_utc(instant).replace(minute=0, second=0, microsecond=0)


def in_utc(instant: datetime) -> datetime:
    """The same instant in UTC; what programs send for "ever", years 1 and 9999, as near to it as counting can."""
    return min(max(instant, _FIRST), _LAST).astimezone(UTC)
