"""Who has the data folder and the database, also across processes.

Backup and retention take turns: what a backup names must not be deleted under it. And one service runs at a time: a
second one would take the first one's jobs for left behind, end their processes and start them again.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from edge.contract.errors import Conflict, SettingsInvalid
from inspection.store.engines import one_service_of

__all__ = ["only_service", "upkeep"]


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


@contextmanager
def only_service(data: Path, database: URL, lost: Callable[[], None]) -> Iterator[None]:
    """Be the one service of a data folder and of a database, until the end of the process however it comes.

    Args:
        data: the folder.
        database: its address.
        lost: called in a thread if another service has the database after its server was away; this one must end.

    Raises:
        SettingsInvalid: another service runs there, or the database cannot be reached.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)  # what is in there names people, and holds the signing key
    with (data / "service.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingsInvalid(f"data_dir {data}: another service runs there; stop that one first") from error
        with one_service_of(database, lost):
            yield
