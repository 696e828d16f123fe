"""A real signed bundle with a small real graph, in milliseconds: the score is the largest deviation from grey 128.

A uniform grey image of 128 scores about 0; a white or black blob of a few pixels scores 2 with `threshold=1`.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from edge.bundle.parity import pack_parity
from edge.contract.archive import MODEL, PARITY, file_entries, write_sealed
from edge.contract.manifest import (
    Alignment,
    Calibration,
    DataCounts,
    HeldoutScores,
    Manifest,
    ParityReport,
    PreprocessSpec,
    Promise,
    Provenance,
)
from edge.contract.signature import SigningKey

SIZE = 64


PROMISED = "With 95 % confidence at most 5.0% of good parts fail (59 held-out good parts)."


def tiny_graph() -> bytes:
    """ONNX: uint8 (N, 64, 64, 3) -> score (N,), map (N, 64, 64) = |mean over channels - 128| / 64."""
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "channel_axis"], ["grey"], keepdims=0),
        helper.make_node("Sub", ["grey", "middle"], ["shifted"]),
        helper.make_node("Abs", ["shifted"], ["deviation"]),
        helper.make_node("Div", ["deviation", "unit"], ["map"]),
        helper.make_node("ReduceMax", ["map", "image_axes"], ["score"], keepdims=0),
    ]
    constants = [
        helper.make_tensor("channel_axis", TensorProto.INT64, [1], [3]),
        helper.make_tensor("image_axes", TensorProto.INT64, [2], [1, 2]),
        helper.make_tensor("middle", TensorProto.FLOAT, [], [128.0]),
        helper.make_tensor("unit", TensorProto.FLOAT, [], [64.0]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", SIZE, SIZE, 3])],
        [
            helper.make_tensor_value_info("score", TensorProto.FLOAT, ["N"]),
            helper.make_tensor_value_info("map", TensorProto.FLOAT, ["N", SIZE, SIZE]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def tiny_manifest(
    files: dict[str, bytes],
    recipe: str = "part",
    threshold: float = 1.0,
    undecided_from: float | None = None,
    heldout_scores: HeldoutScores | None = None,
    *,
    alignment: Alignment | None = None,
) -> Manifest:
    """A complete manifest for `files`."""
    return Manifest(
        recipe=recipe,
        tier="fast",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        preprocess=PreprocessSpec(width_px=SIZE, height_px=SIZE, alignment=alignment),
        calibration=Calibration(
            threshold=threshold,
            undecided_from=undecided_from,
            heldout_scores=heldout_scores,
            target_overkill=0.05,
            heldout_goods=59,
            pooling="max",
            promise=Promise(confidence=0.95, overkill_at_most=0.05, text=PROMISED),
        ),
        parity=ParityReport(
            images=1, max_score_difference=0.0, max_map_difference=0.0, verdict_flips=0, tolerance=1e-3
        ),
        data=DataCounts(goods=59, content_sha256="0" * 64),
        provenance=Provenance(
            inspection_version="0.1.0", versions={}, seed=0, trunk="deviation from grey", trunk_sha256="0" * 64
        ),
        files=file_entries(files),
    )


def tiny_files() -> dict[str, bytes]:
    """The files of the bundle, with a parity sample of one grey image."""
    grey = np.full((1, SIZE, SIZE, 3), 128, np.uint8)
    return {MODEL: tiny_graph(), PARITY: pack_parity(grey, np.zeros(1, np.float32))}


def write_tiny_bundle(
    path: Path,
    key: SigningKey,
    recipe: str = "part",
    threshold: float = 1.0,
    undecided_from: float | None = None,
    parent: str | None = None,
    **changes: Any,
) -> str:
    """Write a signed bundle that really judges; returns its id, which all but `path` and `key` change."""
    files = tiny_files()
    manifest = tiny_manifest(files, recipe, threshold, undecided_from, **changes)
    provenance = manifest.provenance.model_copy(update={"parent_bundle_id": parent})
    return write_sealed(path, manifest.model_copy(update={"provenance": provenance}), files, key)
