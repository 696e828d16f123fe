"""Facts of the search around a position: which Gaussians it asks, and when parts are taken to move."""

import pytest
import torch
from torch import Tensor

from models.backbones.lite import LiteTrunk
from models.backbones.trunk import Trunk
from models.backbones.vit import VitTrunk
from models.heads import search
from models.heads.gaussian import GaussianHead
from models.heads.search import Grid, NeighbourhoodSearch, parts_move
from models.heads.whitening import Whitening

GRID = Grid(tiles=2, rows=3, columns=4)
POSITIONS, DIMENSION = 24, 5


def goods(count: int, seed: int = 0) -> Tensor:
    """Each position has a mean of its own."""
    centre = 5 * torch.randn(POSITIONS, DIMENSION, generator=torch.Generator().manual_seed(98))
    return centre + torch.randn(count, POSITIONS, DIMENSION, generator=torch.Generator().manual_seed(seed))


def fitted(parts: Tensor) -> tuple[Whitening, GaussianHead, NeighbourhoodSearch]:
    whitening = Whitening(parts)
    gaussian = GaussianHead(whitening(parts))
    return whitening, gaussian, NeighbourhoodSearch(whitening, gaussian, GRID)


def by_gaussian(whitening: Whitening, gaussian: GaussianHead, patches: Tensor, position: int) -> Tensor:
    """Distances `(N,)` of patches `(N, D)` by the Gaussian of one position."""
    everywhere = torch.zeros(len(patches), POSITIONS, DIMENSION)
    everywhere[:, position] = (patches - whitening.centre[position]) @ whitening.rotation
    return gaussian(everywhere)[:, position].norm(dim=1)


def test_beside_a_position_is_its_neighbour_in_the_same_tile_and_itself_at_the_border() -> None:
    right, up = Grid(2, 2, 3).beside(0, 1), Grid(2, 2, 3).beside(-1, 0)
    assert right.tolist() == [1, 2, 2, 4, 5, 5, 7, 8, 8, 10, 11, 11]
    assert up.tolist() == [0, 1, 2, 0, 1, 2, 6, 7, 8, 6, 7, 8]


def test_the_nearest_gaussian_of_nine_counts_and_those_elsewhere_a_little_less() -> None:
    """Equal to asking each Gaussian in turn, by hand."""
    parts, new = goods(60), goods(3, seed=1)
    whitening, gaussian, search = fitted(parts)
    found = search(whitening(new))
    for row in range(3):
        for column in range(4):
            for tile in range(2):
                position = (tile * 3 + row) * 4 + column
                asked = [
                    ((tile * 3 + r) * 4 + c, 1.0 if (r, c) == (row, column) else 1.05)
                    for r in range(max(0, row - 1), min(3, row + 2))
                    for c in range(max(0, column - 1), min(4, column + 2))
                ]
                distances = [weight * by_gaussian(whitening, gaussian, new[:, position], j) for j, weight in asked]
                assert torch.allclose(found[:, position], torch.stack(distances).amin(dim=0), atol=1e-3)


def test_a_patch_one_cell_away_from_its_place_is_usual_only_to_the_search() -> None:
    parts = goods(80)
    whitening, gaussian, search = fitted(parts)
    moved = goods(4, seed=2)[:, GRID.beside(0, 1)]
    inside = torch.tensor([column < 3 for column in range(4)] * 6)
    own = gaussian(whitening(moved)).norm(dim=-1)[:, inside]
    assert search(whitening(moved))[:, inside].median() < 0.5 * own.median()


def test_left_out_is_what_gaussians_fitted_without_the_part_would_say() -> None:
    """With the whitening and the shared covariance left as they are."""
    parts = goods(40)
    whitening, _, search = fitted(parts)
    whitened = whitening(parts)
    found = search.left_out(whitened)
    placed = whitened + search.centre
    shared = torch.einsum("npi,npj->ij", whitened, whitened) / whitened.shape[0] / POSITIONS
    for index in (0, 17):
        others = torch.cat([placed[:index], placed[index + 1 :]])
        mean = others.mean(dim=0)
        scatter = torch.einsum("npi,npj->pij", others - mean, others - mean)
        inverse = torch.linalg.inv((scatter + 8 * shared) / (39 + 8))
        away = placed[index][:, None] - mean[None]  # (patch, position, D)
        distance = torch.einsum("abi,bij,abj->ab", away, inverse, away).sqrt()
        for position in range(POSITIONS):
            asked = {int(GRID.beside(r, c)[position]) for r in (-1, 0, 1) for c in (-1, 0, 1)}
            expected = min(float(distance[position, j]) * (1.0 if j == position else 1.05) for j in asked)
            assert float(found[index, position]) == pytest.approx(expected, rel=5e-3)


def test_parts_that_lie_still_do_not_move_and_those_shifted_by_a_cell_do() -> None:
    still = goods(60)
    assert not parts_move(still, GRID, 0.96)
    offsets = [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]
    shifted = torch.stack([part[GRID.beside(*offsets[i % 5])] for i, part in enumerate(still)])
    assert parts_move(shifted, GRID, 0.96)


@pytest.mark.parametrize(
    ("side", "trunk", "left", "moves"),
    [
        (16, LiteTrunk, 0.98, False),  # as measured on nuts, bottles and tiles, as they lie and moved
        (16, LiteTrunk, 0.93, True),
        (32, LiteTrunk, 0.965, False),
        (32, LiteTrunk, 0.894, True),
        (24, VitTrunk, 0.94, False),
        (24, VitTrunk, 0.87, True),
    ],
)
def test_on_a_finer_grid_and_with_a_transformer_neighbours_are_more_alike(
    monkeypatch: pytest.MonkeyPatch,
    side: int,
    trunk: type[Trunk],
    left: float,
    moves: bool,  # noqa: FBT001 - a case
) -> None:
    parts = torch.ones(2)
    monkeypatch.setattr(search, "_distances", lambda *_: (parts, left * parts))
    grid = Grid(1, side, side)
    assert parts_move(torch.randn(20, grid.positions, 4), grid, trunk.moved) is moves
