"""Real stations for tests: a folder with a signed tiny bundle, frames and a settings file; and station processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from edge.contract.signature import SigningKey
from edge.station.settings import StationSettings, load_station_settings
from tests.support.edge_fakes import eventually, png
from tests.support.plain_http import NO_CERTIFICATES
from tests.support.tiny_bundle import write_tiny_bundle

ROOT = Path(__file__).parents[2]


class StationFolder:
    """Everything that a station needs on disk.

    Attributes:
        key: signs the bundle; the station trusts it.
        bundle: path of the bundle that the settings name.
        bundle_id: its id.
        frames: folder of the camera; empty at first.
        log: where each result is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key = SigningKey.load_or_create(path / "key.pem")
        self.bundle = path / "first.bundle"
        self.bundle_id = write_tiny_bundle(self.bundle, self.key)
        self.frames = path / "frames"
        self.frames.mkdir()
        self.log = path / "results.jsonl"

    def add_frames(self, count: int, value: int = 128) -> None:
        """Add good parts, or bad ones with another value."""
        for index in range(count):
            self.add_frame(f"{value}-{index:03}", value)

    def add_frame(self, name: str, value: int) -> None:
        """Add one part of that name."""
        (self.frames / f"{name}.png").write_bytes(png(value))

    def settings_file(self, **changes: Any) -> Path:
        """Write a settings file; a changed key of None is left out."""
        values: dict[str, Any] = {
            "station": "s1",
            "recipe": "part",
            "state_dir": "state",
            "bundle": self.bundle.name,
            "trusted_keys": [self.key.public_text],
            "deadline_ms": 5000.0,
            "inbox_size": 64,
            "camera": {"kind": "push"},
            "outputs": [{"kind": "log", "path": self.log.name}],
            **changes,
        }
        path = self.path / "station.toml"
        path.write_text(to_toml({k: v for k, v in values.items() if v is not None}), "utf-8")
        return path

    def settings(self, **changes: Any) -> StationSettings:
        """The same, loaded."""
        return load_station_settings(self.settings_file(**changes))

    def results(self) -> list[dict[str, Any]]:
        """What the log output holds so far."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.endswith("}")]


def to_toml(values: Mapping[str, Any]) -> str:
    """Settings as TOML: tables and lists in one line."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(str(value) if isinstance(value, Path) else value)


def rights_of(user: int) -> tuple[str, dict[str, Any]]:
    """An interpreter that this user may run, and the arguments with which `Popen` becomes that user.

    An interpreter below root's home is closed to others; Debian's of the same version takes our packages as well.

    Raises:
        PermissionError: neither will do.
    """
    packages = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    rights = {"user": user, "group": user, "extra_groups": (), "env": {**os.environ, "PYTHONPATH": packages}}
    for executable in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        with suppress(PermissionError, FileNotFoundError):
            subprocess.run([executable, "-c", "import onnxruntime"], check=True, **rights)
            return executable, rights
    raise PermissionError(f"{sys.executable} is closed to user {user}, and Debian has no other")


@contextmanager
def heeding_hang_ups() -> Iterator[None]:
    """Children end with their terminal, as they do unless somebody started these tests below nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


class RunningStation:
    """A station process.

    Attributes:
        process: the process.
        log: its standard error, complete after its end.
    """

    def __init__(
        self, settings: Path, python: tuple[str, ...], options: tuple[str, ...] = (), user: int | None = None
    ) -> None:
        self.stderr = settings.with_suffix(".stderr")
        executable, rights = (sys.executable, {}) if user is None else rights_of(user)
        with self.stderr.open("wb") as file:
            self.process = subprocess.Popen(
                [executable, *python, "-m", "edge", "run", settings, *options], cwd=ROOT, stderr=file, **rights
            )

    @property
    def log(self) -> str:
        """What it wrote to standard error."""
        return self.stderr.read_text("utf-8")

    def url(self) -> str:
        """Address of its API, once it answers."""
        eventually(lambda: "API on " in self.log or self.process.poll() is not None)
        assert self.process.poll() is None, self.log
        url = self.log.split("API on ")[1].split()[0]
        eventually(lambda: httpx.get(f"{url}/healthz", trust_env=False, verify=NO_CERTIFICATES).is_success)
        return url

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        return httpx.get(f"{self.url()}/v1/status", trust_env=False, verify=NO_CERTIFICATES, timeout=20).json()

    def waiting(self) -> int:
        """Results that are not at the plant yet, those that the plant refused too."""
        status = self.status()
        return status["spool"]["results"] + status["spool"]["quarantined"] + status["spool_writer"]["backlog"]

    def rss_mb(self) -> float:
        """Memory that it holds now."""
        text = Path(f"/proc/{self.process.pid}/statm").read_text("ascii")
        return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def station_process(
    settings: Path, python: tuple[str, ...] = (), options: tuple[str, ...] = (), user: int | None = None
) -> Iterator[RunningStation]:
    """Start a station, as the user of that number if one is given; whatever happens, it is gone at the end."""
    running = RunningStation(settings, python, options, user)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()
