"""Facts of what is computed a few parts or positions at a time: the same as all at once."""

import pytest
import torch

from models.heads import gaussian
from models.heads.batches import in_batches
from models.heads.gaussian import GaussianHead
from models.heads.whitening import Whitening


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("count", [1, 15, 16, 17, 31, 32, 33, 190])
def test_no_batch_of_parts_is_small_unless_there_are_few(count: int) -> None:
    batches = in_batches(torch.arange(count), 16)
    assert torch.cat(batches).tolist() == list(range(count))
    assert all(min(16, count) <= len(batch) < 32 for batch in batches)


def test_gaussians_of_some_positions_at_a_time_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all positions share is known before the first is factored."""
    whitened = noise(30, 7, 5) * torch.linspace(0.5, 2, 7)[:, None]
    expected = GaussianHead(whitened)(whitened)
    monkeypatch.setattr(gaussian, "_SUMMED_AT_ONCE", 3)
    monkeypatch.setattr(gaussian, "_FACTORED_AT_ONCE", 2)
    assert torch.allclose(GaussianHead(whitened)(whitened), expected, rtol=1e-5, atol=1e-6)


def test_many_parts_are_whitened_as_each_is() -> None:
    goods = noise(40, 6, 5)
    whitening = Whitening(goods)
    assert torch.allclose(whitening.of_many(goods), whitening(goods), rtol=1e-5, atol=1e-6)
