"""What a foreign ONNX model takes and gives, as its user states it."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.contract.errors import SettingsInvalid
from edge.contract.signature import SigningKey

__all__ = ["ForeignInput", "ForeignOutput", "WrapRequest"]


@dataclass(frozen=True)
class ForeignInput:
    """What the model takes: `(x / scale - mean) / std` of 8-bit pixels.

    Attributes:
        layout: order of the axes.
        colour: order of the channels; grey is one channel, weighted as by ITU-R BT.601.
        scale: that pixels of 0 to 255 are divided by; 1 leaves them as they are.
        mean: per channel, or one for all.
        std: the same.
        size_px: width and height; None takes those of the graph.
    """

    layout: Literal["nchw", "nhwc"] = "nchw"
    colour: Literal["rgb", "bgr", "grey"] = "rgb"
    scale: float = 255.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    size_px: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Refuse what would divide by zero or fit no channel."""
        if not all(0 < value < math.inf for value in (self.scale, *self.std)):
            raise SettingsInvalid(f"--scale and --std: expected more than 0, got {self.scale} and {self.std}")
        if not all(map(math.isfinite, self.mean)):
            raise SettingsInvalid(f"--mean: expected numbers, got {self.mean}")
        for name, values in (("--mean", self.mean), ("--std", self.std)):
            if len(values) not in {1, self.channels}:
                raise SettingsInvalid(f"{name}: expected 1 or {self.channels} numbers, got {len(values)}")

    @property
    def channels(self) -> int:
        """That the model sees."""
        return 1 if self.colour == "grey" else 3


@dataclass(frozen=True)
class ForeignOutput:
    """Which outputs say what; at least one, by the names in the graph.

    Attributes:
        score: one number a part, larger = more anomalous.
        map: `(N, H, W)` or `(N, 1, H, W)`, larger = more anomalous; its maximum is the score where none is named.
        logits: `(N, C)` of a classifier; the score is the log-odds of any class but `good_class`.
        segmentation: `(N, C, H, W)` logits of a segmenter; the same, pixel by pixel.
        good_class: index of the class that is good; where C is 1, that one output speaks for "bad".
        classes: names of all classes of `logits`, in order, for the verdict's defect class; empty for none.
    """

    score: str | None = None
    map: str | None = None
    logits: str | None = None
    segmentation: str | None = None
    good_class: int = 0
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is ambiguous."""
        if (self.score is None and self.logits is None and self.map is None and self.segmentation is None) or (
            (self.score and self.logits) or (self.map and self.segmentation)
        ):
            raise SettingsInvalid(
                "expected one of --score and --logits, one of --map and --segmentation, or one of each kind"
            )
        if self.classes and (self.logits is None or not 0 <= self.good_class < len(self.classes)):
            raise SettingsInvalid(f"--classes: expected --logits and --good-class among them, got {self.classes}")
        if "" in self.classes or len(set(self.classes)) < len(self.classes):
            raise SettingsInvalid(f"--classes: expected a name for each, no two the same, got {self.classes}")

    @property
    def names(self) -> tuple[str, ...]:
        """Of the outputs used, the one for the score first."""
        return tuple(name for name in (self.score, self.logits, self.map, self.segmentation) if name is not None)

    @property
    def defect_classes(self) -> tuple[str, ...]:
        """All but the good one."""
        return tuple(name for index, name in enumerate(self.classes) if index != self.good_class)


@dataclass(frozen=True)
class WrapRequest:
    """One wrapping.

    Attributes:
        model: the ONNX file.
        data: folder with `train/good`: parts that the model has not learnt from, to calibrate on.
        out: bundle file to write.
        key: signs the bundle.
        recipe: the part type.
        threshold: that the model's own tool chose; None takes one from the good parts.
    """

    model: Path
    data: Path
    out: Path
    key: SigningKey
    recipe: str
    takes: ForeignInput
    gives: ForeignOutput
    target_overkill: float = 0.05
    threshold: float | None = None
