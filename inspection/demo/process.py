"""The plant service and the station as processes of their own, as in a real plant."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from edge.contract.errors import BadInput, InspectionError

__all__ = ["ChildProcess", "free_port"]

_STOP_S = 40.0
_SHOWN_LINES = 15
_BAD_INPUT = 2


class ChildProcess:
    """A process of this package with its log in a file; stopped in order, never left behind."""

    def __init__(self, name: str, module: str, arguments: list[str], log: Path) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as output:
            # A session of its own: Ctrl-C reaches the demo alone, which then stops its children in order.
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether it is still there."""
        return self._process.poll() is None

    def check(self) -> None:
        """Return if it runs.

        Raises:
            BadInput: it refused its input (a port that is taken, say).
            InspectionError: it broke; the end of its log is in the message.
        """
        code = self._process.poll()
        if code is None:
            return
        lines = self.log_lines()
        if code == _BAD_INPUT:
            raise BadInput(f"{self.name}: {lines[-1].removeprefix('error: ') if lines else 'refused to start'}")
        shown = "\n".join(lines[-_SHOWN_LINES:])
        raise InspectionError(f"{self.name} ended with exit code {code}; {self._log}:\n{shown}")

    def log_lines(self) -> list[str]:
        """What it has logged so far."""
        return self._log.read_text("utf-8", "replace").splitlines()

    def stop(self) -> None:
        """Ask it to stop and wait; kill it if it does not."""
        if not self.running:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def free_port() -> int:
    """A TCP port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
