"""Processes that are measured: trainings with a bound on their memory, and judges that are asked in turn."""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self, cast

__all__ = ["Judge", "Training", "rss_mb", "run_training"]

_LOOK_EVERY_S = 0.2
_NO_TELEMETRY = {"OPENVINO_TELEMETRY": "0", "HF_HUB_OFFLINE": "1"}


@dataclass(frozen=True)
class Training:
    """What a training process gave.

    Attributes:
        said: the JSON object of its last line; empty if it failed.
        wall_s: from start to exit, imports and export included.
        peak_mb: its largest resident set.
        failure: why there is no model; None if there is one.
    """

    said: dict[str, Any]
    wall_s: float
    peak_mb: float
    failure: str | None


def run_training(
    command: list[str], folder: Path, most_mb: float, most_s: float, extra: Mapping[str, str] | None = None
) -> Training:
    """Run to its end, or until it takes more memory or time than the machine can spare.

    Args:
        command: what is run.
        folder: for what it prints.
        most_mb: resident set at which it is ended.
        most_s: time after which it is ended.
        extra: environment variables besides those that are set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=os.environ | _NO_TELEMETRY | dict(extra or {}))
        failure, usage = _watch(process, most_mb, started + most_s)
    wall_s, peak_mb = time.monotonic() - started, usage.ru_maxrss / 1024
    if failure is not None:
        return Training({}, wall_s, peak_mb, failure)
    said = json.loads((folder / "out.txt").read_text().splitlines()[-1])
    return Training(said, wall_s, peak_mb, said.get("error"))


def _watch(process: "subprocess.Popen[bytes]", most_mb: float, until: float) -> tuple[str | None, Any]:
    failure = None
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return failure or (f"exit code {process.returncode}" if process.returncode else None), usage
        if failure is None:
            failure = _over(process.pid, most_mb, until)
            if failure is not None:
                process.kill()
        time.sleep(_LOOK_EVERY_S)


def _over(pid: int, most_mb: float, until: float) -> str | None:
    if (rss_mb(pid) or 0.0) > most_mb:
        return f"ended at {most_mb / 1000:.0f} GB of memory"
    return "ended, out of time" if time.monotonic() > until else None


def rss_mb(pid: int) -> float | None:
    """Resident set of a process now; None if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), None)


class Judge:
    """A process that judges one image at a time and waits in between, so that several can be asked in turn.

    It says `{"batch": n}` once it is ready, and answers each line `{"image": path, "map": path or null}` with
    `{"ms": from the file's bytes to the score, "score": …}`.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._errors = (folder / "judge.txt").open("wb")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=folder,
            env=os.environ | _NO_TELEMETRY | {"PYTHONPATH": str(Path.cwd())},
        )
        self._asked, self._said = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        self.batch = int(self._answer()["batch"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._asked.close()
        self._process.wait(30)
        self._errors.close()

    def ask(self, image: Path, amap: Path | None) -> tuple[float, float]:
        """Milliseconds and score; the map is written where it is asked for."""
        line = json.dumps({"image": str(image), "map": None if amap is None else str(amap)})
        self._asked.write(line + "\n")
        self._asked.flush()
        answer = self._answer()
        return answer["ms"], answer["score"]

    def rss_mb(self) -> float:
        """Memory now, in which everything has been used."""
        return rss_mb(self._process.pid) or 0.0

    def _answer(self) -> dict[str, Any]:
        while line := self._said.readline():
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        lines = Path(self._errors.name).read_text("utf-8", errors="replace").strip().splitlines()
        raise RuntimeError(f"it does not run: {lines[-1] if lines else 'no message'}")
