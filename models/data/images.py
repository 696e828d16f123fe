"""Decoded images as network inputs, with every unreadable file named."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.bit_depth import white_level
from edge.contract.errors import DataInvalid, FrameRejected, PartNotFound
from edge.contract.frame import Pixels
from edge.contract.manifest import PreprocessSpec
from edge.contract.sentences import sentence
from edge.preprocess import NetworkInput, decode, media_type_of, preprocess, preprocess_mask
from models.data.folder import LabelledImage
from models.progress import Progress
from models.two_callers import by_two_callers

__all__ = ["FrameSurvey", "ImageSet", "load_images", "survey_frames"]

_SHOWN = 10  # files named in one message

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImageSet:
    """Images as the network gets them.

    Attributes:
        items: where each came from, in order.
        pixels: `(N, tiles, height, width, 3)` uint8; of the first few alone once features are there.
        masks: `(H, W)` bool of the whole input per image, of the mask or the boxes; None where there is neither.
        correlations: with the golden image; empty where nothing is aligned.
        refused: names of images that the line would answer UNDECIDED to, with the reason; not among the items.
        unreadable: file names of those that do not decode or fit.
        sha256: of each file, in order.
        media_types: the same.
    """

    items: list[LabelledImage]
    pixels: NDArray[np.uint8]
    masks: list[NDArray[np.bool_] | None]
    sha256: list[str]
    correlations: list[float]
    refused: list[str]
    media_types: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.items)

    def showing(self, count: int) -> "ImageSet":
        """The same images, with the pixels of the first `count` alone: the others' memory is free."""
        return replace(self, pixels=self.pixels[:count].copy())


@dataclass(frozen=True)
class FrameSurvey:
    """What the files are like, before anything is resized.

    Attributes:
        readable: the files that decode, in order.
        unreadable: the others, with the reason.
        size_px: `(width, height)` if all frames agree, else None.
        white_level: largest value of the sensor's bit depth; 65535 unless 16-bit files use fewer bits.
    """

    readable: list[LabelledImage]
    unreadable: list[str]
    size_px: tuple[int, int] | None
    white_level: int


def survey_frames(items: Sequence[LabelledImage], progress: Progress, *, skip_unreadable: bool) -> FrameSurvey:
    """Decode every file once to find the unreadable ones, the frame size and the bit depth.

    Raises:
        DataInvalid: unreadable files (named, counted), unless `skip_unreadable`.
    """
    told = by_two_callers(_surveyed, items)
    found = [one for one, _ in zip(told, progress.over(items, sentence("reading images")), strict=True)]
    unreadable = [one for one in found if isinstance(one, str)]
    readable = [one for one in found if isinstance(one, _Surveyed)]
    sizes = Counter(one.size_px for one in readable)
    peak = max((one.peak for one in readable), default=0)
    _report_unreadable(unreadable, len(items), skip_unreadable=skip_unreadable)
    if len(sizes) > 1:
        log.warning("frames of %d sizes, most often %s px: all are resized to one", len(sizes), sizes.most_common(3))
    size_px = next(iter(sizes)) if len(sizes) == 1 else None
    return FrameSurvey([one.item for one in readable], unreadable, size_px, white_level(peak) if peak else 65535)


@dataclass(frozen=True)
class _Surveyed:
    """A file that decodes: `(width, height)`, and the largest value if it has 16 bits, else 0."""

    item: LabelledImage
    size_px: tuple[int, int]
    peak: int


def _surveyed(item: LabelledImage) -> _Surveyed | str:
    """A file, or why it cannot be used."""
    try:
        pixels = _decode(item)
        _check_not_blank(item, pixels)
    except DataInvalid as error:
        return str(error)
    peak = int(pixels.max()) if pixels.dtype == np.uint16 else 0
    return _Surveyed(item, (pixels.shape[1], pixels.shape[0]), peak)


def load_images(
    items: Sequence[LabelledImage],
    spec: PreprocessSpec,
    progress: Progress,
    step: str,
    *,
    skip_unreadable: bool = False,
) -> ImageSet:
    """Decode and pre-process files; those in which the part is not found are refused, as on the line.

    So are files that do not decode or fit, if `skip_unreadable`.

    Raises:
        DataInvalid: a file that does not decode or fit, or a mask of another size than its image.
    """

    def load(item: LabelledImage) -> _Loaded | _Unreadable | str:
        data = _read(item)
        try:
            frame = _decoded(item, data)
            prepared = _prepared(item, frame, spec)
        except DataInvalid as error:
            if not skip_unreadable:
                raise
            return _Unreadable(item, str(error))
        if isinstance(prepared, str):
            return prepared
        return _Loaded(
            item, prepared, _mask(item, frame, prepared, spec), sha256(data).hexdigest(), media_type_of(data)
        )

    told = by_two_callers(load, items)
    found = [one for one, _ in zip(told, progress.over(items, step), strict=True)]
    loaded = [one for one in found if isinstance(one, _Loaded)]
    unreadable = [one for one in found if isinstance(one, _Unreadable)]
    refused = [one for one in found if isinstance(one, str)]
    _report_refused(refused, len(items))
    _report_unreadable([one.reason for one in unreadable], len(items), skip_unreadable=True)
    none = np.zeros((0, spec.tile_count, spec.height_px, spec.width_px, 3), np.uint8)
    return ImageSet(
        items=[one.item for one in loaded],
        pixels=np.stack([one.prepared.tiles for one in loaded]) if loaded else none,
        masks=[one.mask for one in loaded],
        sha256=[one.sha256 for one in loaded],
        correlations=[one.prepared.pose.correlation for one in loaded if one.prepared.pose],
        refused=[*refused, *(one.reason for one in unreadable)],
        media_types=[one.media_type for one in loaded],
        unreadable=[one.item.path.name for one in unreadable],
    )


@dataclass(frozen=True)
class _Loaded:
    """One image as the network gets it, and what its file is."""

    item: LabelledImage
    prepared: NetworkInput
    mask: NDArray[np.bool_] | None
    sha256: str
    media_type: str


@dataclass(frozen=True)
class _Unreadable:
    """An image that does not decode or fit, and why."""

    item: LabelledImage
    reason: str


def _prepared(item: LabelledImage, frame: Pixels, spec: PreprocessSpec) -> NetworkInput | str:
    """As the network gets it, or why the line would answer UNDECIDED."""
    try:
        return preprocess(frame, spec)
    except PartNotFound as error:
        return f"{item.path}: {error}"
    except FrameRejected as error:
        raise DataInvalid(f"{item.path}: {error}") from error


def _mask(item: LabelledImage, frame: Pixels, prepared: NetworkInput, spec: PreprocessSpec) -> NDArray[np.bool_] | None:
    marked = _boxed(item, frame) if item.mask is None else _masked(item, frame)
    return None if marked is None else _marked(preprocess_mask(marked, spec, prepared.pose))


def _decode(item: LabelledImage) -> Pixels:
    return _decoded(item, _read(item))


def _read(item: LabelledImage) -> bytes:
    try:
        return item.path.read_bytes()
    except OSError as error:
        raise DataInvalid(f"{item.path}: {error}") from error


def _decoded(item: LabelledImage, data: bytes) -> Pixels:
    try:
        return decode(data)
    except FrameRejected as error:
        raise DataInvalid(f"{item.path}: {error}") from error


def _check_not_blank(item: LabelledImage, pixels: Pixels) -> None:
    if pixels.min() == pixels.max():
        raise DataInvalid(f"{item.path}: every pixel is {pixels.max()}: expected a picture of a part")


def _boxed(item: LabelledImage, frame: Pixels) -> NDArray[np.uint8] | None:
    if not item.boxes:
        return None
    marked = np.zeros(frame.shape[:2], np.uint8)
    for box in item.boxes:
        right, bottom = box.x_px + box.width_px, box.y_px + box.height_px
        if bottom > frame.shape[0] or right > frame.shape[1]:
            raise DataInvalid(
                f"{item.path}: expected boxes inside its {frame.shape[1]}x{frame.shape[0]} px, got one from "
                f"{box.x_px},{box.y_px} to {right},{bottom}"
            )
        marked[box.y_px : bottom, box.x_px : right] = 255
    return marked


def _masked(item: LabelledImage, frame: Pixels) -> NDArray[np.uint8]:
    mask = _decode(LabelledImage(item.mask)) if item.mask else None
    if mask is None or mask.shape[:2] != frame.shape[:2]:
        got = None if mask is None else mask.shape[1::-1]
        raise DataInvalid(
            f"{item.mask}: expected a mask of {frame.shape[1]}x{frame.shape[0]} px like its image, got {got}"
        )
    return np.asarray((mask.max(axis=2) > 0).astype(np.uint8) * 255)


def _marked(covered: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels that a mask covers by half, and where it is too thin for that, a crack, by anything.

    The rim of what is thick stays unmarked: a perfect map must not be measured as a wrong one.
    """
    half, touched = covered > 127, covered > 0  # noqa: PLR2004 - of 255
    thin = touched & ~_near(half)
    return half | (touched & _near(thin))


def _near(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Up to two pixels away: more than any rim is wide."""
    return np.asarray(cv2.dilate(marked.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def _report_refused(refused: list[str], total: int) -> None:
    if refused:
        shown = "\n  ".join(refused[:_SHOWN])
        log.warning("UNDECIDED, the part is not found in %d of %d images:\n  %s", len(refused), total, shown)


def _report_unreadable(unreadable: list[str], total: int, *, skip_unreadable: bool) -> None:
    if not unreadable:
        return
    shown = "\n  ".join(unreadable[:_SHOWN])
    text = f"{len(unreadable)} of {total} images cannot be read:\n  {shown}"
    if not skip_unreadable:
        raise DataInvalid(f"{text}\nRepair or remove them, or go on without them by --skip-unreadable")
    log.warning("skipped: %s", text)
