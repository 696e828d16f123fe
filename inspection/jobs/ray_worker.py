"""What a worker of the cluster does: unpack, run the same command by the same runner, send lines and files back."""

import os
import queue
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.contract.errors import JobCancelled, JobFailed
from edge.contract.signature import SigningKey
from inspection.jobs.command import Command
from inspection.jobs.parcel import pack, unpack
from inspection.jobs.ray_order import RayOrder
from inspection.jobs.runner import Finished, JobLimits, LocalJobRunner

__all__ = ["Done", "Lines", "Piece", "work"]

_PREFIX = "inspection-job-"
_TELL_EVERY_S = 0.5


@dataclass(frozen=True)
class Lines:
    """Lines of stderr, as they came."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """A part of the parcel with what the command wrote."""

    data: bytes


@dataclass(frozen=True)
class Done:
    """The end; comes last.

    Attributes:
        signed_by: public key of what was written; None if the command signs nothing.
    """

    exit_code: int
    last_line: str
    signed_by: str | None


def work(order: RayOrder, pieces: Iterable[bytes]) -> Iterator[Lines | Piece | Done]:
    """Run one order in a folder of its own, which is gone afterwards."""
    _sweep()
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as name:
        folder = Path(name)
        yield Lines((f"on worker {socket.gethostname()}, process {os.getpid()}",))
        unpack(pieces, folder)
        key = folder / "key.pem"
        signed_by = None if order.key is None else SigningKey.load_or_create(key).public_text
        writes = [folder / f"out-{number}" / path.name for number, path in enumerate(order.writes)]
        for path in writes:
            path.parent.mkdir()
        running = _Running(Command(_leashed(_argv(order, folder, writes, key))), folder, order.memory_mb)
        yield from running.lines()
        finished = running.finished()
        for data in pack(writes, folder):  # no `yield from`: ray sends, which only a generator takes
            yield Piece(data)
        yield Done(finished.exit_code, finished.last_line, signed_by)


def _argv(order: RayOrder, folder: Path, writes: Sequence[Path], key: Path) -> tuple[str, ...]:
    """The arguments with the paths of here."""
    here = {str(path): folder / str(number) / path.name for number, path in enumerate(order.reads)}
    here |= {str(path): out for path, out in zip(order.writes, writes, strict=True)}
    here |= {} if order.key is None else {str(order.key): key}

    def placed(argument: str) -> str:
        for there, path in here.items():
            if argument == there or argument.startswith(f"{there}/"):
                return f"{path}{argument[len(there) :]}"
        return argument

    program = sys.executable if order.argv[0] == order.program else order.argv[0]
    return (program, *map(placed, order.argv[1:]))


def _leashed(argv: tuple[str, ...]) -> tuple[str, ...]:
    return (sys.executable, "-m", "inspection.jobs.leash", str(os.getpid()), *argv)


class _Running:
    """The command in a thread, so that lines can be told while it runs."""

    def __init__(self, command: Command, folder: Path, memory_mb: int | None) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self._ended = threading.Event()
        self._result: Finished | Exception = JobFailed("the command was not run")
        self._given_up = threading.Event()
        runner = LocalJobRunner(JobLimits(memory_mb=memory_mb))  # cores are the cluster's to give

        def run() -> None:
            try:
                self._result = runner.run(command, folder, self._lines.put, self._given_up.is_set)
            except (JobFailed, JobCancelled, OSError) as error:
                self._result = error
            finally:
                self._ended.set()

        self._thread = threading.Thread(target=run, name="command", daemon=True)

    def lines(self) -> Iterator[Lines]:
        """Until it has ended; who stops asking, as a cancelled task does, ends it."""
        self._thread.start()
        try:
            while not self._ended.wait(_TELL_EVERY_S):
                yield from self._waiting()
            yield from self._waiting()
        finally:
            self._given_up.set()
            self._thread.join()

    def finished(self) -> Finished:
        """How it ended.

        Raises:
            JobFailed: it could not be started.
        """
        if isinstance(self._result, Exception):
            raise self._result
        return self._result

    def _waiting(self) -> Iterator[Lines]:
        lines = []
        while not self._lines.empty():
            lines.append(self._lines.get())
        if lines:
            yield Lines(tuple(lines))


def _sweep() -> None:
    """Remove folders of workers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
