"""Facts of the part head: what describes a part, and what a fit says of parts that it has not seen."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.heads.defect import LabelledFeatures, Variations
from models.heads.fusion import FusedHeads, HeadPlan, Heads, fit_heads
from models.heads.gaussian import GaussianHead
from models.heads.search import Grid
from models.heads.tail import pool
from models.heads.whole import described, fit_parts

NUMBERS = 12


def random_parts(count: int, seed: int) -> Tensor:
    return torch.randn(count, NUMBERS, generator=torch.Generator().manual_seed(seed))


def test_a_part_is_told_by_all_of_its_patches_and_by_its_oddest_ones() -> None:
    part = torch.zeros(1, 40, 2)
    part[0, 7], part[0, 9] = torch.tensor([4.0, -2]), torch.tensor([2.0, -2])  # the oddest two of forty: 5 %
    mean, largest, smallest, spread, odd, odd_size = described(part)[0].reshape(6, 2)
    assert mean.tolist() == pytest.approx([6 / 40, -4 / 40])
    assert (largest.tolist(), smallest.tolist()) == ([4, 0], [0, -2])
    assert spread.tolist() == pytest.approx(part[0].std(dim=0, unbiased=False).tolist())
    assert (odd.tolist(), odd_size.tolist()) == ([3, -2], [3, 2])


def test_where_a_patch_lies_does_not_matter() -> None:
    part = torch.randn(1, 40, 3, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(described(part), described(part.flip(1)), atol=1e-5)


def test_one_wild_patch_is_bounded() -> None:
    part = torch.zeros(1, 40, 2)
    part[0, 0, 0] = 1e6
    assert float(described(part).max()) == 10


def test_labelled_parts_lie_at_one_and_good_ones_at_minus_one() -> None:
    head = fit_parts(random_parts(200, 0), random_parts(5, 1) + 3, torch.zeros(5, dtype=torch.long), 1)
    assert float(head.of_described(random_parts(100, 2) + 3).mean()) == pytest.approx(1, abs=0.3)
    assert float(head.of_described(random_parts(100, 3)).mean()) == pytest.approx(-1, abs=0.1)


def test_what_a_good_part_scores_unseen_is_what_a_fit_without_it_says() -> None:
    """In closed form, and by fitting again."""
    goods, defects, classes = random_parts(60, 0), random_parts(4, 1) + 2, torch.zeros(4, dtype=torch.long)
    head = fit_parts(goods, defects, classes, 1)
    for left in (0, 17, 59):
        others = fit_parts(torch.cat([goods[:left], goods[left + 1 :]]), defects, classes, 1)
        again = float(others.of_described(goods[left : left + 1]))
        assert float(head.unseen[left]) == pytest.approx(again, abs=0.02)
        assert abs(float(head.unseen[left]) - again) < abs(float(head.of_described(goods[left : left + 1])) - again)


def test_a_class_without_labels_says_that_every_part_is_good() -> None:
    head = fit_parts(random_parts(30, 0), random_parts(2, 1) + 3, torch.tensor([1, 1]), 2)
    assert head.of_described(random_parts(5, 2) + 3)[:, 0].tolist() == [-1] * 5
    assert head.unseen[:, 0].tolist() == [-1] * 30


def test_coordinates_of_a_part_that_was_learnt_from_are_those_of_a_fit_without_it() -> None:
    parts = torch.randn(40, 1, 5, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    parts = (parts @ torch.randn(5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.double)).float()
    parts -= parts.mean(dim=0)
    head = GaussianHead(parts, prior_parts=1e-6)
    told = head.coordinates_left_out(head(parts))[3]
    others = torch.cat([parts[:3], parts[4:]])
    again = GaussianHead(others - others.mean(dim=0), prior_parts=1e-6)(parts[3:4] - others.mean(dim=0))[0]
    assert torch.allclose(told, again, atol=0.02)
    assert torch.allclose(told.norm(dim=-1), head.left_out(head(parts))[3].norm(dim=-1), atol=1e-3)


def labelled_heads(*, around: bool) -> tuple[Heads, Tensor]:
    """Good parts of 20 patches; labelled ones differ a little in all of them, and nowhere much."""
    generator = torch.Generator().manual_seed(0)
    goods = torch.randn(200, 20, 6, generator=generator)
    shown = torch.randn(5, 20, 6, generator=generator) + 0.8
    every = torch.ones(5, 20, dtype=torch.bool)
    labels = LabelledFeatures(shown, torch.zeros(5, dtype=torch.long), every, ~every[:, 0])
    plan = HeadPlan(Grid(1, 4, 5), few=False, moving=around, classes=1, seed=0)
    with torch.no_grad():
        heads = fit_heads(goods, labels, plan)
    return heads, heads.whitening(goods)


def test_what_no_single_patch_shows_fails_by_the_part_as_a_whole() -> None:
    heads, whitened = labelled_heads(around=False)
    new = torch.randn(50, 20, 6, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        fused = FusedHeads(heads, heads.left_out(whitened))
        alike, good = fused(new + 0.8), fused(new)
        unlike = pool(fused.novelty(heads(new + 0.8)))
    usual = float(good.score.quantile(0.95))
    assert float((alike.score > usual).float().mean()) == 1
    assert float((alike.class_score[:, 0] > good.class_score.max()).float().mean()) == 1
    assert float((unlike > usual).float().mean()) < 0.5


def test_what_varies_from_one_view_of_a_labelled_part_to_another_says_little() -> None:
    """The labelled ones are odd in two coordinates; varied, they stay so in the first alone."""
    generator = torch.Generator().manual_seed(0)
    goods, shown = torch.randn(200, 20, 6, generator=generator), torch.randn(5, 20, 6, generator=generator)
    defect, place = torch.zeros(6), torch.zeros(6)
    defect[0], place[1] = 0.8, 0.8
    views = torch.randn(30, 20, 6, generator=generator) + defect
    every = torch.ones(5, 20, dtype=torch.bool)
    labels = LabelledFeatures(shown + defect + place, torch.zeros(5, dtype=torch.long), every, ~every[:, 0])
    varied = replace(labels, varied=Variations(views, torch.arange(5).repeat_interleave(6)))
    new = torch.randn(50, 20, 6, generator=generator)
    told = []
    for known in (labels, varied):
        with torch.no_grad():
            heads = fit_heads(goods, known, HeadPlan(Grid(1, 4, 5), few=False, moving=False, classes=1, seed=0))
            whole = heads.whole
            assert whole is not None
            told.append([float(whole.of_described(heads.described(new + what)).mean()) for what in (defect, place)])
    (by_labels, by_place), (by_varied, by_varied_place) = told
    assert by_varied > by_labels + 0.1
    assert by_varied_place < by_place - 0.1


def test_parts_that_move_are_judged_by_their_patches_alone() -> None:
    heads, whitened = labelled_heads(around=True)
    assert heads.whole is None
    assert heads.left_out(whitened).parts.shape == (200, 0)
