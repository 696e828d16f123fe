"""From a 1080p JPEG to its verdict, as a multiple of decoding and bare session alone, in turn; prints one JSON line.

PYTHONPATH=. .venv/bin/python bench/jpeg.py BUNDLE [--image PART.jpg] [--trust KEY] [--frames 200] [--threads 0]
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from queue import SimpleQueue

import cv2
import numpy as np

from edge.bundle import load_detector
from edge.cameras.push import PushedFrames
from edge.clock import SystemClock
from edge.contract.local_key import trust_from
from edge.inference import InferenceSettings
from edge.preprocess import decode, preprocess
from edge.station.ledger import Ledger
from edge.station.line import Line, LineSettings
from edge.station.recipes import OneRecipe

CLOCK = SystemClock()
_WARM_UP = 20


def main() -> int:
    """Measure in turn: decode, session, and the station's whole path on the same bytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--trust")
    parser.add_argument("--image", type=Path, help="JPEG of a part; smooth noise of 1920x1080 px without it")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    detector = load_detector(options.bundle, trust_from(options.trust), InferenceSettings(threads=options.threads))
    data = jpeg() if options.image is None else options.image.read_bytes()
    inputs = preprocess(decode(data), detector.manifest.preprocess).tiles
    pushed, answers = PushedFrames("bench", CLOCK, 200_000_000), SimpleQueue()
    line = Line(LineSettings("bench", 30_000.0, 4), Ledger(), OneRecipe(detector), lambda _: None, CLOCK)
    line.start()
    decoding, session, whole = [], [], []
    for _ in range(options.frames + _WARM_UP):
        decoding.append(milliseconds(lambda: decode(data)))
        session.append(milliseconds(lambda: detector.run(inputs)))
        line.submit(pushed.frame(data), answers.put)  # its clock starts before decoding
        whole.append(answers.get(timeout=60).frame_to_verdict_ms)
    line.stop()
    p50 = {
        name: round(statistics.median(values[_WARM_UP:]), 2)
        for name, values in (("decode_ms", decoding), ("session_ms", session), ("jpeg_to_verdict_ms", whole))
    }
    ratio = p50["jpeg_to_verdict_ms"] / (p50["decode_ms"] + p50["session_ms"])
    shape = decode(data).shape
    told = {"frame": f"{shape[1]}x{shape[0]} px", "jpeg_kb": len(data) // 1024, **p50, "ratio": round(ratio, 3)}
    print(json.dumps(told))
    return 0


def jpeg() -> bytes:
    """Smooth noise with some grain, which a camera's JPEG resembles more than white noise does."""
    noise = np.random.default_rng(0).normal(128, 40, (1080, 1920, 3))
    pixels = cv2.GaussianBlur(noise, (0, 0), 8) * 4 - 384 + noise / 20
    return cv2.imencode(".jpg", pixels.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def milliseconds(work) -> float:  # noqa: ANN001 - a function
    """How long it took."""
    start = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - start) / 1e6


if __name__ == "__main__":
    sys.exit(main())
