"""What the heads cost: the whole graph against its bare trunk, sessions in turn; prints one JSON line a bundle.

    .venv/bin/python bench/graph.py BUNDLE… [--runs 300] [--threads 2]

The trunk is cut out of the bundle's own graph, pixels in, taps out, and runs in a session with the same settings. What
else happens on the machine hits both alike; medians are compared. Signatures are not checked: nothing is judged.
"""

import argparse
import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx.utils import Extractor

from edge.contract.archive import MODEL
from edge.inference import InferenceSettings, open_session

_SCOPES = "pkg.torch.onnx.name_scopes"  # the exporter's note of the module that a node comes from
_TRUNK = "'features.trunk'"
_WARM_UP = 20


def main() -> None:
    """Measure each bundle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", type=Path, nargs="+", metavar="BUNDLE")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    for bundle in options.bundles:
        with zipfile.ZipFile(bundle) as archive:
            model = archive.read(MODEL)
        print(json.dumps({"bundle": bundle.name, **_measure(model, options.runs, options.threads)}), flush=True)


def _measure(model: bytes, runs: int, threads: int) -> dict[str, object]:
    settings = InferenceSettings(threads=threads)
    graphs = {"whole": model, "trunk": bare_trunk(model)}
    sessions = {name: open_session(graph, settings) for name, graph in graphs.items()}
    pixels = _pixels(sessions["whole"])
    times_ms: dict[str, list[float]] = {name: [] for name in sessions}
    for run in range(runs + _WARM_UP):
        for name, session in sessions.items():
            started = time.perf_counter_ns()
            session.run(None, {session.get_inputs()[0].name: pixels})
            if run >= _WARM_UP:
                times_ms[name].append((time.perf_counter_ns() - started) / 1e6)
    median_ms = {name: float(np.median(values)) for name, values in times_ms.items()}
    return {
        "input": list(pixels.shape),
        "threads": threads,
        "whole_ms": round(median_ms["whole"], 2),
        "trunk_ms": round(median_ms["trunk"], 2),
        "ratio": round(median_ms["whole"] / median_ms["trunk"], 3),
        "model_mb": round(len(model) / 1e6, 1),
    }


def bare_trunk(model: bytes) -> bytes:
    """The part of the graph that the trunk's module made, from pixels to its taps."""
    whole = onnx.load_from_string(model)
    trunk = [node for node in whole.graph.node if _of_trunk(node)]
    made = {name for node in trunk for name in node.output}
    used = {name for node in whole.graph.node if not _of_trunk(node) for name in node.input}
    inferred = onnx.shape_inference.infer_shapes(whole)
    cut = Extractor(inferred).extract_model([whole.graph.input[0].name], sorted(made & used))
    return bytes(cut.SerializeToString())


def _of_trunk(node: onnx.NodeProto) -> bool:
    return any(prop.key == _SCOPES and _TRUNK in prop.value for prop in node.metadata_props)


def _pixels(session: Any) -> np.ndarray:
    """Noise for one part; a graph of tiles takes as many as its parity sample, which a batch of one stands for."""
    shape = [size if isinstance(size, int) else 1 for size in session.get_inputs()[0].shape]
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


if __name__ == "__main__":
    main()
