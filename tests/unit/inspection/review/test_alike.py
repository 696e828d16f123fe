"""Which parts are seen together: like ones, and no others."""

import numpy as np

from inspection.review.alike import alike_groups, home_groups, nearest, typical_first

KINDS = np.random.default_rng(0).normal(size=(3, 32))


def part(kind: int, seed: int, spread: float = 0.3) -> tuple[int, ...]:
    vector = KINDS[kind] + spread * np.random.default_rng(seed).normal(size=32)
    return tuple(int(value) for value in np.rint(127 * vector / np.linalg.norm(vector)))


def test_each_kind_is_a_group_the_largest_first() -> None:
    parts = [part(0, 1), part(1, 2), part(0, 3), part(1, 4), part(1, 5), part(2, 6)]
    assert alike_groups(parts) == [[1, 3, 4], [0, 2], [5]]


def test_one_part_and_none_need_no_comparison() -> None:
    assert alike_groups([part(0, 1)]) == [[0]]
    assert alike_groups([]) == []


def test_the_odd_one_of_a_group_comes_last() -> None:
    parts = [part(0, 1), part(0, 2, spread=0.9), part(0, 3), part(0, 4)]
    assert typical_first(parts)[-1] == 1


def test_what_is_not_alike_is_not_near() -> None:
    others = [part(1, 1), part(0, 2), part(0, 3, spread=0.1)]
    assert nearest(part(0, 9, spread=0.0), others, 5) == [2, 1]
    assert nearest(part(2, 9), others, 5) == []
    assert nearest(part(0, 9), [], 5) == []


def test_a_part_finds_the_group_that_it_is_alike_to() -> None:
    """By the same measure as groups are made: the mean distance to the members."""
    groups = [[(127, 0, 0), (127, 10, 0)], [(0, 0, 127), (0, 20, 127)]]
    assert home_groups([(100, 5, 0), (0, 5, 90), (0, 127, 0)], groups) == [0, 1, None]
    assert home_groups([], groups) == []
    assert home_groups([(1, 0, 0)], []) == [None]
