"""A plant as a process that dies by kill -9 in the middle of a change: `python -m tests.support.doomed_plant`.

Of each is told the folder of `tests.support.plants.new_plant`, when to die, and more settings. It dies right after a
statement that begins so has run, and before it is committed; for `committed: …` right after the transaction of that
statement was committed, and before anybody is told; for `os.rename …` or `os.remove …` right before a file whose path
has this in it is renamed or removed.

The processes are forks of one that has loaded the service, for to load it takes most of their time. It reads what each
shall be, line by line, and says its number, its address once it serves, and how it ended.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.support.live_plants import live_plant
from tests.support.plants import migrated_tables
from tests.support.warm_models import warm_models

__all__ = ["Doomed", "doomed_plant"]

_COMMITTED = "committed: "
_ENDED = "ended "


class Doomed:
    """Such a process."""

    def __init__(self, said: IO[str]) -> None:
        self._said = said
        self._number = int(said.readline())
        self._ended: int | None = None

    def address(self) -> str:
        """Where it serves, once it does."""
        return self._said.readline().strip()

    def wait(self) -> int:
        """Its end; returns the exit code, as of `subprocess`. Bounded by the test's timeout."""
        while self._ended is None:
            line = self._said.readline()
            if line.startswith(_ENDED):
                self._ended = int(line.removeprefix(_ENDED))
        return self._ended

    def kill(self) -> None:
        """End it, if it has not ended."""
        if self._ended is None:
            with suppress(ProcessLookupError):
                os.kill(self._number, signal.SIGKILL)


@contextmanager
def doomed_plant(folder: Path, when: str, where: dict[str, Any]) -> Iterator[Doomed]:
    """Such a process, with these settings of the database; whatever happens, it is gone at the end."""
    loaded = _loaded()
    assert loaded.stdin is not None
    assert loaded.stdout is not None
    loaded.stdin.write(json.dumps([str(folder), when, where], default=str) + "\n")
    loaded.stdin.flush()
    doomed = Doomed(loaded.stdout)
    try:
        yield doomed
    finally:
        doomed.kill()
        doomed.wait()


@cache
def _loaded() -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", __name__]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(process.communicate)
    return process


def main() -> None:
    """Fork for each line until the standard input ends."""
    warm_models()  # once for all of them, as are the tables
    migrated_tables()
    for line in sys.stdin:
        number = os.fork()
        if number == 0:
            _serve(*json.loads(line))
        _, status = os.waitpid(number, 0)
        _say(f"{_ENDED}{os.waitstatus_to_exitcode(status)}")


def _serve(folder: str, when: str, changes: dict[str, Any]) -> NoReturn:
    """Serve until doomed; the statement may already come while the database is opened."""
    try:
        _say(str(os.getpid()))
        if when.startswith("os."):
            _die_before(*when.split(" "))
        elif when.startswith(_COMMITTED):
            _die_committed(when.removeprefix(_COMMITTED))
        else:
            event.listen(Engine, "after_cursor_execute", lambda *happened: _die_if(happened[2].startswith(when)))
        with live_plant(Path(folder), **changes) as address:
            _say(address)
            while True:
                time.sleep(1)
    finally:
        os._exit(1)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _die_if(so: object) -> None:
    if so:
        os.kill(os.getpid(), signal.SIGKILL)


def _die_before(what: str, path: str) -> None:
    sys.addaudithook(lambda name, arguments: _die_if(name == what and path in str(arguments[0])))


def _die_committed(statement: str) -> None:
    seen: list[str] = []

    def note(*happened: Any) -> None:
        if happened[2].startswith(statement):
            seen.append(happened[2])

    event.listen(Engine, "after_cursor_execute", note)
    event.listen(Session, "after_commit", lambda _: _die_if(seen))


if __name__ == "__main__":
    main()
