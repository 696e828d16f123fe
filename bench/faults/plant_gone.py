"""A plant that is gone for long, and comes back; prints one JSON line at the end.

    PYTHONPATH=. .venv/bin/python bench/faults/plant_gone.py --parts 10800     # an hour of 3 parts a second, in short

The plant has the first tenth of the parts, then is gone until the last one is judged. The images of failed parts are
more than the spool may hold. The line must hear every verdict as before, the spool keep its limit, and every result
arrive once.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from tests.support.broker import free_port
from tests.support.edge_fakes import FakePlant, eventually, png
from tests.support.link_server import link_server
from tests.support.stations import StationFolder, station_process

_SPOOL_MB = 16.0
_FAILED_IN = 3  # one part in so many
_SIZE = (64, 64, 3)


def main() -> int:
    """Judge with the plant, without, let everything arrive, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=10_800)
    parser.add_argument("--rate", type=float, default=150.0, help="parts a second")
    options = parser.parse_args()
    plant, port = FakePlant(), free_port()
    with tempfile.TemporaryDirectory() as temporary:
        folder = StationFolder(Path(temporary))
        write_parts(folder, options.parts)
        link = {"url": f"http://127.0.0.1:{port}", "heartbeat_s": 0.5, "max_backoff_s": 2.0}
        settings = folder.settings_file(
            camera={"kind": "folder", "folder": "frames", "rate_hz": options.rate}, plant=link, api={"port": 0},
            deadline_ms=250.0, spool={"max_mb": _SPOOL_MB},
        )  # fmt: skip
        with station_process(settings) as station:
            with link_server(plant, port):
                eventually(lambda: len(plant.results) >= options.parts // 10)
            start, used_mb, memory_mb = time.monotonic(), [], []
            while len(folder.results()) < options.parts and station.process.poll() is None:
                used_mb.append(station.status()["spool"]["used_bytes"] / 2**20)
                memory_mb.append(station.rss_mb())
                time.sleep(0.5)
            gone_s, there, full = time.monotonic() - start, len(plant.results), station.status()
            with link_server(plant, port):
                while station.waiting() > 0:
                    time.sleep(0.2)
                ended = station.stop()
        spool_mb = sum(file.stat().st_size for file in (folder.path / "state").glob("spool.sqlite*")) / 2**20
        return report(
            folder, plant, {
                "gone_s": round(gone_s), "at_the_plant_before": there, "waiting_then": full["spool"]["results"],
                "spool_used_mb": round(max(used_mb), 1), "spool_limit_mb": _SPOOL_MB,
                "spool_files_mb": round(spool_mb, 1),
                "rss_mb": [round(memory_mb[0]), round(memory_mb[-1])], "images_given_up": full["images_given_up"],
                "waiting_in_memory": full["spool_writer"]["backlog"], "exit_code": ended,
            },
        )  # fmt: skip


def write_parts(folder: StationFolder, count: int) -> None:
    """Good ones, and failed ones of noise: no two images are the same, and none can be made small."""
    random, good = np.random.default_rng(0), png(128)
    for number in range(count):
        noise = None if number % _FAILED_IN else random.integers(0, 256, _SIZE, np.uint8)
        data = good if noise is None else cv2.imencode(".png", noise)[1].tobytes()
        (folder.frames / f"{number:06}.png").write_bytes(data)


def report(folder: StationFolder, plant: FakePlant, seen: dict) -> int:
    """Print the counts; 0 if they are right."""
    told = folder.results()
    before, during = told[: seen["at_the_plant_before"]], told[seen["at_the_plant_before"] :]
    ids = {r["id"] for r in told}
    wrong = {
        "missing_at_the_plant": len(ids - set(plant.results)),
        "never_told_to_the_line": len(set(plant.results) - ids),
        "sequence_numbers_twice": len(plant.results) - len({r.sequence for r in plant.results.values()}),
        "timeouts_and_drops": sum(r["outcome"] != "verdict" for r in told),
    }
    slow_ms = {
        f"p99_ms_{name}": round(float(np.percentile([latency_ms(r) for r in results], 99)), 2)
        for name, results in (("with_the_plant", before), ("without", during))
    }
    print(json.dumps({"told_to_the_line": len(told), **wrong, **seen, **slow_ms, "images": len(plant.images)}))
    too_large = seen["spool_used_mb"] > seen["spool_limit_mb"]
    return int(any(wrong.values()) or too_large or seen["exit_code"] != 0)


def latency_ms(result: dict) -> float:
    """Trigger to verdict."""
    return (result["times"]["verdict_us"] - result["times"]["trigger_us"]) / 1000


if __name__ == "__main__":
    sys.exit(main())
