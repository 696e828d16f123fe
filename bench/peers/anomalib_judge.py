"""Judge images by an exported model of anomalib through its own OpenVINO inferencer; runs in the peers' environment.

One JSON object a line, in and out: see `judges.py`. The inferencer does not resize, so that is done here, with the
sharpest reduction that OpenCV has, and counted.
"""

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from anomalib.deploy import OpenVINOInferencer

_SIDE_PX = 256
_MOST = 8  # images of one batch that a baked-in size is looked for


def main() -> None:
    """Answer until the input ends."""
    inferencer = OpenVINOInferencer(Path(sys.argv[1]), device="CPU", config={"INFERENCE_NUM_THREADS": int(sys.argv[2])})
    batch = _accepted_batch(inferencer)
    print(json.dumps({"batch": batch}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        data = Path(asked["image"]).read_bytes()
        started = time.perf_counter_ns()
        score, amap = _judge(inferencer, data, batch)
        spent_ms = (time.perf_counter_ns() - started) / 1e6
        if asked["map"] is not None:
            np.save(asked["map"], amap)
        print(json.dumps({"ms": spent_ms, "score": score}), flush=True)


def _judge(inferencer: OpenVINOInferencer, data: bytes, batch: int) -> tuple[float, np.ndarray]:
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    small = cv2.resize(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    return _run(inferencer, small, batch)


def _run(inferencer: OpenVINOInferencer, image: np.ndarray, batch: int) -> tuple[float, np.ndarray]:
    """The steps of `OpenVINOInferencer.predict`, which fails where an export lost a name (SuperSimpleNet)."""
    images = image if batch == 1 else np.repeat(image[np.newaxis], batch, axis=0)
    outputs = inferencer.model({inferencer.input_blob.any_name: inferencer.pre_process(images)})
    score, amap = sorted(inferencer.post_process(outputs).values(), key=np.size)
    return float(np.asarray(score).reshape(-1)[0]), np.asarray(amap).reshape(-1, _SIDE_PX, _SIDE_PX)[0]


def _accepted_batch(inferencer: OpenVINOInferencer) -> int:
    """One image, or as many copies of it as the exported graph insists on."""
    grey = np.full((_SIDE_PX, _SIDE_PX, 3), 127, np.uint8)
    for batch in range(1, _MOST + 1):
        try:
            _run(inferencer, grey, batch)
        except (RuntimeError, ValueError):
            continue
        return batch
    raise SystemExit(f"the exported model takes no batch of 1 to {_MOST} images")


if __name__ == "__main__":
    main()
