"""What a version of a recipe asks of a training is what `models train` understands."""

from pathlib import Path

import pytest

from edge.contract.manifest import Roi
from inspection.jobs.recipe import training_options
from inspection.registry.recipe_settings import GEOMETRY, RecipeSettings, differences
from models.cli.parser import build_parser

EVERYTHING = RecipeSettings(
    tier="balanced",
    size_px=320,
    smallest_defect_px=4,
    roi=Roi(x_px=1, y_px=2, width_px=30, height_px=40),
    golden_sha256="a" * 64,
    ignore_mask_sha256="b" * 64,
    invariant=("rotation", "flip"),
    max_overkill=0.02,
    undecided_overkill=0.1,
    escape_cost=50,
    overkill_cost=2,
    defect_rate=0.03,
)


def _export(digest: str, name: str) -> Path:
    return Path(f"{name}-{digest[:1]}.png")


def test_every_setting_arrives_at_the_command_line() -> None:
    options = training_options(EVERYTHING, _export, like_champion=False)
    parsed = build_parser().parse_args(["train", "data", "--out", "new.bundle", *options])
    assert (parsed.tier, parsed.size_px, parsed.smallest_defect_px) == ("balanced", 320, 4.0)
    assert (parsed.roi, parsed.invariant) == ((1, 2, 30, 40), ("rotation", "flip"))
    assert (parsed.align, parsed.ignore_mask) == (Path("golden-a.png"), Path("ignored-b.png"))
    assert (parsed.max_overkill, parsed.undecided_overkill) == (0.02, 0.1)
    assert (parsed.escape_cost, parsed.overkill_cost, parsed.defect_rate) == (50.0, 2.0, 0.03)


def test_like_the_champion_says_nothing_of_the_input() -> None:
    options = training_options(EVERYTHING, _export, like_champion=True)
    parsed = build_parser().parse_args(["train", "data", "--out", "new.bundle", *options])
    said = [parsed.tier, parsed.size_px, parsed.smallest_defect_px, parsed.roi, parsed.align, parsed.ignore_mask]
    assert [*said, parsed.invariant] == [None] * len(GEOMETRY)
    assert parsed.escape_cost == 50.0


def test_without_a_version_the_defaults_hold() -> None:
    assert training_options(RecipeSettings(), _export, like_champion=False) == ["--max-overkill", "0.05"]


@pytest.mark.parametrize("name", GEOMETRY)
def test_what_the_network_sees_is_told_apart(name: str) -> None:
    other = RecipeSettings().model_copy(update={name: getattr(EVERYTHING, name)})
    assert other.geometry != RecipeSettings().geometry
    assert [difference.field for difference in differences(RecipeSettings(), other)] == [name]
