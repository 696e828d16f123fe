"""The part type that a bundle is for, as options of a command."""

import argparse

from edge.contract.errors import SettingsInvalid
from models.data.folder import is_text

__all__ = ["recipe_of"]

_LONGEST = 64


def recipe_of(options: argparse.Namespace) -> str:
    """The option, or the name of the folder of images.

    Raises:
        SettingsInvalid: a name that no bundle can bear: it would only be refused after the work.
    """
    recipe: str = options.recipe or options.data.resolve().name
    if not 1 <= len(recipe) <= _LONGEST:
        raise SettingsInvalid(f"--recipe: expected 1 to {_LONGEST} characters, got {recipe!r}")
    if not is_text(recipe):
        raise SettingsInvalid(f"--recipe: expected text, the folder's name {recipe!r} is none in UTF-8")
    return recipe
