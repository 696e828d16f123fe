"""The steps of a rollout: start, advance, halt; the last advance is the promotion."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound
from inspection.registry.promotions import champion_of, promote, require_evidence
from inspection.registry.recipes import require_recipe
from inspection.rollout.book import Rollout, StepKind, add_rollout, add_step, current_rollout, require_no_rollout
from inspection.rollout.stages import Stages, stations_by_stage
from inspection.stations.keys import require_station
from inspection.store.tables import RolloutRow

__all__ = ["SYSTEM", "advance", "halt", "require_rollout", "start"]

SYSTEM = "system"
"""Who the audit log says did what no person did."""


def start(  # noqa: PLR0913 - what a person says of a rollout
    session: Session,
    recipe: str,
    bundle_id: str,
    *,
    stages: Stages,
    wait_min: float | None = None,
    reason: str,
    user: str,
    now: datetime,
) -> RolloutRow:
    """Give a bundle that passed the gate to the stations of the first stage.

    Args:
        session: a transaction.
        recipe: whose stations.
        bundle_id: the challenger.
        stages: the stations that each stage adds, or their line; after the last one comes the promotion.
        wait_min: minutes that a stage lasts before it goes on by itself; None: as the settings say.
        reason: why.
        user: who.
        now: when.

    Raises:
        NotFound: no such recipe, bundle or station.
        Conflict: a rollout is under way, there is no champion to go back to, a station is of another recipe or named
            twice, a line has none left, or the gate did not pass against today's champion.
    """
    require_recipe(session, recipe)
    require_no_rollout(session, recipe)
    require_evidence(session, recipe, bundle_id)
    champion = champion_of(session, recipe)
    if champion is None:
        raise Conflict(f"recipe {recipe!r}: no champion to go back to yet; promote the first bundle instead")
    by_stage = stations_by_stage(session, recipe, stages)
    _check_stations(session, recipe, by_stage)
    row = RolloutRow(recipe=recipe, bundle_id=bundle_id, champion_id=champion, reason=reason, user=user)
    row.stages, row.wait_min, row.created_at = by_stage, wait_min, now
    return add_rollout(session, row)


def advance(session: Session, recipe: str, *, reason: str, user: str, now: datetime, evidence: Any = None) -> Rollout:
    """Go to the next stage; after the last one, make the challenger the champion.

    Raises:
        NotFound: no such recipe, or no rollout is under way.
        Conflict: at the end, if the gate has refused the bundle meanwhile.
    """
    rollout = require_rollout(session, recipe)
    kind = StepKind.FINISH if rollout.is_last_stage else StepKind.ADVANCE
    add_step(session, rollout.row.id, kind, user=user, reason=reason, now=now, evidence=evidence)
    if kind is StepKind.FINISH:
        promote(session, recipe, rollout.row.bundle_id, reason=reason, user=user, now=now)
    return rollout


def halt(session: Session, recipe: str, *, reason: str, user: str, now: datetime, evidence: Any = None) -> Rollout:
    """Give all stations the champion again.

    Raises:
        NotFound: no such recipe, or no rollout is under way.
    """
    rollout = require_rollout(session, recipe)
    add_step(session, rollout.row.id, StepKind.HALT, user=user, reason=reason, now=now, evidence=evidence)
    return rollout


def require_rollout(session: Session, recipe: str) -> Rollout:
    """The rollout that is under way.

    Raises:
        NotFound: no such recipe, or no rollout is under way.
    """
    require_recipe(session, recipe)
    rollout = current_rollout(session, recipe)
    if rollout is None:
        raise NotFound(f"recipe {recipe!r}: no rollout is under way")
    return rollout


def _check_stations(session: Session, recipe: str, stages: Sequence[Sequence[str]]) -> None:
    names = Counter(name for stage in stages for name in stage)
    for name, times in names.items():
        station = require_station(session, name)
        if station.recipe != recipe:
            raise Conflict(f"station {name!r} runs recipe {station.recipe!r}, the rollout is of {recipe!r}")
        if times > 1:
            raise Conflict(f"station {name!r}: expected in one stage, got it {times} times")
