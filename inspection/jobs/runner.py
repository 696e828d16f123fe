"""Running a job's process: its lines as they come, its end, and its end before time."""

import logging
import os
import resource
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from edge.contract.errors import JobCancelled, JobFailed
from inspection.jobs.command import Command

__all__ = ["Finished", "JobLimits", "JobRunner", "LocalJobRunner", "end_leftover"]

_LOG = logging.getLogger(__name__)
_POLL_S = 0.2
_GRACE_S = 5.0
_NICE = 19
_PID_FILE = "pid"


@dataclass(frozen=True)
class Finished:
    """A process that ended by itself.

    Attributes:
        last_line: last line that was not empty on stdout, where commands put their JSON.
    """

    exit_code: int
    last_line: str


class JobRunner(Protocol):
    """Runs one command to its end; several threads may call it, each for another job."""

    def run(
        self, command: Command, folder: Path, on_line: Callable[[str], None], cancelled: Callable[[], bool]
    ) -> Finished:
        """Start the command, hand over each line of stderr, and wait; what it wrote is where the command says.

        Args:
            command: program and arguments, and which of them are files.
            folder: of the job; a runner may keep files of its own there.
            on_line: called from another thread for each line of stderr.
            cancelled: asked a few times a second; true ends the process.

        Raises:
            JobCancelled: `cancelled` became true; the process and its children are gone.
            JobFailed: the program cannot be started at all.
        """
        ...


@dataclass(frozen=True)
class JobLimits:
    """What a job's process and its children may use; None is all there is.

    Attributes:
        cores: how many; the last ones of the machine, so that libraries start no more threads than that either.
        memory_mb: of private memory, for each process; one that asks for more fails, and nothing else on the machine.
    """

    cores: int | None = None
    memory_mb: int | None = None

    def apply(self, pid: int) -> None:
        """Limit a process that was just started; what it starts is limited as it is."""
        if self.cores is not None:
            os.sched_setaffinity(pid, sorted(os.sched_getaffinity(0))[-self.cores :])
        if self.memory_mb is not None:
            resource.prlimit(pid, resource.RLIMIT_DATA, (self.memory_mb << 20, self.memory_mb << 20))


class LocalJobRunner:
    """Runs commands on this machine, each in a process group of its own."""

    def __init__(self, limits: JobLimits | None = None) -> None:
        self._limits = limits or JobLimits()

    def run(
        self, command: Command, folder: Path, on_line: Callable[[str], None], cancelled: Callable[[], bool]
    ) -> Finished:
        """Start, read both streams, wait or end it."""
        process = _start(command.argv, self._limits)
        pid_file = folder / _PID_FILE
        last: list[str] = [""]
        readers = [_reader(process.stderr, on_line), _reader(process.stdout, lambda line: _keep(last, line))]
        try:
            pid_file.write_text(f"{process.pid}\n", "utf-8")
            _wait(process, cancelled)
        except BaseException:
            _end(process)
            raise
        finally:
            for reader in readers:
                reader.join()
            pid_file.unlink(missing_ok=True)
        return Finished(process.returncode, last[0])


def end_leftover(folder: Path) -> None:
    """End the process that a killed service left behind in this job's folder, if it still runs."""
    try:
        pid = int((folder / _PID_FILE).read_text("utf-8"))
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        if os.fsencode(folder) in arguments:  # the number may belong to another program by now
            os.killpg(pid, signal.SIGKILL)
    except (OSError, ValueError):
        return


def _start(argv: Sequence[str], limits: JobLimits) -> subprocess.Popen[str]:
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise JobFailed(f"{argv[0]}: cannot be started: {error}") from error
    # A training on the box that also inspects must leave the cores to the line.
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
        limits.apply(process.pid)
    return process


def _reader(stream: IO[str] | None, on_line: Callable[[str], None]) -> threading.Thread:
    def read() -> None:
        if stream is not None:
            with stream:
                for line in stream:
                    _tell(on_line, line.rstrip("\n"))

    thread = threading.Thread(target=read, name="job-reader", daemon=True)
    thread.start()
    return thread


def _tell(on_line: Callable[[str], None], line: str) -> None:
    """A line that cannot be kept, by a full disk or a database that is away, must not stop who wrote it."""
    try:
        on_line(line)
    except Exception:  # noqa: BLE001 - whatever the listener met
        _LOG.exception("a line of a job could not be kept: %s", line)


def _keep(last: list[str], line: str) -> None:
    if line.strip():
        last[0] = line


def _wait(process: subprocess.Popen[str], cancelled: Callable[[], bool]) -> None:
    while True:
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            if cancelled():
                raise JobCancelled("the job was cancelled") from None
        else:
            return


def _end(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
