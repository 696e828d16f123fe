"""What was said of a sample, and what follows from it.

A statement has a source: the upload, a person's label of a result, or a ruling on a doubtful sample. A later statement
of the same source takes the place of the earlier one; `retracted` takes it away; a ruling takes away all before it. Of
what is left the latest decides; `unsure` keeps the sample out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from inspection.store.tables import SampleLabelRow

__all__ = ["DEFAULT_DEFECT", "RULING", "Label", "Said", "Truth", "standing_of", "truth_of"]

DEFAULT_DEFECT = "defect"
"""Type of a defect that nobody named."""


RULING = "ruling"
"""How the source of a ruling begins."""


class Label(StrEnum):
    """What a person says is true of a part."""

    GOOD = "good"
    DEFECT = "defect"
    UNSURE = "unsure"
    RETRACTED = "retracted"  # takes this person's earlier label back


@dataclass(frozen=True)
class Said:
    """What somebody says of an image.

    Attributes:
        mask_sha256: of a PNG of the image's size in which what is defective is not 0; None if nobody marked it.
    """

    label: Label
    defect_type: str | None = None
    mask_sha256: str | None = None


@dataclass(frozen=True)
class Truth:
    """What counts for a sample.

    Attributes:
        defect_type: None for a good part.
        mask_sha256: of the defect, as `Said`.
    """

    label: Label
    defect_type: str | None
    mask_sha256: str | None = None


def standing_of(statements: Iterable[SampleLabelRow]) -> list[SampleLabelRow]:
    """Of the statements (oldest first) the latest of each source that was not taken back, in the order they came."""
    standing: dict[str, SampleLabelRow] = {}
    for statement in statements:
        if statement.source.startswith(f"{RULING}:"):
            standing.clear()
        standing.pop(statement.source, None)
        if statement.label != Label.RETRACTED:
            standing[statement.source] = statement  # goes to the end: the latest decides
    return list(standing.values())


def truth_of(statements: Iterable[SampleLabelRow]) -> Truth | None:
    """What the statements (oldest first) say together; None if the sample is not to be used."""
    standing = standing_of(statements)
    if not standing:
        return None
    last = standing[-1]
    if last.label == Label.UNSURE:
        return None
    if last.label == Label.GOOD:
        return Truth(Label.GOOD, None)
    return Truth(Label.DEFECT, last.defect_type or DEFAULT_DEFECT, last.mask_sha256)
