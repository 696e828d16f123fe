"""Orders of what judges beside the champion of a recipe: an append-only log, the last row counts."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from inspection.store.tables import ShadowOrderRow

__all__ = ["add_order", "end_shadow", "last_shadow", "shadow_order"]


def shadow_order(session: Session, recipe: str) -> ShadowOrderRow | None:
    """The order that counts; None before the first."""
    return session.scalars(_orders(recipe).limit(1)).first()


def last_shadow(session: Session, recipe: str) -> str | None:
    """Id of the bundle that judged beside last, or does so; None before the first order."""
    order = session.scalars(_orders(recipe).where(ShadowOrderRow.bundle_id.is_not(None)).limit(1)).first()
    return None if order is None else order.bundle_id


def add_order(
    session: Session, recipe: str, bundle_id: str | None, *, reason: str, user: str, now: datetime
) -> ShadowOrderRow:
    """A bundle judges beside from now on; None ends it."""
    row = ShadowOrderRow(recipe=recipe, bundle_id=bundle_id, reason=reason, user=user, created_at=now)
    session.add(row)
    session.flush()
    return row


def end_shadow(session: Session, recipe: str, bundle_id: str, *, reason: str, user: str, now: datetime) -> None:
    """End what judges beside if it is this bundle."""
    order = shadow_order(session, recipe)
    if order is not None and order.bundle_id == bundle_id:
        add_order(session, recipe, None, reason=reason, user=user, now=now)


def _orders(recipe: str) -> Select[ShadowOrderRow]:
    """The newest first."""
    return select(ShadowOrderRow).where(ShadowOrderRow.recipe == recipe).order_by(ShadowOrderRow.id.desc())
