"""Features that are kept: found again, never mixed up, and never needed."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from models import features as features_module
from models.backbones.trunk import Trunk
from models.features import PatchFeatures, extract, extract_into, room_for
from models.progress import Progress
from models.training.feature_cache import FeatureCache

QUIET = Progress({}, as_json=False)
ROOMY = 1 << 20


class CountingTrunk(Trunk):
    """Answers the pixels themselves and counts the images that it sees."""

    origin, stride_px, dimension = "fake", 1, 3

    def __init__(self, sha256: str = "a", largest: float = 1.0) -> None:
        super().__init__()
        self.sha256, self.largest, self.seen = sha256, largest, 0

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """One tap, `(N, 3, H, W)`."""
        self.seen += len(pixels)
        return [pixels.permute(0, 3, 1, 2).float() / 255 * self.largest]


def images(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """`(N, 1, 4, 4, 3)` noise."""
    return np.random.default_rng(seed).integers(0, 256, (count, 1, 4, 4, 3), dtype=np.uint8)


def features_of(folder: Path, trunk: CountingTrunk, pixels: NDArray[np.uint8], limit_bytes: int = ROOMY) -> Tensor:
    """Features through a cache that is opened anew, as each training does."""
    return FeatureCache(folder, limit_bytes).features_of(PatchFeatures(trunk), pixels, QUIET, "features")


def test_only_new_images_are_extracted(tmp_path: Path) -> None:
    trunk, pixels = CountingTrunk(), images(5)
    first = features_of(tmp_path, trunk, pixels[:3])
    again = features_of(tmp_path, trunk, pixels[[4, 1, 0, 3, 2]])
    assert trunk.seen == 5
    assert torch.equal(again[[2, 1, 4]], first)


def test_what_is_found_is_what_is_extracted(tmp_path: Path) -> None:
    trunk, pixels = CountingTrunk(), images(3)
    assert torch.equal(features_of(tmp_path, trunk, pixels), features_of(tmp_path, trunk, pixels))
    expected = torch.from_numpy(pixels).flatten(1, 3).float() / 255
    assert torch.allclose(features_of(tmp_path, trunk, pixels), expected, atol=1e-3)


def test_another_trunk_finds_nothing(tmp_path: Path) -> None:
    other = CountingTrunk("b")
    features_of(tmp_path, CountingTrunk("a"), images(2))
    features_of(tmp_path, other, images(2))
    assert other.seen == 2


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY\x01\x00v"])
def test_a_damaged_file_is_computed_again(tmp_path: Path, damage: bytes) -> None:
    trunk, pixels = CountingTrunk(), images(1)
    expected = features_of(tmp_path, trunk, pixels)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage)
    assert torch.equal(features_of(tmp_path, trunk, pixels), expected)
    assert trunk.seen == 2
    assert torch.equal(features_of(tmp_path, trunk, pixels), expected)
    assert trunk.seen == 2


def test_a_deleted_folder_is_made_again(tmp_path: Path) -> None:
    trunk = CountingTrunk()
    features_of(tmp_path / "kept", trunk, images(1))
    for file in (tmp_path / "kept").iterdir():
        file.unlink()
    (tmp_path / "kept").rmdir()
    features_of(tmp_path / "kept", trunk, images(1))
    assert trunk.seen == 2


def test_a_folder_that_cannot_be_written_costs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    values = features_of(tmp_path / "file", CountingTrunk(), images(2))
    assert len(values) == 2
    assert len(caplog.messages) == 1
    assert "cannot be kept" in caplog.text


def test_what_was_used_last_survives_the_limit(tmp_path: Path) -> None:
    trunk, pixels = CountingTrunk(), images(3)
    for index in range(3):
        features_of(tmp_path, trunk, pixels[[index]])
    file_bytes = next(tmp_path.iterdir()).stat().st_size
    features_of(tmp_path, trunk, pixels[[0]])
    FeatureCache(tmp_path, 2 * file_bytes).trim()
    assert len(list(tmp_path.iterdir())) == 2
    features_of(tmp_path, trunk, pixels[[2, 0]])
    assert trunk.seen == 3


def test_features_too_large_for_half_precision_stay_whole(tmp_path: Path) -> None:
    trunk = CountingTrunk(largest=1e6)
    values = features_of(tmp_path, trunk, images(2))
    assert torch.isfinite(values).all()
    assert torch.equal(features_of(tmp_path, trunk, images(2)), values)


def test_no_images_have_no_features(tmp_path: Path) -> None:
    assert len(features_of(tmp_path, CountingTrunk(), images(0))) == 0


def test_tiles_are_extracted_a_few_at_a_time_and_lie_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tiles a part, four in a batch: batches do not end where parts do."""
    monkeypatch.setattr(features_module, "_PIXELS_AT_ONCE", 4 * 4 * 4)
    tiles = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 4, 3), dtype=np.uint8)
    found = extract(PatchFeatures(CountingTrunk()), tiles, QUIET, "features")
    assert torch.equal(found, torch.from_numpy(tiles).flatten(1, 3).float() / 255)


def test_only_the_parts_that_are_named_are_filled_in() -> None:
    network, pixels = PatchFeatures(CountingTrunk()), images(4)
    room = room_for(network, pixels).fill_(-1)
    extract_into(room, [2, 0], network, pixels, QUIET, "features")
    assert torch.equal(room[[0, 2]], torch.from_numpy(pixels[[0, 2]]).flatten(1, 3).float() / 255)
    assert (room[[1, 3]] == -1).all()
