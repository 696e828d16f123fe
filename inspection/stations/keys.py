"""Stations and their API keys; a key is shown once and only its hash is kept."""

import secrets
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound, NotSignedIn
from inspection.registry.recipes import require_recipe
from inspection.store.tables import StationRow

__all__ = ["add_station", "list_stations", "renew_key", "require_station", "station_of_key"]


def add_station(session: Session, name: str, recipe: str, now: datetime, line: str | None = None) -> str:
    """Make a station; returns its API key, which is not kept.

    Raises:
        Conflict: the name is taken.
        NotFound: no such recipe.
    """
    require_recipe(session, recipe)
    if session.get(StationRow, name) is not None:
        raise Conflict(f"station {name!r} exists already: choose another name, or renew its key")
    key = _new_key()
    session.add(StationRow(name=name, recipe=recipe, line=line, key_sha256=_digest(key), created_at=now))
    session.flush()
    return key


def renew_key(session: Session, name: str) -> str:
    """Give a station a new key; the old one stops working at once."""
    key = _new_key()
    require_station(session, name).key_sha256 = _digest(key)
    return key


def station_of_key(session: Session, key: str | None) -> StationRow:
    """The station that this key belongs to.

    Raises:
        NotSignedIn: no key or an unknown one.
    """
    row = None
    if key:
        row = session.scalars(select(StationRow).where(StationRow.key_sha256 == _digest(key))).first()
    if row is None:
        raise NotSignedIn(
            "header Authorization: expected `Bearer` and the API key of a station, got none that is known"
        )
    return row


def require_station(session: Session, name: str) -> StationRow:
    """The station of this name.

    Raises:
        NotFound: no such station.
    """
    row = session.get(StationRow, name)
    if row is None:
        raise NotFound(f"station {name!r}: not known here")
    return row


def list_stations(session: Session) -> list[StationRow]:
    """All stations, by name."""
    return list(session.scalars(select(StationRow).order_by(StationRow.name)))


def _new_key() -> str:
    return "st_" + secrets.token_urlsafe(32)


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
