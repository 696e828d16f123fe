"""What to look at beside a part: how it was before, parts with the same kind of fault, a good one, the golden image."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import NotFound
from edge.contract.result import ImageKind, Verdict
from inspection.ingest.find import ResultFilter, find_results, parse_result, stored_frame
from inspection.registry.bundles import manifest_of
from inspection.review.alike import nearest
from inspection.review.part_views import other_views
from inspection.review.states import FLAGGED
from inspection.review.wanted import picture_arrived
from inspection.samples.samples import samples_of
from inspection.store.blobs import BlobStore
from inspection.store.images import picture_size_px
from inspection.store.pictures import Pictures, PictureSize
from inspection.store.tables import BlobRow, BundleRow, ResultImageRow, ResultRow

__all__ = ["Beside", "beside", "golden_png"]

_HISTORY = 8
_ALIKE = 8
_ALIKE_AMONG = 1000
_GOODS = 48  # each is decoded; the renderings are kept, so that only the first look takes its time
_SIDE_PX = 24


@dataclass(frozen=True)
class Beside:
    """What to show beside a part.

    Attributes:
        views: other views of the part at the same moment, by their names.
        history: earlier and later results of the same part, the newest first.
        alike: flagged parts of the recipe with the most alike fault, the nearest first.
        good_sha256: the most alike picture of a good part; None if there is none.
        golden: whether the bundle that judged it has a golden image.
        picture_px: width and height of the part's own picture; None without one.
    """

    views: tuple[ResultRow, ...]
    history: tuple[ResultRow, ...]
    alike: tuple[ResultRow, ...]
    good_sha256: str | None
    golden: bool
    picture_px: tuple[int, int] | None


def beside(session: Session, blobs: BlobStore, pictures: Pictures, row: ResultRow) -> Beside:
    """Find them."""
    frame = stored_frame(session, row.id)
    views = other_views(session, row)
    seen = {row.id, *(view.id for view in views)}
    wanted = ResultFilter(recipe=row.recipe, part_id=row.part_id, limit=_HISTORY + len(seen))
    history = tuple(other for other in find_results(session, wanted) if other.id not in seen)
    return Beside(
        views=views,
        history=history[:_HISTORY],
        alike=_alike(session, row),
        good_sha256=None if frame is None else _most_alike_good(session, pictures, row, frame),
        golden=_golden(session, row),
        picture_px=None if frame is None else picture_size_px(session, blobs, frame),
    )


def golden_png(session: Session, row: ResultRow) -> bytes:
    """The golden image, grey, of the bundle that judged a part.

    Raises:
        NotFound: there is none.
    """
    bundle = None if (id_ := parse_result(row).bundle_id) is None else session.get(BundleRow, id_)
    alignment = None if bundle is None else manifest_of(bundle).preprocess.alignment
    if alignment is None:
        raise NotFound(f"result {row.id}: the bundle that judged it has no golden image")
    return bytes(cv2.imencode(".png", alignment.golden.pixels())[1].tobytes())


def _golden(session: Session, row: ResultRow) -> bool:
    bundle = None if (id_ := parse_result(row).bundle_id) is None else session.get(BundleRow, id_)
    return bundle is not None and manifest_of(bundle).preprocess.alignment is not None


def _alike(session: Session, row: ResultRow) -> tuple[ResultRow, ...]:
    own = parse_result(row).signature
    if not own:
        return ()
    query = select(ResultRow).where(ResultRow.recipe == row.recipe, ResultRow.verdict.in_(FLAGGED))
    query = query.where(ResultRow.id != row.id, picture_arrived()).order_by(ResultRow.number.desc())
    others = list(session.scalars(query.limit(_ALIKE_AMONG)))
    signatures = [parse_result(other).signature for other in others]
    comparable = [index for index, signature in enumerate(signatures) if len(signature) == len(own)]
    found = nearest(own, [signatures[index] for index in comparable], _ALIKE)
    return tuple(others[comparable[index]] for index in found)


def _most_alike_good(session: Session, pictures: Pictures, row: ResultRow, frame: str) -> str | None:
    """By the correlation of small grey pictures: the same view in the same light, not the same fault."""
    own = _small(pictures, frame)
    if own is None:
        return None
    best: tuple[float, str | None] = (-2.0, None)
    for digest in _goods(session, row):
        other = None if digest == frame else _small(pictures, digest)
        if other is not None:
            best = max(best, (float(np.vdot(own, other)), digest), key=lambda pair: pair[0])
    return best[1]


def _goods(session: Session, row: ResultRow) -> Sequence[str]:
    """Passed parts of the same station first; where none were kept, good samples."""
    query = (
        select(ResultImageRow.sha256)
        .join(ResultRow, ResultRow.id == ResultImageRow.result_id)
        .join(BlobRow, BlobRow.sha256 == ResultImageRow.sha256)
        .where(ResultRow.recipe == row.recipe, ResultRow.station == row.station)
        .where(ResultRow.verdict == Verdict.PASS.value, ResultImageRow.kind == ImageKind.FRAME.value)
        .where(BlobRow.removed_at.is_(None))
        .order_by(ResultRow.number.desc())
    )
    passed = list(session.scalars(query.limit(_GOODS)))
    return passed or list(_good_samples(session, row.recipe))


def _good_samples(session: Session, recipe: str) -> Iterable[str]:
    goods = (sample.sha256 for sample in samples_of(session, recipe) if sample.truth.defect_type is None)
    return (digest for digest, _ in zip(goods, range(_GOODS), strict=False))


def _small(pictures: Pictures, digest: str) -> NDArray[np.float64] | None:
    """Unit length, zero mean; None if it cannot be shown."""
    try:
        data = pictures.get(digest, PictureSize.THUMB)
    except NotFound:
        return None
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(cast("NDArray[np.uint8]", grey), (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    centred = small.astype(np.float64) - small.mean()
    unit: NDArray[np.float64] = centred / max(float(np.linalg.norm(centred)), 1e-9)
    return unit
