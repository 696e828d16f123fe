"""Parts as the champion sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.acceptance.plane import Floats, turned

__all__ = ["Shown"]


@dataclass(frozen=True)
class Shown:
    """Parts as the champion sees them.

    Attributes:
        names: of their files.
        whitened: `(N, P, D)`.
        unusual: `(N, P)` by its map.
        passes: `(N,)` by its threshold.
        leading: of the D components so many of the last tell novelty, and what a patch is alike to; None for all.
    """

    names: Sequence[str]
    whitened: Floats
    unusual: Floats
    passes: NDArray[np.bool_]
    leading: int | None = None

    @property
    def pointing(self) -> Floats:
        """Patches `(N, P, K)` by those components."""
        return self.whitened if self.leading is None else self.whitened[..., -self.leading :]

    @cached_property
    def directions(self) -> Floats:
        """Of those patches, `(N, P, K)`; found once, for every level is tried on them."""
        return turned(self.pointing)

    def __len__(self) -> int:
        return len(self.names)

    def only(self, keep: NDArray[np.bool_]) -> "Shown":
        """Those that `keep` `(N,)` says."""
        return Shown(self.named(keep), self.whitened[keep], self.unusual[keep], self.passes[keep], self.leading)

    def named(self, those: NDArray[np.bool_]) -> list[str]:
        """Names of those that `those` `(N,)` says."""
        return [name for name, is_one in zip(self.names, those, strict=True) if is_one]
