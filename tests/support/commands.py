"""Commands as a user starts them: real processes with a home of their own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Finished", "run_command"]

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 280


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
    """Run `inspection ARGUMENTS…` to its end; `home` holds the user's signing key."""
    environment = {**os.environ, "HOME": str(home), "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [sys.executable, "-m", "inspection", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    return Finished(done.returncode, done.stdout, done.stderr)
