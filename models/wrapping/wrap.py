"""A foreign ONNX model to a signed bundle: surgery, calibration on good parts, parity."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from edge.bundle.parity import pack_parity
from edge.contract.archive import MODEL, PARITY, file_entries, write_sealed
from edge.contract.errors import DataInvalid
from edge.contract.manifest import (
    Calibration,
    DataCounts,
    GraphSpec,
    Manifest,
    ParityReport,
    PreprocessSpec,
    Provenance,
)
from edge.inference.detector import GraphOutput
from edge.version import software_version
from models.calibration.consequences import moved
from models.calibration.threshold import calibrate
from models.data.folder import goods_in
from models.data.images import FrameSurvey, ImageSet, load_images, survey_frames
from models.export.parity import check_parity, run_onnx
from models.progress import Progress
from models.wrapping.reference import expected_output
from models.wrapping.request import WrapRequest
from models.wrapping.surgery import ForeignGraph, open_foreign, wrap_graph

__all__ = ["WRAP_STEPS", "WrapReport", "wrap"]

WRAP_STEPS = {"reading images": 1.0, "loading good parts": 1.0}
_PARITY_IMAGES = 8
_SHIPPED_SAMPLES = 2
_RECORDED = ("onnx", "onnxruntime", "numpy", "opencv-python-headless")


@dataclass(frozen=True)
class WrapReport:
    """What a wrapping gave."""

    bundle_id: str
    calibration: Calibration
    parity: ParityReport


def wrap(request: WrapRequest, progress: Progress) -> WrapReport:
    """Wrap, calibrate, check, sign and write.

    Raises:
        DataInvalid: the model is not as stated, or the good parts cannot be read.
        GateRefused: the wrapped graph says something else than the model does; nothing was written.
    """
    foreign = open_foreign(request.model, request.takes, request.gives)
    survey = survey_frames(goods_in(request.data), progress, skip_unreadable=False)
    spec = _spec(foreign, survey)
    goods = load_images(survey.readable, spec, progress, "loading good parts")
    model = wrap_graph(foreign, request.takes, request.gives)
    classes = request.gives.defect_classes
    graph = GraphSpec(outputs=("score", "map", "class_score") if classes else ("score", "map"))
    said = _said(request, model, graph, goods.pixels)
    checked = _checked(goods)
    expected = expected_output(foreign, request.takes, request.gives, checked)
    calibration = _calibration(request, _larger(said.score, expected.score[:-1]))
    parity = check_parity(expected, run_onnx(model, graph, checked), calibration.threshold)
    files = {MODEL: model, PARITY: pack_parity(goods.pixels[:_SHIPPED_SAMPLES], said.score[:_SHIPPED_SAMPLES])}
    manifest = Manifest(
        recipe=request.recipe,
        tier="wrapped",
        created_at=datetime.now(UTC),
        preprocess=spec,
        graph=graph,
        defect_classes=classes,
        calibration=calibration,
        parity=parity,
        data=_data_counts(goods),
        provenance=_provenance(request),
        files=file_entries(files),
    )
    return WrapReport(write_sealed(request.out, manifest, files, request.key), calibration, parity)


def _said(request: WrapRequest, model: bytes, graph: GraphSpec, pixels: NDArray[np.uint8]) -> GraphOutput:
    """What the wrapped graph says of good parts `(N, 1, H, W, 3)`."""
    try:
        said = run_onnx(model, graph, pixels)
    except Exception as error:  # onnxruntime's exceptions share no public base class
        raise DataInvalid(f"{request.model}: its outputs are not as they were stated: {error}") from error
    if len(said.score) != len(pixels):
        raise DataInvalid(
            f"{request.model}: expected one score a part, got {len(said.score)} of {len(pixels)} parts; what has one "
            "for each place is a --map"
        )
    if not np.isfinite(said.score).all():
        raise DataInvalid(f"{request.model}: expected finite scores of good parts, got {said.score}")
    return said


def _spec(foreign: ForeignGraph, survey: FrameSurvey) -> PreprocessSpec:
    width, height = survey.size_px or (None, None)
    return PreprocessSpec(
        width_px=foreign.size_px[0],
        height_px=foreign.size_px[1],
        white_level=survey.white_level,
        frame_width_px=width,
        frame_height_px=height,
    )


def _calibration(request: WrapRequest, goods: NDArray[np.float32]) -> Calibration:
    found = calibrate(goods, np.zeros(0, np.float32), request.target_overkill)
    return found if request.threshold is None else moved(found, request.threshold, None)


def _larger(said: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float32]:
    """A threshold is the score of a good part: rounding must not put that part on both of its sides."""
    scores = said.copy()
    scores[: len(expected)] = np.maximum(scores[: len(expected)], expected)
    return scores


def _checked(goods: ImageSet) -> NDArray[np.uint8]:
    """Some good parts, and noise that no part looks like."""
    noise = np.random.default_rng(0).integers(0, 256, (1, *goods.pixels.shape[1:]), dtype=np.uint8)
    return np.concatenate([goods.pixels[:_PARITY_IMAGES], noise])


def _data_counts(goods: ImageSet) -> DataCounts:
    hashes = "\n".join(sorted(goods.sha256))
    return DataCounts(
        goods=len(goods),
        content_sha256=sha256(hashes.encode()).hexdigest(),
        formats=dict(sorted(Counter(goods.media_types).items())),
    )


def _provenance(request: WrapRequest) -> Provenance:
    return Provenance(
        inspection_version=software_version(),
        versions={name: version(name) for name in _RECORDED},
        seed=0,
        trunk=f"wrapped: {request.model.name}",
        trunk_sha256=sha256(request.model.read_bytes()).hexdigest(),
    )
