"""Which stations each stage of a rollout adds: named one by one, or as a line."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict
from inspection.store.tables import StationRow

__all__ = ["Line", "Stages", "stations_by_stage"]


@dataclass(frozen=True)
class Line:
    """The stations of the recipe that stand at a line now and are in no stage before."""

    name: str


Stages = Sequence[Sequence[str] | Line]


def stations_by_stage(session: Session, recipe: str, stages: Stages) -> list[list[str]]:
    """The stations of each stage, a line's by name.

    Raises:
        Conflict: no station is left at a line.
    """
    found: list[list[str]] = []
    for stage in stages:
        before = {name for names in found for name in names}
        found.append(_at(session, recipe, stage, before) if isinstance(stage, Line) else list(stage))
    return found


def _at(session: Session, recipe: str, line: Line, before: set[str]) -> list[str]:
    query = select(StationRow.name).where(
        StationRow.recipe == recipe, StationRow.line == line.name, StationRow.retired_at.is_(None)
    )
    names = [name for name in session.scalars(query.order_by(StationRow.name)) if name not in before]
    if not names:
        raise Conflict(
            f"line {line.name!r}: expected a station of recipe {recipe!r} that is in no earlier stage, found none"
        )
    return names
