"""What holds for every test."""

import os
import shutil

import pytest

import models  # noqa: F401 - before any test imports torch: it sets how torch's threads wait

_PROGRAMS = {
    "browser": ("chromium", "apt-get install chromium"),
    "broker": ("mosquitto", "apt-get install mosquitto"),
}
"""System program by marker, and the line that installs it."""
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what lacks its program, with the line that installs it; in CI nothing may be missing."""
    for marker, (program, install) in _PROGRAMS.items():
        if item.get_closest_marker(marker) is None or shutil.which(program, path=_PATH) is not None:
            continue
        message = f"needs {program}: {install}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
