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
    """And one of the twenty is not much like the others: a person is told to look at it first."""
    bundle = tmp_path / "cookie.bundle"
    trained = run_command("train", DATA / "cookie", "--out", bundle, "--json", home=tmp_path)
    assert trained.code == 0, trained.err
    assert "normal-31.jpg" in trained.json()["most_unusual_goods"][:2]
    told = run_command("evaluate", bundle, DATA / "cookie", "--json", home=tmp_path).json()
    assert (told["goods"], told["defects"]) == (11, 32)
    assert told["image_auroc"] >= 0.99
    assert told["pixel_auroc"] > 0.9
    assert told["escape_rate"] < 0.5  # that one must not set the threshold above most defects


@pytest.mark.skipif(not (DATA / "bottle").is_dir(), reason=f"no real images: put bottle into {DATA}")
def test_broken_bottles_among_the_good_ones_are_named(tmp_path: Path) -> None:
    """The commonest error of a user: a few defects in the folder of good parts."""
    good, broken = tmp_path / "bottle" / "train" / "good", sorted((DATA / "bottle" / "test" / "broken_large").iterdir())
    good.mkdir(parents=True)
    for file in sorted((DATA / "bottle" / "train" / "good").iterdir()):
        (good / file.name).symlink_to(file)
    for file in broken[:3]:
        (good / f"broken_{file.name}").symlink_to(file)
    trained = run_command("train", tmp_path / "bottle", "--out", tmp_path / "bottle.bundle", "--json", home=tmp_path)
    assert trained.code == 0, trained.err
    assert sorted(trained.json()["suspicious_goods"]) == sorted(f"broken_{file.name}" for file in broken[:3])
