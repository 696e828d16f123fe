"""A station under load, as ratios of one run; prints one JSON line.

    PYTHONPATH=. .venv/bin/python bench/load.py BUNDLE [--image GOOD.png] [--trust KEY] [--threads 0] [--judges 2]

one:     one camera that delivers more than can be judged: verdicts a second, as a share of the bare session's rate
eight:   eight such cameras: verdicts a second as a share of one, and the slowest camera's share of its fair part
two:     two cameras at 70 % load together: frame to verdict, median, 99th percentile, and their ratio; beside it the
         same of the bare session that nothing waits for, right before and after: what the machine adds itself
stream:  a WebSocket client that sends raw frames to a station process: verdicts a second as a share of the bare session
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from threading import Event, Thread

import numpy as np
from websockets.sync.client import connect

from edge.bundle import load_detector
from edge.clock import SystemClock
from edge.contract.frame import Frame, Pixels
from edge.contract.local_key import trust_from
from edge.inference import Detector, InferenceSettings
from edge.preprocess import decode, preprocess
from edge.station.ledger import Ledger
from edge.station.line import Line, LineSettings, Settled
from edge.station.recipes import OneRecipe
from tests.support.stations import StationFolder, station_process

CLOCK = SystemClock()
_INBOX = 4


def main() -> int:
    """Measure each in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--trust")
    parser.add_argument("--image", type=Path, help="a good part; noise without it, which fails and has to be stored")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=0, help="of one inference")
    parser.add_argument("--judges", type=int, default=2, help="frames judged at once")
    options = parser.parse_args()
    trusted, settings = trust_from(options.trust), InferenceSettings(threads=options.threads)
    detector = load_detector(options.bundle, trusted, settings)
    spec = detector.manifest.preprocess
    size = (spec.frame_height_px or spec.height_px, spec.frame_width_px or spec.width_px, 3)
    pixels = np.random.default_rng(0).integers(96, 160, size, np.uint8)
    if options.image is not None:
        pixels, size = (found := decode(options.image.read_bytes())), found.shape
    session_hz = _rate_hz(bare_session_ms(detector, pixels, options.seconds))
    one = Run(detector, pixels, 1, 3 * session_hz, options)
    eight = Run(detector, pixels, 8, session_hz, options)
    alone = bare_session_ms(detector, pixels, options.seconds / 2)
    two = Run(detector, pixels, 2, 0.7 * one.verdicts_hz / 2, options)
    alone += bare_session_ms(detector, pixels, options.seconds / 2)
    stream_hz = stream(options, trusted.texts, detector, pixels)
    again_hz = _rate_hz(bare_session_ms(detector, pixels, options.seconds))
    print(
        json.dumps(
            {
                "frame": f"{size[1]}x{size[0]} px", "bare_session_hz": [round(session_hz, 1), round(again_hz, 1)],
                "one_of_session": round(one.verdicts_hz / session_hz, 3),
                "eight_of_one": round(eight.verdicts_hz / one.verdicts_hz, 3),
                "slowest_of_fair_share": round(eight.slowest_share, 3),
                "two_at_70_percent_ms": percentiles(two.verdict_ms), "bare_session_ms": percentiles(alone),
                "two_drops": two.drops, "stream_of_session": round(stream_hz / again_hz, 3),
            }
        )
    )  # fmt: skip
    return 0


def bare_session_ms(detector: Detector, pixels: Pixels, seconds: float) -> list[float]:
    """Each run of the session alone, on input that is ready, one after the other."""
    inputs = preprocess(pixels, detector.manifest.preprocess).tiles
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        detector.run(inputs)
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def _rate_hz(taken_ms: list[float]) -> float:
    return 1000 * len(taken_ms) / sum(taken_ms)


def percentiles(values_ms: list[float]) -> dict[str, float]:
    """Median, 99th percentile and their ratio."""
    p50, p99 = np.percentile(values_ms, [50, 99])
    return {"p50": round(float(p50), 2), "p99": round(float(p99), 2), "ratio": round(float(p99 / p50), 2)}


class Run:
    """Cameras that submit at a fixed rate each, into one line."""

    def __init__(
        self, detector: Detector, pixels: Pixels, cameras: int, rate_hz: float, options: argparse.Namespace
    ) -> None:
        self._judged: list[tuple[str, float]] = []
        self.drops = 0
        settings = LineSettings("bench", 60_000.0, _INBOX, options.judges)
        line = Line(settings, Ledger(), OneRecipe(detector), self._note, CLOCK)
        line.start()
        stop = Event()
        names = [f"camera-{number}" for number in range(cameras)]
        threads = [Thread(target=self._deliver, args=(line, pixels, name, rate_hz, stop)) for name in names]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        time.sleep(options.seconds)
        stop.set()
        for thread in threads:
            thread.join()
        line.stop()
        self.verdicts_hz = len(self._judged) / (time.perf_counter() - start)
        counts = Counter(name for name, _ in self._judged)
        self.verdict_ms = [ms for _, ms in self._judged]
        self.slowest_share = min(counts[name] for name in names) * cameras / len(self._judged)

    def _note(self, settled: Settled) -> None:
        if settled.result.score is None:
            self.drops += 1
        else:
            self._judged.append((settled.result.camera, settled.result.frame_to_verdict_ms or 0.0))

    @staticmethod
    def _deliver(line: Line, pixels: Pixels, name: str, rate_hz: float, stop: Event) -> None:
        due, number = time.perf_counter(), 0
        while not stop.wait(max(0.0, due - time.perf_counter())):
            due, number = due + 1 / rate_hz, number + 1
            line.submit(Frame(pixels, f"{name}-{number}", name, CLOCK.utc(), CLOCK.now_us()))


def stream(options: argparse.Namespace, trusted: tuple[str, ...], detector: Detector, pixels: Pixels) -> float:
    """Verdicts a second over a WebSocket, as many frames in flight as the station allows."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = StationFolder(Path(temporary))
        settings = folder.settings_file(
            bundle=str(options.bundle.resolve()), recipe=detector.manifest.recipe, trusted_keys=list(trusted),
            outputs=[],
            api={"port": 0, "max_body_mb": 64.0}, inbox_size=_INBOX, spool={"max_mb": 8.0},
            judges=options.judges, inference={"threads": options.threads},
        )  # fmt: skip
        with station_process(settings) as station:
            url = station.url().replace("http", "ws") + "/v1/stream"
            query = f"?pixel_format=RGB8&width={pixels.shape[1]}&height={pixels.shape[0]}"
            with connect(url + query, proxy=None, max_size=None) as client:
                return _rate(client, pixels.tobytes(), options.seconds)


def _rate(client, data: bytes, seconds: float) -> float:  # noqa: ANN001 - a connection
    for _ in range(_INBOX):
        client.send(data)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        client.recv(30)
        client.send(data)
        count += 1
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    sys.exit(main())
