"""A sample whose file was written."""

from dataclasses import dataclass

from inspection.api.schemas import SampleItem

__all__ = ["Placed"]


@dataclass(frozen=True)
class Placed:
    """A sample with its file.

    Attributes:
        file: relative to the folder of the export, with slashes.
        size_px: width and height.
    """

    sample: SampleItem
    file: str
    size_px: tuple[int, int]
