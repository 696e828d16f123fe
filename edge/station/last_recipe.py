"""Which part type the line made last, for a station that is started again in the middle of a shift."""

import logging
from pathlib import Path

from pydantic import ValidationError

from edge.contract.values import Value

__all__ = ["LastRecipe"]

_log = logging.getLogger(__name__)


class _Kept(Value):
    """What the file says: the recipe of the settings at that time, and the one that the line made."""

    configured: str
    active: str


class LastRecipe:
    """A small file in the state folder, written at each changeover."""

    def __init__(self, file: Path, configured: str) -> None:
        """`configured` is the recipe of the settings; if it is another than at the changeover, a person chose it."""
        self._file = file
        self._configured = configured

    def read(self) -> str:
        """The recipe to begin with: the last one of the line, or that of the settings."""
        try:
            kept = _Kept.model_validate_json(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return self._configured
        except (OSError, ValidationError) as error:
            _log.error("%s: cannot tell which recipe the line made last: %s", self._file, error)
            return self._configured
        return kept.active if kept.configured == self._configured else self._configured

    def write(self, active: str) -> None:
        """Keep it; never raises: a changeover does not fail because the disk is full."""
        aside = self._file.with_suffix(".new")
        try:
            aside.write_text(_Kept(configured=self._configured, active=active).model_dump_json(), "utf-8")
            aside.replace(self._file)
        except OSError as error:
            _log.error("%s: the next start will begin with another recipe: %s", self._file, error)
