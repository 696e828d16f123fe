"""kill -9 of a station at random moments, with the plant up, down and slow; prints one JSON line at the end.

    PYTHONPATH=. .venv/bin/python bench/faults/kill.py --times 100

Counts verdicts that the line was told (the log output) and what the plant has: none may be missing, none twice.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

from edge.contract.link import IngestBatch, IngestReceipt
from tests.support.broker import free_port
from tests.support.edge_fakes import FakePlant, eventually
from tests.support.link_server import link_server
from tests.support.stations import StationFolder, station_process

CAMERA = {"kind": "folder", "folder": "frames", "loop": True, "rate_hz": 200.0}


class SlowPlant(FakePlant):
    """Takes its time while `slow`, longer than a station's life here."""

    slow = False

    def ingest(self, batch: IngestBatch) -> IngestReceipt:
        """Store, then answer late: the station dies without knowing."""
        receipt = super().ingest(batch)
        if self.slow:
            time.sleep(1.0)
        return receipt


@contextmanager
def plant_that_is(how: str, plant: SlowPlant, port: int) -> Iterator[None]:
    """The plant for one life of the station."""
    plant.slow = how == "slow"
    with nullcontext() if how == "down" else link_server(plant, port):
        yield


def main() -> int:
    """Kill, start again, kill; then let everything arrive, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw, plant, port = random.Random(options.seed), SlowPlant(), free_port()  # noqa: S311 - a repeatable draw
    with tempfile.TemporaryDirectory() as temporary:
        folder = StationFolder(Path(temporary))
        folder.add_frames(3)
        folder.add_frames(1, 255)
        link = {"url": f"http://127.0.0.1:{port}", "max_backoff_s": 0.2, "heartbeat_s": 0.1, "drain_s": 10.0}
        settings = folder.settings_file(camera=CAMERA, plant=link)
        for turn in range(options.times):
            before = folder.log.stat().st_size if folder.log.exists() else 0
            with plant_that_is(("up", "down", "slow")[turn % 3], plant, port), station_process(settings) as station:
                eventually(partial(_grown, folder.log, before))
                time.sleep(draw.uniform(0.0, 0.4))
                station.stop(signal.SIGKILL)
        with plant_that_is("up", plant, port), station_process(settings) as station:
            told = [r["id"] for r in folder.results()]
            eventually(lambda: set(told) <= set(plant.results))
            station.stop()
        return report(folder, plant, options.times)


def _grown(log: Path, since: int) -> bool:
    return log.exists() and log.stat().st_size > since


def report(folder: StationFolder, plant: SlowPlant, kills: int) -> int:
    """Print the counts; 0 if they are right."""
    told = [r["id"] for r in folder.results()]
    numbers = Counter(r.sequence for r in plant.results.values())
    counts = {
        "kills": kills,
        "told_to_the_line": len(told),
        "at_the_plant": len(plant.results),
        "missing_at_the_plant": len(set(told) - set(plant.results)),
        "told_twice": len(told) - len(set(told)),
        "sequence_numbers_given_twice": sum(n > 1 for n in numbers.values()),
        "repeated_arrivals_recognised": len(plant.arrivals) - len(plant.results),
    }
    print(json.dumps(counts))
    return int(counts["missing_at_the_plant"] > 0 or counts["told_twice"] > 0)


if __name__ == "__main__":
    sys.exit(main())
