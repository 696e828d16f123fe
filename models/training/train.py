"""Training, from a folder of images to a signed bundle; reads top to bottom."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge.contract.errors import DataInvalid
from edge.contract.manifest import Calibration, PreprocessSpec
from edge.contract.sentences import sentence
from models.calibration.outliers import outliers
from models.calibration.threshold import calibrate
from models.data.checks import warn_of_contradictions, warn_of_groups, warn_of_single_labels
from models.data.copies import alike_goods, warn_of_copies
from models.data.folder import LabelledImage, defects_in, goods_in
from models.data.images import FrameSurvey, ImageSet, load_images, survey_frames
from models.data.sizing import InputSize
from models.data.views import views_of
from models.detector import DetectorNet
from models.export.bundle import PARITY_IMAGES, BundleParts, write_bundle
from models.features import PatchFeatures, extract
from models.heads.fusion import FusedHeads, HeadPlan, RawMaps
from models.heads.search import Grid
from models.heads.tail import pool
from models.progress import Progress
from models.tiers import TIERS
from models.training.feature_cache import FeatureCache
from models.training.folds import GoodFeatures, learn
from models.training.inputs import area_px, preprocess_spec, with_least_correlation
from models.training.labelled import labelled_features
from models.training.request import TrainRequest

__all__ = ["MIN_GOODS", "STEPS", "TrainReport", "train"]

MIN_GOODS = 5
_UNUSUAL_SHOWN = 5
_BY_CHANCE = 0.1  # good parts of a training may look this much like a labelled type without being called so
STEPS = {
    "reading images": 5.0,
    "loading good parts": 5.0,
    "loading defects": 2.0,
    "features of good parts": 40.0,
    "features of defects": 8.0,
    "calibrating on held-out parts": 30.0,
    "exporting": 10.0,
}

log = logging.getLogger(__name__)
Extractor = Callable[[NDArray[np.uint8], str], Tensor]


@dataclass(frozen=True)
class TrainReport:
    """What a training gave.

    Attributes:
        smallest_defect_px: that covers enough of the input, in pixels of the camera; None where frames differ in size.
        unreadable: file names of those that were skipped.
        suspicious_goods: file names of good parts that are unlike all others, the worst first.
        ordinary_defects: file names of labelled defects that look more like a good part than most good parts do.
        goods_like_defects: file names of good parts that look like labelled defects, the likest first, and the type.
        most_unusual_goods: the few that are least alike, whether that is much or not: what to look at first.
        test_images_learnt_from: paths of test images that are among the training images.
        goods_alike: file names of good parts that show the same picture, by group.
        goods_in_two_groups: whether the good parts look like two part types.
    """

    bundle_id: str
    calibration: Calibration
    preprocess: PreprocessSpec
    smallest_defect_px: float | None
    goods: int
    defects: dict[str, int]
    unreadable: tuple[str, ...]
    suspicious_goods: tuple[str, ...]
    ordinary_defects: tuple[str, ...]
    goods_like_defects: tuple[tuple[str, str], ...]
    most_unusual_goods: tuple[str, ...]
    test_images_learnt_from: tuple[str, ...]
    goods_alike: tuple[tuple[str, ...], ...]
    goods_in_two_groups: bool
    train_s: float


def train(request: TrainRequest, progress: Progress) -> TrainReport:
    """Train, calibrate, check parity, sign and write.

    Raises:
        DataInvalid: the images cannot be learnt from as they are; the message says why.
        GateRefused: torch and onnxruntime disagree; no bundle was written.
    """
    started = time.monotonic()
    _seed_everything(request.seed)

    # 1. Images, by the line's own pre-processing.
    good_items = goods_in(request.data)
    defect_items = defects_in(request.defects) if request.defects else []
    survey = survey_frames([*good_items, *defect_items], progress, skip_unreadable=request.skip_unreadable)
    spec = preprocess_spec(request, survey)
    skips = request.skip_unreadable
    goods = load_images(_only(survey.readable, good_items), spec, progress, "loading good parts", skip_unreadable=skips)
    _check_enough(request, goods)
    spec = with_least_correlation(spec, goods)
    defects = load_images(
        _only(survey.readable, defect_items), spec, progress, "loading defects", skip_unreadable=skips
    )
    unreadable = _names_without(survey.readable, [*good_items, *defect_items])
    unreadable = tuple(sorted({*unreadable, *goods.unreadable, *defects.unreadable}))

    warn_of_single_labels(defects.items)
    warn_of_contradictions(goods, defects)
    copies, alike = warn_of_copies(request.data, (goods, defects), spec), alike_goods(goods, spec)

    # 2. Features, once; everything after this learns from them.
    features = PatchFeatures(TIERS[request.tier].build(spec.height_px, spec.width_px, request.trunk_weights))
    extractor = _extractor(features, request, progress)
    good_features = _of_goods(extractor, goods, spec, request)
    two_groups = warn_of_groups(good_features.parts, goods)
    classes = tuple(sorted({item.defect_type for item in defects.items if item.defect_type}))
    stride_px = features.trunk.stride_px
    grid = Grid(spec.tile_count, spec.height_px // stride_px, spec.width_px // stride_px)
    plan = HeadPlan.of(good_features.learnt(), grid, features.trunk.moved, len(classes), request.seed)
    labelled = labelled_features(extractor, defects, classes, spec, stride_px, varies=plan.tells_wholes)
    _trim(request)
    goods, defects = goods.showing(PARITY_IMAGES), defects.showing(PARITY_IMAGES)

    # 3. The heads that ship learn from everything; what they would say of parts that they have not seen gives one
    # scale for all of them, and the threshold.
    learnt = learn(good_features, labelled, plan, progress)
    heldout = learnt.heldout
    fused = FusedHeads(learnt.heads, heldout.goods)
    of_goods = fused.fuse(heldout.goods)
    good_scores = of_goods.score.numpy()
    bad_scores = _scores(fused, heldout.defects)
    calibration = calibrate(good_scores, bad_scores, request.target_overkill, request.costs, request.undecided_overkill)
    novelty = _pooled(fused.novelty(heldout.goods))
    suspicious, unusual = _suspicious(goods, novelty), _most_unusual(goods, novelty)
    alike_defects = _like_defects(goods, of_goods.class_score.numpy(), classes)
    ordinary = () if heldout.defects is None else _ordinary(defects, _pooled(fused.novelty(heldout.defects)), novelty)

    # 4. One graph, parity, signature.
    net = DetectorNet(features, fused, spec.height_px, spec.width_px, spec.tile_count).eval()
    parts = BundleParts(request, spec, calibration, classes, goods, defects, tuple(survey.unreadable))
    (bundle_id,) = [write_bundle(net, part) for part in progress.over([parts], sentence("exporting"))]
    counts = {name: sum(item.defect_type == name for item in defects.items) for name in classes}
    return TrainReport(
        bundle_id=bundle_id,
        calibration=calibration,
        preprocess=spec,
        smallest_defect_px=_smallest_defect_px(request, survey, spec),
        goods=len(goods),
        defects=counts,
        unreadable=unreadable,
        suspicious_goods=suspicious,
        ordinary_defects=ordinary,
        goods_like_defects=alike_defects,
        most_unusual_goods=unusual,
        test_images_learnt_from=copies,
        goods_alike=alike,
        goods_in_two_groups=two_groups,
        train_s=time.monotonic() - started,
    )


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries below use the global one
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(mode=True)


def _smallest_defect_px(request: TrainRequest, survey: FrameSurvey, spec: PreprocessSpec) -> float | None:
    area = area_px(request, survey)
    return None if area is None else InputSize(spec.width_px, spec.height_px, spec.tiles).smallest_defect_px(area)


def _names_without(readable: list[LabelledImage], items: list[LabelledImage]) -> tuple[str, ...]:
    return tuple(sorted({item.path.name for item in items} - {item.path.name for item in readable}))


def _only(readable: list[LabelledImage], items: list[LabelledImage]) -> list[LabelledImage]:
    keep = {item.path for item in readable}
    return [item for item in items if item.path in keep]


def _check_enough(request: TrainRequest, goods: ImageSet) -> None:
    """Copies teach nothing, and one that is held out while another is learnt from makes the promise too good."""
    different = len(set(goods.sha256))
    if different < len(goods):
        log.warning("%s: %d of %d good images are copies of others", request.data, len(goods) - different, len(goods))
    if different < MIN_GOODS and goods.refused:
        raise DataInvalid(
            f"{request.data}: {different} different images of good parts can be used; at least {MIN_GOODS} are needed. "
            f"{len(goods.refused)} more cannot, such as {goods.refused[0]}"
        )
    if different < MIN_GOODS:
        raise DataInvalid(
            f"{request.data}: {different} different images of good parts; at least {MIN_GOODS} are needed"
        )


def _suspicious(goods: ImageSet, scores: NDArray[np.float32]) -> tuple[str, ...]:
    found = outliers(scores)
    for index in found:
        log.warning(
            "%s is unlike all other good parts (score %.1f, usually %.1f): is it a good one?",
            goods.items[index].path,
            scores[index],
            np.median(scores),
        )
    return tuple(goods.items[index].path.name for index in found)


def _ordinary(defects: ImageSet, scores: NDArray[np.float32], goods: NDArray[np.float32]) -> tuple[str, ...]:
    """A good part that was called defective, or a defect that cannot be seen in this input; by novelty alone."""
    usual = np.median(goods)
    found = [item.path for item, score in zip(defects.items, scores, strict=True) if score < usual]
    for path in found:
        log.warning("%s looks more like a good part than most good parts do: does it show a defect?", path)
    return tuple(path.name for path in found)


def _like_defects(
    goods: ImageSet, evidence: NDArray[np.float32], classes: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Good parts that show a known defect, by evidence `(N, C)` as if each was left out: one label of two is wrong.

    Such a part is no outlier among good ones where the defect is small, and yet it keeps labels from counting.
    """
    rare = np.log10(len(goods) / _BY_CHANCE)
    likest = evidence.argmax(axis=1) if classes else np.zeros(0, np.intp)
    found = [(float(evidence[index, type_]), index, classes[type_]) for index, type_ in enumerate(likest)]
    named = [(goods.items[index].path, type_) for value, index, type_ in sorted(found, reverse=True) if value > rare]
    for path, type_ in named:
        log.warning("%s is called good and looks like labelled %s: is it a good one?", path, type_)
    return tuple((path.name, type_) for path, type_ in named)


def _most_unusual(goods: ImageSet, scores: NDArray[np.float32]) -> tuple[str, ...]:
    """With twenty images no rule can tell a bad one from an odd one; a person can, who knows where to look."""
    return tuple(goods.items[int(index)].path.name for index in np.argsort(-scores, kind="stable")[:_UNUSUAL_SHOWN])


def _extractor(features: PatchFeatures, request: TrainRequest, progress: Progress) -> Extractor:
    """Pixels `(N, tiles, H, W, 3)` and the name of a step to features `(N, tiles * positions, D)`."""
    if request.features is None:
        return lambda pixels, step: extract(features, pixels, progress, step)
    cache = FeatureCache(request.features, request.features_limit_bytes)
    return lambda pixels, step: cache.features_of(features, pixels, progress, step)


def _trim(request: TrainRequest) -> None:
    if request.features is not None:
        FeatureCache(request.features, request.features_limit_bytes).trim()


def _of_goods(extractor: Extractor, goods: ImageSet, spec: PreprocessSpec, request: TrainRequest) -> GoodFeatures:
    views = views_of(goods.pixels, spec, request.invariant)  # (N, V, tiles, H, W, 3)
    turned = views.reshape(-1, *views.shape[2:])
    everything = np.concatenate([goods.pixels, turned]) if len(turned) else goods.pixels
    values = extractor(everything, "features of good parts")
    return GoodFeatures(values[: len(goods)], values[len(goods) :].reshape(*views.shape[:2], *values.shape[1:]))


def _scores(fused: FusedHeads, raw: RawMaps | None) -> NDArray[np.float32]:
    return np.zeros(0, np.float32) if raw is None else fused.fuse(raw).score.numpy()


def _pooled(maps: Tensor) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = pool(maps).numpy()
    return scores
