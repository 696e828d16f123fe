"""Images that show the same: test images that are learnt from, and good parts that are learnt from twice.

Two pictures are compared by what each has beside what all that are learnt from have in common: good parts of an aligned
line look alike, but not in that. At 64x64 grey values two different parts correlate by at most 0.99 on 1,231 good parts
of six kinds, a picture and its copy as a JPEG of quality 60 by 0.993 or more (decision 0023).
"""

import logging
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import DataInvalid, FrameRejected
from edge.contract.manifest import PreprocessSpec
from edge.preprocess import decode, preprocess
from models.data.folder import test_images_in
from models.data.images import ImageSet

__all__ = ["NEAR", "alike_goods", "warn_of_copies"]

NEAR = 0.993
_SIDE_PX = 64
_SHOWN = 5
_ENOUGH_TO_COMPARE = 3  # of two pictures, all that both have in common is taken off
_BLOCK = 512

log = logging.getLogger(__name__)


def warn_of_copies(root: Path, learnt_from: Sequence[ImageSet], spec: PreprocessSpec) -> tuple[str, ...]:
    """Test images that show what is learnt from, too: an evaluation on them proves nothing.

    Args:
        root: the folder of the part; `test/` need not be there.
        learnt_from: good parts and labelled defects.
        spec: by which they were loaded; only what the network sees is compared.

    Returns:
        Their paths.
    """
    try:
        tests = [item.path for item in test_images_in(root)]
    except DataInvalid as error:
        if (root / "test").is_dir():  # training needs none
            log.warning("test images are not compared with those that are learnt from: %s", error)
        return ()
    known = _Known(learnt_from, spec)
    found = [(path, told) for path in tests if (told := known.like(path)) is not None]
    if found:
        shown = "\n  ".join(f"{path} {told}" for path, told in found[:_SHOWN])
        log.warning("%d test images show what is learnt from, they prove nothing:\n  %s", len(found), shown)
    return tuple(str(path) for path, _ in found)


def alike_goods(goods: ImageSet, spec: PreprocessSpec) -> tuple[tuple[str, ...], ...]:
    """Groups of good parts that show the same picture, byte by byte or nearly: each counts as often as it is there.

    Args:
        goods: that are learnt from.
        spec: by which they were loaded; only what the network sees is compared.

    Returns:
        File names by group, each group in the order of `goods`, the largest first.
    """
    if len(goods) < _ENOUGH_TO_COMPARE:
        return ()
    groups = _Known((goods,), spec).groups()
    found = sorted((tuple(path.name for path in group) for group in groups), key=lambda group: -len(group))
    if found:
        shown = "\n  ".join(", ".join(group) for group in found[:_SHOWN])
        log.warning("%d good parts are there more than once, and count as often:\n  %s", len(found), shown)
    return tuple(found)


class _Known:
    """The images that are learnt from."""

    def __init__(self, learnt_from: Sequence[ImageSet], spec: PreprocessSpec) -> None:
        self._spec = spec
        self._paths = [item.path for images in learnt_from for item in images.items]
        digests = [digest for images in learnt_from for digest in images.sha256]
        self._by_digest = dict(zip(digests, self._paths, strict=True))
        small = np.stack([_small(part) for images in learnt_from for part in images.pixels])
        shared = np.stack([np.ones(small.shape[1], np.float32), small.mean(axis=0)], axis=1)
        self._shared = np.linalg.qr(shared)[0]  # (values, 2): brightness, and what all have in common
        self._units = np.stack([self._unit(values) for values in small])

    def like(self, path: Path) -> str | None:
        """What a test image is a copy of, in words; a file that cannot be read is no copy."""
        try:
            data = path.read_bytes()
            if (same := self._by_digest.get(sha256(data).hexdigest())) is not None:
                return f"is {same}"
            part = preprocess(decode(data), self._spec).tiles
        except (OSError, FrameRejected):
            return None
        correlation = self._units @ self._unit(_small(part))
        nearest = int(correlation.argmax())
        if not correlation[nearest] > NEAR:
            return None
        return f"shows what {self._paths[nearest]} shows (correlation {correlation[nearest]:.3f})"

    def groups(self) -> list[list[Path]]:
        """Those that are nearly the same as another, gathered; a chain of near ones is one group."""
        group = list(range(len(self._paths)))  # of each image: the first image of its group
        for start in range(0, len(group), _BLOCK):
            near = self._units[start : start + _BLOCK] @ self._units.T > NEAR
            for row, column in zip(*np.nonzero(near), strict=True):
                one, other = group[start + int(row)], group[int(column)]
                if one != other:
                    first, second = min(one, other), max(one, other)
                    group = [first if member == second else member for member in group]
        members = [
            [path for path, of in zip(self._paths, group, strict=True) if of == name] for name in sorted(set(group))
        ]
        return [paths for paths in members if len(paths) > 1]

    def _unit(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        own = values - self._shared @ (self._shared.T @ values)
        length = float(np.linalg.norm(own))
        return np.asarray(own / length if length > 0 else np.zeros_like(own), np.float32)


def _small(tiles: NDArray[np.uint8]) -> NDArray[np.float32]:
    """All tiles `(T, H, W, 3)` of a part as about 64x64 grey values, flat."""
    side = max(8, round(_SIDE_PX / len(tiles) ** 0.5))
    grey = [cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY).astype(np.float32) for tile in tiles]
    small = [cv2.resize(tile, (side, side), interpolation=cv2.INTER_AREA).ravel() for tile in grey]
    return np.concatenate(small).astype(np.float32)
