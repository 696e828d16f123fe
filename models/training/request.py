"""What to train on, and where to put the bundle."""

from dataclasses import dataclass
from pathlib import Path

from edge.contract.manifest import Costs, Invariance, PreprocessSpec, Roi, TierName
from edge.contract.signature import SigningKey

__all__ = ["TrainRequest"]


@dataclass(frozen=True)
class TrainRequest:
    """One training.

    Attributes:
        data: folder in the MVTec AD layout.
        out: bundle file to write.
        key: signs the bundle.
        recipe: the part type.
        defects: folder of labelled defects, one folder a type.
        parent_bundle_id: the champion that this training starts from, for the record.
        tier: how much time a part may take.
        trunk_weights: file of the trunk's weights; None takes those that are installed.
        like: pre-processing of an earlier bundle to use as it is; what follows is not looked at then.
        size_px: side of the network's input if that is a square, another shape has as many pixels; None: the tier's.
        smallest_defect_px: that must be seen, in pixels of the camera.
        roi: region of interest in the frame; None for all of it.
        golden: image whose part all others are turned and shifted to.
        ignore_mask: image of the frame's size, not black where nothing is looked at.
        invariant: good parts are also learnt from turned by quarters, flipped, or both.
        target_overkill: share of good parts that may fail.
        undecided_overkill: share of good parts that may not pass; None for no UNDECIDED band.
        costs: that the threshold minimises where there are labelled defects enough; None keeps to the overkill.
        skip_unreadable: go on without files that do not decode or fit.
        features: folder that keeps features of images for later trainings; None keeps nothing.
        features_limit_bytes: that it may grow to.
    """

    data: Path
    out: Path
    key: SigningKey
    recipe: str
    defects: Path | None = None
    parent_bundle_id: str | None = None
    tier: TierName = "fast"
    trunk_weights: Path | None = None
    like: PreprocessSpec | None = None
    size_px: int | None = None
    smallest_defect_px: float | None = None
    roi: Roi | None = None
    golden: Path | None = None
    ignore_mask: Path | None = None
    invariant: tuple[Invariance, ...] = ()
    target_overkill: float = 0.05
    costs: Costs | None = None
    undecided_overkill: float | None = None
    seed: int = 0
    skip_unreadable: bool = False
    features: Path | None = None
    features_limit_bytes: int = 4 << 30
