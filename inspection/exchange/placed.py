"""A sample whose file was written."""

from dataclasses import dataclass, field

from inspection.api.schemas import SampleItem

__all__ = ["Placed"]


@dataclass(frozen=True)
class Placed:
    """A sample with its file.

    Attributes:
        file: relative to the folder of the export, with slashes.
        size_px: width and height.
        mask: file of its mask, as `file`; None if it has none.
        mask_png: the mask, where the format has no file for it.
    """

    sample: SampleItem
    file: str
    size_px: tuple[int, int]
    mask: str | None = None
    mask_png: bytes = field(default=b"", repr=False)
