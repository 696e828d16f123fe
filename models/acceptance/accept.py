"""From accepted parts to a signed bundle, without torch and without a training; reads top to bottom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto

from edge.bundle.parity import pack_parity, unpack_parity
from edge.contract.archive import MODEL, PARITY, SealedBundle, file_entries, open_sealed, write_sealed
from edge.contract.errors import DataInvalid, GateRefused, NothingToAccept
from edge.contract.manifest import Manifest, ParityReport, PreprocessSpec
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import open_session
from models.acceptance.choice import Choice, choose
from models.acceptance.graph import (
    drawn_of,
    has_tolerance,
    heads_of,
    leading_of,
    whitened_of,
    with_outputs,
    with_tolerance,
    without_tolerance,
)
from models.acceptance.plane import Floats
from models.acceptance.shown import Shown
from models.acceptance.tolerance import tolerated
from models.data.folder import SUFFIXES, LabelledImage, defects_in, images_in
from models.data.images import ImageSet, load_images
from models.progress import Progress
from models.two_callers import by_two_callers, for_two_callers

__all__ = ["ACCEPT_STEPS", "AcceptReport", "AcceptRequest", "accept"]

ACCEPT_STEPS = {"loading accepted parts": 1.0, "loading known defects": 2.0}
_TOLERANCE = 0.01  # of the score: as between torch and onnxruntime
_PARITY_IMAGES = 32


@dataclass(frozen=True)
class AcceptRequest:
    """What to accept.

    Attributes:
        bundle: to start from; what it accepted before is forgotten, so name all that stands.
        accepted: folder of images that a person called good; None only forgets what was accepted before.
        defects: folder of known defects, one folder a type; none of them may be lost.
        out: bundle file to write.
        key: signs it.
        trusted: signed the bundle.
        parent_bundle_id: that the new one says it follows; None: the one to start from.
        skip_unreadable: go on without files that do not decode or fit.
    """

    bundle: Path
    accepted: Path | None
    defects: Path | None
    out: Path
    key: SigningKey
    trusted: TrustedKeys
    parent_bundle_id: str | None = None
    skip_unreadable: bool = False


@dataclass(frozen=True)
class AcceptReport:
    """What came of it.

    Attributes:
        alike: cosine from which on a patch is tolerated.
        beyond: and how far, beyond where no plane loses a known defect, it must lie.
        accepted: parts that the bundle did not pass.
        passing: of these, that pass now.
        left_out_passing: share of them that pass by what the others taught: what to expect of the next ones.
        still_failing: file names of the others.
        not_judged: file names of images in which the part is not found, or that do not decode or fit; in no count.
        defects: known ones that were judged again; none was lost.
        limited_by: known defects that would have been lost if likeness alone decided.
    """

    bundle_id: str
    alike: float
    beyond: float
    accepted: int
    passing: int
    left_out_passing: float
    still_failing: tuple[str, ...]
    not_judged: tuple[str, ...]
    defects: int
    limited_by: tuple[str, ...]


def accept(request: AcceptRequest, progress: Progress) -> AcceptReport:
    """Tolerate what accepted parts show, if no known defect is lost by it.

    Raises:
        NothingToAccept: the bundle passes all of them already.
        DataInvalid: no images, or it has nothing to forget.
        GateRefused: a known defect would be lost, or nothing would be gained; no bundle was written.
    """
    sealed = open_sealed(request.bundle, request.trusted)
    model = onnx.load_from_string(sealed.files[MODEL])
    plain = without_tolerance(model)
    if request.accepted is None:
        return _forget(request, sealed, model, plain)
    items = [LabelledImage(path) for path in images_in(request.accepted)]
    if not items:
        raise DataInvalid(f"{request.accepted}: no images; expected files ending in {', '.join(sorted(SUFFIXES))}")
    known = [] if request.defects is None else defects_in(request.defects)
    spec, skips = sealed.manifest.preprocess, request.skip_unreadable
    parts = load_images(items, spec, progress, "loading accepted parts", skip_unreadable=skips)
    if not len(parts):
        raise DataInvalid(f"{request.accepted}: the part is found in none of the images, which no model can judge")
    defects = load_images(known, spec, progress, "loading known defects", skip_unreadable=skips)

    eyes = _Eyes(plain, sealed.manifest)
    seen = eyes.look_at(parts)
    caught = eyes.look_at(defects) if len(defects) else seen.only(np.zeros(len(seen), np.bool_))
    accepted = seen.only(~seen.passes)
    if not len(accepted):
        raise NothingToAccept(f"{request.accepted}: the bundle passes all {len(seen)} parts already, nothing to accept")
    choice = choose(accepted, caught, eyes.passes)
    model = with_tolerance(plain, choice.tolerance)
    half = _PARITY_IMAGES // 2
    pixels = np.concatenate([parts.pixels[:half], defects.pixels[:half]])
    whitened = [shown.whitened[:half] for shown in (seen, caught) if len(shown)]
    expected = eyes.scores(tolerated(np.concatenate(whitened), choice.tolerance))
    data = model.SerializeToString()
    session = open_session(data, for_two_callers())
    report = eyes.compare(session, pixels, expected)
    bundle_id = _write(request, sealed, (data, session), report)
    not_judged = {item.path.name for item in items} - {item.path.name for item in parts.items}
    return _report(bundle_id, accepted, len(caught), choice, not_judged)


def _forget(request: AcceptRequest, sealed: SealedBundle, model: ModelProto, plain: ModelProto) -> AcceptReport:
    """The bundle as it was trained: nothing that it caught then is lost, so that nothing is judged again."""
    if not has_tolerance(model):
        raise DataInvalid(
            f"{request.bundle}: expected a bundle that has accepted something, there is nothing to forget"
        )
    data = plain.SerializeToString()
    bundle_id = _write(request, sealed, (data, open_session(data, for_two_callers())), sealed.manifest.parity)
    return AcceptReport(bundle_id, 0.0, 0.0, 0, 0, 0.0, (), (), 0, ())


class _Eyes:
    """The champion as it was trained, in two halves: patches once, and heads as often as there are levels."""

    def __init__(self, plain: ModelProto, manifest: Manifest) -> None:
        self._whitened, self._leading = whitened_of(plain), leading_of(plain)
        self._drawn = drawn_of(plain)
        self._pixels = manifest.graph.input_name
        self._spec = manifest.preprocess
        self._passes_up_to = manifest.calibration.passes_up_to
        self._whole = open_session(with_outputs(plain, self._whitened, self._drawn), for_two_callers())
        self._heads = open_session(heads_of(plain), for_two_callers())

    def look_at(self, images: ImageSet) -> Shown:
        """Every image by the whole graph; there must be one."""
        names = [self._whitened, self._drawn, "score"]
        said = list(by_two_callers(lambda part: self._whole.run(names, {self._pixels: part}), images.pixels))
        files = [item.path.name for item in images.items]
        whitened = np.concatenate([patches for patches, _, _ in said])
        unusual = np.stack([_at_positions(maps, self._spec, whitened.shape[1]) for _, maps, _ in said])
        passes = np.array([score[0] <= self._passes_up_to for _, _, score in said])
        return Shown(files, whitened, unusual, passes, self._leading)

    def scores(self, whitened: Floats) -> Floats:
        """Scores `(N,)` of whitened parts `(N, P, D)`."""
        return np.asarray(self._heads.run(["score"], {self._whitened: whitened})[0], np.float32)

    def passes(self, whitened: Floats) -> NDArray[np.bool_]:
        """Which of them pass, `(N,)`."""
        return np.asarray(self.scores(whitened) <= self._passes_up_to)

    def compare(self, session: Any, pixels: NDArray[np.uint8], expected: Floats) -> ParityReport:
        """The new graph on pixels `(N, …)` against scores `(N,)` by the same tolerance computed outside of it.

        Raises:
            GateRefused: they disagree.
        """
        got = _scores_by(session, self._pixels, pixels)
        worst = float(np.abs(got - expected).max())
        flips = int(((got <= self._passes_up_to) != (expected <= self._passes_up_to)).sum())
        if not worst <= _TOLERANCE or flips:
            raise GateRefused(
                f"parity: the graph and the tolerance differ on {len(got)} images by {worst:.3g} in score "
                f"(tolerance {_TOLERANCE}), with {flips} verdicts flipped; no bundle was written"
            )
        return ParityReport(
            images=len(got),
            max_score_difference=worst,
            max_map_difference=0.0,
            verdict_flips=flips,
            tolerance=_TOLERANCE,
        )


def _at_positions(maps: Floats, spec: PreprocessSpec, positions: int) -> Floats:
    """Of the maps `(tiles, 1, H, W)` of a part what lies at each position `(P,)`."""
    stride = round((len(maps) * spec.height_px * spec.width_px / positions) ** 0.5)
    rows, columns = spec.height_px // stride, spec.width_px // stride
    return np.asarray(maps.reshape(len(maps), rows, stride, columns, stride).mean(axis=(2, 4)).reshape(-1))


def _scores_by(session: Any, name: str, pixels: NDArray[np.uint8]) -> Floats:
    """Scores `(N,)` of parts `(N, tiles, height, width, 3)`, one at a time as on the line."""
    return np.concatenate(list(by_two_callers(lambda part: session.run(["score"], {name: part})[0], pixels)))


def _write(request: AcceptRequest, sealed: SealedBundle, graph: tuple[bytes, Any], parity: ParityReport) -> str:
    """The same threshold and promise: patches count as before or as usual ones; the gate judges overkill once more."""
    manifest = sealed.manifest
    pixels, _ = unpack_parity(sealed.files[PARITY])
    parts = pixels.reshape(-1, manifest.preprocess.tile_count, *pixels.shape[-3:])
    data, session = graph
    scores = _scores_by(session, manifest.graph.input_name, parts)
    files = {MODEL: data, PARITY: pack_parity(parts, scores)}
    follows = {"parent_bundle_id": request.parent_bundle_id or sealed.id}
    changed: dict[str, Any] = {
        "parity": parity,
        "provenance": manifest.provenance.model_copy(update=follows),
        "created_at": datetime.now(UTC),
        "files": file_entries(files),
    }
    return write_sealed(request.out, manifest.model_copy(update=changed), files, request.key)


def _report(bundle_id: str, accepted: Shown, defects: int, choice: Choice, not_judged: Iterable[str]) -> AcceptReport:
    return AcceptReport(
        bundle_id=bundle_id,
        alike=choice.tolerance.alike,
        beyond=choice.tolerance.beyond,
        accepted=len(accepted),
        passing=int(choice.passing.sum()),
        left_out_passing=choice.left_out_passing,
        still_failing=tuple(accepted.only(~choice.passing).names),
        not_judged=tuple(sorted(not_judged)),
        defects=defects,
        limited_by=tuple(choice.limited_by),
    )
