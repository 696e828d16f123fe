"""A bundle for another plant: it judges the same and holds no picture."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bundle import load_detector, unpack_parity
from edge.contract.archive import MODEL, PARITY, open_sealed, write_sealed
from edge.contract.errors import SettingsInvalid
from edge.contract.manifest import Alignment
from edge.contract.picture import SmallPicture
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import InferenceSettings
from models.cli.share import run
from tests.support.tiny_bundle import tiny_files, tiny_manifest, write_tiny_bundle

GREY = np.full((64, 64, 3), 128, np.uint8)


def options(folder: Path, key: SigningKey, **changes: Any) -> argparse.Namespace:
    given = {
        "bundle": folder / "own.bundle",
        "out": folder / "shared.bundle",
        "key": folder / "key.pem",
        "trust": key.public_text,
        "with_golden": False,
        "json": True,
    }
    return argparse.Namespace(**{**given, **changes})


def test_a_shared_bundle_judges_the_same_and_holds_no_picture(tmp_path: Path) -> None:
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    own_id = write_tiny_bundle(tmp_path / "own.bundle", key)
    run(options(tmp_path, key))
    trusted = TrustedKeys((key.public_text,))
    own, shared = (open_sealed(tmp_path / name, trusted) for name in ("own.bundle", "shared.bundle"))
    assert shared.files[MODEL] == own.files[MODEL]
    assert not (unpack_parity(shared.files[PARITY])[0] == 128).all(axis=-1).all()
    assert shared.manifest.provenance.parent_bundle_id == own_id
    judged = load_detector(tmp_path / "shared.bundle", trusted, InferenceSettings()).judge(GREY)
    assert judged.score == pytest.approx(0.0)


def test_what_it_still_tells_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of parts that were accepted as good, too: directions of single places of them are in the graph."""
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    write_tiny_bundle(tmp_path / "own.bundle", key)
    run(options(tmp_path, key))
    told = " ".join(json.loads(capsys.readouterr().out.splitlines()[-1])["reveals"])
    for what in ("good part", "labelled defects", "accepted as good", "region of interest", "ignored"):
        assert what in told


def test_a_golden_image_is_a_picture(tmp_path: Path) -> None:
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    files = tiny_files()
    manifest = tiny_manifest(files)
    golden = Alignment(golden=SmallPicture.of(GREY[..., 0]), min_correlation=0.5)
    aligned = manifest.preprocess.model_copy(update={"alignment": golden})
    write_sealed(tmp_path / "own.bundle", manifest.model_copy(update={"preprocess": aligned}), files, key)
    with pytest.raises(SettingsInvalid, match="golden image"):
        run(options(tmp_path, key))
    assert not (tmp_path / "shared.bundle").exists()
    run(options(tmp_path, key, with_golden=True))
    assert (tmp_path / "shared.bundle").exists()
