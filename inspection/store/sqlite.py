"""Everything that is true of SQLite only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

from inspection.store.address import sqlite_address

__all__ = ["copy_sqlite", "sqlite_engine", "sqlite_file", "sqlite_snapshot"]

_BUSY_TIMEOUT_MS = 10_000


def sqlite_engine(url: URL) -> Engine:
    """Open (or make) the database file in WAL mode, with foreign keys on.

    Source: SQLAlchemy, SQLite dialect, "Serializable isolation / Savepoints / Transactional DDL".
    """
    sqlite_file(url).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def sqlite_file(url: URL) -> Path:
    """The file behind an address."""
    return Path(str(url.database))


def copy_sqlite(url: URL, target: Path) -> None:
    """Copy the last committed state, while others read and write; `target` is there whole or not at all.

    Source: SQLite, Online Backup API.
    """
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    with closing(sqlite3.connect(sqlite_file(url))) as source, closing(sqlite3.connect(partial)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without -wal and -shm beside it
    partial.replace(target)


@contextmanager
def sqlite_snapshot(url: URL, target: Path) -> Iterator[Session]:
    """Write a copy to `target`, and read in exactly that copy."""
    copy_sqlite(url, target)
    engine = create_engine(sqlite_address(target))
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def _prepare(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None  # the driver must not begin by itself: `_begin` does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # a receipt to a station means: on disk
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
