"""Slows down guessing of passwords: a few failures a minute for one name from one address."""

import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from edge.contract.errors import NotSignedIn, TooManyAttempts
from inspection.clock import Clock

__all__ = ["LoginThrottle"]

_FAILURES = 5
_WINDOW = timedelta(minutes=1)
_MAX_KEYS = 10_000
_TURNS = 64


class LoginThrottle:
    """Counts failed sign-ins in memory; safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns = [threading.Lock() for _ in range(_TURNS)]
        self._failures: defaultdict[tuple[str, str], deque[datetime]] = defaultdict(deque)

    @contextmanager
    def attempt(self, name: str, address: str, clock: Clock) -> Iterator[None]:
        """Try to sign in inside; NotSignedIn counts as a failure, anything else that is raised as nothing.

        One attempt for a name from an address after the other: of many at once each sees what came of those before.

        Raises:
            TooManyAttempts: wait a minute.
        """
        key = name, address
        with self._turns[hash(key) % _TURNS]:
            self._check(key, clock())
            try:
                yield
            except NotSignedIn:
                self._failed(key, clock())
                raise
            with self._lock:
                self._failures.pop(key, None)

    def _check(self, key: tuple[str, str], now: datetime) -> None:
        with self._lock:
            failures = self._failures[key]
            while failures and failures[0] <= now - _WINDOW:
                failures.popleft()
            if len(failures) >= _FAILURES:
                raise TooManyAttempts(f"sign-in of {key[0]!r}: {_FAILURES} failures within a minute, wait a minute")

    def _failed(self, key: tuple[str, str], now: datetime) -> None:
        """Memory stays bounded under attack by forgetting everything."""
        with self._lock:
            if len(self._failures) > _MAX_KEYS:
                self._failures.clear()
            self._failures[key].append(now)
