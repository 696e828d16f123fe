"""Recipes: the part types of the plant."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound
from inspection.store.tables import RecipeRow

__all__ = ["add_recipe", "list_recipes", "require_recipe"]


def add_recipe(session: Session, name: str, now: datetime) -> RecipeRow:
    """Make a recipe.

    Raises:
        Conflict: the name is taken.
    """
    if session.get(RecipeRow, name) is not None:
        raise Conflict(f"recipe {name!r} exists already: choose another name")
    row = RecipeRow(name=name, created_at=now)
    session.add(row)
    session.flush()
    return row


def require_recipe(session: Session, name: str) -> RecipeRow:
    """The recipe of this name.

    Raises:
        NotFound: no such recipe.
    """
    row = session.get(RecipeRow, name)
    if row is None:
        raise NotFound(f"recipe {name!r}: not known here; make it first")
    return row


def list_recipes(session: Session) -> list[RecipeRow]:
    """All recipes, by name."""
    return list(session.scalars(select(RecipeRow).order_by(RecipeRow.name)))
