"""What holds for every test."""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import models  # noqa: F401 - before any test imports torch: it sets how torch's threads wait
from tests.support.databases import end_servers
from tests.support.dependencies import PIP_AUDIT
from tests.support.postgres import programs
from tests.support.s3_server import PROGRAM as S3_SERVER

_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"
_RTSP = "apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
_PROGRAMS: dict[str, tuple[Callable[[], object], str]] = {
    "browser": (lambda: shutil.which("chromium"), "apt-get install chromium"),
    "broker": (lambda: shutil.which("mosquitto", path=_PATH), "apt-get install mosquitto"),
    "postgres": (programs, "apt-get install postgresql"),
    "rtsp": (lambda: list(Path("/usr/lib").glob("*/girepository-1.0/GstRtspServer-1.0.typelib")), _RTSP),
    "systemd": (lambda: shutil.which("systemd-analyze"), "apt-get install systemd"),
    "s3": (S3_SERVER.exists, "make setup"),
    "audit": (PIP_AUDIT.exists, "make audit"),
}
"""By marker: whether the program is there, and the command that brings it."""

_MEMORY, _ROOM = Path("/dev/shm"), 8 << 30


def pytest_configure() -> None:
    """Keep temporary files in memory where there is room: what a store promises to keep is waited for on a disk."""
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and _has_room(os.statvfs(_MEMORY)):
        os.environ["TMPDIR"] = str(_MEMORY)  # of all processes that are started, too
        tempfile.tempdir = None


def _has_room(memory: os.statvfs_result) -> bool:
    return memory.f_bavail * memory.f_frsize > _ROOM and not memory.f_flag & os.ST_NOEXEC


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """A command that a test calls sets up the process's logging; the next test shall not notice."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for handler in root.handlers[:]:
        if type(handler) is logging.StreamHandler:
            root.removeHandler(handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what lacks its program, with the line that installs it; in CI nothing may be missing."""
    for marker, (found, command) in _PROGRAMS.items():
        if item.get_closest_marker(marker) is None or found():
            continue
        message = f"needs {command}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def pytest_sessionfinish() -> None:
    """Nothing that a test started lives longer."""
    end_servers()
