"""Pictures of the parts that went wrong, or nearly did, with their maps."""

import base64
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import FrameRejected
from edge.inference import Detector
from edge.overlay import draw_over, render_overlay
from edge.preprocess import decode
from edge.preprocess.geometry import eight_bit_roi
from models.data.folder import LabelledImage
from models.evaluation.evaluate import Evaluation

__all__ = ["Picture", "overkills", "worst_escapes"]

_SHOWN = 12
_SIDE_PX = 360
_QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 82)


@dataclass(frozen=True)
class Picture:
    """One part of the gallery.

    Attributes:
        name: the file's, with its folder.
        truth: the defect type, or good.
        wrong: whether the verdict was.
        image: data address of the ROI as a JPEG.
        overlay: the same with the anomaly map on it.
    """

    name: str
    truth: str
    score: float
    wrong: bool
    image: str
    overlay: str


def worst_escapes(detector: Detector, result: Evaluation, items: list[LabelledImage]) -> list[Picture]:
    """Defective parts with the lowest scores: escapes first, then those that were just found."""
    rows = [row for row in np.argsort(result.scores, kind="stable") if result.bad[row]]
    return _pictures(detector, result, items, rows[:_SHOWN])


def overkills(detector: Detector, result: Evaluation, items: list[LabelledImage]) -> list[Picture]:
    """Good parts with the highest scores: overkill first, then those that just passed."""
    rows = [row for row in np.argsort(-result.scores, kind="stable") if not result.bad[row]]
    return _pictures(detector, result, items, rows[:_SHOWN])


def _pictures(detector: Detector, result: Evaluation, items: list[LabelledImage], rows: list[np.intp]) -> list[Picture]:
    found = [_picture(detector, items[row].path) for row in rows]
    return [
        Picture(
            name=f"{items[row].path.parent.name}/{items[row].path.name}",
            truth=items[row].defect_type or "good",
            score=float(result.scores[row]),
            wrong=_wrong(result, row),
            image=image,
            overlay=overlay,
        )
        for row, (image, overlay) in zip(rows, found, strict=True)
    ]


def _wrong(result: Evaluation, row: np.intp) -> bool:
    """An escape or an overkill; UNDECIDED is neither."""
    score = result.scores[row]
    return bool(score <= result.passes_up_to if result.bad[row] else not score <= result.threshold)


def _picture(detector: Detector, path: Path) -> tuple[str, str]:
    try:
        pixels = decode(path.read_bytes())
        part = eight_bit_roi(pixels, detector.manifest.preprocess)
        judgement = detector.judge(pixels)
    except (OSError, FrameRejected):
        return "", ""  # judged a moment ago; a file that went away since then leaves its numbers
    drawn = draw_over(part, render_overlay(judgement.anomaly_map, judgement.threshold))
    overlay = cv2.imdecode(np.frombuffer(drawn.data, np.uint8), cv2.IMREAD_COLOR)
    return _data_address(np.ascontiguousarray(part[..., ::-1])), _data_address(np.asarray(overlay, np.uint8))


def _data_address(bgr: NDArray[np.uint8]) -> str:
    scale = min(1.0, _SIDE_PX / max(bgr.shape[:2]))
    size = (max(1, round(bgr.shape[1] * scale)), max(1, round(bgr.shape[0] * scale)))
    _, buffer = cv2.imencode(".jpg", cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), _QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.tobytes()).decode("ascii")
