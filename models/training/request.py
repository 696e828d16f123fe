"""What to train on, and where to put the bundle."""

from dataclasses import dataclass
from pathlib import Path

from edge.contract.manifest import TierName
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
        size_px: side of the network's square input; None takes the tier's.
        target_overkill: share of good parts that may fail.
        skip_unreadable: go on without files that do not decode.
    """

    data: Path
    out: Path
    key: SigningKey
    recipe: str
    defects: Path | None = None
    parent_bundle_id: str | None = None
    tier: TierName = "fast"
    trunk_weights: Path | None = None
    size_px: int | None = None
    target_overkill: float = 0.05
    seed: int = 0
    skip_unreadable: bool = False
