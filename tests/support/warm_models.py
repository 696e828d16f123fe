"""The stand-in for `python -m models` out of a process that has loaded it, forked for each call.

To load it takes most of its time, and jobs give way to everything else on the machine. What runs is `fake_models` all
the same; the plant starts, reads and ends a process of its own for it, `warm_models_call`, that hands its streams over.
"""

import atexit
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path

from tests.support import fake_models, tiny_bundle

__all__ = ["warm_models"]

_CALL = Path(__file__).with_name("warm_models_call.py")


@cache
def warm_models() -> tuple[str, ...]:
    """The program that a plant starts; the process behind it ends with this one."""
    address = Path(tempfile.mkdtemp(prefix="inspection-warm-")) / "socket"
    server = subprocess.Popen([sys.executable, "-m", __spec__.name, str(address)], stdin=subprocess.PIPE)
    atexit.register(server.communicate)
    return (sys.executable, "-I", "-S", str(_CALL), str(address))


def _serve(address: str) -> None:
    """Fork for each caller until the standard input ends, which is when the process that holds it does, however."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes the dead away
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{address}.new")
        listener.listen(16)
        os.rename(f"{address}.new", address)  # noqa: PTH104 - whoever sees it can connect
        while select.select([listener, sys.stdin], [], [])[0] == [listener]:
            caller, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(caller)
            caller.close()
    shutil.rmtree(Path(address).parent)


def _end_with(caller: socket.socket) -> None:
    caller.recv(1)
    os._exit(0)


def _answer(caller: socket.socket) -> None:
    """In the child: what was asked, with the caller's streams, folder and environment; gone when the caller is."""
    asked, streams, _, _ = socket.recv_fds(caller, 1 << 20, 2)
    told = json.loads(asked)
    for stream, number in zip(streams, (1, 2), strict=True):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.update(told["environment"])
    os.chdir(told["folder"])
    threading.Thread(target=_end_with, args=(caller,), daemon=True).start()
    code = 3
    try:
        code = fake_models.main(told["arguments"])
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 3
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
            caller.sendall(bytes([code]))
        os._exit(0)


if __name__ == "__main__":
    assert tiny_bundle  # loaded before the first call
    _serve(sys.argv[1])
