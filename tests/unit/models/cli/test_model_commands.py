"""Facts of the arguments: defaults, and what is refused before any image is read."""

from pathlib import Path

import pytest

from edge.contract.errors import DataInvalid
from models.__main__ import main
from models.cli.parser import build_parser
from models.evaluation.replay import replayed_parts


def test_training_needs_only_images_and_a_file_to_write() -> None:
    options = build_parser().parse_args(["train", "data", "--out", "part.bundle"])
    assert (options.data, options.out) == (Path("data"), Path("part.bundle"))
    assert (options.size_px, options.max_overkill, options.seed, options.tier) == (None, 0.05, 0, None)
    assert (options.defects, options.recipe, options.key, options.parent) == (None, None, None, None)
    assert not any((options.skip_unreadable, options.json, options.progress_json))


def test_evaluation_and_gate_trust_this_users_key_unless_told() -> None:
    assert build_parser().parse_args(["evaluate", "a.bundle", "data"]).trust is None
    gate = build_parser().parse_args(["gate", "b.bundle", "data", "--champion", "a.bundle", "--trust", "key"])
    assert (gate.challenger, gate.champion, gate.trust) == (Path("b.bundle"), Path("a.bundle"), "key")
    assert build_parser().parse_args(["gate", "b.bundle", "data"]).champion is None


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--size-px", "100", "--size-px: expected a multiple of 32"),
        ("--size-px", "0", "--size-px"),
        ("--size-px", "4128", "at most 4096"),
        ("--max-overkill", "0", "--max-overkill: expected a share between 0 and 1"),
        ("--max-overkill", "5", "--max-overkill"),
        ("--max-overkill", "nan", "--max-overkill"),
        ("--overkill-cost", "5", "--overkill-cost: expected --escape-cost with it"),
        ("--defect-rate", "0.1", "--defect-rate: expected --escape-cost with it"),
        ("--seed", "-1", "--seed: expected 0 to"),
        ("--seed", "4294967296", "--seed"),
        ("--recipe", "x" * 65, "--recipe: expected 1 to 64 characters"),
        ("--out", ".", "--out: expected a file"),
        ("--out", "a-file/below.bundle", "--out: a-file/below.bundle cannot be written"),
        ("--key", ".", "expected an Ed25519 private key"),
    ],
)
def test_a_value_that_cannot_work_is_refused_before_the_training(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: str,
    value: str,
    message: str,
) -> None:
    """Also what only the bundle's manifest would refuse, minutes later."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").touch()
    arguments = ["train", "data", "--out", "part.bundle", "--key", "key.pem", option, value]
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "part.bundle").exists()


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("train", "data"), "--out"),
        (("threshold", "a.bundle", "--at", "1"), "--out"),
        (("share", "a.bundle"), "--out"),
        (("accept", "a.bundle", "data"), "--out"),
        (("quantize", "a.bundle", "data"), "--out"),
        (("wrap", "a.onnx", "data", "--score", "s"), "--out"),
        (("evaluate", "a.bundle", "data"), "--report"),
        (("gate", "a.bundle", "data", "--champion", "a.bundle"), "--flips"),
        (("gate", "a.bundle", "data"), "--report"),
        (("replay", "a.bundle", "data", "--against", "a.bundle"), "--flips"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_refused_before_the_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    option: str,
) -> None:
    """A folder, or below a file; nothing is left in either."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").touch()
    (tmp_path / "a-folder").mkdir()
    for path, message in (("a-folder", "expected a file, got the folder"), ("a-file/x", "cannot be written")):
        assert main([*arguments, option, path]) == 2
        assert f"{option}: {message}" in capsys.readouterr().err.replace(f"{path} cannot", "cannot")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a-file", "a-folder"]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--threshold", "nan", "--threshold: expected a finite score, got nan"),
        ("--threshold", "inf", "--threshold: expected a finite score, got inf"),
        ("--recipe", "x" * 65, "--recipe: expected 1 to 64 characters"),
        ("--max-overkill", "nan", "--max-overkill: expected a share"),
    ],
)
def test_a_model_is_not_wrapped_with_what_no_bundle_can_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, message: str
) -> None:
    key = str(tmp_path / "key.pem")
    out = str(tmp_path / "x.bundle")
    assert main(["wrap", "a.onnx", "data", "--out", out, "--key", key, "--score", "s", option, value]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("line", [b"\xff\xfe", b'{"file": "a\\u0000.png"}'])
def test_an_index_of_replayed_parts_that_is_none_is_named(tmp_path: Path, line: bytes) -> None:
    """In another encoding, or with a name that no file can have."""
    (tmp_path / "parts.jsonl").write_bytes(line + b"\n")
    with pytest.raises(DataInvalid, match=r"parts\.jsonl"):
        replayed_parts(tmp_path)
