"""Facts of the measures, against hand-computed cases and slow, obvious implementations."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.evaluation.metrics import Localisation, average_precision, roc_auc

Map = NDArray[np.float32]


def a_map(*rows: list[float]) -> Map:
    return np.array(rows, np.float32)


def brute_au_pro(masks: list[NDArray[np.bool_]], maps: list[Map], limit: float = 0.3) -> float:
    """Every distinct level is a threshold; the curve is a staircase, integrated exactly up to the limit."""
    good = np.concatenate([m[~mask] for m, mask in zip(maps, masks, strict=True)])
    levels = np.unique(np.concatenate([m.ravel() for m in maps]))[::-1]
    points = [(0.0, 0.0)]
    for level in levels:
        overlaps = []
        for amap, mask in zip(maps, masks, strict=True):
            count, labels = cv2.connectedComponents(mask.astype(np.uint8))
            overlaps += [float(np.mean(amap[labels == i] >= level)) for i in range(1, count)]
        points.append((float(np.mean(good >= level)), float(np.mean(overlaps))))
    rates, values = np.array(points).T
    grid = np.linspace(0, limit, 20_001)
    reached = np.searchsorted(rates, grid, side="right") - 1
    return float(np.trapezoid(values[reached], grid) / limit)


def scene(seed: int, side: int = 48) -> tuple[list[NDArray[np.bool_]], list[Map]]:
    """Two parts with three regions in all and one good part; the maps are noisy blobs around the regions."""
    random = np.random.default_rng(seed)
    masks = [np.zeros((side, side), bool) for _ in range(3)]
    masks[0][5:12, 5:12] = masks[0][30:34, 20:40] = masks[1][8:10, 8:30] = True
    noise = [cv2.GaussianBlur(random.normal(0, 1, (side, side)).astype(np.float32), (5, 5), 1) for _ in masks]
    blobs = [cv2.GaussianBlur(mask.astype(np.float32), (9, 9), 2) for mask in masks]
    return masks, [np.asarray(b + 0.5 * n, np.float32) for b, n in zip(blobs, noise, strict=True)]


def test_au_pro_of_a_case_computed_by_hand() -> None:
    """Ten good pixels of which one is above half of the region: overlap 1/2 up to a rate of 0.1, then 1.

    Two of three parts of the way the overlap is 1, one third of it 1/2: 5/6.
    """
    mask = np.zeros((3, 4), bool)
    mask[0, :2] = True
    amap = a_map([9, 5, 7, 1], [0, 0, 0, 0], [1, 1, 1, 1])
    assert Localisation([mask], [amap]).au_pro() == pytest.approx(5 / 6, abs=0.01)


def test_a_region_of_three_pixels_counts_as_much_as_one_of_a_hundred() -> None:
    mask = np.zeros((30, 30), bool)
    mask[:10, :10] = mask[20, 20:23] = True
    amap = np.zeros((30, 30), np.float32)
    amap[:10, :10] = 1
    assert Localisation([mask], [amap]).au_pro() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_au_pro_equals_a_slow_implementation(seed: int) -> None:
    masks, maps = scene(seed)
    assert Localisation(masks, maps).au_pro() == pytest.approx(brute_au_pro(masks, maps), abs=0.01)


def test_a_map_that_equals_its_mask_is_perfect_and_its_opposite_is_worthless() -> None:
    masks, _ = scene(0)
    maps = [mask.astype(np.float32) for mask in masks]
    assert Localisation(masks, maps).au_pro() == 1.0
    assert Localisation(masks, maps).pixel_auroc() == 1.0
    assert Localisation(masks, [1 - m for m in maps]).au_pro() == 0.0
    assert Localisation(masks, [1 - m for m in maps]).pixel_auroc() == 0.0


@pytest.mark.parametrize("ties", [False, True])
def test_the_area_under_the_curve_equals_that_of_scikit_learn(ties: bool) -> None:  # noqa: FBT001 - a case
    masks, maps = scene(7)
    if ties:
        maps = [np.round(m * 3) for m in maps]
    truth, score = np.concatenate([m.ravel() for m in masks]), np.concatenate([m.ravel() for m in maps])
    expected = roc_auc_score(truth, score)
    assert Localisation(masks, maps).pixel_auroc() == pytest.approx(expected, abs=1e-9)
    assert roc_auc(truth, score) == pytest.approx(expected, abs=1e-9)


def test_scores_without_an_order_are_worth_one_half() -> None:
    assert roc_auc(np.array([True, False, True]), np.zeros(3, np.float32)) == 0.5


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_one_class_alone_has_no_measure(truth: list[bool]) -> None:
    score = np.array([1, 2], np.float32)
    assert roc_auc(np.array(truth), score) is None
    assert average_precision(np.array(truth), score) is None


@pytest.mark.parametrize("marked", [False, True])
def test_masks_that_mark_nothing_or_everything_have_no_measure(marked: bool) -> None:  # noqa: FBT001 - a case
    measured = Localisation([np.full((4, 4), marked)], [np.zeros((4, 4), np.float32)])
    assert measured.au_pro() is None
    assert measured.pixel_auroc() is None


def test_average_precision_of_a_case_computed_by_hand() -> None:
    """Bad parts rank first and third: (1/1 + 2/3) / 2."""
    truth = np.array([True, False, True, False])
    assert average_precision(truth, np.array([4, 3, 2, 1], np.float32)) == pytest.approx(5 / 6)
