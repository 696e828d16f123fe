"""Facts of the station's commands, run in this process with real bundles."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.__main__ import build_parser, main
from edge.cli.trust import trust_from_files
from edge.contract.errors import SettingsInvalid
from edge.contract.local_key import local_trust, trust_from
from edge.contract.signature import SigningKey
from tests.support.edge_fakes import png
from tests.support.tiny_bundle import write_tiny_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle, its public key, and three images."""
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    write_tiny_bundle(tmp_path / "part.bundle", key)
    (tmp_path / "key.pub").write_text(key.public_text + "\n")
    for name, data in (("good.png", png()), ("bad.png", png(255)), ("torn.png", png()[:30])):
        (tmp_path / name).write_bytes(data)
    return tmp_path


def inspect(folder: Path, *arguments: str) -> int:
    """Run the command with the folder's bundle and key."""
    images = [str(folder / argument) if argument.endswith(".png") else argument for argument in arguments]
    return main(["inspect", str(folder / "part.bundle"), *images, "--trust", str(folder / "key.pub")])


def test_good_parts_answer_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect(folder, "good.png") == 0
    assert capsys.readouterr().out.startswith("PASS ")


@pytest.mark.parametrize(("image", "verdict"), [("bad.png", "FAIL"), ("torn.png", "UNDECIDED")])
def test_anything_but_pass_answers_1(
    folder: Path, capsys: pytest.CaptureFixture[str], image: str, verdict: str
) -> None:
    """The image is named, and where it cannot be judged, the reason."""
    assert inspect(folder, "good.png", image) == 1
    line = capsys.readouterr().out.splitlines()[1]
    assert line.startswith(verdict)
    assert image in line


def test_a_path_that_is_not_there_answers_2_before_anything_is_judged(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect(folder, "good.png", "no.png") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "no.png: no such file or folder" in told.err


def test_a_file_in_the_place_of_the_overlay_folder_answers_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "maps").write_text("taken")
    assert inspect(folder, "bad.png", "--overlay", str(folder / "maps")) == 2
    assert "--overlay: expected a folder" in capsys.readouterr().err


def test_json_is_one_line_with_all_verdicts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect(folder, "good.png", "torn.png", "--json") == 1
    answer = json.loads(capsys.readouterr().out)
    assert [r["verdict"] for r in answer["results"]] == ["PASS", "UNDECIDED"]
    assert answer["results"][0]["threshold"] == 1.0


def test_overlays_are_written_beside_the_verdict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inspect(folder, "bad.png", "--json", "--overlay", str(folder / "maps"))
    path = Path(json.loads(capsys.readouterr().out)["results"][0]["overlay"])
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image.shape == (64, 64, 3)
    red, blue = image[..., 2].astype(int), image[..., 0].astype(int)
    assert np.all(red > blue), "the whole part is bad, so all of it is tinted"


def test_every_overlay_has_a_file_of_its_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two lines with the same names of folders and files, and two formats of one name; short where that is enough."""
    taken = [folder / name for name in ("a/good/1.png", "b/good/1.png", "b/good/2.png", "b/good/2.bmp", "b/good/3.png")]
    for path in taken:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(255))
    inspect(folder, *(str(path.parent) for path in taken[::4]), "--json", "--overlay", str(folder / "maps"))
    written = [Path(told["overlay"]) for told in json.loads(capsys.readouterr().out)["results"]]
    assert len(set(written)) == len(written) == len(taken)
    assert all(path.is_file() for path in written)
    assert written[-1].name == "good_3_overlay.png"


def test_an_overlay_that_cannot_be_written_answers_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "maps" / f"{folder.name}_bad_overlay.png").mkdir(parents=True)
    assert inspect(folder, "bad.png", "--overlay", str(folder / "maps")) == 2
    assert "bad_overlay.png cannot be written: Is a directory" in capsys.readouterr().err


def test_a_bundle_of_a_stranger_answers_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = SigningKey.load_or_create(folder / "other.pem").public_text
    code = main(["inspect", str(folder / "part.bundle"), str(folder / "good.png"), "--trust", stranger])
    assert code == 2
    assert "not trusted here" in capsys.readouterr().err


def test_an_empty_folder_of_images_answers_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    assert inspect(folder, str(folder / "empty")) == 2
    assert "found none" in capsys.readouterr().err


def test_the_settings_file_of_a_station_is_checked_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "station.toml").write_text("nonsense = 1\n")
    assert main(["run", str(tmp_path / "station.toml")]) == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["1920", "0x10", "axb", "10x"])
def test_a_size_that_is_none_is_named(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["bench", "x.bundle", "--size", size])
    assert size in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "inspect", "bench"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It shows the names of the installed command."""
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert "usage: inspection " in capsys.readouterr().out


def test_trust_is_a_key_or_a_file_that_holds_one(folder: Path) -> None:
    text = (folder / "key.pub").read_text().strip()
    assert trust_from(text).texts == trust_from(str(folder / "key.pub")).texts == (text,)
    assert trust_from_files((), (folder / "key.pub",)).texts == (text,)
    (folder / "marked.pub").write_text(f"\N{BYTE ORDER MARK}{text}\r\n", "utf-8")  # as editors under Windows write it
    assert trust_from(str(folder / "marked.pub")).texts == (text,)
    assert trust_from(", ".join([text] * 8)).texts == (text,) * 8  # longer than the name of a file may be
    with pytest.raises(SettingsInvalid, match="nonsense"):
        trust_from("nonsense")
    with pytest.raises(SettingsInvalid, match=r"missing\.pub"):
        trust_from_files((), (folder / "missing.pub",))


def test_this_machines_key_is_trusted_where_it_was_made(folder: Path) -> None:
    assert local_trust(folder / "key.pem").texts == ((folder / "key.pub").read_text().strip(),)
    with pytest.raises(SettingsInvalid, match="no trusted key"):
        local_trust(folder / "missing.pem")
