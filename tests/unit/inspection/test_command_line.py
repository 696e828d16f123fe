"""The command `inspection`."""

import importlib.util
import os
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from edge.contract.terminal import ExitCode
from inspection import cli


@pytest.fixture(name="became")
def _became(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What this process would have become; the fake ends the command as an interrupt does."""
    became: list[list[str]] = []

    def execv(path: str, argv: list[str]) -> None:
        assert path == sys.executable
        became.append(argv[1:])
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "execv", execv)
    return became


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["train", "data", "--out", "x.bundle"], ["-m", "models", "train", "data", "--out", "x.bundle"]),
        (["gate", "--help"], ["-m", "models", "gate", "--help"]),
        (["evaluate", "x", "--", "-y"], ["-m", "models", "evaluate", "x", "--", "-y"]),
        (["inspect", "b", "i.png", "--json"], ["-m", "edge", "inspect", "b", "i.png", "--json"]),
        (["bench", "b"], ["-m", "edge", "bench", "b"]),
        (["edge", "run", "STATION.toml"], ["-m", "edge", "run", "STATION.toml"]),
    ],
)
def test_commands_of_other_packages_get_every_argument(
    became: list[list[str]], given: list[str], expected: list[str]
) -> None:
    cli.main(given)
    assert became == [expected]


@pytest.mark.parametrize(("command", "package", "extra"), [("train", "torch", "train"), ("serve", "alembic", "plant")])
def test_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, package: str, extra: str
) -> None:
    find = importlib.util.find_spec

    def without(name: str, parent: str | None = None) -> ModuleSpec | None:
        return None if name == package else find(name, parent)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    assert cli.main([command, "PLANT.toml"]) == ExitCode.BAD_INPUT
    assert f"needs {package}, which is not installed: pip install 'inspection[{extra}]'" in capsys.readouterr().err


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom inspection.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    code = end.code\n"
        "heavy = {'torch', 'fastapi', 'sqlalchemy', 'numpy', 'pydantic', 'cv2', 'onnxruntime'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [name for name in cli.COMMANDS if name not in done.stdout] == []


def test_unknown_command_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["inspct"])
    assert end.value.code == ExitCode.BAD_INPUT
    assert "inspct" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["openapi"], ["openapi", "--out", "."], ["docs"]])
def test_descriptions_outside_of_the_repository_are_told_where_to_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(command) == ExitCode.BAD_INPUT
    said = capsys.readouterr().err
    assert ("cannot be written" in said, "--out" in said, "Traceback" in said) == (True, True, False)
