"""`inspection gate` and `inspection replay` with replayed parts, by real bundles that differ in their threshold."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge.contract.signature import SigningKey
from tests.support.commands import run_command
from tests.support.textures import write_image
from tests.support.tiny_bundle import SIZE, write_tiny_bundle


def spot(value: int) -> np.ndarray:
    """Grey with a spot of this value: the score is `(value - 128) / 64`."""
    image = np.full((SIZE, SIZE, 3), 128, np.uint8)
    image[20:30, 20:30] = value
    return image


@dataclass(frozen=True)
class World:
    """A hold-out, replayed parts, and two bundles that fail a part from a score of 1 and of 0.5."""

    path: Path
    key: SigningKey

    def gate(self, challenger: float, champion: float, *options: object) -> tuple[int, dict[str, object]]:
        """Run it; thresholds name the bundles."""
        files = [self.path / f"{threshold}.bundle" for threshold in (challenger, champion)]
        for file, threshold in zip(files, (challenger, champion), strict=True):
            write_tiny_bundle(file, self.key, threshold=threshold)
        trust = ("--champion", files[1], "--trust", self.key.public_text, "--json")
        done = run_command("gate", files[0], self.path, *trust, *options, home=self.path)
        return done.code, done.json()

    def replay(self, *parts: tuple[int, str | None]) -> tuple[object, ...]:
        """Write parts of these values and labels; returns the options that replay them."""
        lines = []
        for number, (value, label) in enumerate(parts):
            write_image(self.path / "replay" / f"{number}.png", spot(value))
            lines.append(json.dumps({"file": f"{number}.png", "result_id": f"{number:032x}", "label": label}))
        (self.path / "replay" / "parts.jsonl").write_text("\n".join(lines), "utf-8")
        return "--replay", self.path / "replay", "--flips", self.path / "flips.jsonl"

    def flips(self) -> list[dict[str, object]]:
        """What the gate wrote."""
        return [json.loads(line) for line in (self.path / "flips.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> World:
    for number in range(8):
        write_image(tmp_path / "test" / "good" / f"{number}.png", spot(129 + number))
        write_image(tmp_path / "test" / "cut" / f"{number}.png", spot(230 + number))
    return World(tmp_path, SigningKey.load_or_create(tmp_path / "key.pem"))


def test_a_bundle_too_strict_for_the_line_is_refused_by_its_replay(world: World) -> None:
    """The hold-out alone would have passed it: the parts between the two thresholds are only on the line."""
    page = world.path / "report.html"
    assert world.gate(0.5, 1.0, "--report", page)[0] == 0
    assert "plotly" in page.read_text("utf-8").lower()
    parts = world.replay(*[(130, None)] * 12, *[(176, None)] * 8, (240, "cut"))
    code, told = world.gate(0.5, 1.0, *parts)
    assert (code, told["passed"], told["flips"]) == (1, False, 8)
    broken = [check["text"] for check in told["checks"] if check["passed"] is False]
    assert len(broken) == 1
    assert "of 20 parts that the champion passes and nobody calls defective the challenger fails 8" in broken[0]
    flip = world.flips()[0]
    assert (flip["champion_verdict"], flip["challenger_verdict"], flip["label"]) == ("PASS", "FAIL", None)
    assert flip["champion_score"] == pytest.approx(48 / 64)
    assert flip["result_id"] == f"{12:032x}"


def test_a_bundle_that_lets_a_labelled_part_of_the_line_pass_is_refused(world: World) -> None:
    code, told = world.gate(1.0, 0.5, *world.replay((176, "dent"), (130, None)))
    assert code == 1
    assert "dent caught in 1 to 0 of 1" in str(told["verdict"])


def test_a_frame_that_does_not_decode_is_undecided_to_both(world: World) -> None:
    options = world.replay((130, None), (130, None))
    (world.path / "replay" / "0.png").write_bytes(b"cut off")
    assert world.gate(1.0, 0.5, *options)[0] == 0
    assert world.flips() == []


def test_a_line_of_the_index_that_is_none_is_named(world: World) -> None:
    options = world.replay((130, None))
    (world.path / "replay" / "parts.jsonl").write_text('{"file": "../up.png"}', "utf-8")
    for threshold in (1.0, 0.5):
        write_tiny_bundle(world.path / f"{threshold}.bundle", world.key, threshold=threshold)
    bundles = (world.path / "1.0.bundle", world.path, "--champion", world.path / "0.5.bundle")
    done = run_command("gate", *bundles, "--trust", world.key.public_text, *options, home=world.path)
    assert done.code == 2
    assert "parts.jsonl, line 1" in done.err


def test_a_replay_by_itself_says_where_two_bundles_differ(world: World) -> None:
    """No hold-out and no decision: the parts, verdict by verdict, and who is right on the labelled ones."""
    world.replay(*[(130, None)] * 3, (176, "dent"), (240, "cut"), (177, None))
    bundles = [world.path / f"{threshold}.bundle" for threshold in (0.5, 1.0)]
    for bundle, threshold in zip(bundles, (0.5, 1.0), strict=True):
        write_tiny_bundle(bundle, world.key, threshold=threshold)
    parts = (world.path / "replay", "--against", bundles[1], "--flips", world.path / "flips.jsonl")
    done = run_command("replay", bundles[0], *parts, "--trust", world.key.public_text, "--json", home=world.path)
    told = done.json()
    assert (done.code, told["flips"], told["labelled"], told["better"], told["worse"]) == (0, 2, 2, 1, 0)
    assert told["replayed"]["agreement"]["PASS"] == {"PASS": 3, "FAIL": 2, "UNDECIDED": 0}
    assert [flip["label"] for flip in world.flips()] == ["dent", None]
