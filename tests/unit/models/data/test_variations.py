"""Labelled parts as if they lay a little otherwise."""

import numpy as np
from numpy.typing import NDArray

from models.data.variations import varied


def part_with_dot(tiles: int = 1) -> NDArray[np.uint8]:
    """A grey part `(1, tiles, 100, 200, 3)` with a bright square of 8 px, 60 px to the right and 20 px down."""
    part = np.full((1, tiles, 100, 200, 3), 100, np.uint8)
    part[:, :, 16:24, 56:64] = 200
    return part


def test_each_shows_the_same_a_little_elsewhere_and_lit_otherwise() -> None:
    views = varied(part_with_dot(2), 1)
    assert (views.shape, views.dtype) == ((1, 6, 2, 100, 200, 3), np.uint8)
    assert np.array_equal(views[:, :, 0], views[:, :, 1])
    places, lights = set(), set()
    for view in views[0, :, 0, ..., 0]:
        rows, columns = np.nonzero(view > 1.5 * np.median(view))
        places.add((round(rows.mean()), round(columns.mean())))
        lights.add(float(np.median(view)))
        assert 35 <= len(rows) <= 110  # 64 px, and a fifth larger or smaller
        assert abs(rows.mean() - 19.5) < 25
        assert abs(columns.mean() - 59.5) < 25
    assert (len(places), len(lights)) == (6, 6)
    assert (min(lights), max(lights)) == (82, 120)


def test_it_is_the_same_each_time_and_bright_stays_bright() -> None:
    part = np.random.default_rng(0).integers(0, 256, (2, 1, 64, 64, 3), np.uint8)
    assert np.array_equal(varied(part, 2), varied(part, 2))
    assert varied(np.full_like(part, 255), 1)[:, 0].min() == 255


def test_many_labels_are_varied_less() -> None:
    assert [varied(part_with_dot(), labels).shape[1] for labels in (1, 10, 12, 20, 60, 61)] == [6, 6, 5, 3, 1, 0]
