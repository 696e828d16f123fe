"""A real Mosquitto on a free port, with or without TLS and a password."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.edge_fakes import eventually

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def mosquitto(folder: Path, port: int, *lines: str) -> Iterator[None]:
    """A broker that forgets everything at its end; `lines` are more of its configuration."""
    folder.mkdir(exist_ok=True)
    config = folder / "mosquitto.conf"
    who = () if any(line.startswith("password_file") for line in lines) else ("allow_anonymous true",)
    config.write_text("\n".join([f"listener {port} 127.0.0.1", "user root", *who, *lines]) + "\n")
    with (folder / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([str(MOSQUITTO), "-c", config], stdout=log, stderr=log)
    try:
        eventually(lambda: answers(port))
        yield
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
