"""Facts of the scale of positions: a part is left out of it in closed form, in every coordinate."""

import pytest
import torch

from models.heads.scale import PositionScale
from models.heads.whitening import COMPONENTS, Whitening, all_components_for, components_for

GOODS, POSITIONS, DIMENSION = 60, 3, 20


def whitened(count: int = GOODS, seed: int = 0) -> torch.Tensor:
    """Parts around the mean of each position, of covariance 1 over all of them."""
    parts = torch.randn(count, POSITIONS, DIMENSION, generator=torch.Generator().manual_seed(seed))
    return parts - parts.mean(dim=0)


def test_good_patches_have_covariance_one_at_each_position() -> None:
    goods = whitened(4000)
    goods[:, 1] *= 3
    standard = PositionScale(goods)(goods)
    for position in range(POSITIONS):
        assert torch.allclose(torch.cov(standard[:, position].T), torch.eye(DIMENSION), atol=0.02)


@pytest.mark.parametrize("index", [0, 17, 59])
def test_a_part_is_left_out_exactly(index: int) -> None:
    """As a scale fitted without it tells: by mean and covariance of the others, coordinate by coordinate."""
    goods = whitened()
    told = PositionScale(goods).left_out(goods)[index]
    others = torch.cat([goods[:index], goods[index + 1 :]]).double()
    for position in range(POSITIONS):
        mean = others[:, position].mean(dim=0)
        scatter = (others[:, position] - mean).T @ (others[:, position] - mean)
        prior = (8 + 1e-4 * (GOODS + 8)) * torch.eye(DIMENSION)
        lower = torch.linalg.cholesky((scatter + prior) / (GOODS - 1 + 8))
        away = (goods[index, position].double() - mean)[:, None]
        expected = torch.linalg.solve_triangular(lower, away, upper=False)[:, 0]
        assert torch.allclose(told[position].double(), expected, rtol=1e-3, atol=1e-3)


def test_seen_parts_look_closer_than_new_ones_along_a_direction_and_left_out_they_do_not() -> None:
    goods = whitened(30)
    scale = PositionScale(goods)
    new = scale(torch.randn(3000, POSITIONS, DIMENSION, generator=torch.Generator().manual_seed(1)))
    fresh = float(new[..., -1].std())
    assert float(scale(goods)[..., -1].std()) < 0.9 * fresh
    assert float(scale.left_out(goods)[..., -1].std()) == pytest.approx(fresh, rel=0.2)


def test_weights_say_of_whitened_patches_what_directions_say_of_standard_ones() -> None:
    goods, directions = whitened(), torch.randn(DIMENSION, 2, generator=torch.Generator().manual_seed(3))
    scale = PositionScale(goods)
    folded = torch.einsum("npk,pkc->npc", goods, scale.weights(directions))
    assert torch.allclose(folded, scale(goods) @ directions, atol=1e-4)


def test_the_leading_components_are_the_same_whether_all_are_kept_or_not() -> None:
    """So that a recipe's signatures and its novelty do not depend on labels."""
    generator = torch.Generator().manual_seed(0)
    goods = torch.randn(20, 5, 200, generator=generator) * torch.linspace(0.5, 2, 200)
    few, every = Whitening(goods), Whitening(goods, 200)
    assert every(goods).shape == (20, 5, 200)
    assert few.leading(few(goods)).shape == (20, 5, COMPONENTS)
    assert torch.equal(every.leading(every.rotation), few.rotation)
    assert torch.allclose(every.leading(every(goods)), few(goods), atol=1e-4)


@pytest.mark.parametrize("positions", [1, 256, 512, 1024, 1728, 10_000])
def test_labels_see_all_that_novelty_sees_and_fit_into_memory(positions: int) -> None:
    assert all_components_for(positions) >= components_for(positions)
    assert positions * all_components_for(positions) ** 2 <= 512 * 384**2
