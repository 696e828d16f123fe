"""`inspection users`: what an admin who cannot sign in does on the plant's machine."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path

from edge.contract.errors import BadInput
from inspection.audit.change import change
from inspection.clock import utc_now
from inspection.people.sessions import close_all_sessions
from inspection.people.users import change_user, list_users, require_password, signs_in_elsewhere
from inspection.plant import database_address
from inspection.settings import load_plant_settings
from inspection.store.database import Database
from inspection.store.tables import UserRow

__all__ = ["enable", "give_password"]

_ACTOR = "command line"  # with a space: nobody's name


def give_password(settings_path: Path, name: str) -> dict[str, object]:
    """Ask for a user's new password and set it; the service may be running.

    Returns:
        Whose it is, with role and whether the user is disabled.

    Raises:
        BadInput: no such user, one who signs in elsewhere, or a password that the plant does not take.
        SettingsInvalid: no PLANT.toml, or no such plant.
    """
    with _plant_of(settings_path, name) as database:
        if signs_in_elsewhere(name):
            raise BadInput(f"user {name!r} signs in elsewhere, which gives the password: expected a user of this plant")
        password = _asked(name)
        with change(database, _ACTOR, utc_now()) as doing:
            row = change_user(doing.session, name, password=password)
            close_all_sessions(doing.session, row)
            doing.record("user.changed", name=name, role=None, disabled=None, password=True)
            return _told(row)


def enable(settings_path: Path, name: str) -> dict[str, object]:
    """Let a disabled user sign in again; the service may be running.

    Returns:
        Who it is, with role and whether the user is disabled.

    Raises:
        BadInput: no such user.
        SettingsInvalid: no PLANT.toml, or no such plant.
    """
    with _plant_of(settings_path, name) as database, change(database, _ACTOR, utc_now()) as doing:
        row = change_user(doing.session, name, disabled=False)
        doing.record("user.changed", name=name, role=None, disabled=False, password=False)
        return _told(row)


@contextmanager
def _plant_of(settings_path: Path, name: str) -> Iterator[Database]:
    """The database of a plant that knows this user: said before anybody types a password twice."""
    database = Database(database_address(load_plant_settings(settings_path)), make=False)
    try:
        with database.read() as session:
            names = {row.name for row in list_users(session)}
        if name not in names:
            raise BadInput(f"user {name!r}: not known here, {len(names)} others are")
        yield database
    finally:
        database.close()


def _told(row: UserRow) -> dict[str, object]:
    return {"name": row.name, "role": row.role, "disabled": row.disabled}


def _asked(name: str) -> str:
    if sys.stdin is None:  # closed by whoever started this
        raise BadInput("expected a password on stdin, which is closed")
    try:
        password = _typed_twice(name) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        password.encode()
    except UnicodeError as error:
        raise BadInput(f"expected a password in UTF-8: {error}") from error
    require_password(password)
    return password


def _typed_twice(name: str) -> str:
    try:
        first = getpass(f"new password of {name}: ")
        require_password(first)
        again = getpass("once more: ")
    except EOFError as error:
        raise BadInput("expected a password, got the end of the input") from error
    if first != again:
        raise BadInput("expected the same password twice: nothing was changed")
    return first
