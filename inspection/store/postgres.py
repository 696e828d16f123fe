"""Everything that is true of PostgreSQL only.

Writers take turns, as on SQLite: the audit chain, the idempotence of ingest and the numbers of results rest on it. A
transaction that writes takes one advisory lock first and keeps it until it is committed, so a number that is drawn
later is also visible later: a cursor over numbers never passes a row that commits late.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from edge.contract.errors import SettingsInvalid

__all__ = ["CONNECT", "dump_postgres", "load_postgres", "postgres_engine", "postgres_snapshot", "refused"]

_LOCK = 0x696E7370  # "insp": advisory locks are per database, so the number only has to differ from others' in it
CONNECT = {
    "connect_timeout": "10",
    "application_name": "inspection",
    "client_encoding": "utf8",  # or texts of a database without an encoding are bytes
    "options": "-c lock_timeout=10s -c timezone=UTC",  # as long as SQLite's busy timeout; then 503, try again
}
"""Options of every connection."""

_POOL: dict[str, Any] = {
    "pool_pre_ping": True,
    "pool_size": 5,
    "max_overflow": 45,  # one for each of the service's 40 threads and those beside them; a server lets 100 in
    "pool_timeout": 10,
}


def postgres_engine(url: URL) -> Engine:
    """Connect, once, to tell at the start what is wrong; connections that broke later are replaced.

    Raises:
        SettingsInvalid: the server cannot be reached or refuses us, or the database is not in UTF-8.
    """
    engine = create_engine(url.set(query={**CONNECT, **url.query}), **_POOL)
    event.listen(engine, "begin", _begin)
    try:
        with engine.connect() as connection:
            encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    except OperationalError as error:
        engine.dispose()
        raise SettingsInvalid(refused(url, error)) from error
    if encoding != "UTF8":
        engine.dispose()
        raise SettingsInvalid(
            f"database_url {_shown(url)}: expected a database in UTF8, got one in {encoding}; make one by "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )
    return engine


def dump_postgres(url: URL, target: Path, *more: str) -> None:
    """Write the database to `target` in pg_dump's custom format; it is there whole or not at all.

    Raises:
        SettingsInvalid: pg_dump is missing, older than the server, or cannot write there.
    """
    partial = target.with_name(f".{target.name}.partial")
    _run("pg_dump", url, ["--format=custom", f"--file={partial}", *more])
    partial.replace(target)


def load_postgres(url: URL, source: Path) -> None:
    """Read what `dump_postgres` wrote into an empty database: all of it or nothing.

    Raises:
        SettingsInvalid: pg_restore is missing, or the database is not empty.
    """
    _run("pg_restore", url, ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(source)])


@contextmanager
def postgres_snapshot(url: URL, target: Path) -> Iterator[Session]:
    """Write a dump to `target`, and read in exactly the state that it holds.

    Source: PostgreSQL, "Snapshot Synchronization Functions".
    """
    engine = postgres_engine(url)
    try:
        with Session(engine) as session:
            snapshot = session.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            dump_postgres(url, target, f"--snapshot={snapshot}")
            yield session
    finally:
        engine.dispose()


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        # Read committed: what the writer before has done is visible as soon as the lock is ours.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def refused(url: URL, error: OperationalError) -> str:
    """What to tell of a server that did not let us in, or of a lock that another service holds."""
    if isinstance(error.orig, LockNotAvailable):
        return f"database_url {_shown(url)}: another service runs on this database; stop that one first"
    said = " ".join(str(error.orig).split())
    return f"database_url {_shown(url)}: expected a server that lets us in: {said}"


def _run(program: str, url: URL, arguments: Sequence[str]) -> None:
    path = shutil.which(program)
    if path is None:
        raise SettingsInvalid(f"{program}: expected it on this machine for backups: apt-get install postgresql-client")
    dbname = _shown(url)
    password = {} if url.password is None else {"PGPASSWORD": str(url.password)}
    argv = [path, "--no-password", f"--dbname={dbname}", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, **password}, check=False)
    if done.returncode != 0:
        raise SettingsInvalid(f"{program} {_shown(url)}: {' '.join(done.stderr.split())[-600:]}")


def _shown(url: URL) -> str:
    return url._replace(drivername="postgresql", password=None).render_as_string()  # `set` leaves what is None
