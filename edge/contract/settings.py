"""How every process reads its settings: one TOML file, checked as a whole before anything starts."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from edge.contract.errors import SettingsInvalid
from edge.contract.problems import problems_of

__all__ = ["bearer", "load_toml", "read_secret"]

_UTF_8 = "utf-8-sig"  # with or without the mark with which some editors begin a file
Settings = TypeVar("Settings", bound=BaseModel)


def load_toml(model: type[Settings], path: Path) -> Settings:
    """Read `path` into `model`; relative paths inside stay relative to the file's folder by the model's own choice.

    Raises:
        SettingsInvalid: unreadable, not TOML, or a key that is unknown, missing or out of bounds; all are named.
    """
    try:
        raw = tomllib.loads(path.read_text(_UTF_8))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"settings {path}: {error}"
        raise SettingsInvalid(msg) from error
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        msg = f"settings {path}: {problems_of(error.errors())}"
        raise SettingsInvalid(msg) from error


def read_secret(value: SecretStr | None, file: Path | None) -> str | None:
    """A secret that was given as such or as a file; None where neither was.

    Raises:
        SettingsInvalid: the file cannot be read or is empty.
    """
    if value is not None:
        return value.get_secret_value()
    if file is None:
        return None
    try:
        text = file.read_text(_UTF_8).strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"key file {file}: {error}"
        raise SettingsInvalid(msg) from error
    if not text:
        msg = f"key file {file}: expected a key, found nothing"
        raise SettingsInvalid(msg)
    return text


def bearer(key: str) -> str:
    """The value of the header `Authorization` with that key.

    Raises:
        SettingsInvalid: no header can carry it.
    """
    if not (key.isascii() and key.isprintable()):
        raise SettingsInvalid("key: expected one line of letters, digits and signs of ASCII, got others among them")
    return f"Bearer {key}"
