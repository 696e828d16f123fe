"""The part types that a station can judge, and which one it judges now."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Annotated, Protocol

from pydantic import Field

from edge.clock import Clock
from edge.contract.errors import Conflict, NotFound
from edge.contract.values import Value
from edge.station.judge import Judge

__all__ = ["Holder", "OneRecipe", "RecipeShelf", "RecipeStatus", "Recipes"]

_log = logging.getLogger(__name__)


class Recipes(Protocol):
    """What the critical path asks."""

    @property
    def active(self) -> str:
        """Name of the recipe for triggers of this moment."""
        ...

    def judge(self, recipe: str) -> Judge | None:
        """The detector that judges parts of that recipe now; None while there is none."""
        ...


@dataclass(frozen=True)
class OneRecipe(Recipes):
    """A line that makes one part type, with one detector."""

    detector: Judge

    @property
    def active(self) -> str:
        """The detector's."""
        return self.detector.manifest.recipe

    def judge(self, recipe: str) -> Judge | None:
        """The detector."""
        del recipe
        return self.detector


class RecipeStatus(Value):
    """Which part types there are."""

    active: str
    available: tuple[str, ...]
    changes: Annotated[int, Field(description="changeovers of this process")]
    last_change_ms: Annotated[float | None, Field(description="from the request until triggers were of the new one")]


class Holder(Protocol):
    """What holds the detector of one recipe: `edge.station.bundles.BundleHolder`."""

    current: Judge | None
    refused: str | None


class RecipeShelf(Recipes):
    """All models are open and warm, so that a changeover is one assignment between two triggers.

    A trigger belongs to the recipe of its moment: what was triggered before a changeover and waits in the inbox is
    still judged by the old one.
    """

    def __init__(
        self,
        holders: Mapping[str, Holder],
        active: str,
        clock: Clock,
        remember: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Offer `holders` by recipe, and begin with `active`; `remember` hears of each changeover."""
        self._holders = holders
        self._active = active
        self._clock = clock
        self._remember = remember
        self._lock = Lock()
        self._changes = 0
        self._last_ms: float | None = None

    @property
    def active(self) -> str:
        """Name of the recipe for triggers of this moment."""
        return self._active

    def judge(self, recipe: str) -> Judge | None:
        """The detector of that recipe; asked once for each part, so that a swap falls between two."""
        return self._holders[recipe].current

    def change(self, name: str) -> None:
        """Let the next trigger be of another recipe; the one that is active already is no change.

        Raises:
            NotFound: no such recipe here.
            Conflict: no bundle runs for it; the old one goes on.
        """
        asked_us = self._clock.now_us()
        with self._lock:
            holder = self._holders.get(name)
            if holder is None:
                raise NotFound(f"recipe: expected one of {', '.join(self._holders)}, got {name!r}")
            if holder.current is None:
                raise Conflict(f"recipe {name}: no bundle runs for it: {holder.refused or 'none came yet'}")
            if name == self._active:
                return
            old, self._active = self._active, name
            self._changes += 1
            self._last_ms = (self._clock.now_us() - asked_us) / 1000
            self._remember(name)  # in the order of the changeovers
        _log.info("changeover from %s to %s", old, name)

    def status(self) -> RecipeStatus:
        """All of this moment."""
        with self._lock:
            return RecipeStatus(
                active=self._active,
                available=tuple(self._holders),
                changes=self._changes,
                last_change_ms=self._last_ms,
            )
