"""Which bundle a station shall run: the champion, or the challenger of a rollout that has come to it."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from inspection.registry.promotions import champion_of
from inspection.rollout.book import current_rollout
from inspection.store.tables import StationRow

__all__ = ["desired_bundle", "desired_bundles"]


def desired_bundle(session: Session, station: StationRow) -> str | None:
    """Id of the bundle; None before the recipe's first promotion."""
    return desired_bundles(session, [station])[station.name]


def desired_bundles(session: Session, stations: Sequence[StationRow]) -> dict[str, str | None]:
    """The same for many, by name; each recipe is asked for once."""
    recipes = {station.recipe for station in stations}
    rollouts = {recipe: current_rollout(session, recipe) for recipe in recipes}
    champions = {recipe: champion_of(session, recipe) for recipe in recipes}

    def of(station: StationRow) -> str | None:
        rollout = rollouts[station.recipe]
        if rollout is not None and station.name in rollout.stations:
            return rollout.row.bundle_id
        return champions[station.recipe]

    return {station.name: of(station) for station in stations}
