"""A plant as a process that dies by kill -9 in the middle of a change: `python -m tests.support.doomed_plant`.

Arguments: the folder of `tests.support.plants.new_plant`, when to die, and more settings as JSON. It dies right after a
statement that begins so has run, and before it is committed; for `committed: …` right after the transaction of that
statement was committed, and before anybody is told; for `os.rename …` or `os.remove …` right before a file whose path
has this in it is renamed or removed. Prints its address once it serves.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.support.live_plants import live_plant

__all__ = ["address_of", "doomed_plant"]

_COMMITTED = "committed: "


@contextmanager
def doomed_plant(folder: Path, when: str, where: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """Such a process, with these settings of the database; whatever happens, it is gone at the end."""
    argv = [sys.executable, "-m", __name__, str(folder), when, json.dumps(where, default=str)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def address_of(process: subprocess.Popen[str]) -> str:
    """Its address, once it serves."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def main() -> None:
    """Serve until doomed; the statement may already come while the database is opened."""
    folder, when, changes = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
    if when.startswith("os."):
        _die_before(*when.split(" "))
    elif when.startswith(_COMMITTED):
        _die_committed(when.removeprefix(_COMMITTED))
    else:
        event.listen(Engine, "after_cursor_execute", lambda *happened: _die_if(happened[2].startswith(when)))
    with live_plant(folder, **changes) as address:
        sys.stdout.write(address + "\n")
        sys.stdout.flush()
        while True:
            time.sleep(1)


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
