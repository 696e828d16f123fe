"""Facts of the common scale, the pooling and the fusion."""

import math

import numpy as np
import pytest
import torch

from models.heads.defect import LabelledFeatures
from models.heads.fusion import FusedHeads, HeadPlan, Heads, RawMaps, fit_heads
from models.heads.search import Grid
from models.heads.tail import Tail, pool


def exponential(count: int, seed: int = 0) -> torch.Tensor:
    """Scores of good parts whose tail is exactly exponential."""
    return torch.from_numpy(np.random.default_rng(seed).exponential(2.0, count).astype(np.float32)) + 5


def test_at_the_median_the_probability_is_one_half() -> None:
    scores = exponential(101)
    assert float(Tail(scores)(scores.median())) == pytest.approx(-math.log10(0.5))


def test_the_tail_tells_the_probability_of_good_parts() -> None:
    """A score of 1, 2, 3 is exceeded by one good part in ten, a hundred, a thousand."""
    tail = Tail(exponential(20_000))
    new = tail(exponential(200_000, seed=1))
    for digits in (1, 2, 3):
        assert float((new > digits).float().mean()) == pytest.approx(10.0**-digits, rel=0.25)


def test_the_tail_keeps_the_order_without_end() -> None:
    mapped = Tail(exponential(20))(torch.linspace(-100, 1000, 500))
    assert (mapped.diff() > 0).all()


@pytest.mark.parametrize("scores", [torch.full((7,), 3.0), torch.zeros(4), torch.tensor([1.0])])
def test_equal_scores_still_give_a_finite_scale(scores: torch.Tensor) -> None:
    tail = Tail(scores)
    assert tail.scale > 0
    assert tail(scores).isfinite().all()


def test_the_image_score_is_the_mean_of_the_top_two_percent() -> None:
    maps = torch.arange(200.0).reshape(2, 100)
    assert pool(maps).tolist() == [98.5, 198.5]


def test_a_small_map_is_pooled_by_its_largest_patch_and_channels_stay_apart() -> None:
    assert pool(torch.tensor([[1.0, 9, 3]])).tolist() == [9]
    assert pool(torch.zeros(2, 50, 3)).shape == (2, 3)


NO_WHOLE = torch.zeros(40, 0)


def plan(classes: int, *, few: bool = True, moving: bool = False) -> HeadPlan:
    """For parts of three positions in a row."""
    return HeadPlan(Grid(1, 1, 3), few, moving, classes, seed=0)


def raw(gaussian: float, neighbours: float, defect: float) -> RawMaps:
    """One part of three patches; the heads speak about the first."""
    maps = RawMaps(torch.zeros(1, 3), torch.zeros(1, 3, 1), torch.zeros(1, 3, 1), torch.zeros(1, 0))
    maps.gaussian[0, 0], maps.neighbours[0, 0, 0], maps.defect[0, 0, 0] = gaussian, neighbours, defect
    return maps


@pytest.fixture
def fused() -> FusedHeads:
    """Three heads on small random features; raw scores of held-out parts are exponential for each."""
    goods = torch.randn(12, 3, 4, generator=torch.Generator().manual_seed(0))
    marked = torch.ones(2, 3, dtype=torch.bool)
    labels = LabelledFeatures(goods[:2] + 4, torch.tensor([0, 0]), marked, torch.tensor([False, False]))
    scores = torch.stack([exponential(40, seed) for seed in range(3)])[..., None]
    heldout = RawMaps(scores[0].expand(40, 3), *(scores[i][..., None].expand(40, 3, 1) for i in (1, 2)), NO_WHOLE)
    return FusedHeads(fit_heads(goods, labels, plan(1)), heldout)


@pytest.mark.parametrize("loud", range(3))
def test_one_surprised_head_is_enough(fused: FusedHeads, loud: int) -> None:
    """So that both known and unseen types are caught."""
    quiet = fused.fuse(raw(5, 5, 5)).map[0, 0]
    heard = fused.fuse(raw(*(90.0 if head == loud else 5.0 for head in range(3)))).map[0, 0]
    assert quiet < 1
    assert heard > 5


def test_the_class_map_speaks_for_the_defect_head_alone(fused: FusedHeads) -> None:
    both = fused.fuse(raw(90, 90, 5))
    assert both.map[0, 0] > 5
    assert both.classes.shape == (1, 3, 1)
    assert both.classes[0, 0, 0] < 1
    assert both.class_score[0, 0] < 1


def test_without_labels_there_is_no_class_map() -> None:
    goods = torch.randn(12, 3, 4, generator=torch.Generator().manual_seed(0))
    heads = fit_heads(goods, None, plan(0))
    with torch.inference_mode():
        fused = FusedHeads(heads, heads(goods))(goods)
    assert fused.map.shape == (12, 3)
    assert fused.classes.shape == (12, 3, 0)
    assert fused.class_score.shape == (12, 0)


@pytest.mark.parametrize(("count", "few"), [(159, True), (160, False)])
def test_goods_are_few_where_there_are_fewer_than_directions(count: int, few: bool) -> None:  # noqa: FBT001 - a case
    goods = torch.randn(count, 3, 4, generator=torch.Generator().manual_seed(0)) + torch.arange(3)[:, None] * 9
    decided = HeadPlan.of(goods, Grid(1, 1, 3), 0.96, 0, seed=0)
    assert decided.few == few
    assert not decided.moving


@pytest.mark.parametrize(
    ("decided", "around"), [(plan(0), True), (plan(0, few=False), False), (plan(0, few=False, moving=True), True)]
)
def test_coreset_and_search_take_part_where_goods_are_few_or_parts_move(decided: HeadPlan, around: bool) -> None:  # noqa: FBT001 - a case
    goods = torch.randn(12, 3, 4, generator=torch.Generator().manual_seed(0))
    heads = fit_heads(goods, None, decided)
    with torch.inference_mode():
        heard = heads(goods)
        maps = FusedHeads(heads, heard)(goods).map
    assert (heads.search is not None) == around
    assert heard.neighbours.shape == (12, 3, int(around))
    assert maps.isfinite().all()


def heard(novelty: torch.Tensor, logits: torch.Tensor) -> RawMaps:
    """Parts `(N,)` of one patch, without a coreset."""
    return RawMaps(novelty[:, None], novelty[:, None, None][..., :0], logits[:, None, None], logits[:, None][:, :0])


def heads_with_labels(count: int = 2) -> Heads:
    goods = torch.randn(200, 1, 4, generator=torch.Generator().manual_seed(0))
    marked = torch.ones(count, 1, dtype=torch.bool)
    labels = LabelledFeatures(goods[:count] + 4, torch.zeros(count, dtype=torch.long), marked, marked[:, 0])
    return fit_heads(goods, labels, plan(1, few=False))


def goods_of_which_some_are_alike(share: float) -> RawMaps:
    """A thousand, a share of which looks like the labelled defect."""
    generator = torch.Generator().manual_seed(1)
    novelty = torch.empty(1000).exponential_(generator=generator)
    logits = torch.randn(1000, generator=generator)
    logits[torch.rand(1000, generator=generator) < share] += 12
    return heard(novelty, logits)


@pytest.mark.parametrize(("labelled", "may_rise"), [(1, 0.0285), (5, 0.0425), (20, 0.06), (80, 0.12)])
@pytest.mark.parametrize("share_of_goods_alike", [0.0, 0.01, 0.05, 0.3])
def test_labels_hardly_raise_what_one_good_part_in_a_hundred_scores(
    share_of_goods_alike: float, labelled: int, may_rise: float
) -> None:
    """However many good parts look like the labelled defect; what is of another type loses next to nothing."""
    goods = goods_of_which_some_are_alike(share_of_goods_alike)
    fused = FusedHeads(heads_with_labels(labelled), goods)
    before, after = pool(fused.novelty(goods)), fused.fuse(goods).score
    assert Tail(after).level(2) <= Tail(before).level(2) + may_rise + 0.001
    assert float(after.quantile(0.99)) <= float(before.quantile(0.99)) + may_rise + 0.001
    of_another_type = heard(torch.full((1,), 9.0), torch.zeros(1))
    assert fused.fuse(of_another_type).score >= fused.novelty(of_another_type)


def test_many_labels_count_in_spite_of_some_good_parts_that_look_alike() -> None:
    """A few wrong ones among the good parts must not keep a hundred labels from counting."""
    goods = goods_of_which_some_are_alike(0.01)
    few, many = (FusedHeads(heads_with_labels(count), goods).reserve for count in (20, 180))
    assert few is not None
    assert many is not None
    assert many < few


def test_what_no_good_part_shows_fails_by_labels_alone() -> None:
    generator = torch.Generator().manual_seed(1)
    goods = heard(torch.empty(1000).exponential_(generator=generator), torch.randn(1000, generator=generator))
    fused = FusedHeads(heads_with_labels(), goods)
    alike = heard(torch.full((1,), 1.0), torch.full((1,), 12.0))
    assert pool(fused.novelty(alike)) < 1
    assert fused.fuse(alike).score > 3
