"""How every process reads its settings: one TOML file, checked as a whole before anything starts."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from edge.contract.errors import SettingsInvalid

__all__ = ["load_toml"]

Settings = TypeVar("Settings", bound=BaseModel)


def load_toml(model: type[Settings], path: Path) -> Settings:
    """Read `path` into `model`; relative paths inside stay relative to the file's folder by the model's own choice.

    Raises:
        SettingsInvalid: unreadable, not TOML, or a key that is unknown, missing or out of bounds; all are named.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"settings {path}: {error}"
        raise SettingsInvalid(msg) from error
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
        msg = f"settings {path}: {problems}"
        raise SettingsInvalid(msg) from error
