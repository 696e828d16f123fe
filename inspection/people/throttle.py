"""Slows down guessing of passwords: a few failures a minute for one name from one address."""

import threading
from collections import defaultdict, deque
from datetime import datetime, timedelta

from edge.contract.errors import TooManyAttempts

__all__ = ["LoginThrottle"]

_FAILURES = 5
_WINDOW = timedelta(minutes=1)
_MAX_KEYS = 10_000


class LoginThrottle:
    """Counts failed sign-ins in memory. Order of calls: `check`, then `failed` or `succeeded`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: defaultdict[tuple[str, str], deque[datetime]] = defaultdict(deque)

    def check(self, name: str, address: str, now: datetime) -> None:
        """Return if another attempt is allowed.

        Raises:
            TooManyAttempts: wait a minute.
        """
        with self._lock:
            failures = self._failures[name, address]
            while failures and failures[0] <= now - _WINDOW:
                failures.popleft()
            if len(failures) >= _FAILURES:
                raise TooManyAttempts(f"sign-in of {name!r}: {_FAILURES} failures within a minute, wait a minute")

    def failed(self, name: str, address: str, now: datetime) -> None:
        """Count a failure; memory stays bounded under attack by forgetting everything."""
        with self._lock:
            if len(self._failures) > _MAX_KEYS:
                self._failures.clear()
            self._failures[name, address].append(now)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of this name and address."""
        with self._lock:
            self._failures.pop((name, address), None)
