"""A disk that is full while the plant is down, then is not, then the plant comes back; prints one JSON line.

    PYTHONPATH=. .venv/bin/python bench/faults/disk_full.py      # as root: it mounts a small file system in memory

Verdicts must go on, no result may be missing at the plant or be there twice; images are given up, and counted.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.support.broker import free_port
from tests.support.edge_fakes import FakePlant, eventually
from tests.support.link_server import link_server
from tests.support.stations import StationFolder, station_process

_DISK_MB, _FULL_FOR_S = 8, 8.0


def main() -> int:
    """Fill, wait, free, count."""
    plant, port = FakePlant(), free_port()
    with tempfile.TemporaryDirectory() as temporary:
        folder = StationFolder(Path(temporary))
        folder.add_frames(2)
        folder.add_frames(2, 255)
        disk = folder.path / "state"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "tmpfs", disk], check=True)  # noqa: S607
        try:
            return run(folder, disk / "ballast", plant, port)
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)  # noqa: S607


def run(folder: StationFolder, ballast: Path, plant: FakePlant, port: int) -> int:
    """One station through it all."""
    camera = {"kind": "folder", "folder": "frames", "loop": True, "rate_hz": 50.0}
    link = {"url": f"http://127.0.0.1:{port}", "max_backoff_s": 0.2, "heartbeat_s": 0.2, "drain_s": 10.0}
    settings = folder.settings_file(camera=camera, plant=link, api={"port": 0})
    with station_process(settings) as station:
        url = station.url()
        eventually(lambda: len(folder.results()) > 10)
        fill(ballast)
        before = len(folder.results())
        eventually(lambda: status(url)["spool_writer"]["full"] or status(url)["spool_writer"]["backlog"] > 200)
        time.sleep(_FULL_FOR_S)
        during, full = len(folder.results()) - before, status(url)
        ballast.unlink()
        with link_server(plant, port):
            eventually(lambda: status(url)["spool_writer"]["backlog"] < 50)
            ended = station.stop()
            eventually(lambda: {r["id"] for r in folder.results()} <= set(plant.results))
    told = [r["id"] for r in folder.results()]
    counts = {
        "verdicts_while_full": during, "waiting_in_memory": full["spool_writer"]["backlog"],
        "images_given_up": full["images_given_up"], "told": len(told),
        "missing_at_the_plant": len(set(told) - set(plant.results)), "told_twice": len(told) - len(set(told)),
        "exit_code": ended, "thread_faults": sum(t["faults"] for t in full["threads"]),
    }  # fmt: skip
    print(json.dumps(counts))
    return int(counts["missing_at_the_plant"] > 0 or counts["told_twice"] > 0 or during == 0)


def fill(ballast: Path) -> None:
    """Until nothing fits any more."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def status(url: str) -> dict:
    """The station's own."""
    return httpx.get(f"{url}/v1/status", trust_env=False, timeout=20).json()


if __name__ == "__main__":
    sys.exit(main())
