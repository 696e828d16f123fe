"""The detector on real images, where they lie beside the checkout."""

from pathlib import Path

import pytest

from tests.support.commands import ROOT, run_command

DATA = ROOT.parent / "shared" / "data"

pytestmark = [
    pytest.mark.real_images,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not (DATA / "cookie").is_dir(), reason=f"no real images: put a part such as cookie into {DATA}"),
]


def test_twenty_good_cookies_are_enough_to_tell_the_broken_ones(tmp_path: Path) -> None:
    """And one of the twenty is not like the others: it is named, because it spoils the threshold."""
    bundle = tmp_path / "cookie.bundle"
    trained = run_command("train", DATA / "cookie", "--out", bundle, "--json", home=tmp_path)
    assert trained.code == 0, trained.err
    assert trained.json()["suspicious_goods"] == ["normal-31.jpg"]
    told = run_command("evaluate", bundle, DATA / "cookie", "--json", home=tmp_path).json()
    assert (told["goods"], told["defects"]) == (11, 32)
    assert told["image_auroc"] >= 0.99
    assert told["pixel_auroc"] > 0.9
