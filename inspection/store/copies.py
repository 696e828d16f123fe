"""Copies of the database: before its tables change, and as the heart of a backup."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.orm import Session

__all__ = ["keep_copy", "snapshot"]

_LOG = logging.getLogger(__name__)


def snapshot(url: URL, target: Path) -> AbstractContextManager[Session]:
    """Write the database to the file `target` while others go on; inside, a session reads exactly what is in it.

    Raises:
        SettingsInvalid: pg_dump is missing, older than the server, or cannot write there.
    """
    match url.get_backend_name():
        case "sqlite":
            from inspection.store.sqlite import sqlite_snapshot  # noqa: PLC0415 - late: one of the two is used

            return sqlite_snapshot(url, target)
        case _:
            from inspection.store.postgres import postgres_snapshot  # noqa: PLC0415 - late, as above

            return postgres_snapshot(url, target)


def keep_copy(url: URL, folder: Path, revision: str) -> Path:
    """Copy the database, whose tables are of `revision`, to a new file in `folder`; nothing deletes it again.

    Raises:
        SettingsInvalid: pg_dump is missing, older than the server, or cannot write there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    suffix = "sqlite3" if url.get_backend_name() == "sqlite" else "dump"
    target = next(path for path in _names(folder, revision, suffix) if not path.exists())
    with snapshot(url, target):
        pass
    _LOG.warning("the tables are about to change: a copy of the database of revision %s is in %s", revision, target)
    return target


def _names(folder: Path, revision: str, suffix: str) -> Iterator[Path]:
    yield folder / f"plant-{revision}.{suffix}"
    number = 2
    while True:
        yield folder / f"plant-{revision}-{number}.{suffix}"
        number += 1
