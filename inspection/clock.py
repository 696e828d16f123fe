"""Time, injected: services take a `Clock`, tests give their own."""

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "hour_of", "utc_now"]

Clock = Callable[[], datetime]
"""Answers the wall clock, aware, in UTC."""


def utc_now() -> datetime:
    """The wall clock of this machine, in UTC."""
    return datetime.now(UTC)


def hour_of(instant: datetime) -> datetime:
    """The hour of UTC that an aware instant lies in: what is counted by the hour is counted under it."""
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
