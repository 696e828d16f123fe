"""Which bundle judges beside the champion of a recipe: an append-only log, the last row counts."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict
from inspection.registry.bundles import require_bundle
from inspection.registry.promotions import champion_of
from inspection.registry.recipes import require_recipe
from inspection.store.tables import ShadowOrderRow

__all__ = ["order_shadow", "shadow_of", "shadow_order"]


def order_shadow(
    session: Session, recipe: str, bundle_id: str | None, *, reason: str, user: str, now: datetime
) -> ShadowOrderRow:
    """Let a bundle judge beside the champion from now on; None ends it.

    Raises:
        NotFound: no such recipe or bundle.
        Conflict: it is the champion, of another recipe, or nothing would change.
    """
    require_recipe(session, recipe)
    if bundle_id is not None and require_bundle(session, bundle_id).recipe != recipe:
        raise Conflict(f"bundle {bundle_id[:12]}: it is not for recipe {recipe!r}")
    if bundle_id is not None and bundle_id == champion_of(session, recipe):
        raise Conflict(f"bundle {bundle_id[:12]}: it is the champion already, there is nothing to compare")
    if bundle_id == shadow_of(session, recipe):
        said = "nothing judges beside the champion" if bundle_id is None else "it judges beside the champion already"
        raise Conflict(f"recipe {recipe!r}: {said}")
    row = ShadowOrderRow(recipe=recipe, bundle_id=bundle_id, reason=reason, user=user, created_at=now)
    session.add(row)
    session.flush()
    return row


def shadow_order(session: Session, recipe: str) -> ShadowOrderRow | None:
    """The order that counts; None before the first."""
    query = select(ShadowOrderRow).where(ShadowOrderRow.recipe == recipe)
    return session.scalars(query.order_by(ShadowOrderRow.id.desc()).limit(1)).first()


def shadow_of(session: Session, recipe: str) -> str | None:
    """Id of the bundle that shall judge beside; None if none, or if it has become the champion."""
    order = shadow_order(session, recipe)
    if order is None or order.bundle_id == champion_of(session, recipe):
        return None
    return order.bundle_id
