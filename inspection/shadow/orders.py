"""Which bundle judges beside the champion of a recipe: what people ask for, and what stations are told."""

from datetime import datetime

from sqlalchemy.orm import Session

from edge.contract.errors import Conflict
from inspection.registry.bundles import require_bundle
from inspection.registry.promotions import champion_of
from inspection.registry.recipes import require_recipe
from inspection.shadow.book import add_order, last_shadow, shadow_order
from inspection.store.tables import ShadowOrderRow

__all__ = ["order_shadow", "shadow_of", "shadow_told"]


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
    return add_order(session, recipe, bundle_id, reason=reason, user=user, now=now)


def shadow_of(session: Session, recipe: str) -> str | None:
    """Id of the bundle that shall judge beside; None if none, or if it has become the champion."""
    order = shadow_order(session, recipe)
    if order is None or order.bundle_id == champion_of(session, recipe):
        return None
    return order.bundle_id


def shadow_told(session: Session, recipe: str) -> str | None:
    """Id of the bundle of which to tell what it said: the one that judges beside, or did and is the champion now."""
    last = last_shadow(session, recipe)
    return last if last == champion_of(session, recipe) else shadow_of(session, recipe)
