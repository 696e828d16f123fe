"""Which parts look alike where they are most unusual, so that one decision can clear many.

Average linkage on the cosine of the stations' signatures: unlike single linkage it does not chain two kinds of defect
together through what lies between them, and it needs no number of groups.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["alike_groups", "home_groups", "nearest", "typical_first"]

_FARTHEST = 0.4  # 1 - cosine; unrelated directions of 32 numbers are one apart, give or take 0.18 (bench/alike.py)


def alike_groups(signatures: Sequence[Sequence[int]], farthest: float = _FARTHEST) -> list[list[int]]:
    """Indices of the parts of each group, the largest group first; one that is like no other is a group of its own.

    Args:
        signatures: all of one length.
        farthest: largest 1 - cosine, on average, between two halves of a group.
    """
    if len(signatures) < 2:  # noqa: PLR2004 - nothing to compare
        return [[index] for index in range(len(signatures))]
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - slow to import: the service starts without

    numbers = fcluster(linkage(_matrix(signatures), "average", metric="cosine"), farthest, "distance")
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for index, number in enumerate(numbers):
        groups[int(number)].append(index)
    return sorted(groups.values(), key=lambda group: (-len(group), group))


def typical_first(signatures: Sequence[Sequence[int]]) -> list[int]:
    """Indices from the most typical of these parts to the odd one."""
    directions = _matrix(signatures)
    distances = _distances(directions, directions.mean(axis=0, keepdims=True))[:, 0]
    return [int(index) for index in np.argsort(distances, kind="stable")]


def nearest(signature: Sequence[int], others: Sequence[Sequence[int]], count: int) -> list[int]:
    """Indices of those of `others` that are most alike and alike at all, the nearest first."""
    if not others:
        return []
    distances = _distances(_matrix([signature]), _matrix(others))[0]
    order = np.argsort(distances, kind="stable")[:count]
    return [int(index) for index in order if distances[index] <= _FARTHEST]


def home_groups(
    signatures: Sequence[Sequence[int]], groups: Sequence[Sequence[Sequence[int]]], farthest: float = _FARTHEST
) -> list[int | None]:
    """Of each signature the index of the group that it is most alike to; None if it is alike to none.

    The measure is that by which groups are made: 1 - cosine to the members, on average.
    """
    if not signatures or not groups:
        return [None] * len(signatures)
    means = np.stack([_unit(_matrix(members)).mean(axis=0) for members in groups])
    distances = 1 - _unit(_matrix(signatures)) @ means.T
    best = distances.argmin(axis=1)
    return [int(group) if row[group] <= farthest else None for group, row in zip(best, distances, strict=True)]


def _distances(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - cosine of each row of one to each row of the other."""
    return 1 - _unit(some) @ _unit(others).T


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return unit


def _matrix(signatures: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    return np.asarray(signatures, np.float64)
