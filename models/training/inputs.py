"""What a training's images decide of the pre-processing: size of the input, ROI, golden image, ignored regions."""

import logging
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import DataInvalid, FrameRejected
from edge.contract.manifest import Alignment, PreprocessSpec
from edge.contract.picture import SmallPicture
from edge.preprocess import decode
from edge.preprocess.geometry import eight_bit_roi, preprocess_mask
from edge.preprocess.resizing import resize
from models.data.images import FrameSurvey, ImageSet
from models.data.sizing import InputSize, input_size
from models.tiers import TIERS
from models.training.request import TrainRequest

__all__ = ["area_px", "preprocess_spec", "with_least_correlation"]

_GOLDEN_SIDE_PX = 96  # of the longer side: finds a turn to a tenth of a degree, in about a millisecond
_ANY = -1.0  # correlation that every image reaches
_STILL_THE_PART = 0.8  # of the correlation of the worst good part
_UNRELATED = 0.3  # correlation below which an image shows something else than the golden one

log = logging.getLogger(__name__)


def area_px(request: TrainRequest, survey: FrameSurvey) -> tuple[int, int] | None:
    """Width and height of what is looked at; None where frames differ in size and there is no ROI."""
    roi = request.like.roi if request.like else request.roi
    return (roi.width_px, roi.height_px) if roi else survey.size_px


def preprocess_spec(request: TrainRequest, survey: FrameSurvey) -> PreprocessSpec:
    """The pre-processing as far as it is known before the good parts are loaded.

    Raises:
        DataInvalid: the golden image or the mask cannot be used.
    """
    if request.like is not None:
        return _as_before(request.like)
    tier = TIERS[request.tier]
    side_px = request.size_px or tier.size_px
    size = input_size(area_px(request, survey), side_px, tier.step_px, request.smallest_defect_px)
    spec = _plain_spec(request, survey, size)
    golden = None if request.golden is None else _golden(request.golden, spec)
    ignored = None if request.ignore_mask is None else _ignored(request.ignore_mask, spec, survey)
    return spec.model_copy(update={"alignment": golden, "ignored": ignored})


def with_least_correlation(spec: PreprocessSpec, goods: ImageSet) -> PreprocessSpec:
    """What agrees with the golden image a fifth less than the worst good part is no such part.

    A defect costs less than that, another part or an empty frame costs more.
    """
    if spec.alignment is None:
        return spec
    correlations = np.array(goods.correlations)
    worst = float(correlations.min())
    if worst < _UNRELATED:
        path = goods.items[int(correlations.argmin())].path
        log.warning("%s hardly agrees with the golden image (correlation %.2f): is the part there?", path, worst)
    least = max(_STILL_THE_PART * worst, _UNRELATED / 2)
    return spec.model_copy(update={"alignment": Alignment(golden=spec.alignment.golden, min_correlation=least)})


def _as_before(spec: PreprocessSpec) -> PreprocessSpec:
    """What a person called good is learnt from, however well the earlier bundle recognised it."""
    if spec.alignment is None:
        return spec
    return spec.model_copy(update={"alignment": Alignment(golden=spec.alignment.golden, min_correlation=_ANY)})


def _plain_spec(request: TrainRequest, survey: FrameSurvey, size: InputSize) -> PreprocessSpec:
    width, height = survey.size_px or (None, None)
    return PreprocessSpec(
        width_px=size.width_px,
        height_px=size.height_px,
        tiles=size.tiles,
        roi=request.roi,
        white_level=survey.white_level,
        frame_width_px=width,
        frame_height_px=height,
    )


def _golden(path: Path, spec: PreprocessSpec) -> Alignment:
    try:
        part = eight_bit_roi(decode(path.read_bytes()), spec)
    except (OSError, FrameRejected) as error:
        raise DataInvalid(f"--align: {path}: {error}") from error
    grey = np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), np.uint8)
    scale = min(1.0, _GOLDEN_SIDE_PX / max(grey.shape))
    width, height = max(8, round(grey.shape[1] * scale)), max(8, round(grey.shape[0] * scale))
    return Alignment(golden=SmallPicture.of(resize(grey, width, height)), min_correlation=_ANY)


def _ignored(path: Path, spec: PreprocessSpec, survey: FrameSurvey) -> SmallPicture:
    """A mask of the frame, not black where the golden image is not looked at."""
    try:
        mask = decode(path.read_bytes())
        size_px = mask.shape[1::-1]
        if survey.size_px not in {None, size_px}:
            raise DataInvalid(f"--ignore-mask: {path}: expected {survey.size_px} px like the images, got {size_px}")
        hidden = preprocess_mask(_covered(mask), spec, None)
    except (OSError, FrameRejected) as error:
        raise DataInvalid(f"--ignore-mask: {path}: {error}") from error
    if hidden.all():
        raise DataInvalid(f"--ignore-mask: {path}: expected black where the part is looked at, nothing is left of it")
    return SmallPicture.of(hidden)


def _covered(mask: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    return np.asarray((mask.max(axis=2) > 0).astype(np.uint8) * 255)
