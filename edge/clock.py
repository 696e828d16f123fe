"""Time, as one thing that can be injected."""

import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """The three things a station asks of time."""

    def now_us(self) -> int:
        """Monotonic microseconds; only differences mean anything."""
        ...

    def utc(self) -> datetime:
        """Wall clock, for people and the database."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        """Microseconds of the clock that no one sets back."""
        return time.monotonic_ns() // 1000

    def utc(self) -> datetime:
        """Now, with its time zone."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Give the processor away for `seconds`."""
        time.sleep(seconds)
