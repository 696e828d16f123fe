"""Parity gate, manifest, signature: the last step of training."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from edge.bundle.parity import pack_parity
from edge.contract.archive import MODEL, PARITY, file_entries, write_sealed
from edge.contract.manifest import (
    Calibration,
    DataCounts,
    GraphSpec,
    Manifest,
    ParityReport,
    PreprocessSpec,
    Provenance,
)
from edge.version import software_version
from models.data.images import ImageSet
from models.detector import DetectorNet
from models.export.kept_graphs import KeptGraphs, graphs_of_this_user
from models.export.onnx_graph import OUTPUTS
from models.export.parity import check_parity, run_onnx, run_torch
from models.training.request import TrainRequest

__all__ = ["PARITY_IMAGES", "BundleParts", "write_bundle"]

PARITY_IMAGES = 32  # at most, half of them good parts and half defects
_SHIPPED_SAMPLES = 2
Exporter = Callable[[DetectorNet, tuple[str, ...]], bytes]
_RECORDED = ("torch", "timm", "onnx", "onnxruntime", "numpy", "opencv-python-headless")


@dataclass(frozen=True)
class BundleParts:
    """What a bundle records beside the graph."""

    request: TrainRequest
    preprocess: PreprocessSpec
    calibration: Calibration
    classes: tuple[str, ...]
    goods: ImageSet
    defects: ImageSet
    unreadable: tuple[str, ...]


def write_bundle(net: DetectorNet, parts: BundleParts, export: Exporter | None = None) -> str:
    """Export, check parity, sign and write; returns the bundle's id.

    Args:
        net: the trained detector.
        parts: what the bundle records beside it.
        export: makes the graph, which has to pass the parity gate; None does, with those that this user keeps.

    Raises:
        GateRefused: torch and onnxruntime disagree; nothing was written.
    """
    graph = GraphSpec(outputs=OUTPUTS if parts.classes else OUTPUTS[:-1])
    export = export or KeptGraphs(graphs_of_this_user()).to_onnx
    model = export(net, graph.outputs)
    pixels = _parity_images(parts)
    expected = run_torch(net, pixels)
    report = check_parity(expected, run_onnx(model, graph, pixels), parts.calibration.threshold)
    files = {
        MODEL: model,
        PARITY: pack_parity(pixels[:_SHIPPED_SAMPLES], expected.score[:_SHIPPED_SAMPLES]),
    }
    manifest = _manifest(net, parts, graph, report, files)
    return write_sealed(parts.request.out, manifest, files, parts.request.key)


def _parity_images(parts: BundleParts) -> NDArray[np.uint8]:
    """Good parts first, then labelled defects, then noise that no part looks like."""
    noise = np.random.default_rng(0).integers(0, 256, (1, *parts.goods.pixels.shape[1:]), dtype=np.uint8)
    half = PARITY_IMAGES // 2
    return np.concatenate([parts.goods.pixels[:half], parts.defects.pixels[:half], noise])


def _manifest(
    net: DetectorNet, parts: BundleParts, graph: GraphSpec, parity: ParityReport, files: dict[str, bytes]
) -> Manifest:
    return Manifest(
        recipe=parts.request.recipe,
        tier=parts.request.tier,
        created_at=datetime.now(UTC),
        preprocess=parts.preprocess,
        graph=graph,
        defect_classes=parts.classes,
        calibration=parts.calibration,
        parity=parity,
        data=_data_counts(parts),
        provenance=Provenance(
            inspection_version=software_version(),
            versions={name: version(name) for name in _RECORDED},
            seed=parts.request.seed,
            trunk=net.features.trunk.origin,
            trunk_sha256=net.features.trunk.sha256,
            parent_bundle_id=parts.request.parent_bundle_id,
        ),
        files=file_entries(files),
    )


def _data_counts(parts: BundleParts) -> DataCounts:
    hashes = "\n".join(sorted([*parts.goods.sha256, *parts.defects.sha256]))
    types = [item.defect_type for item in parts.defects.items]
    return DataCounts(
        goods=len(parts.goods),
        defects={name: types.count(name) for name in parts.classes},
        masks=sum(item.mask is not None for item in parts.defects.items),
        boxes=sum(bool(item.boxes) and item.mask is None for item in parts.defects.items),
        skipped_unreadable=tuple(text.encode("utf-8", "backslashreplace").decode() for text in parts.unreadable),
        invariant=parts.request.invariant,
        formats=dict(sorted(Counter([*parts.goods.media_types, *parts.defects.media_types]).items())),
        content_sha256=sha256(hashes.encode()).hexdigest(),
    )
