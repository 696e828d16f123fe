"""What a challenger beside the champion costs the verdicts of a station; prints JSON lines.

    PYTHONPATH=. .venv/bin/python bench/shadow.py CHAMPION CHALLENGER --image GOOD.png [--trust KEY] [--rounds 5]

A whole station, without its API, is given frames at a fixed rate; in turn the challenger judges beside or does not.
For each rate: frame to verdict without and with it, the ratios of median and 99th percentile, and how many parts the
challenger found time for.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from edge.clock import SystemClock
from edge.contract.archive import open_sealed
from edge.contract.frame import Frame, Pixels
from edge.contract.local_key import trust_from
from edge.contract.result import InspectionResult
from edge.preprocess import decode
from edge.station.station import Station
from tests.support.stations import StationFolder

CLOCK = SystemClock()
_WARM_UP_S = 2.0


def main() -> int:
    """Measure at each rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("champion", type=Path)
    parser.add_argument("challenger", type=Path)
    parser.add_argument("--image", type=Path, required=True, help="a good part")
    parser.add_argument("--trust")
    parser.add_argument("--rates-hz", type=float, nargs="+", default=[10, 30, 50], help="of the one camera")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn")
    options = parser.parse_args()
    trusted = trust_from(options.trust)
    champion, challenger = (open_sealed(path, trusted) for path in (options.champion, options.challenger))
    with tempfile.TemporaryDirectory() as temporary:
        settings = StationFolder(Path(temporary)).settings(
            bundle=str(options.champion.resolve()), recipe=champion.manifest.recipe, trusted_keys=list(trusted.texts),
            outputs=[], spool={"max_mb": 8.0},
        )  # fmt: skip
        told: list[InspectionResult] = []
        station = Station(settings, trusted, observers=[told.append])
        station.start()
        pixels = decode(options.image.read_bytes())
        for rate_hz in options.rates_hz:
            turns: dict[bool, list[InspectionResult]] = {False: [], True: []}
            _feed(station, pixels, rate_hz, _WARM_UP_S)
            for _ in range(options.rounds):
                for beside in (False, True):
                    if beside:
                        station.shadow.accept(options.challenger, challenger.id)
                    else:
                        station.shadow.drop()
                    told.clear()
                    _feed(station, pixels, rate_hz, options.seconds)
                    turns[beside] += told
            print(json.dumps({"rate_hz": rate_hz} | _compared(turns[False], turns[True])), flush=True)
        station.stop()
    return 0


def _feed(station: Station, pixels: Pixels, rate_hz: float, seconds: float) -> None:
    """Parts at a fixed rate, and the time to settle and store the last one."""
    start = due = time.perf_counter()
    while due < start + seconds:
        time.sleep(max(0.0, due - time.perf_counter()))
        station.submit(Frame(pixels, f"{due}", "push", CLOCK.utc(), CLOCK.now_us()))
        due += 1 / rate_hz
    time.sleep(0.3)


def _compared(alone: list[InspectionResult], beside: list[InspectionResult]) -> dict[str, object]:
    p50, p99 = _percentiles(alone)
    p50_beside, p99_beside = _percentiles(beside)
    judged = sum(result.shadow is not None for result in beside)
    return {
        "alone_ms": [round(p50, 2), round(p99, 2)],
        "beside_ms": [round(p50_beside, 2), round(p99_beside, 2)],
        "ratio": [round(p50_beside / p50, 3), round(p99_beside / p99, 3)],
        "parts": [len(alone), len(beside)],
        "judged_beside": round(judged / len(beside), 3),
    }


def _percentiles(results: list[InspectionResult]) -> tuple[float, float]:
    p50, p99 = np.percentile([result.frame_to_verdict_ms or 0.0 for result in results], [50, 99])
    return float(p50), float(p99)


if __name__ == "__main__":
    sys.exit(main())
