"""From an address to an engine; what differs between databases is in one module each."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from sqlalchemy import URL, Engine

__all__ = ["WRITE", "one_service_of", "open_engine"]

WRITE = {"writes": True}
"""Options of the engine that writes: its transactions take the one write lock first, so two writers wait in turn."""


def open_engine(url: URL) -> Engine:
    """An engine whose transactions read one consistent state, or write alone.

    Raises:
        SettingsInvalid: the server cannot be reached or refuses us.
    """
    match url.get_backend_name():
        case "sqlite":
            from inspection.store.sqlite import sqlite_engine  # noqa: PLC0415 - late: one of the two is used

            return sqlite_engine(url)
        case _:
            from inspection.store.postgres import postgres_engine  # noqa: PLC0415 - late, as above

            return postgres_engine(url)


def one_service_of(url: URL, lost: Callable[[], None]) -> AbstractContextManager[None]:
    """Be the one service of a database; of a file whoever holds its folder is.

    Args:
        url: of the database.
        lost: called in a thread if another service has it instead; this one must end.

    Raises:
        SettingsInvalid: another service runs on it, or the server cannot be reached.
    """
    match url.get_backend_name():
        case "sqlite":
            return nullcontext()
        case _:
            from inspection.store.service_lock import one_service_of_postgres  # noqa: PLC0415 - late, as above

            return one_service_of_postgres(url, lost)
