"""A model on one picture, before anything runs it: judged as a station would, and nothing of it is kept."""

import json
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from edge.contract.errors import DataInvalid, JobFailed
from edge.contract.result import Verdict

__all__ = ["Trial", "TrialBench"]

_LONGEST_S = 60.0
_JUDGED = (0, 1)  # every part passed, or one did not
_BAD_INPUT = 2


@dataclass(frozen=True)
class Trial:
    """What a model says of a picture.

    Attributes:
        picture_png_base64: the picture with the map over it; None if it could not be judged.
    """

    verdict: Verdict
    score: float | None
    threshold: float | None
    defect_class: str | None
    reason: str | None
    session_run_ms: float | None
    picture_png_base64: str | None


class TrialBench:
    """Starts `python -m edge inspect`, one at a time: the plant itself loads no model.

    Args:
        trust: public keys with commas between, of which one has signed each bundle.
    """

    def __init__(self, trust: str) -> None:
        self._trust = trust
        self._lock = Lock()

    def judge(self, bundle: Path, picture: bytes) -> Trial:
        """Judge one image file.

        Raises:
            DataInvalid: the command refused its input; its words are in the message.
            JobFailed: it broke, or took longer than a minute.
        """
        with self._lock, TemporaryDirectory(prefix="trial-") as name:
            folder = Path(name)
            image = folder / "part"
            image.write_bytes(picture)
            told = self._run([str(bundle), str(image), "--overlay", str(folder), "--trust", self._trust])
            return _trial(told["results"][0])

    def _run(self, arguments: list[str]) -> dict[str, Any]:
        command = [sys.executable, "-m", "edge", "inspect", *arguments, "--json"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
        except subprocess.TimeoutExpired:
            raise JobFailed(f"trial: expected a verdict within {_LONGEST_S:.0f} s, none came") from None
        if done.returncode in _JUDGED:
            answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            return answer
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise (DataInvalid if done.returncode == _BAD_INPUT else JobFailed)(f"trial: {said}")


def _trial(told: dict[str, Any]) -> Trial:
    drawn = told.get("overlay")
    return Trial(
        verdict=Verdict(told["verdict"]),
        score=told.get("score"),
        threshold=told.get("threshold"),
        defect_class=told.get("defect_class"),
        reason=told.get("reason"),
        session_run_ms=told.get("session_run_ms"),
        picture_png_base64=None if drawn is None else b64encode(Path(drawn).read_bytes()).decode(),
    )
