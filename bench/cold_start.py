"""From the start of a station process to its first verdict, and the memory that it then holds; prints one JSON line.

PYTHONPATH=. .venv/bin/python bench/cold_start.py BUNDLE [--times 5]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from edge.bundle import load_detector
from edge.contract.local_key import trust_from
from edge.inference import InferenceSettings
from tests.support.edge_fakes import png
from tests.support.stations import StationFolder, station_process


def main() -> int:
    """Start, judge one part, stop; again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--trust")
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    trusted = trust_from(options.trust)
    spec = load_detector(options.bundle, trusted, InferenceSettings()).manifest
    size = (spec.preprocess.frame_height_px or 512, spec.preprocess.frame_width_px or 512)
    took, memory = [], []
    for _ in range(options.times):
        with tempfile.TemporaryDirectory() as temporary:
            folder = StationFolder(Path(temporary))
            (folder.frames / "1.png").write_bytes(png(128, size))
            settings = folder.settings_file(
                bundle=str(options.bundle.resolve()), recipe=spec.recipe, trusted_keys=list(trusted.texts),
                camera={"kind": "folder", "folder": "frames", "rate_hz": 100.0}, api={"port": 0},
            )  # fmt: skip
            start = time.perf_counter()
            with station_process(settings) as station:
                while not folder.results():
                    time.sleep(0.002)
                took.append(time.perf_counter() - start)
                httpx.get(f"{station.url()}/v1/status", trust_env=False)
                memory.append(station.rss_mb())
    print(json.dumps({"first_verdict_s": [round(s, 2) for s in took], "median_s": round(statistics.median(took), 2),
                      "rss_mb": round(max(memory))}))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
