"""Stations and their API keys; a key is shown once and only its hash is kept."""

import secrets
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound, NotSignedIn
from inspection.registry.recipes import require_recipe
from inspection.stations.running import note_bundle
from inspection.store.tables import StationRow

__all__ = ["add_station", "list_stations", "renew_key", "require_station", "station_of_key"]


def add_station(
    session: Session, name: str, recipe: str, now: datetime, line: str | None = None, *, reuse: bool = False
) -> str:
    """Make a station; returns its API key, which is not kept.

    Args:
        session: the transaction.
        name: of the station.
        recipe: that it inspects.
        now: when.
        line: that it stands at.
        reuse: the name may be that of a station that was taken out of service; its results become this one's.

    Raises:
        Conflict: the name is taken.
        NotFound: no such recipe.
    """
    require_recipe(session, recipe)
    row = session.get(StationRow, name)
    if row is not None and row.retired_at is None:
        raise Conflict(f"station {name!r} exists already: choose another name, or renew its key")
    if row is not None and not reuse:
        raise Conflict(
            f"station {name!r} was taken out of service {row.retired_at:%Y-%m-%d}, its results bear that name: "
            "choose another name, or say that the name is to be used again"
        )
    key = _new_key()
    if row is None:
        row = StationRow(name=name, created_at=now)
        session.add(row)
    else:
        row.created_at = now
        note_bundle(session, name, None, now)  # whoever had the name has stopped, and this one has not begun
    row.recipe, row.line, row.key_sha256, row.retired_at = recipe, line, _digest(key), None
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
    """The station of this name, which is in service.

    Raises:
        NotFound: no such station, or it was taken out of service.
    """
    row = session.get(StationRow, name)
    if row is None:
        raise NotFound(f"station {name!r}: not known here")
    if row.retired_at is not None:
        raise NotFound(f"station {name!r}: taken out of service {row.retired_at:%Y-%m-%d}")
    return row


def list_stations(session: Session) -> list[StationRow]:
    """All stations in service, by name."""
    return list(session.scalars(select(StationRow).where(StationRow.retired_at.is_(None)).order_by(StationRow.name)))


def _new_key() -> str:
    return "st_" + secrets.token_urlsafe(32)


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
