"""Facts of the defect head: it learns a signal planted in one patch of many."""

import pytest
import torch
from torch import Tensor

from models.heads.defect import LabelledFeatures, _draw_balanced, _mask_loss, train_defect_head
from models.heads.tail import pool

POSITIONS, DIMENSION = 16, 8


def parts(count: int, seed: int) -> Tensor:
    return torch.randn(count, POSITIONS, DIMENSION, generator=torch.Generator().manual_seed(seed))


def planted(count: int, seed: int, channel: int, *, masks: bool) -> LabelledFeatures:
    """One patch of each part is far out in one channel."""
    features = parts(count, seed)
    where = torch.randint(POSITIONS, (count,), generator=torch.Generator().manual_seed(seed))
    features[torch.arange(count), where, channel] += 8
    marked = torch.zeros(count, POSITIONS, dtype=torch.bool)
    marked[torch.arange(count), where] = masks
    return LabelledFeatures(features, torch.full((count,), channel), marked)


def both(a: LabelledFeatures, b: LabelledFeatures) -> LabelledFeatures:
    return LabelledFeatures(
        torch.cat([a.features, b.features]), torch.cat([a.classes, b.classes]), torch.cat([a.marked, b.marked])
    )


@pytest.mark.parametrize("masks", [True, False])
def test_it_learns_two_classes_from_few_labels(masks: bool) -> None:  # noqa: FBT001 - a case
    """Also where only the image is labelled, and one class has twice the labels of the other."""
    labels = both(planted(16, 1, 0, masks=masks), planted(32, 2, 1, masks=masks))
    head = train_defect_head(parts(24, 3), labels, 2, seed=0)
    goods = pool(head(parts(40, 4)))
    for channel in (0, 1):
        new = planted(40, 5 + channel, channel, masks=True)
        logits = head(new.features)
        assert (pool(logits).argmax(dim=1) == channel).float().mean() > 0.9
        assert pool(logits)[:, channel].quantile(0.1) > goods[:, channel].quantile(0.9)
        found = logits[..., channel].argmax(dim=1)
        assert new.marked[torch.arange(40), found].float().mean() > 0.9


def test_the_same_seed_gives_the_same_head_and_leaves_torchs_own_numbers_alone() -> None:
    labels = planted(4, 1, 0, masks=True)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again = (train_defect_head(parts(8, 3), labels, 1, seed=7) for _ in range(2))
    assert torch.equal(torch.rand(1), expected)
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not a.requires_grad


def test_one_wild_feature_does_not_decide_alone() -> None:
    head = train_defect_head(parts(8, 3), planted(4, 1, 0, masks=True), 1, seed=0)
    patch = torch.zeros(1, 1, DIMENSION)
    patch[..., 0] = 10
    assert torch.equal(head(patch), head(patch.clone().fill_(0).index_fill_(2, torch.tensor([0]), 1e9)))


def test_a_class_without_a_label_is_only_told_no() -> None:
    """A fold may lack the only label of a class; what it then says of the class is below what it says of the other."""
    head = train_defect_head(parts(12, 3), planted(6, 1, 0, masks=True), 2, seed=0)
    assert (pool(head(planted(20, 9, 0, masks=True).features)).argmax(dim=1) == 0).all()
    none = LabelledFeatures(parts(0, 0), torch.zeros(0, dtype=torch.long), torch.zeros(0, POSITIONS, dtype=torch.bool))
    assert (pool(train_defect_head(parts(12, 3), none, 1, seed=0)(parts(20, 4))) < 0).all()


def test_each_class_is_drawn_equally_often_and_a_missing_one_never() -> None:
    rows = [torch.tensor([0]), torch.tensor([], dtype=torch.long), torch.arange(1, 100)]
    drawn = _draw_balanced(rows, 4000, torch.Generator().manual_seed(0))
    assert float((drawn == 0).float().mean()) == pytest.approx(0.5, abs=0.05)
    assert len(set(drawn.tolist())) == 100


def test_the_loss_asks_nothing_of_parts_without_a_mask() -> None:
    logits = torch.randn(3, 4, 2, generator=torch.Generator().manual_seed(0), requires_grad=True)
    marked = torch.zeros(3, 4, dtype=torch.bool)
    classes = torch.tensor([0, 1, 1])
    assert _mask_loss(logits, classes, marked).item() == 0
    marked[1, 2] = True
    _mask_loss(logits, classes, marked).backward()
    assert logits.grad is not None
    assert logits.grad[[0, 2]].abs().sum() == 0
    assert logits.grad[1, :, 0].abs().sum() == 0
    assert logits.grad[1, 2, 1] < 0 < logits.grad[1, 0, 1]
