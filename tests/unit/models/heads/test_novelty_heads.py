"""Facts of whitening, the Gaussian and the nearest neighbour, against other people's implementations."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist, mahalanobis
from torch import Tensor

from models.heads import neighbours, whitening
from models.heads.gaussian import GaussianHead
from models.heads.neighbours import NeighbourHead
from models.heads.triangular import TriangularProduct
from models.heads.whitening import Whitening

POSITIONS, DIMENSION = 6, 5


def features(count: int, seed: int = 0, positions: int = POSITIONS) -> Tensor:
    """Correlated features with a mean for each position, `(count, positions, DIMENSION)`."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(DIMENSION, DIMENSION, generator=torch.Generator().manual_seed(99))
    centre = 10 * torch.randn(positions, DIMENSION, generator=torch.Generator().manual_seed(98))
    return torch.randn(count, positions, DIMENSION, generator=generator) @ mixing + centre


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_whitening_gives_unit_covariance_around_each_positions_mean() -> None:
    goods = features(400)
    white = Whitening(goods)(goods)
    assert white.mean(dim=0).abs().max() < 1e-3
    flat = white.reshape(-1, DIMENSION).double()
    assert torch.allclose(flat.T @ flat / len(flat), torch.eye(DIMENSION).double(), atol=1e-3)


def test_whitening_gives_a_channel_that_never_varies_no_infinite_weight() -> None:
    goods = features(50)
    goods[..., 2] = 7.0
    white = Whitening(goods)(goods)
    assert white.isfinite().all()
    assert white.abs().max() < 100


def test_the_gaussian_is_the_mahalanobis_distance_of_scipy() -> None:
    """Around zero, with the covariance of its own position: no prior, the ridge apart."""
    white = Whitening(features(300))(features(300))
    new = Whitening(features(300))(features(4, seed=5))
    distance = GaussianHead(white, 0.0)(new).norm(dim=-1)
    assert distance.shape == (4, POSITIONS)
    for position in range(POSITIONS):
        own = white[:, position].double().numpy()
        inverse = np.linalg.inv(own.T @ own / len(own))
        for part in range(4):
            expected = mahalanobis(new[part, position].double().numpy(), np.zeros(DIMENSION), inverse)
            assert float(distance[part, position]) == pytest.approx(expected, rel=1e-3)


def test_an_endless_prior_makes_all_positions_equal_and_none_leaves_each_its_own() -> None:
    white = Whitening(features(300))(features(300))
    same = torch.ones(1, POSITIONS, DIMENSION)
    assert float(GaussianHead(white, 1e9)(same).norm(dim=-1).std()) < 1e-4
    assert float(GaussianHead(white, 0.0)(same).norm(dim=-1).std()) > 1e-3


def test_the_prior_weighs_less_the_more_parts_there_are() -> None:
    """With few parts the distances lean on the covariance that all positions share, with many on their own."""
    scale = torch.linspace(0.1, 3, 10)[None, :, None]
    new = torch.ones(1, 10, DIMENSION)

    def unlike_its_own(count: int) -> float:
        parts = torch.randn(count, 10, DIMENSION, generator=generator()) * scale
        own = GaussianHead(parts, 0.0)(new).norm(dim=-1)
        return float((GaussianHead(parts)(new).norm(dim=-1) / own - 1).abs().mean())

    assert unlike_its_own(12) > 2 * unlike_its_own(100) > 4 * unlike_its_own(2000)


def test_only_the_leading_components_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whitening, "COMPONENTS", 2)
    goods = features(200)
    goods[..., 3] += 100 * torch.randn(200, POSITIONS, generator=generator())
    white = Whitening(goods)(goods)
    assert white.shape == (200, POSITIONS, 2)
    assert float(torch.corrcoef(torch.stack([white[..., 1].flatten(), goods[..., 3].flatten()]))[0, 1].abs()) > 0.9


def test_directions_in_which_nothing_varies_do_not_break_the_gaussian() -> None:
    """Five small images span fewer directions than the features have."""
    few = torch.zeros(3, 4, DIMENSION)
    few[..., 0] = torch.randn(3, 4, generator=generator())
    assert GaussianHead(few)(torch.ones(1, 4, DIMENSION)).isfinite().all()


def test_the_neighbour_is_the_nearest_of_the_bank() -> None:
    """Equal to a brute-force search over every good patch, as long as all fit into the bank."""
    goods, new = features(30), features(5, seed=3)
    distance = NeighbourHead(goods, generator())(new)
    expected = cdist(new.reshape(-1, DIMENSION), goods.reshape(-1, DIMENSION)).min(axis=1)
    assert np.allclose(distance.flatten().numpy(), expected, rtol=1e-3, atol=2e-2)


def test_a_patch_of_the_bank_is_its_own_neighbour_even_far_from_the_origin() -> None:
    goods = features(20)
    assert NeighbourHead(goods, generator())(goods).max() < 0.1 + 1e-6


def test_roundings_do_not_show_where_a_patch_lies_in_the_bank() -> None:
    """Two runtimes round differently, and the root of what is left near zero would be another distance in each."""
    goods = 3 * torch.randn(20, POSITIONS, 160, generator=generator())
    head = NeighbourHead(goods, generator())
    single = head(goods)
    exact = head.double()(goods.double())
    assert (single - exact).abs().max() < 1e-3


def test_the_coreset_covers_better_than_a_random_choice() -> None:
    points = torch.randn(800, DIMENSION, generator=generator())
    chosen = neighbours._greedy_coreset(points, 40)
    covered = float(torch.cdist(points, points[chosen]).min(dim=1).values.max())
    at_random = [
        float(torch.cdist(points, points[torch.randperm(800, generator=g)[:40]]).min(dim=1).values.max())
        for g in (torch.Generator().manual_seed(seed) for seed in range(20))
    ]
    assert len(set(chosen.tolist())) == 40
    assert covered <= min(at_random)


def test_the_coreset_takes_the_farthest_point_each_time() -> None:
    points = torch.tensor([[0.0, 0], [1, 0], [0, 7], [10, 0]])
    assert neighbours._greedy_coreset(points, 3).tolist() == [0, 3, 2]


def test_the_bank_is_bounded_and_the_same_for_the_same_seed() -> None:
    goods = features(600)
    first, again = NeighbourHead(goods, generator()), NeighbourHead(goods, generator())
    assert first.bank.shape == (DIMENSION, neighbours.BANK_SIZE)
    assert torch.equal(first.bank, again.bank)


def test_good_patches_are_uncorrelated_with_unit_variance_in_standard_deviations_of_their_position() -> None:
    white = Whitening(features(400))(features(400))
    standard = GaussianHead(white, 0.0)(white)
    for position in range(POSITIONS):
        own = standard[:, position]
        assert torch.allclose(own.T @ own / len(own), torch.eye(DIMENSION), atol=5e-3)


def test_a_part_left_out_is_measured_to_the_nearest_patch_of_another() -> None:
    """Equal to a brute-force search over all parts but its own, as long as all fit into the bank."""
    goods = features(12)
    distance = NeighbourHead(goods, generator()).left_out(goods)
    for index in (0, 5, 11):
        others = torch.cat([goods[:index], goods[index + 1 :]]).reshape(-1, DIMENSION)
        expected = cdist(goods[index], others).min(axis=1)
        assert np.allclose(distance[index].numpy(), expected, rtol=1e-3, atol=2e-2)


@pytest.mark.parametrize("side", [1, 39, 40, 41, 97])
def test_bands_of_a_triangle_give_the_whole_product(side: int) -> None:
    """Also where the last band is narrower, and in a batch."""
    upper = torch.triu(torch.randn(3, side, side, generator=generator()))
    vectors = torch.randn(3, 2, side, generator=generator())
    assert torch.allclose(TriangularProduct([upper], *upper.shape[:2])(vectors), vectors @ upper, rtol=1e-5, atol=1e-5)


def test_bands_keep_little_of_what_is_below_the_diagonal() -> None:
    """Of 160 components five eighths are read."""
    kept = sum(band.numel() for band in TriangularProduct([torch.ones(1, 160, 160)], 1, 160).bands)
    assert kept == 160 * 160 * 5 // 8
