"""Backup and retention take turns, also across processes: what a backup names must not be deleted under it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.contract.errors import Conflict

__all__ = ["upkeep"]


@contextmanager
def upkeep(data: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the data folder's lock; the kernel lets go of it when the process ends, however it does.

    Raises:
        Conflict: another process holds it, and `wait` is false.
    """
    with (data / "upkeep.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"{data}: a backup or a retention run is under way, try again when it is done") from error
        yield
