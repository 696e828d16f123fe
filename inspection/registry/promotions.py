"""The champion of a recipe: an append-only log of promotions and rollbacks, replayed.

A promotion, forced or not, puts a bundle on top of those before it; a rollback takes the top one off and appends that
the one below runs again. So after `promote A, promote B, rollback` the champion is A, and another rollback is refused.
"""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict
from inspection.registry.bundles import require_bundle
from inspection.registry.gates import latest_gate, refusal_of
from inspection.registry.recipes import require_recipe
from inspection.rollout.book import require_no_rollout
from inspection.shadow.book import end_shadow
from inspection.store.tables import GateRow, PromotionRow

__all__ = ["champion_of", "force", "log_of", "promote", "require_evidence", "rollback", "rollback_target"]


def champion_of(session: Session, recipe: str) -> str | None:
    """Id of the bundle that stations of `recipe` shall run; None before the first promotion."""
    last = session.scalars(_log(recipe).order_by(PromotionRow.id.desc()).limit(1)).first()
    return None if last is None else last.bundle_id


def log_of(session: Session, recipe: str) -> list[PromotionRow]:
    """Every change of the champion, oldest first."""
    return list(session.scalars(_log(recipe).order_by(PromotionRow.id)))


def promote(session: Session, recipe: str, bundle_id: str, *, reason: str, user: str, now: datetime) -> PromotionRow:
    """Make a bundle the champion.

    Raises:
        NotFound: no such recipe or bundle.
        Conflict: it is the champion, is for another recipe, the gate did not pass against today's champion, or a
            rollout is under way.
    """
    require_no_rollout(session, recipe)
    require_evidence(session, recipe, bundle_id)
    return _append(session, PromotionRow(recipe=recipe, bundle_id=bundle_id, kind="promote", reason=reason), user, now)


def require_evidence(session: Session, recipe: str, bundle_id: str) -> None:
    """Make sure that the gate lets a bundle become the champion.

    Raises:
        NotFound: no such recipe or bundle.
        Conflict: as `promote`.
    """
    gate = _evidence(session, recipe, bundle_id)
    if not gate.passed:
        raise Conflict(f"bundle {bundle_id[:12]}: the gate refused it: {refusal_of(gate) or 'no reason given'}")


def force(session: Session, recipe: str, bundle_id: str, *, reason: str, user: str, now: datetime) -> PromotionRow:
    """Make a bundle the champion although the gate refused it; the log of champions says so for ever.

    It overrides a refusal and nothing else: the gate must have run against today's champion, so that what was
    overridden is on record.

    Raises:
        NotFound: no such recipe or bundle.
        Conflict: as `promote`; or the gate passed, and there is nothing to force.
    """
    require_no_rollout(session, recipe)
    if _evidence(session, recipe, bundle_id).passed:
        raise Conflict(f"bundle {bundle_id[:12]}: the gate passed it, so there is nothing to force; promote it")
    return _append(session, PromotionRow(recipe=recipe, bundle_id=bundle_id, kind="force", reason=reason), user, now)


def rollback(session: Session, recipe: str, *, reason: str, user: str, now: datetime) -> PromotionRow:
    """Make the champion before this one champion again; it has been one, so no new evidence is asked for.

    Raises:
        NotFound: no such recipe.
        Conflict: there is no earlier champion, or a rollout is under way.
    """
    require_recipe(session, recipe)
    require_no_rollout(session, recipe)
    target = rollback_target(session, recipe)
    if target is None:
        raise Conflict(f"recipe {recipe!r}: there is no earlier champion to go back to")
    return _append(session, PromotionRow(recipe=recipe, bundle_id=target, kind="rollback", reason=reason), user, now)


def rollback_target(session: Session, recipe: str) -> str | None:
    """The bundle that a rollback would bring back; None if there is none."""
    return next(iter(_stack(log_of(session, recipe))[-2:-1]), None)


def _evidence(session: Session, recipe: str, bundle_id: str) -> GateRow:
    """What the gate said of a candidate against today's champion."""
    require_recipe(session, recipe)
    bundle = require_bundle(session, bundle_id)
    if bundle.recipe != recipe:
        raise Conflict(f"bundle {bundle_id[:12]} is for recipe {bundle.recipe!r}, not for {recipe!r}")
    champion, gate = champion_of(session, recipe), latest_gate(session, bundle_id)
    if champion == bundle_id:
        raise Conflict(f"bundle {bundle_id[:12]} is the champion of {recipe!r} already")
    if gate is None:
        raise Conflict(f"bundle {bundle_id[:12]}: the gate has not run yet; run it, then promote")
    if gate.champion_id != champion:
        raise Conflict(
            f"bundle {bundle_id[:12]}: the gate compared it with {(gate.champion_id or 'no champion')[:12]}, "
            f"but the champion is {(champion or 'none')[:12]} now; run the gate again"
        )
    return gate


def _stack(log: list[PromotionRow]) -> list[str]:
    stack: list[str] = []
    for row in log:
        if row.kind == "rollback":
            stack.pop()
        else:
            stack.append(row.bundle_id)
    return stack


def _append(session: Session, row: PromotionRow, user: str, now: datetime) -> PromotionRow:
    """Neither the new champion nor the one before it judges beside, unless somebody asks for it from now on."""
    for bundle_id in {champion_of(session, row.recipe) or row.bundle_id, row.bundle_id}:
        end_shadow(session, row.recipe, bundle_id, reason=f"{row.kind}: {row.reason}"[:500], user=user, now=now)
    row.user, row.created_at = user, now
    session.add(row)
    session.flush()
    return row


def _log(recipe: str) -> Select[PromotionRow]:
    return select(PromotionRow).where(PromotionRow.recipe == recipe)
