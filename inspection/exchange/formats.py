"""The formats by name: where each puts a file, what it writes beside the files, and how it is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from inspection.api.schemas import SampleItem
from inspection.exchange import coco, mvtec, table
from inspection.exchange.items import Found
from inspection.exchange.placed import Placed

__all__ = ["Format", "SampleFormat", "format_of"]


class SampleFormat(StrEnum):
    """How labelled images are laid out."""

    MVTEC = "mvtec"
    COCO = "coco"
    CSV = "csv"


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        place: the path of a sample's file, relative, without its extension.
        place_mask: the path of its mask's file, a PNG, likewise; None where the format keeps masks elsewhere.
        finish: writes what stands beside the files.
        read: the labelled files of a folder.
    """

    place: Callable[[SampleItem], str]
    place_mask: Callable[[SampleItem], str] | None
    finish: Callable[[Path, str, Sequence[Placed]], None]
    read: Callable[[Path], Found]


def format_of(name: SampleFormat) -> Format:
    """The format of this name."""
    match name:
        case SampleFormat.MVTEC:
            return Format(mvtec.place, mvtec.place_mask, mvtec.finish, mvtec.read)
        case SampleFormat.COCO:
            return Format(coco.place, None, coco.finish, coco.read)
        case SampleFormat.CSV:
            return Format(table.place, table.place_mask, table.finish, table.read)
