"""Facts of the defect head: it finds the direction in which a planted signal lies."""

import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor

from models.heads.defect import DefectHead, HardNegatives, LabelledFeatures, LabelSpace, directions_of
from models.heads.scale import PositionScale
from models.heads.tail import pool

POSITIONS, DIMENSION = 16, 8


def parts(count: int, seed: int) -> Tensor:
    return torch.randn(count, POSITIONS, DIMENSION, generator=torch.Generator().manual_seed(seed))


class AsItIs(PositionScale):
    """A scale of positions whose good patches have mean 0 and covariance 1."""

    def __init__(self) -> None:
        """Nothing to fit."""

    def weights(self, directions: Tensor) -> Tensor:
        """The same everywhere."""
        return directions.expand(POSITIONS, -1, -1)


def fit(labels: LabelledFeatures, classes: int, negatives: HardNegatives | None = None) -> DefectHead:
    """On labels alone, where good patches are as they are everywhere."""
    usual = negatives or HardNegatives(torch.zeros(DIMENSION), torch.eye(DIMENSION))
    directions = directions_of(labels, labels.features.norm(dim=-1), classes, usual)
    return DefectHead(directions, AsItIs(), labels.classes.bincount(minlength=classes))


def planted(count: int, seed: int, channel: int, *, label: str = "mask") -> LabelledFeatures:
    """One patch of each part is far out in one channel; labelled by a mask, a box of four patches or the image."""
    features = parts(count, seed)
    where = torch.randint(POSITIONS, (count,), generator=torch.Generator().manual_seed(seed))
    features[torch.arange(count), where, channel] += 8
    marked = torch.full((count, POSITIONS), fill_value=label == "image")
    spread = 4 if label == "box" else 1
    for step in range(spread):
        marked[torch.arange(count), (where + step) % POSITIONS] = True
    outlined = torch.full((count,), fill_value=label == "mask")
    return LabelledFeatures(features, torch.full((count,), channel), marked, outlined)


def both(a: LabelledFeatures, b: LabelledFeatures) -> LabelledFeatures:
    pairs = ((a.features, b.features), (a.classes, b.classes), (a.marked, b.marked), (a.outlined, b.outlined))
    return LabelledFeatures(*(torch.cat(pair) for pair in pairs))


@pytest.mark.parametrize("label", ["mask", "box", "image"])
def test_it_learns_two_classes_from_few_labels(label: str) -> None:
    """Also where only the image is labelled, and one class has twice the labels of the other."""
    head = fit(both(planted(5, 1, 0, label=label), planted(10, 2, 1, label=label)), 2)
    goods = pool(head(parts(40, 4)))
    for channel in (0, 1):
        new = planted(40, 5 + channel, channel)
        away = head(new.features)
        assert (pool(away).argmax(dim=1) == channel).float().mean() > 0.9
        assert pool(away)[:, channel].quantile(0.1) > goods[:, channel].quantile(0.9)
        found = away[..., channel].argmax(dim=1)
        assert new.marked[torch.arange(40), found].float().mean() > 0.9


def test_masks_boxes_and_images_may_be_mixed() -> None:
    """A box that also covers good patches teaches what its most novel ones show."""
    head = fit(both(both(planted(2, 1, 0), planted(2, 2, 0, label="box")), planted(2, 3, 0, label="image")), 1)
    assert head.directions[:, 0].argmax() == 0
    assert float(head.directions[0, 0]) > 0.9


def test_with_many_labels_it_is_the_discriminant_of_scikit_learn() -> None:
    """Apart from the covariance, which is shrunk: the same direction where that of the defects is a multiple of 1."""
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(DIMENSION, generator=generator)
    bad = mean + torch.randn(4000, 1, DIMENSION, generator=generator)
    good = torch.randn(4000, DIMENSION, generator=generator)
    everything = torch.ones(4000, 1, dtype=torch.bool)
    labels = LabelledFeatures(bad, torch.zeros(4000, dtype=torch.long), everything, everything[:, 0])
    direction = fit(labels, 1).directions[:, 0]
    expected = LinearDiscriminantAnalysis().fit(torch.cat([good, bad[:, 0]]).numpy(), [0] * 4000 + [1] * 4000).coef_[0]
    along = torch.from_numpy(expected).float()
    assert float(direction @ along / along.norm()) > 0.99


def test_a_part_weighs_the_same_however_much_of_it_is_marked() -> None:
    features = torch.zeros(2, POSITIONS, DIMENSION)
    features[0, :, 0], features[1, 0, 1] = 5, 5
    marked = torch.zeros(2, POSITIONS, dtype=torch.bool)
    marked[0], marked[1, 0] = True, True
    labels = LabelledFeatures(features, torch.zeros(2, dtype=torch.long), marked, torch.tensor([True, True]))
    direction = fit(labels, 1).directions[:, 0]
    assert float(direction[0]) == pytest.approx(float(direction[1]), rel=1e-4)


def test_good_patches_are_at_zero_with_variance_one() -> None:
    away = fit(planted(5, 1, 0), 1)(parts(500, 2))
    assert float(away.mean()) == pytest.approx(0, abs=0.05)
    assert float(away.std()) == pytest.approx(1, abs=0.05)


def test_one_wild_feature_of_a_labelled_part_does_not_decide_alone() -> None:
    labels, wild = planted(4, 1, 0), planted(4, 1, 0)
    wild.features[0, :, 1] = 1e9
    labels.features[0, :, 1] = 10
    assert torch.equal(fit(labels, 1).directions, fit(wild, 1).directions)


def test_an_unmarked_part_is_searched_for_what_the_others_show() -> None:
    """It shows something else as well, more novel than the defect, as a single part does now and then."""
    labels = both(planted(4, 1, 0), planted(1, 2, 0, label="image"))
    labels.features[4, 3] = 0
    labels.features[4, 3, 2] = 12
    alone = planted(1, 2, 0, label="image")
    alone.features[0] = labels.features[4]
    assert fit(alone, 1).directions[:, 0].argmax() == 2
    told = fit(labels, 1).directions[:, 0]
    assert told[0] > 0.9
    assert told[2].abs() < 0.3


def test_a_class_without_a_label_says_nothing() -> None:
    """A fold may lack the only label of a class."""
    head = fit(planted(6, 1, 0), 2)
    assert head(parts(20, 4))[..., 1].abs().max() == 0
    assert head(parts(20, 4))[..., 0].abs().max() > 0


def of_goods(goods: Tensor) -> HardNegatives:
    """What is hard about them."""
    return LabelSpace.of(goods, goods.norm(dim=-1)).negatives


def test_hard_negatives_are_the_oddest_patches_of_each_good_part() -> None:
    goods = parts(4000, 3)
    hard = of_goods(goods)
    oddest = goods[torch.arange(4000), goods.square().sum(dim=-1).argmax(dim=1)]
    assert torch.allclose(hard.mean, oddest.mean(dim=0), atol=0.1)
    assert torch.allclose(hard.covariance, torch.cov(oddest.T), rtol=0.05, atol=0.2)


def test_few_good_parts_do_not_decide_where_a_defect_lies() -> None:
    hard = of_goods(parts(2, 3))
    assert torch.linalg.eigvalsh(hard.covariance).min() > 0.5


def test_what_odd_good_parts_show_too_counts_for_little() -> None:
    """A defect that is bright and rough, on parts of which the odd good ones are bright: roughness tells."""
    goods = parts(400, 4)
    goods[::2, 3, 0] += 9
    labels = planted(5, 1, 0)
    labels.features[labels.marked] += torch.tensor([0.0, 5, 0, 0, 0, 0, 0, 0])
    plain = fit(labels, 1).directions[:, 0]
    odd = goods[torch.arange(400), goods.norm(dim=-1).argmax(dim=1)]
    warned = fit(labels, 1, HardNegatives.of(odd)).directions[:, 0]
    assert plain[0] > plain[1] > 0
    assert warned[1] > 2 * warned[0].abs()
