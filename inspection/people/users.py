"""Users and their passwords. Argon2id with the library's defaults. Source: RFC 9106."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import BadInput, Conflict, NotFound, NotSignedIn, SettingsInvalid
from edge.contract.settings import read_secret
from inspection.people.roles import Role
from inspection.people.scopes import Scope
from inspection.store.tables import UserRow

__all__ = [
    "MAX_PASSWORD",
    "MIN_PASSWORD",
    "Person",
    "add_user",
    "authenticate",
    "authenticated_still",
    "change_user",
    "ensure_admin",
    "list_users",
    "name_here",
    "require_password",
    "signs_in_elsewhere",
    "user_from_elsewhere",
]

MIN_PASSWORD, MAX_PASSWORD = 10, 200
_ELSEWHERE, _NO_PASSWORD, _LONGEST_NAME = "sso:", "none: signs in elsewhere", 64
_APART = 12  # hexadecimal digits
_TRIED_AT_ONCE = BoundedSemaphore(2)  # each takes 64 MiB and a core: anybody may ask, and others want to be served
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_hex())  # so that an unknown name takes as long as a wrong password


@dataclass(frozen=True)
class Person:
    """Who is asking.

    Attributes:
        scopes: that a program's key is limited to; None is all that the role may.
    """

    name: str
    role: Role
    scopes: frozenset[Scope] | None = None


def add_user(session: Session, name: str, password: str, role: Role, now: datetime) -> None:
    """Make a user.

    Raises:
        Conflict: the name is taken.
    """
    if _find(session, name) is not None:
        raise Conflict(f"user {name!r} exists already: choose another name")
    session.add(UserRow(name=name, password_hash=_HASHER.hash(password), role=role.value, created_at=now))
    session.flush()


def authenticate(session: Session, name: str, password: str) -> UserRow:
    """The user whose password this is.

    Raises:
        NotSignedIn: unknown, disabled or wrong; the answer does not say which.
    """
    row = _find(session, name)
    fits = _verify(_NOBODY if row is None else row.password_hash, password)
    if row is None or row.disabled or not fits:
        raise NotSignedIn("name or password is wrong")
    return row


def authenticated_still(session: Session, tried: UserRow) -> UserRow:
    """The same user in a later transaction.

    Raises:
        NotSignedIn: disabled, or with another password since.
    """
    row = session.get(UserRow, tried.id)
    if row is None or row.disabled or row.password_hash != tried.password_hash:
        raise NotSignedIn("name or password is wrong")
    return row


def change_user(
    session: Session, name: str, *, role: Role | None = None, password: str | None = None, disabled: bool | None = None
) -> UserRow:
    """Change what is given of a user.

    Raises:
        NotFound: no such user.
        Conflict: nobody with the role admin would be left, or role and password of this user are another system's.
    """
    row = _find(session, name)
    if row is None:
        raise NotFound(f"user {name!r}: not known here")
    if signs_in_elsewhere(name) and (role is not None or password is not None):
        raise Conflict(f"user {name!r} signs in elsewhere, which gives role and password: disable the user instead")
    was_admin = _is_active_admin(row)
    row.role = row.role if role is None else role.value
    row.disabled = row.disabled if disabled is None else disabled
    row.password_hash = row.password_hash if password is None else _HASHER.hash(password)
    session.flush()
    if was_admin and not any(_is_active_admin(user) for user in list_users(session)):
        raise Conflict(f"user {name!r} is the last active admin: make another one first")
    return row


def require_password(password: str) -> None:
    """Return if somebody can sign in with this password.

    Raises:
        BadInput: too short, too long, or with a zero byte.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise BadInput(f"expected a password of {MIN_PASSWORD} to {MAX_PASSWORD} characters, got {len(password)}")
    if "\0" in password:
        raise BadInput("expected a password without zero bytes")


def signs_in_elsewhere(name: str) -> bool:
    """Whether another system gives this user role and password."""
    return name.startswith(_ELSEWHERE)


def user_from_elsewhere(session: Session, name: str, role: Role, now: datetime) -> UserRow:
    """The user whom another system has signed in, with the role that it gives now.

    The name gets a prefix, so that nobody there can be somebody here; there is no password that fits.

    Raises:
        NotSignedIn: an admin has disabled this user.
    """
    here = name_here(name)
    row = _find(session, here)
    if row is None:
        row = UserRow(name=here, password_hash=_NO_PASSWORD, role=role.value, created_at=now)
        session.add(row)
    if row.disabled:
        raise NotSignedIn("this user was disabled: ask an admin")
    row.role = role.value
    session.flush()
    return row


def name_here(name: str) -> str:
    """What somebody is called here whom another system calls `name`.

    Two long names, mail addresses perhaps, that begin alike stay two people.
    """
    here = f"{_ELSEWHERE}{name}"
    if len(here) <= _LONGEST_NAME:
        return here
    told_apart = "~" + sha256(name.encode("utf-8", "replace")).hexdigest()[:_APART]
    return here[: _LONGEST_NAME - len(told_apart)] + told_apart


def list_users(session: Session) -> list[UserRow]:
    """Everybody, by name."""
    return list(session.scalars(select(UserRow).order_by(UserRow.name)))


def ensure_admin(session: Session, password_file: Path | None, now: datetime) -> str | None:
    """Make the user `admin` on the first start.

    Returns:
        The password that was made up, to be shown once; None if there are users already or the file gave one.

    Raises:
        SettingsInvalid: the password file cannot be read, or nobody could sign in with what it says.
    """
    if session.scalars(select(UserRow.id).limit(1)).first() is not None:
        return None
    given = None if password_file is None else _read_password(password_file)
    password = given or secrets.token_urlsafe(12)
    add_user(session, "admin", password, Role.ADMIN, now)
    return None if given else password


def _read_password(path: Path) -> str:
    try:
        password = read_secret(None, path) or ""
        require_password(password)
    except BadInput as error:
        raise SettingsInvalid(f"admin_password_file {path}: {error}") from error
    return password


def _is_active_admin(row: UserRow) -> bool:
    return row.role == Role.ADMIN and not row.disabled


def _find(session: Session, name: str) -> UserRow | None:
    return session.scalars(select(UserRow).where(UserRow.name == name)).first()


def _verify(password_hash: str, password: str) -> bool:
    try:
        with _TRIED_AT_ONCE:
            return _HASHER.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
