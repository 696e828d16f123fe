"""The manifest: everything that decides a result, beside the graph itself."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from edge.contract.picture import SmallPicture
from edge.contract.result import Verdict
from edge.contract.values import Value

__all__ = [
    "SCHEMA_VERSION",
    "Alignment",
    "Calibration",
    "Costs",
    "DataCounts",
    "FileEntry",
    "GraphSpec",
    "HeldoutScores",
    "Manifest",
    "ParityReport",
    "PreprocessSpec",
    "Promise",
    "Provenance",
    "ReducedPrecision",
    "Roi",
    "TierName",
    "Tiles",
]

SCHEMA_VERSION = 1

TierName = Literal["fast", "balanced", "accurate"]

Fraction = Annotated[float, Field(ge=0, le=1)]


class Roi(Value):
    """Region of interest in pixels of the camera frame; the origin is the top left corner."""

    x_px: Annotated[int, Field(ge=0)]
    y_px: Annotated[int, Field(ge=0)]
    width_px: Annotated[int, Field(ge=8)]
    height_px: Annotated[int, Field(ge=8)]


class Alignment(Value):
    """A part is turned and shifted to lie like the golden image; what does not register is UNDECIDED."""

    golden: Annotated[SmallPicture, Field(description="the golden sample's ROI, grey, at any size")]
    min_correlation: Annotated[float, Field(ge=-1, le=1, description="with the golden image, once aligned")]


class Tiles(Value):
    """A grid of overlapping tiles, each of the network's input size, that the whole input is cut into."""

    rows: Annotated[int, Field(ge=1, le=64)]
    columns: Annotated[int, Field(ge=1, le=64)]
    overlap_px: Annotated[int, Field(ge=0, description="less than half a tile, in pixels of the input")]

    def whole_px(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Width and height of what tiles of this size cover together."""
        return (
            self.columns * (width_px - self.overlap_px) + self.overlap_px,
            self.rows * (height_px - self.overlap_px) + self.overlap_px,
        )


class PreprocessSpec(Value):
    """How a frame becomes the network's input; the same for training, evaluation, parity and the line."""

    width_px: Annotated[int, Field(ge=32, le=4096)]
    height_px: Annotated[int, Field(ge=32, le=4096)]
    roi: Roi | None = None
    white_level: Annotated[int, Field(ge=255, le=65535, description="sensor value that maps to 255; uint16 only")] = (
        65535
    )
    frame_width_px: Annotated[int | None, Field(description="of the training frames; None if they were mixed")] = None
    frame_height_px: int | None = None
    alignment: Alignment | None = None
    ignored: Annotated[
        SmallPicture | None, Field(description="at the size of the whole input, not 0 = not looked at")
    ] = None
    tiles: Tiles | None = None

    @property
    def whole_px(self) -> tuple[int, int]:
        """Width and height of the whole input, before it is cut into tiles."""
        own = (self.width_px, self.height_px)
        return own if self.tiles is None else self.tiles.whole_px(*own)

    @property
    def tile_count(self) -> int:
        """Tiles of one part: what the graph takes for it at once."""
        return 1 if self.tiles is None else self.tiles.rows * self.tiles.columns

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tiles is not None and 2 * self.tiles.overlap_px >= min(self.width_px, self.height_px):
            msg = f"tiles: expected an overlap of less than half a tile, got {self.tiles.overlap_px} px"
            raise ValueError(msg)
        size_px = None if self.ignored is None else (self.ignored.width_px, self.ignored.height_px)
        if size_px not in {None, self.whole_px}:
            msg = f"ignored: expected a mask of {self.whole_px} px like the whole input, got {size_px}"
            raise ValueError(msg)
        return self


class GraphSpec(Value):
    """Names and shapes of the ONNX graph.

    input `(N * tiles, height, width, 3)` uint8 RGB, the tiles of a part in turn; outputs `score (N,)`,
    `map (N * tiles, height, width)`, where we made the graph `signature (N, S)`, and where a defect head was trained
    `class_score (N, classes)`, all float32; larger = more anomalous. Scores are in units of
    -log10(tail probability) of good parts. A signature decides nothing: people see alike parts together by it.
    """

    input_name: str = "pixels"
    outputs: tuple[str, ...] = ("score", "map")


class Promise(Value):
    """What the held-out images support, with `confidence`, provided the line delivers parts like them."""

    confidence: Fraction
    overkill_at_most: Annotated[float, Field(ge=0, le=1, description="share of good parts failed")]
    escapes_at_most: Annotated[
        float | None, Field(description="share of bad parts passed, for known defect types; None without labels")
    ] = None
    text: str


class Costs(Value):
    """What a wrong verdict costs, in any one currency, and how often there is a chance for one."""

    escape: Annotated[float, Field(gt=0, allow_inf_nan=False, description="of a bad part that passes")]
    overkill: Annotated[float, Field(gt=0, allow_inf_nan=False, description="of a good part that fails")]
    defect_rate: Annotated[float, Field(gt=0, lt=1, description="share of all parts that are bad")]


class HeldoutScores(Value):
    """Scores of parts that the model had not seen, sorted, at most a thousand of each: what a threshold would do."""

    goods: tuple[float, ...]
    defects: tuple[float, ...] = ()


class Calibration(Value):
    """Where the threshold comes from."""

    threshold: float
    target_overkill: Fraction
    heldout_goods: Annotated[int, Field(ge=0)]
    heldout_defects: Annotated[int, Field(ge=0)] = 0
    heldout_defects_missed: Annotated[int, Field(ge=0)] = 0
    pooling: Literal["max", "top1pct", "top2pct"]
    costs: Annotated[
        Costs | None, Field(description="that the threshold minimises; None: it keeps to target_overkill")
    ] = None
    promise: Promise
    undecided_from: Annotated[
        float | None, Field(description="a score above this and up to the threshold is UNDECIDED; None: never")
    ] = None
    heldout_scores: HeldoutScores | None = None

    @property
    def passes_up_to(self) -> float:
        """The largest score that is PASS."""
        return self.threshold if self.undecided_from is None else min(self.undecided_from, self.threshold)

    def verdict(self, score: float) -> Verdict:
        """What a score means; one that is no number fails."""
        if not score <= self.threshold:
            return Verdict.FAIL
        return Verdict.PASS if score <= self.passes_up_to else Verdict.UNDECIDED


class ParityReport(Value):
    """torch against onnxruntime on the same images, measured at export; a bundle outside `tolerance` is not written."""

    images: Annotated[int, Field(ge=1)]
    max_score_difference: float
    max_map_difference: float
    verdict_flips: Annotated[int, Field(ge=0)]
    tolerance: float


class ReducedPrecision(Value):
    """A graph of fewer bits against the one it was made of on a hold-out: faster, and it agrees."""

    images: Annotated[int, Field(ge=1)]
    time_ratio: Annotated[float, Field(gt=0, description="of the sessions' medians on the machine that made it")]
    max_score_difference: float
    verdict_flips: Annotated[int, Field(ge=0)]


Invariance = Literal["rotation", "flip"]


class DataCounts(Value):
    """What the model learnt from."""

    goods: Annotated[int, Field(ge=1)]
    defects: dict[str, int] = Field(default_factory=dict)
    masks: Annotated[int, Field(ge=0)] = 0
    boxes: Annotated[int, Field(ge=0, description="images whose defects are boxed, without a mask")] = 0
    skipped_unreadable: tuple[str, ...] = ()
    invariant: Annotated[
        tuple[Invariance, ...], Field(description="how a good part may be seen and still be good, as a person said")
    ] = ()
    formats: Annotated[dict[str, int], Field(description="files of each media type; empty if not recorded")] = Field(
        default_factory=dict
    )
    content_sha256: Annotated[str, Field(description="over the sorted hashes of all training files")]


class Provenance(Value):
    """Who made the bundle, with what."""

    inspection_version: str
    versions: dict[str, str]
    seed: int
    trunk: str
    trunk_sha256: str
    parent_bundle_id: str | None = None


class FileEntry(Value):
    """One file of the bundle."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size_bytes: Annotated[int, Field(ge=0)]


class Manifest(Value):
    """First file of a bundle; the signature covers its exact bytes, and it covers all other files by hash.

    The bundle's id is the SHA-256 of the manifest's bytes.
    """

    schema_version: Annotated[int, Field(ge=1)] = SCHEMA_VERSION
    recipe: Annotated[str, Field(min_length=1, max_length=64, description="the part type")]
    tier: TierName | Literal["wrapped"]
    created_at: AwareDatetime
    preprocess: PreprocessSpec
    graph: GraphSpec = GraphSpec()
    defect_classes: tuple[str, ...] = ()
    calibration: Calibration
    parity: ParityReport
    int8: ReducedPrecision | None = None
    fp16: ReducedPrecision | None = None
    data: DataCounts
    provenance: Provenance
    files: dict[str, FileEntry]
