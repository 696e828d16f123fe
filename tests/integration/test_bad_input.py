"""Bad input through the real command line: the exit code, and one clear line that names the thing.

Stations and plants that cannot start are told in `edge/test_station_process.py` and `inspection/test_plant_process.py`.
"""

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge.contract.archive import MODEL, write_sealed
from edge.contract.manifest import SCHEMA_VERSION
from edge.contract.signature import SigningKey
from tests.support.commands import Finished, run_command
from tests.support.edge_fakes import png
from tests.support.textures import DataFolder, good_part, write_image
from tests.support.tiny_bundle import tiny_files, tiny_manifest, write_tiny_bundle

pytestmark = pytest.mark.timeout(300)

SIDE = 64


class World:
    """A folder in which everything is right, until a case spoils it.

    Attributes:
        data: six good parts to train on, two scratches with masks.
        bundle: a signed bundle; `key` signed it.
        image: a good part for it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = DataFolder(path).add_goods(range(6), SIDE).add_scratches(range(10, 12), SIDE)
        self.key = SigningKey.load_or_create(path / "key.pem")
        self.bundle = path / "good.bundle"
        write_tiny_bundle(self.bundle, self.key)
        self.image = path / "image.png"
        self.image.write_bytes(png())

    @property
    def goods(self) -> Path:
        """Folder of the good parts."""
        return self.data.root / "train" / "good"

    def train(self, *options: str | Path) -> Finished:
        """Train on the data, small."""
        size = () if "--size-px" in options else ("--size-px", "32")
        arguments = ("train", self.data.root, "--out", self.path / "new.bundle", "--key", self.path / "key.pem")
        return run_command(*arguments, *size, *options, home=self.path)

    def inspect(self, trust: str | None = None) -> Finished:
        """Judge the image with the bundle."""
        key = trust or self.key.public_text
        return run_command("inspect", self.bundle, self.image, "--trust", key, home=self.path)

    def rezip(self, change: Callable[[dict[str, bytes]], object]) -> None:
        """Write the bundle again with other content."""
        with zipfile.ZipFile(self.bundle) as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
        change(content)
        with zipfile.ZipFile(self.bundle, "w") as archive:
            for name, data in content.items():
                archive.writestr(name, data)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@dataclass(frozen=True)
class Case:
    """What is spoilt, what is run, and what the message has to name."""

    name: str
    run: Callable[[World], Finished]
    message: tuple[str, ...]


def no_folder(world: World) -> Finished:
    world.goods.rename(world.path / "elsewhere")
    return world.train()


def unknown_folder(world: World) -> Finished:
    return run_command("train", world.path / "nowhere", "--out", world.path / "new.bundle", home=world.path)


def no_images(world: World) -> Finished:
    for file in world.goods.iterdir():
        file.rename(file.with_suffix(".raw"))
    return world.train()


def too_few(world: World) -> Finished:
    for name in ("000", "001"):
        (world.goods / f"{name}.png").unlink()
    return world.train()


def copies(world: World) -> Finished:
    data = (world.goods / "000.png").read_bytes()
    for file in world.goods.iterdir():
        file.write_bytes(data)
    return world.train()


def half_written(world: World) -> Finished:
    file = world.goods / "003.png"
    file.write_bytes(file.read_bytes()[:500])
    return world.train()


def only_the_suffix(world: World) -> Finished:
    (world.goods / "notes.png").write_text("take the third camera")
    return world.train()


def too_many_pixels(world: World) -> Finished:
    data = bytearray((world.goods / "003.png").read_bytes())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    (world.goods / "003.png").write_bytes(data)
    return world.train()


def mask_of_another_size(world: World) -> Finished:
    write_image(world.data.defects / "masks" / "scratch" / "011.png", np.zeros((SIDE, SIDE // 2), np.uint8))
    return world.train("--defects", world.data.defects)


def good_among_the_defects(world: World) -> Finished:
    write_image(world.data.defects / "good" / "1.png", good_part(50, SIDE))
    return world.train("--defects", world.data.defects)


def no_test_images(world: World) -> Finished:
    return run_command("evaluate", world.bundle, world.data.root, "--trust", world.key.public_text, home=world.path)


def unreadable_test_image(world: World) -> Finished:
    (world.data.root / "test" / "good").mkdir(parents=True)
    (world.data.root / "test" / "good" / "torn.png").write_bytes(png()[:40])
    return no_test_images(world)


def no_bundle(world: World) -> Finished:
    world.bundle.unlink()
    return world.inspect()


def a_picture_instead(world: World) -> Finished:
    world.bundle.write_bytes(png())
    return world.inspect()


def cut_off(world: World) -> Finished:
    world.bundle.write_bytes(world.bundle.read_bytes()[:-200])
    return world.inspect()


def unsigned(world: World) -> Finished:
    world.rezip(lambda content: content.pop("signature.json"))
    return world.inspect()


def changed_after_signing(world: World) -> Finished:
    def raise_threshold(content: dict[str, bytes]) -> None:
        content["manifest.json"] = content["manifest.json"].replace(b'"threshold":1.0', b'"threshold":9.0')
        content["manifest.json"] = content["manifest.json"].replace(b'"threshold": 1.0', b'"threshold": 9.0')

    world.rezip(raise_threshold)
    return world.inspect()


def flipped_bit(world: World) -> Finished:
    def flip(content: dict[str, bytes]) -> None:
        model = bytearray(content[MODEL])
        model[len(model) // 2] ^= 1
        content[MODEL] = bytes(model)

    world.rezip(flip)
    return world.inspect()


def newer_format(world: World) -> Finished:
    files = tiny_files()
    newer = tiny_manifest(files).model_copy(update={"schema_version": SCHEMA_VERSION + 1})
    write_sealed(world.bundle, newer, files, world.key)
    return world.inspect()


def another_signer(world: World) -> Finished:
    return world.inspect(SigningKey.load_or_create(world.path / "other.pem").public_text)


def no_key_at_all(world: World) -> Finished:
    return run_command("inspect", world.bundle, world.image, home=world.path / "fresh")


def champion_for_another_part(world: World) -> Finished:
    write_tiny_bundle(world.path / "screw.bundle", world.key, recipe="screw")
    options = ("--champion", world.path / "screw.bundle", "--trust", world.key.public_text)
    return run_command("gate", world.bundle, world.data.root, *options, home=world.path)


def region_of_another_camera(world: World) -> Finished:
    """As a recipe's new version may name it: the plant skips what does not fit."""
    return world.train("--roi", "0,0,5000,100", "--skip-unreadable")


CASES = (
    Case("no folder", no_folder, ("train/good", "no such folder")),
    Case("unknown folder", unknown_folder, ("nowhere", "no such folder")),
    Case("no images", no_images, ("train/good: no images", ".png")),
    Case("too few", too_few, ("4 different images of good parts", "at least 5 are needed")),
    Case("copies", copies, ("1 different images of good parts",)),
    Case("half-written", half_written, ("1 of 6 images cannot be read", "003.png", "ends early", "--skip-unreadable")),
    Case("only the suffix", only_the_suffix, ("1 of 7 images cannot be read", "notes.png", "expected a PNG")),
    Case("too many pixels", too_many_pixels, ("003.png", "at most 200 megapixels", "60000x60000")),
    Case("mask of another size", mask_of_another_size, ("masks/scratch/011.png", "64x64 px", "(32, 64)")),
    Case("good among the defects", good_among_the_defects, ("defects/good", "defective parts only")),
    Case("size", lambda world: world.train("--size-px", "100"), ("--size-px", "multiple of 32", "got 100")),
    Case(
        "region of another camera",
        region_of_another_camera,
        ("0 different", "6 more cannot, such as", "ROI reaches to (5000, 100) px"),
    ),
    Case("overkill", lambda world: world.train("--max-overkill", "5"), ("--max-overkill", "between 0 and 1", "5.0")),
    Case("no test images", no_test_images, ("test", "no such folder")),
    Case("unreadable test image", unreadable_test_image, ("test/good/torn.png", "ends early")),
    Case("no bundle", no_bundle, ("good.bundle", "expected a bundle")),
    Case("a picture instead", a_picture_instead, ("good.bundle", "expected a bundle")),
    Case("cut off", cut_off, ("good.bundle", "expected a bundle")),
    Case("unsigned", unsigned, ("good.bundle", "not signed")),
    Case("changed after signing", changed_after_signing, ("good.bundle", "changed after signing")),
    Case("flipped bit", flipped_bit, ("model.onnx", "does not match its SHA-256")),
    Case("newer format", newer_format, ("good.bundle", f"bundle format {SCHEMA_VERSION + 1}", "update the software")),
    Case("another signer", another_signer, ("good.bundle", "not trusted here")),
    Case("no key", no_key_at_all, ("no trusted key", "inspection train")),
    Case("nonsense as a key", lambda world: world.inspect("nonsense"), ("trusted key 'nonsense'", "expected 32 bytes")),
    Case("champion for another part", champion_for_another_part, ("screw.bundle", "part type 'part'", "'screw'")),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_answers_2_and_names_the_thing(world: World, case: Case) -> None:
    """Nothing is written, and nobody has to read a traceback."""
    done = case.run(world)
    assert done.code == 2, done.err
    for text in case.message:
        assert text in done.err
    assert "Traceback" not in done.err
    assert "error: " in done.err.splitlines()[0] or "WARNING" in done.err.splitlines()[0]
    assert not (world.path / "new.bundle").exists()


def test_training_goes_on_without_unreadable_files_on_request(world: World) -> None:
    """They are named in the log and in the bundle."""
    (world.goods / "notes.png").write_text("take the third camera")
    done = world.train("--skip-unreadable", "--json")
    assert done.code == 0, done.err
    assert done.json()["goods"] == 6
    assert "notes.png" in done.err
    with zipfile.ZipFile(world.path / "new.bundle") as archive:
        assert b"notes.png" in archive.read("manifest.json")


def test_an_image_that_cannot_be_judged_is_undecided_and_the_others_are_judged(world: World) -> None:
    """The answer is "no", never "yes": it is not a pass."""
    (world.path / "torn.png").write_bytes(png()[:60])
    arguments = ("inspect", world.bundle, world.path / "torn.png", world.image, "--trust", world.key.public_text)
    done = run_command(*arguments, "--json", home=world.path)
    assert done.code == 1, done.err
    assert [r["verdict"] for r in done.json()["results"]] == ["UNDECIDED", "PASS"]
    assert "ends early" in done.json()["results"][0]["reason"]


def test_file_names_in_another_encoding_are_told_and_break_nothing(world: World) -> None:
    """As an archive of a Chinese Windows unpacks to: trained on, left out by name, judged and reported."""
    name = os.fsdecode("划痕".encode("gbk"))
    (world.goods / f"{name}.png").write_text("take the third camera")
    (world.goods / "000.png").rename(world.goods / f"{name}1.png")
    done = world.train("--skip-unreadable", "--json")
    assert done.code == 0, done.err
    with zipfile.ZipFile(world.path / "new.bundle") as archive:
        assert b"udcbb" in archive.read("manifest.json")
    write_image(world.data.root / "test" / "good" / "1.png", good_part(50, SIDE))
    (world.data.root / "test" / "good" / "1.png").rename(world.data.root / "test" / "good" / f"{name}.png")
    trusted = ("--trust", world.key.public_text)
    report = world.path / "report.html"
    done = run_command("evaluate", world.bundle, world.data.root, "--report", report, *trusted, home=world.path)
    assert done.code == 0, done.err
    assert "udcbb" in report.read_text("utf-8")
    done = run_command("inspect", world.bundle, world.data.root / "test" / "good", *trusted, home=world.path)
    assert done.code == 1, done.err
    assert "udcbb" in done.out
