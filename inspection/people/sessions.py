"""Signed-in browsers. The cookie holds a random token; the database only its hash."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import delete
from sqlalchemy.orm import Session

from edge.contract.errors import NotAllowed, NotSignedIn
from inspection.people.roles import Role
from inspection.people.users import Person
from inspection.store.tables import SessionRow, UserRow

__all__ = ["check_csrf", "close_all_sessions", "close_session", "csrf_token", "open_session", "person_of"]


def open_session(session: Session, user: UserRow, now: datetime, lifetime: timedelta) -> str:
    """Sign a user in; returns the token for the cookie. Expired sessions are removed on the way."""
    session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
    token = secrets.token_urlsafe(32)
    session.add(SessionRow(token_sha256=_digest(token), user_id=user.id, created_at=now, expires_at=now + lifetime))
    session.flush()
    return token


def person_of(session: Session, token: str | None, now: datetime) -> Person:
    """Who the cookie's token belongs to.

    Raises:
        NotSignedIn: none, unknown, expired, or the user was disabled.
    """
    row = None if token is None else session.get(SessionRow, _digest(token))
    if row is None or row.expires_at <= now:
        raise NotSignedIn("sign in first (the session is missing or has expired)")
    user = session.get(UserRow, row.user_id)
    if user is None or user.disabled:
        raise NotSignedIn("this user was disabled: ask an admin")
    return Person(user.name, Role(user.role))


def close_session(session: Session, token: str) -> None:
    """Sign one browser out."""
    session.execute(delete(SessionRow).where(SessionRow.token_sha256 == _digest(token)))


def close_all_sessions(session: Session, user: UserRow) -> None:
    """Sign a user out everywhere (after a new password, or on being disabled)."""
    session.execute(delete(SessionRow).where(SessionRow.user_id == user.id))


def csrf_token(token: str) -> str:
    """The token that must come in a header with every change; another site cannot know it."""
    return _digest("csrf:" + token)


def check_csrf(token: str, given: str | None) -> None:
    """Return if the header fits the session.

    Raises:
        NotAllowed: missing or wrong; reload the page.
    """
    if given is None or not compare_digest(given.encode(), csrf_token(token).encode()):
        raise NotAllowed("header X-CSRF-Token: expected the token of this session (GET /api/v1/me gives it)")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
