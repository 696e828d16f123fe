"""Judge images by one of our bundles, as a station does; the counterpart of `anomalib_judge.py`."""

import json
import sys
import time
from pathlib import Path

import numpy as np

from edge.bundle import load_detector
from edge.contract.signature import TrustedKeys
from edge.inference import InferenceSettings
from edge.preprocess import decode


def main() -> None:
    """Answer until the input ends."""
    bundle, threads, key = sys.argv[1:]
    detector = load_detector(Path(bundle), TrustedKeys((key,)), InferenceSettings(threads=int(threads)))
    print(json.dumps({"batch": 1}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        data = Path(asked["image"]).read_bytes()
        started = time.perf_counter_ns()
        judgement = detector.judge(decode(data))
        spent_ms = (time.perf_counter_ns() - started) / 1e6
        if asked["map"] is not None:
            np.save(asked["map"], judgement.anomaly_map)
        print(json.dumps({"ms": spent_ms, "score": judgement.score}), flush=True)


if __name__ == "__main__":
    main()
