"""A real PostgreSQL server for the tests: its own folder, port and password, as a user without rights."""

import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL

PASSWORD = "a-password-of-the-tests"
_HERE = "127.0.0.1"
_OPTIONS = (
    *("fsync=off", "full_page_writes=off"),  # the machine may not crash during a test; 0.1 s a database instead of 1 s
    *("max_connections=60", "max_wal_size=128MB"),
    "dynamic_shared_memory_type=mmap",  # in its folder: what it has in /dev/shm outlives a quick end
)

_UNTIL_END_OF_INPUT = """
exec 3<&0
"$@" & server=$!
{ cat <&3; kill -QUIT $server; } 2>/dev/null &
wait $server
rm -rf "$0"
"""
"""Of the shell that starts the server: ends it at once, and its folder, when the tests do, were they killed or not."""


def programs() -> Path | None:
    """The folder of the newest server's programs; None if none is installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return folders[-1] if folders else None


@dataclass
class PostgresServer:
    """A running server."""

    port: int
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        """What `database_url` says of one of its databases."""
        return f"postgresql://postgres@{_HERE}:{self.port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """Make a database; returns its `database_url`."""
        name = f"plant_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The same, gone at the end: hundreds of them are a million files."""
        url = self.new_database(template)
        yield url
        self._run(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)")

    def _run(self, statement: Any) -> None:
        with psycopg.connect(f"{self.url('postgres')}?password={PASSWORD}", autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def closed_to_all(url: URL) -> Iterator[None]:
    """A database of the server lets nobody in meanwhile, and throws out who is there."""
    name, address = url.database, url._replace(drivername="postgresql", database="postgres", query={})
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(str(name))))
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(str(name))))


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server; stop it and delete its data at the end."""
    folder = Path(tempfile.mkdtemp(prefix="inspection-postgres-"))
    secret = folder / "password"
    secret.write_text(PASSWORD, "utf-8")
    for path in (folder, secret):
        os.chown(path, *_owner())
    data = folder / "data"
    argv = ["-D", str(data), "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8"]
    subprocess.run(
        [_program("initdb"), *argv, "--locale=C", "--no-sync"], check=True, capture_output=True, **_as_user()
    )
    port = _free_port()
    argv = [_program("postgres"), "-D", str(data), "-h", _HERE, "-p", str(port), "-k", str(folder), *_options()]
    server = subprocess.Popen(
        ["sh", "-c", _UNTIL_END_OF_INPUT, str(folder), *argv],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **_as_user(),
    )
    try:
        while subprocess.run([_program("pg_isready"), "-q", "-h", _HERE, "-p", str(port)], check=False).returncode:
            assert server.poll() is None, "the server ended"
            time.sleep(0.05)
        yield PostgresServer(port)
    finally:
        server.communicate()


def _options() -> list[str]:
    return [word for option in _OPTIONS for word in ("-c", option)]


def _program(name: str) -> str:
    return str((programs() or Path()) / name)


def _owner() -> tuple[int, int]:
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")  # the server refuses to run as root
    return nobody.pw_uid, nobody.pw_gid


def _as_user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user, group = _owner()
    return {"user": user, "group": group, "extra_groups": [], "cwd": "/"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HERE, 0))
        return int(probe.getsockname()[1])
