"""1,000 swaps of the bundle under load: no frame lost, no growth of memory. Prints one JSON line.

    PYTHONPATH=. .venv/bin/python bench/swaps.py --swaps 1000 [--bundle A.bundle --bundle B.bundle --trust KEY]

Two tiny bundles without the options. A simulated line delivers parts meanwhile.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from edge.bundle import load_detector
from edge.contract.local_key import trust_from
from edge.contract.signature import TrustedKeys
from edge.inference import InferenceSettings
from edge.station.station import Station
from tests.support.stations import StationFolder
from tests.support.tiny_bundle import write_tiny_bundle


def main() -> int:
    """Swap back and forth; count, and compare the memory after a tenth with that at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--swaps", type=int, default=1000)
    parser.add_argument("--bundle", type=Path, action="append", default=[])
    parser.add_argument("--trust")
    parser.add_argument("--rate-hz", type=float, default=50.0)
    parser.add_argument("--size-px", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = StationFolder(Path(temporary))
        bundles = options.bundle or tiny_bundles(folder)
        trusted = TrustedKeys((folder.key.public_text,)) if options.trust is None else trust_from(options.trust)
        detectors = [load_detector(path, trusted, InferenceSettings()) for path in bundles]
        camera = {"kind": "simulated", "rate_hz": options.rate_hz, "size_px": options.size_px}
        settings = folder.settings(
            camera=camera, outputs=[], bundle=str(bundles[0]), recipe=detectors[0].manifest.recipe, deadline_ms=1000.0,
            spool={"max_mb": 8.0},
        )  # fmt: skip
        return run(Station(settings, trusted), list(zip(bundles, detectors, strict=True)), options.swaps)


def tiny_bundles(folder: StationFolder) -> list[Path]:
    """Two that differ in their threshold."""
    other = folder.path / "other.bundle"
    write_tiny_bundle(other, folder.key, threshold=1.5)
    return [folder.bundle, other]


def run(station: Station, bundles: list, swaps: int) -> int:
    """Swap under load, and print what came of it."""
    station.start()
    copy, memory, took = station.settings.state_dir / "incoming.bundle", [], []
    for turn in range(1, swaps + 1):
        path, detector = bundles[turn % 2]
        shutil.copy(path, copy)
        started = time.perf_counter()
        station.bundles.accept(copy, detector.bundle_id)
        took.append(1000 * (time.perf_counter() - started))
        if turn % max(1, swaps // 10) == 0:
            memory.append(round(rss_mb(), 1))
    ledger = station.status().ledger
    station.stop()
    growth = memory[-1] / memory[0] - 1
    print(
        json.dumps(
            {
                "swaps": swaps, "triggers": ledger.triggers, "verdicts": ledger.verdicts, "drops": ledger.drops,
                "timeouts": ledger.timeouts, "rss_mb": memory, "growth": round(growth, 4),
                "load_and_swap_ms_median": round(sorted(took)[len(took) // 2], 1),
            }
        )
    )  # fmt: skip
    return int(ledger.drops + ledger.timeouts > 0)


def rss_mb() -> float:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    sys.exit(main())
