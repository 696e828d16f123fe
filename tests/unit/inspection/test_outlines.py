"""COCO's outlines as pixels and back."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inspection.exchange.outlines import area_px2, decode_png, drawn, encode_png, run_lengths


@pytest.mark.parametrize("seed", range(5))
def test_run_lengths_come_back_the_same(seed: int) -> None:
    mask = (np.random.default_rng(seed).random((13, 7)) > 0.5).astype(np.uint8) * 255
    back = drawn(run_lengths(mask), (7, 13))
    np.testing.assert_array_equal(back, mask)
    np.testing.assert_array_equal(decode_png(encode_png(mask)), mask)


def test_run_lengths_go_down_the_columns_and_begin_with_zeros() -> None:
    mask = np.array([[255, 0, 0], [255, 0, 255]], np.uint8)
    assert run_lengths(mask) == {"size": [2, 3], "counts": [0, 2, 3, 1]}


def test_polygons_are_filled() -> None:
    mask = drawn([[1, 1, 5, 1, 5, 4, 1, 4], [8, 8, 9, 8, 9, 9, 8, 9]], (12, 10))
    assert mask.shape == (10, 12)
    assert int((mask > 0).sum()) == 5 * 4 + 4


def _column(*marked: tuple[slice | int, slice | int], size: tuple[int, int]) -> NDArray[np.uint8]:
    mask = np.zeros(size, np.uint8)
    for place in marked:
        mask[place] = 255
    return mask


_SPOTS = _column((slice(1, 4), slice(1, 3)), (5, 4), size=(6, 5))
_STRIPES = _column(
    *[(slice(10, 40), 5), (2, 6), (slice(3, 45), 7), (slice(None), 20), (49, 39)],
    size=(50, 40),
)


@pytest.mark.parametrize(
    ("packed", "expected"),
    [
        ("7330:N", _SPOTS),
        ("T8n0<SOV1Y1[a08h:_N", _STRIPES),
        ("0<", np.full((3, 4), 255, np.uint8)),
        ("<", np.zeros((3, 4), np.uint8)),
    ],
)
def test_packed_run_lengths_are_what_cocos_own_tool_packed(packed: str, expected: NDArray[np.uint8]) -> None:
    """The texts are of pycocotools 2.0.11, `encode`."""
    height, width = expected.shape
    outline = {"size": [height, width], "counts": packed}
    np.testing.assert_array_equal(drawn(outline, (width, height)), expected)
    assert area_px2(outline) == np.count_nonzero(expected)


def test_wrong_outlines_are_named() -> None:
    with pytest.raises(ValueError, match="expected run lengths of 3x2 px"):
        drawn({"size": [3, 2], "counts": [6]}, (3, 2))
    with pytest.raises(ValueError, match="three corners or more, got 4 numbers"):
        drawn([[0, 0, 1, 1]], (3, 3))


@pytest.mark.parametrize(
    "outline",
    [
        {"size": [2, 2]},
        {"size": [2, 2], "counts": {"a": 4}},
        {"size": [2, 2], "counts": [1e300]},
        {"size": 2, "counts": [4]},
        {"size": [2, 2], "counts": "0"},
        {"size": [2, 2], "counts": "4~"},
        {"size": [2, 2], "counts": "T"},
        {"size": [2, 2], "counts": "o" * 40 + "1"},
        [[0.0, 0.0, 1e12, 0.0, 1.0, 1.0]],
        [[0.0, 0.0, float("nan"), 0.0, 1.0, 1.0]],
    ],
)
def test_what_is_no_outline_is_named_and_nothing_is_drawn(outline: Any) -> None:
    with pytest.raises(ValueError, match=r"expected (packed )?(run lengths|corners)"):
        drawn(outline, (2, 2))


def test_the_area_of_what_is_no_outline_is_none() -> None:
    assert area_px2([[0, 0, 4, 0, 4, 4], []]) == 8
    assert area_px2({"size": [2, 2], "counts": [1, 2, 1]}) == 2
    assert [area_px2(outline) for outline in ({"counts": "~"}, {}, [[1, 2, 3]], [[1e300, 0, 1, 1]])] == [0] * 4
