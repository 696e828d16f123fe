"""Facts of cross-fitting: each part is judged once, by heads that have not seen it."""

import pytest
import torch

from models.heads.defect import LabelledFeatures
from models.heads.fusion import HeadPlan, fit_heads
from models.heads.search import Grid
from models.progress import Progress
from models.training.folds import GoodFeatures, Heldout, _fold_of, _fold_of_each_class, learn

POSITIONS, DIMENSION = 4, 3
GRID = Grid(1, 1, POSITIONS)
QUIET = Progress({}, as_json=False)


def plan(classes: int, seed: int = 0) -> HeadPlan:
    return HeadPlan(GRID, few=True, moving=False, classes=classes, seed=seed)


def goods(count: int) -> torch.Tensor:
    return torch.randn(count, POSITIONS, DIMENSION, generator=torch.Generator().manual_seed(0))


def as_they_lie(parts: torch.Tensor) -> GoodFeatures:
    return GoodFeatures(parts, parts[:, None][:, :0])


def judge_each(parts: torch.Tensor, defects: LabelledFeatures | None, chosen: HeadPlan) -> Heldout:
    return learn(as_they_lie(parts), defects, chosen, QUIET).heldout


def labels(*classes: int) -> LabelledFeatures:
    count = len(classes)
    features = torch.randn(count, POSITIONS, DIMENSION, generator=torch.Generator().manual_seed(1)) + 6
    marked = torch.ones(count, POSITIONS, dtype=torch.bool)
    return LabelledFeatures(features, torch.tensor(classes), marked, torch.zeros(count, dtype=torch.bool))


@pytest.mark.parametrize("count", [5, 13, 45])
def test_every_good_part_is_judged_once_by_heads_that_did_not_see_it(count: int) -> None:
    """Each result equals that of heads fitted here, by hand, without its fold; the order is kept."""
    parts = goods(count)
    heldout = judge_each(parts, None, plan(0, seed=3))
    fold = _fold_of(count, {5: 5, 13: 13, 45: 10}[count], 3)
    assert heldout.goods.gaussian.shape == (count, POSITIONS)
    assert heldout.defects is None
    for index in range(count):
        others = parts[fold != fold[index]]
        assert not any(torch.equal(parts[index], other) for other in others)
        expected = fit_heads(others, None, plan(0, seed=3))(parts[index : index + 1])
        assert torch.allclose(heldout.goods.gaussian[index], expected.gaussian[0], atol=1e-3)
        assert torch.allclose(heldout.goods.neighbours[index], expected.neighbours[0], atol=1e-2)


def test_folds_are_of_equal_size_and_follow_the_seed() -> None:
    fold = _fold_of(10, 4, 0)
    assert sorted(fold.bincount().tolist()) == [2, 2, 3, 3]
    assert torch.equal(fold, _fold_of(10, 4, 0))
    assert not torch.equal(fold, _fold_of(10, 4, 1))


def test_labels_of_a_class_are_spread_over_the_folds() -> None:
    """So that a class with two labels or more is always learnt from."""
    classes = torch.tensor([0] * 9 + [1] * 2 + [2] * 4 + [3])
    for seed in range(20):
        fold = _fold_of_each_class(classes, 4, seed)
        assert sorted(fold.bincount().tolist()) == [4, 4, 4, 4]
        assert len(set(fold[classes == 1].tolist())) == 2
        assert len(set(fold[classes == 2].tolist())) == 4


def judged(*classes: int) -> tuple[LabelledFeatures, Heldout]:
    defects = labels(*classes)
    return defects, judge_each(goods(12), defects, plan(max(classes) + 1))


def test_every_defect_is_judged_once_by_a_head_that_did_not_see_it() -> None:
    defects, heldout = judged(0, 1, 0, 1, 0)
    fold, good_fold = _fold_of_each_class(defects.classes, 12, 0), _fold_of(12, 12, 0)
    assert heldout.defects is not None
    assert heldout.defects.defect.shape == (5, POSITIONS, 2)
    assert heldout.goods.defect.shape == (12, POSITIONS, 2)
    for index in range(5):
        heads = fit_heads(goods(12)[good_fold != fold[index]], defects.only(fold != fold[index]), plan(2))
        expected = heads(defects.features[index : index + 1])
        assert torch.allclose(heldout.defects.defect[index], expected.defect[0], atol=1e-3)


def test_the_only_label_of_a_class_is_judged_as_an_unseen_type() -> None:
    """Otherwise a head that learnt it by heart would count it as found, and the promise on escapes would be a lie."""
    defects, heldout = judged(0, 0, 0, 0, 1)
    assert heldout.defects is not None
    single = heldout.defects.defect[4, :, 1].max()
    learnt = fit_heads(goods(12), defects, plan(2))(defects.features[4:]).defect[0, :, 1].max()
    assert single == 0 < learnt


def test_one_label_at_all_is_enough_to_train() -> None:
    _, heldout = judged(0)
    assert heldout.defects is not None
    assert heldout.defects.defect.shape == (1, POSITIONS, 1)
    assert heldout.goods.defect.isfinite().all()


def many(classes: int) -> HeadPlan:
    return HeadPlan(GRID, few=False, moving=False, classes=classes, seed=0)


def test_among_many_goods_each_is_left_out_in_closed_form() -> None:
    """The same as a Gaussian fitted without it, with the whitening and the shared covariance left as they are."""
    parts = goods(40)
    heads = fit_heads(parts, None, many(0))
    heldout = learn(as_they_lie(parts), None, many(0), QUIET).heldout.goods.gaussian
    whitened = heads.whitening(parts)
    shared = torch.einsum("npi,npj->ij", whitened, whitened) / whitened.shape[0] / POSITIONS
    for index in (0, 7, 39):
        others = torch.cat([whitened[:index], whitened[index + 1 :]])
        for position in range(POSITIONS):
            mean = others[:, position].mean(dim=0)
            scatter = (others[:, position] - mean).T @ (others[:, position] - mean)
            covariance = (scatter + 8 * shared) / (39 + 8)
            away = whitened[index, position] - mean
            expected = (away @ torch.linalg.inv(covariance) @ away).sqrt()
            assert heldout[index, position] == pytest.approx(float(expected), rel=2e-3)


def test_among_many_goods_what_was_learnt_from_is_not_judged_closer() -> None:
    """Few parts in many directions: seen, they all look alike; left out, they are as far away as new ones."""
    generator = torch.Generator().manual_seed(0)
    parts, new = torch.randn(30, 2, 20, generator=generator), torch.randn(300, 2, 20, generator=generator)
    heads = fit_heads(parts, None, many(0))
    seen, heldout = heads(parts).gaussian, learn(as_they_lie(parts), None, many(0), QUIET).heldout.goods.gaussian
    fresh = heads(new).gaussian.median()
    assert seen.median() < 0.8 * fresh
    assert heldout.median() == pytest.approx(float(fresh), rel=0.1)


def test_among_many_goods_every_defect_is_judged_by_a_defect_head_that_did_not_see_it() -> None:
    parts, defects = goods(40), labels(0, 0, 0, 0, 1)
    heldout = judge_each(parts, defects, many(2))
    assert heldout.goods.defect.shape == (40, POSITIONS, 2)
    assert heldout.defects is not None
    learnt = fit_heads(parts, defects, many(2))(defects.features[4:]).defect[0, :, 1].max()
    assert heldout.defects.defect[4, :, 1].max() == 0 < learnt


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_with_fewer_goods_than_folds_every_defect_is_still_judged(count: int) -> None:
    """A fold without good parts would leave its defects with a score of nothing."""
    heldout = judge_each(goods(5), labels(*range(count), *range(count), *range(count)), plan(count))
    assert heldout.defects is not None
    assert len(heldout.defects.gaussian) == 3 * count


def test_a_part_is_held_out_in_all_its_views_and_judged_as_it_lies() -> None:
    """Also among many goods: what was learnt from a view is not forgotten in closed form."""
    parts = goods(45)
    viewed = GoodFeatures(parts, torch.stack([parts.flip(1), parts.flip(2)], dim=1))
    heldout = learn(viewed, None, many(0), QUIET).heldout.goods.gaussian
    fold = _fold_of(45, 10, 0)
    for index in (0, 20, 44):
        rest = fold != fold[index]
        learnt = torch.cat([parts[rest], torch.stack([parts[rest].flip(1), parts[rest].flip(2)], 1).flatten(0, 1)])
        expected = fit_heads(learnt, None, many(0))(parts[index : index + 1]).gaussian[0]
        assert torch.allclose(heldout[index], expected, atol=1e-3)


def test_features_of_many_goods_are_let_go_once_they_are_whitened() -> None:
    """They are the largest thing that a training holds, and nobody asks for them again; refits do."""
    for chosen, left in ((many(0), 0), (plan(0), 12)):
        features = as_they_lie(goods(12))
        learn(features, None, chosen, QUIET)
        assert len(features.parts) == left


@pytest.mark.parametrize("few", [True, False])
def test_what_ships_keeps_nothing_for_labels_to_come(few: bool) -> None:  # noqa: FBT001
    chosen = plan(1) if few else many(1)
    heads = learn(as_they_lie(goods(12)), labels(0, 0), chosen, QUIET).heads
    assert heads.labels is None
    assert heads.defect is not None
