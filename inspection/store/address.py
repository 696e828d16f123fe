"""Where the database is, as the settings say it; the password never stands in PLANT.toml nor in a message."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from edge.contract.errors import SettingsInvalid
from edge.contract.settings import read_secret

__all__ = ["postgres_address", "sqlite_address"]

_DRIVER = "postgresql+psycopg"
_EXPECTED = "expected `postgresql://USER@HOST:PORT/NAME`; leave it out for SQLite in data_dir"


def sqlite_address(path: Path) -> URL:
    """A database file."""
    return URL.create("sqlite", database=str(path))


def postgres_address(text: str, password_file: Path | None) -> URL:
    """A database of a PostgreSQL server.

    Raises:
        SettingsInvalid: another scheme, no name of a database, a password inside, or an unreadable password file.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise SettingsInvalid(f"database_url: {_EXPECTED}; got something that is no address") from error
    if url.drivername not in {"postgresql", _DRIVER}:
        raise SettingsInvalid(f"database_url: {_EXPECTED}; got the scheme {url.drivername!r}")
    if url.password is not None:
        raise SettingsInvalid("database_url: expected no password in it; put it into a file: database_password_file")
    if not url.database:
        raise SettingsInvalid(f"database_url: {_EXPECTED}; got no name of a database")
    return url.set(drivername=_DRIVER, password=read_secret(None, password_file))
