"""Commands as a user starts them: real processes with a home of their own."""

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import torch

from inspection.cli import PASSED_ON
from inspection.cli import main as inspection
from models.__main__ import main as models

__all__ = ["ROOT", "Finished", "run_command"]

ROOT = Path(__file__).parents[2]
_GRAPHS = ROOT / ".pytest_cache" / "inspection"
_PATIENCE_S = 280
_LOADED = get_context("forkserver")
_LOADED.set_forkserver_preload(["tests.support.commands", "models.training.train", "torch.onnx", "onnxscript", "timm"])


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The last line of standard output."""
        value: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return value


def run_command(*arguments: str | Path, home: Path, threads: int = 1) -> Finished:
    """Run `inspection ARGUMENTS…` to its end; `home` holds the user's signing key.

    A process of its own, forked off one that has loaded torch: to load it anew takes longer than most of the commands.
    """
    with TemporaryDirectory() as folder:
        told = Path(folder)
        process = _LOADED.Process(target=_run, args=([*map(str, arguments)], home, threads, told))
        process.start()
        process.join(_PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"{arguments}: still running after {_PATIENCE_S} s")
        return Finished(process.exitcode, *((told / name).read_text("utf-8") for name in ("out", "err")))


def _run(arguments: list[str], home: Path, threads: int, told: Path) -> NoReturn:
    """In the new process: what the command line starts, writing to two files."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(told / name, os.O_WRONLY | os.O_CREAT), number)
    # As a new interpreter would: what is written to a file leaves it at the end, errors at once.
    sys.stdout, sys.stderr = os.fdopen(1, "w", encoding="utf-8"), os.fdopen(2, "w", 1, encoding="utf-8")
    os.environ.update(HOME=str(home), OMP_NUM_THREADS=str(threads))
    _share_graphs(home)
    os.chdir(ROOT)
    torch.set_num_threads(threads)
    passed = PASSED_ON.get(arguments[0])
    if passed is None or passed.module != "models":
        sys.exit(inspection(arguments))
    sys.exit(models(arguments))


def _share_graphs(home: Path) -> None:
    """Exported graphs are found by all that they depend on; each home would trace the same ones anew."""
    (home / ".cache").mkdir(parents=True, exist_ok=True)
    _GRAPHS.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        (home / ".cache" / "inspection").symlink_to(_GRAPHS)
