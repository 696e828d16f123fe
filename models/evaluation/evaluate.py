"""Judge a folder of test images by a bundle and compare with the truth that the folder names give."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import PreprocessSpec
from edge.contract.sentences import sentence
from edge.inference import Detector
from edge.preprocess import whole_map
from models.data.folder import LabelledImage, test_images_in
from models.data.images import ImageSet, load_images
from models.evaluation.metrics import Localisation, average_precision, roc_auc
from models.progress import Progress
from models.two_callers import by_two_callers

__all__ = ["EVALUATION_STEPS", "Evaluation", "evaluate", "load_test_images"]

log = logging.getLogger(__name__)

EVALUATION_STEPS = {"loading test images": 1.0, "judging": 2.0}
_TIMED = 32  # images that are judged with nothing beside them
_AGAIN = 32  # images of those whose score is known: for the time, and as a proof that the scores are of this machine
_SAME = 0.01  # of the score: as between torch and onnxruntime


@dataclass(frozen=True)
class Evaluation:
    """What a bundle does on test images.

    Attributes:
        scores: `(N,)` in the order of the images.
        bad: `(N,)` the truth by the folder names.
        passes_up_to: the largest score that passes; the threshold unless the bundle has a band of UNDECIDED.
        escapes: bad parts passed at the bundle's threshold.
        overkill: good parts failed at the bundle's threshold.
        session_run_ms: inside the session, one part at a time, of some of those that were judged now.
        undecided: images in which the part was not found, which are in no other count, and scores in the band.
        recall: share of each defect type that does not pass.
        pixel_auroc: None where there are no masks, or not all parts were judged now; good parts count as unmarked.
        items: the images, in order.
        unreadable: names of files that do not decode or fit; UNDECIDED, as on the line.
    """

    scores: NDArray[np.float32]
    bad: NDArray[np.bool_]
    threshold: float
    passes_up_to: float
    goods: int
    defects: int
    escapes: int
    overkill: int
    image_auroc: float | None
    image_ap: float | None
    pixel_auroc: float | None
    au_pro: float | None
    recall: dict[str, float]
    counts: dict[str, int]
    session_run_ms: NDArray[np.float64]
    undecided: int = 0
    items: tuple[LabelledImage, ...] = ()
    unreadable: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As the command prints it; rates are None where nothing was counted."""
        return {
            "image_auroc": self.image_auroc,
            "image_ap": self.image_ap,
            "pixel_auroc": self.pixel_auroc,
            "au_pro": self.au_pro,
            "escape_rate": self.escapes / self.defects if self.defects else None,
            "overkill_rate": self.overkill / self.goods if self.goods else None,
            "recall": self.recall,
            "threshold": self.threshold,
            "goods": self.goods,
            "defects": self.defects,
            "escapes": self.escapes,
            "overkill": self.overkill,
            "counts": self.counts,
            "undecided": self.undecided,
            "unreadable": list(self.unreadable),
        }


def load_test_images(
    root: Path, spec: PreprocessSpec, progress: Progress, *, skip_unreadable: bool = False
) -> ImageSet:
    """Images of `root/test` as the network gets them; what does not decode or fit is refused, if `skip_unreadable`."""
    return load_images(test_images_in(root), spec, progress, "loading test images", skip_unreadable=skip_unreadable)


def evaluate(
    detector: Detector, images: ImageSet, progress: Progress, known: Mapping[str, float] | None = None
) -> Evaluation:
    """Judge all images: some one at a time as on the line, for the time; the others two at a time, for the same scores.

    Args:
        detector: judges.
        images: as it sees them.
        progress: of `EVALUATION_STEPS`.
        known: scores of this bundle by the SHA-256 of the image's file; most of these images are not judged again.
    """
    scores, maps, times_ms = _judge(detector, images, progress, known or {})
    bad = np.array([item.defect_type is not None for item in images.items], np.bool_)
    calibration = detector.manifest.calibration
    failed, passed = ~(scores <= calibration.threshold), scores <= calibration.passes_up_to
    pixel_auroc, pro = _localisation(images, maps)
    return Evaluation(
        scores=scores,
        bad=bad,
        threshold=calibration.threshold,
        passes_up_to=calibration.passes_up_to,
        goods=int((~bad).sum()),
        defects=int(bad.sum()),
        escapes=int((bad & passed).sum()),
        overkill=int((~bad & failed).sum()),
        image_auroc=roc_auc(bad, scores),
        image_ap=average_precision(bad, scores),
        pixel_auroc=pixel_auroc,
        au_pro=pro,
        recall=_recall(images.items, ~passed),
        counts=_counts(images.items),
        session_run_ms=times_ms,
        undecided=len(images.refused) + int((~failed & ~passed).sum()),
        items=tuple(images.items),
        unreadable=tuple(images.unreadable),
    )


@dataclass(frozen=True)
class _Judged:
    """One image: its score, its map, and the time in the session if nothing else ran beside it."""

    score: float
    map: NDArray[np.float32]
    took_ms: float | None


def _judge(
    detector: Detector, images: ImageSet, progress: Progress, known: Mapping[str, float]
) -> tuple[NDArray[np.float32], list[NDArray[np.float32]] | None, NDArray[np.float64]]:
    """Scores, maps unless there are some that were not judged now, and milliseconds."""
    found = [index for index, digest in enumerate(images.sha256) if digest in known]
    trusted = set(found) - set(found[:: max(1, len(found) // _AGAIN)])
    judged = _judge_these(detector, images, set(range(len(images))) - trusted, progress)
    if any(abs(judged[index].score - known[images.sha256[index]]) > _SAME for index in found if index in judged):
        log.warning("kept scores are not what this machine computes: all images are judged again")
        judged |= _judge_these(detector, images, trusted, progress)
        trusted = set()
    scores = [known[digest] if index in trusted else judged[index].score for index, digest in enumerate(images.sha256)]
    maps = None if trusted else [judged[index].map for index in range(len(images))]
    return (
        np.array(scores, np.float32),
        maps,
        np.array([one.took_ms for one in judged.values() if one.took_ms is not None]),
    )


def _judge_these(
    detector: Detector, images: ImageSet, indices: Iterable[int], progress: Progress
) -> dict[int, _Judged]:
    order = sorted(indices)
    timed = order[:: max(1, -(-len(order) // _TIMED))]
    order = timed + sorted(set(order) - set(timed))

    def judge(index: int) -> _Judged:
        start = time.perf_counter_ns()
        output = detector.run(images.pixels[index])
        took_ms = (time.perf_counter_ns() - start) / 1e6
        return _Judged(float(output.score[0]), whole_map(output.maps, detector.manifest.preprocess), took_ms)

    alone = map(judge, timed)
    beside = (replace(one, took_ms=None) for one in by_two_callers(judge, order[len(timed) :]))
    told = progress.over(order, sentence("judging"))
    return dict(zip(told, chain(alone, beside), strict=True))


def _localisation(images: ImageSet, maps: list[NDArray[np.float32]] | None) -> tuple[float | None, float | None]:
    """Over good parts and those defects that have a mask."""
    if maps is None:
        return None, None
    pairs = [
        (np.zeros(amap.shape, np.bool_) if mask is None else mask, amap)
        for item, mask, amap in zip(images.items, images.masks, maps, strict=True)
        if mask is not None or item.defect_type is None
    ]
    if not any(mask.any() for mask, _ in pairs):
        return None, None
    measured = Localisation([mask for mask, _ in pairs], [amap for _, amap in pairs])
    return measured.pixel_auroc(), measured.au_pro()


def _recall(items: Sequence[LabelledImage], caught: NDArray[np.bool_]) -> dict[str, float]:
    types = np.array([item.defect_type or "" for item in items])
    return {name: float(caught[types == name].mean()) for name in sorted(set(types.tolist()) - {""})}


def _counts(items: Sequence[LabelledImage]) -> dict[str, int]:
    names = [item.defect_type or "good" for item in items]
    return {name: names.count(name) for name in sorted(set(names))}
