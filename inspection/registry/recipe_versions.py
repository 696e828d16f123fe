"""Versions of a recipe: append-only, each with its author and reason."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound
from edge.contract.input_side import require_side
from inspection.registry.recipe_settings import RecipeSettings, differences
from inspection.registry.recipes import require_recipe
from inspection.store.images import image_row
from inspection.store.tables import RecipeVersionRow

__all__ = ["add_version", "newest_version", "require_version", "settings_of", "versions_of"]


def add_version(
    session: Session, recipe: str, settings: RecipeSettings, *, reason: str, user: str, now: datetime
) -> RecipeVersionRow:
    """Make the next version; trainings from now on take it.

    Raises:
        NotFound: no such recipe, or an image that it names is not stored here.
        Conflict: nothing changed.
        DataInvalid: no training takes this side of the input.
    """
    require_recipe(session, recipe)
    if settings.size_px is not None:
        require_side("size_px", settings.size_px, settings.tier or "fast")
    last = newest_version(session, recipe)
    if last is not None and not differences(settings_of(last), settings):
        raise Conflict(f"recipe {recipe!r}: expected a change, got the settings of version {last.version} again")
    for digest in filter(None, (settings.golden_sha256, settings.ignore_mask_sha256)):
        image_row(session, digest)
    row = RecipeVersionRow(
        recipe=recipe,
        version=1 if last is None else last.version + 1,
        settings=settings.model_dump(mode="json"),
        golden_sha256=settings.golden_sha256,
        ignore_mask_sha256=settings.ignore_mask_sha256,
        reason=reason,
        user=user,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def versions_of(session: Session, recipe: str) -> list[RecipeVersionRow]:
    """All versions, newest first."""
    query = select(RecipeVersionRow).where(RecipeVersionRow.recipe == recipe)
    return list(session.scalars(query.order_by(RecipeVersionRow.version.desc())))


def newest_version(session: Session, recipe: str) -> RecipeVersionRow | None:
    """The version that counts; None before the first."""
    return next(iter(versions_of(session, recipe)), None)


def require_version(session: Session, recipe: str, version: int) -> RecipeVersionRow:
    """One version.

    Raises:
        NotFound: no such version.
    """
    query = select(RecipeVersionRow).where(RecipeVersionRow.recipe == recipe, RecipeVersionRow.version == version)
    row = session.scalars(query).first()
    if row is None:
        raise NotFound(f"recipe {recipe!r}: no version {version}")
    return row


def settings_of(row: RecipeVersionRow | None) -> RecipeSettings:
    """The settings of a version; the defaults before the first."""
    return RecipeSettings() if row is None else RecipeSettings.model_validate(row.settings)
