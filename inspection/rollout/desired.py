"""Which bundle a station shall run: the champion, or the challenger of a rollout that has come to it."""

from sqlalchemy.orm import Session

from inspection.registry.promotions import champion_of
from inspection.rollout.book import current_rollout
from inspection.store.tables import StationRow

__all__ = ["desired_bundle"]


def desired_bundle(session: Session, station: StationRow) -> str | None:
    """Id of the bundle; None before the recipe's first promotion."""
    rollout = current_rollout(session, station.recipe)
    if rollout is not None and station.name in rollout.stations:
        return rollout.row.bundle_id
    return champion_of(session, station.recipe)
