"""The database of plants whose test names none: SQLite in its folder, or PostgreSQL with TEST_DATABASE=postgres.

`make test-postgres` sets it. One server lasts for the whole session. A folder keeps its database, so that a plant is
opened again where it was.
"""

import os
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from inspection.store.address import postgres_address
from inspection.store.database import Database
from tests.support.postgres import PASSWORD, PostgresServer, postgres_server

__all__ = ["ON_POSTGRES", "default_database", "empty_database", "end_servers", "password_file", "server"]

ON_POSTGRES = os.environ.get("TEST_DATABASE") == "postgres"
_OPEN = ExitStack()


@cache
def server() -> PostgresServer:
    """The session's server, with migrated tables in its first database, `plant_0`."""
    started = _OPEN.enter_context(postgres_server())
    Database(postgres_address(started.new_database(), password_file())).close()
    return started


@cache
def password_file() -> Path:
    """The server's password, as PLANT.toml names it."""
    folder = _OPEN.enter_context(tempfile.TemporaryDirectory(prefix="inspection-password-"))
    path = Path(folder) / "password"
    path.write_text(PASSWORD + "\n", "utf-8")
    return path


def end_servers() -> None:
    """At the end of the session."""
    _OPEN.close()


def default_database(folder: Path) -> dict[str, Any]:
    """Settings of the database of a plant in this folder."""
    return _settings(folder.resolve()) if ON_POSTGRES else {}


def empty_database() -> dict[str, Any]:
    """Settings of a database without tables; of SQLite a folder without a file is one."""
    return _on(server().new_database()) if ON_POSTGRES else {}


@cache
def _settings(_: Path) -> dict[str, Any]:
    return _on(server().new_database("plant_0"))


def _on(url: str) -> dict[str, Any]:
    return {"database_url": url, "database_password_file": password_file()}
