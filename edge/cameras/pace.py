"""Frames at a fixed rate, for cameras that have none of their own."""

from edge.clock import Clock

__all__ = ["Pace"]


class Pace:
    """When the next frame is due."""

    def __init__(self, rate_hz: float, clock: Clock) -> None:
        """Let the first frame be due at once."""
        self._period_us = round(1e6 / rate_hz)
        self._clock = clock
        self._due_us: int | None = None

    def restart(self) -> None:
        """Let the next frame be due at once."""
        self._due_us = None

    def wait(self, timeout_s: float) -> bool:
        """Wait until the next frame is due, at most `timeout_s`; whether it is."""
        now = self._clock.now_us()
        due = now if self._due_us is None else self._due_us
        wait_s = (due - now) / 1e6
        if wait_s > timeout_s:
            self._clock.sleep(timeout_s)
            return False
        if wait_s > 0:
            self._clock.sleep(wait_s)
        # A late frame does not make the next ones come in a burst: no camera catches up on triggers.
        self._due_us = max(due, now) + self._period_us
        return True
