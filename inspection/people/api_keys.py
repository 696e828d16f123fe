"""Keys of programs (an MES, a script): a key acts with a role and within scopes, is shown once, and can be revoked."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound, NotSignedIn
from inspection.people.roles import Role
from inspection.people.scopes import Scope
from inspection.people.users import Person
from inspection.store.tables import ApiKeyRow

__all__ = ["PREFIX", "Rights", "add_api_key", "list_api_keys", "person_of_key", "revoke_api_key"]

PREFIX = "ik_"
"""How a key begins, so that it is told from a station's, and found by scanners for leaked secrets."""


@dataclass(frozen=True)
class Rights:
    """What a key may do: what its role may, and if there are scopes, of that only what they name."""

    role: Role
    scopes: frozenset[Scope] | None = None


def add_api_key(session: Session, name: str, rights: Rights, by: str, now: datetime) -> str:
    """Make a key; returns it, for only its hash is kept.

    Raises:
        Conflict: the name is or was in use; results and the audit log name it.
    """
    if session.get(ApiKeyRow, name) is not None:
        raise Conflict(f"API key {name!r} exists already or did: choose another name")
    key = PREFIX + secrets.token_urlsafe(32)
    scopes: list[str] | None = None if rights.scopes is None else sorted(rights.scopes)
    row = ApiKeyRow(name=name, key_sha256=_digest(key), role=rights.role.value, created_by=by, created_at=now)
    row.scopes = scopes
    session.add(row)
    session.flush()
    return key


def revoke_api_key(session: Session, name: str, now: datetime) -> ApiKeyRow:
    """Take a key's rights away at once; again changes nothing.

    Raises:
        NotFound: no such key.
    """
    row = session.get(ApiKeyRow, name)
    if row is None:
        raise NotFound(f"API key {name!r}: not known here")
    row.revoked_at = row.revoked_at or now
    return row


def list_api_keys(session: Session) -> list[ApiKeyRow]:
    """All keys, by name, revoked ones too."""
    return list(session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.name)))


def person_of_key(session: Session, key: str) -> Person:
    """Whom the log names for this key: `key:<name>`, which no person can be called.

    Raises:
        NotSignedIn: unknown or revoked.
    """
    row = session.scalars(select(ApiKeyRow).where(ApiKeyRow.key_sha256 == _digest(key))).first()
    if row is None or row.revoked_at is not None:
        raise NotSignedIn("header Authorization: expected an API key that is known and not revoked")
    return Person(f"key:{row.name}", Role(row.role), _scopes(row.scopes))


def _scopes(names: Iterable[str] | None) -> frozenset[Scope] | None:
    return None if names is None else frozenset(Scope(name) for name in names)


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
