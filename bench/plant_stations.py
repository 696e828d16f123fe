"""Many stations at one plant, each with its real spool, uploader and heartbeat; every result must arrive exactly once.

    PYTHONPATH=. .venv/bin/python bench/plant_stations.py [--stations 200] [--seconds 600] [--every 2] [--heartbeat 2]

The plant is a process of its own on SQLite, all stations share this one: two threads each and no camera, a result every
few seconds. At the end nothing is made any more, the spools run empty, and the plant's rows are compared with what was
made. Prints one JSON line; exit 1 if a result is missing, double or foreign.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
from sqlalchemy import select

from edge.backoff import Backoff
from edge.clock import SystemClock
from edge.contract.link import Heartbeat
from edge.contract.result import Verdict
from edge.plant.client import HttpPlantClient
from edge.plant.heartbeat import HeartbeatLink
from edge.plant.settings import PlantSettings
from edge.plant.uploader import Uploader
from edge.spool.store import Record, Spool
from inspection.clock import utc_now
from inspection.store.database import Database
from inspection.store.tables import ResultRow
from tests.support.plants import ADMIN_PASSWORD, a_heartbeat, a_result

READY_S = 60
DRAIN_S = 300


class NoBundles:
    """A station that judges without a bundle: the plant has none for it."""

    running_id: str | None = None

    def accept(self, path: Path, expected_id: str) -> None:
        """Nothing comes."""

    def refuse(self, reason: str | None) -> None:
        """Nothing to complain about."""

    def drop(self) -> None:
        """Nothing judges beside."""


@dataclass
class Station:
    """One station of the crowd."""

    name: str
    spool: Spool
    uploader: Uploader
    link: HeartbeatLink
    made: list[str] = field(default_factory=list)

    def judge(self) -> None:
        """One part more, into the spool."""
        number = len(self.made) + 1
        verdict = Verdict.FAIL if number % 20 == 0 else Verdict.PASS
        result = a_result(verdict, station=self.name, sequence=number, part_id=f"P-{number}", captured_at=utc_now())
        self.spool.append([Record(result)])
        self.made.append(result.id)

    def stop(self) -> None:
        """End both threads."""
        for worker in (self.uploader.worker, self.link.worker):
            worker.stopping.set()
        self.uploader.wake()


def main() -> int:
    """Start all, judge, drain, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--every", type=float, default=2, help="seconds between two parts of a station")
    parser.add_argument("--heartbeat", type=float, default=2, help="seconds between two heartbeats of a station")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url = stack.enter_context(_Served(folder)).url
        stations = [
            _station(folder, station, PlantSettings(url=url, api_key=key, heartbeat_s=options.heartbeat, timeout_s=60))
            for station, key in _keys(url, options.stations)
        ]
        for station in stations:
            station.uploader.worker.start()
            station.link.worker.start()
        behind_s = work(stations, options.seconds, options.every)
        drained_s = drain(stations)
        for station in stations:
            station.stop()
        return report(folder, stations, {"late_at_most_s": round(behind_s, 1), "drained_s": round(drained_s, 1)})


def work(stations: list[Station], seconds: float, every: float) -> float:
    """Let each station judge in its turn; how far this process was behind its own clock at most."""
    began, done, behind = time.monotonic(), 0, 0.0
    step = every / len(stations)
    while done * step < seconds:
        ahead = began + done * step - time.monotonic()
        behind = max(behind, -ahead)
        if ahead > 0:
            time.sleep(ahead)
        stations[done % len(stations)].judge()
        done += 1
    return behind


def drain(stations: list[Station]) -> float:
    """Wait until nothing lies in a spool; how long that took."""
    began = time.monotonic()
    while any(station.spool.counts().results for station in stations) and time.monotonic() - began < DRAIN_S:
        time.sleep(0.2)
    return time.monotonic() - began


def report(folder: Path, stations: list[Station], more: dict[str, float]) -> int:
    """Compare what the plant has with what was made."""
    made = {(station.name, id_) for station in stations for id_ in station.made}
    database = Database(folder / "data" / "plant.sqlite3", make=False)
    with database.read() as session:
        stored = [(station, id_) for station, id_ in session.execute(select(ResultRow.station, ResultRow.id))]
    database.close()
    wrong = {
        "missing": len(made - set(stored)),
        "foreign": len(set(stored) - made),
        "double": len(stored) - len(set(stored)),
    }
    reachable = sum(station.link.status().reachable for station in stations)
    print(json.dumps({"stations": len(stations), "reachable": reachable, "results": len(made), **wrong, **more}))
    return 1 if any(wrong.values()) else 0


def _station(folder: Path, name: str, settings: PlantSettings) -> Station:
    key = None if settings.api_key is None else settings.api_key.get_secret_value()
    client = HttpPlantClient(settings, key)
    spool = Spool(folder / name / "spool.sqlite", 64)
    uploader = Uploader(client, spool, settings.batch_size, Backoff(0.5, settings.max_backoff_s))

    def describe() -> Heartbeat:
        return a_heartbeat(sent_at=utc_now())

    incoming = folder / name / "incoming"
    link = HeartbeatLink(client, describe, (NoBundles(), NoBundles()), incoming, SystemClock(), settings.heartbeat_s)
    return Station(name, spool, uploader, link)


def _keys(url: str, count: int) -> list[tuple[str, str]]:
    with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as admin:
        csrf = admin.post("/login", json={"name": "admin", "password": ADMIN_PASSWORD}).json()["csrf"]
        admin.headers["X-CSRF-Token"] = csrf
        admin.post("/recipes", json={"name": "part"}).raise_for_status()
        names = [f"line-{number}" for number in range(1, count + 1)]
        return [
            (name, admin.post("/stations", json={"name": name, "recipe": "part"}).json()["api_key"]) for name in names
        ]


class _Served:
    """The plant as a process."""

    def __init__(self, folder: Path, port: int = 8099) -> None:
        self.url = f"http://127.0.0.1:{port}"
        (folder / "secret").write_text(ADMIN_PASSWORD, "utf-8")
        self._settings = folder / "PLANT.toml"
        self._settings.write_text(f'port = {port}\ndata_dir = "data"\nadmin_password_file = "secret"\n', "utf-8")

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([sys.executable, "-m", "inspection", "serve", str(self._settings)])
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.url}/readyz").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return self
        raise SystemExit(f"{self.url}: expected a plant that is ready within {READY_S} s")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
