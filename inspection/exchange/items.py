"""Labelled image files of a folder, checked before anything of them is sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from edge.contract.errors import DataInvalid
from edge.contract.image_size import header_size_px
from inspection.exchange.outlines import as_png
from inspection.samples.mask_picture import white_png
from inspection.samples.statements import Label
from inspection.store.images import EXTENSIONS, media_type_of, require_whole

__all__ = ["Checked", "Found", "Item", "checked", "mask_bytes", "white_mask"]

_SHOWN = 50
_MAX_TYPE = 64


@dataclass(frozen=True)
class Item:
    """One image with what is true of it, as a format says it.

    Attributes:
        row: where the format says it, for messages.
        defect_type: None for a good part, or if nobody named the defect.
        sha256: of the file, if the format says it.
        mask: PNG file of the image's size, not black where the defect is; None if nobody marked it.
    """

    row: str
    path: Path
    label: Label
    defect_type: str | None = None
    sha256: str | None = None
    mask: bytes | None = None


@dataclass
class Found:
    """What a reader found.

    Attributes:
        problems: one line for each row that cannot be used.
        notes: what was understood and has no place in a plant.
    """

    items: list[Item] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def mask_bytes(path: Path, row: str, found: Found) -> bytes | None:
    """A mask's file, one of BMP or TIFF as PNG; None, and a problem more, if it cannot be read."""
    try:
        return as_png(path.read_bytes())
    except (OSError, DataInvalid) as error:
        found.problems.append(f"{row}: mask: {error}")
        return None


def white_mask(item: Item) -> bytes | None:
    """Its mask as the plant keeps it, once it was checked."""
    return None if item.mask is None else white_png(item.mask, header_size_px(item.mask, "image/png"), item.row)


@dataclass(frozen=True)
class Checked:
    """Images to send: each content once.

    Attributes:
        by_hash: the items, by SHA-256 of their files.
        copies: how many further files had a content that is among them, with the same label.
    """

    by_hash: dict[str, Item]
    copies: int


def checked(folder: Path, found: Found) -> Checked:
    """All items, if all of them can be sent.

    Raises:
        DataInvalid: there is none, or some cannot; each is named with its row.
    """
    by_hash: dict[str, Item] = {}
    problems, copies = list(found.problems), 0
    for item in found.items:
        digest, problem = _examined(folder, item)
        before = by_hash.get(digest)
        if problem is None and before is not None:
            problem = _contradiction(before, item)
        if problem is not None:
            problems.append(f"{item.row}: {problem}")
            continue
        copies += before is not None
        if before is None or before.mask is None:
            by_hash[digest] = item
    _require_none(folder, problems)
    if not by_hash:
        raise DataInvalid(f"{folder}: expected labelled images, found none")
    return Checked(by_hash, copies)


def _contradiction(before: Item, item: Item) -> str | None:
    """What one picture cannot be twice; a mask that only one of the two has is none."""
    if _truth(before) != _truth(item):
        return f"same picture as {before.row}, which says {_said(before)}; this one says {_said(item)}"
    if before.mask is not None and item.mask is not None and white_mask(before) != white_mask(item):
        return f"same picture as {before.row}, which has another mask"
    return None


def _examined(folder: Path, item: Item) -> tuple[str, str | None]:
    """SHA-256 of the file, and what is wrong with it."""
    try:
        if not item.path.resolve().is_relative_to(folder.resolve()):
            return "", f"expected a file inside {folder}, got {item.path}"
        data = item.path.read_bytes()
        if media_type_of(data) not in EXTENSIONS:
            return "", f"expected a PNG, JPEG, BMP or TIFF file, got {len(data)} bytes of something else"
        require_whole(data)
    except (OSError, ValueError, DataInvalid) as error:
        return "", str(error)
    digest = sha256(data).hexdigest()
    return digest, _wrong_words(item) or _wrong_hash(item, digest) or _wrong_mask(item, data)


def _wrong_words(item: Item) -> str | None:
    if item.label not in (Label.GOOD, Label.DEFECT):
        return f"label: expected good or defect, got {item.label.value}"
    if item.label is Label.GOOD and item.defect_type is not None:
        return f"expected no defect type with the label good, got {item.defect_type!r}"
    if item.defect_type is not None and not 0 < len(item.defect_type) <= _MAX_TYPE:
        return f"defect type: expected 1 to {_MAX_TYPE} characters, got {len(item.defect_type)}"
    if item.defect_type is not None and not _is_text(item.defect_type):
        return f"defect type: expected text in UTF-8 without zero bytes, got {item.defect_type!r}"
    return None


def _is_text(words: str) -> bool:
    """Whether it can be sent and stored; the name of a folder from another system may hold any bytes."""
    return "\0" not in words and words == words.encode("utf-8", "replace").decode()


def _wrong_hash(item: Item, digest: str) -> str | None:
    if item.sha256 is None or item.sha256 == digest:
        return None
    return f"expected a file with SHA-256 {item.sha256}, got {digest}"


def _wrong_mask(item: Item, data: bytes) -> str | None:
    if item.mask is None:
        return None
    if item.label is Label.GOOD:
        return "expected no mask with the label good"
    try:
        white_png(item.mask, header_size_px(data, media_type_of(data)), "mask")
    except DataInvalid as error:
        return str(error)
    return None


def _truth(item: Item) -> tuple[Label, str | None]:
    return item.label, item.defect_type


def _said(item: Item) -> str:
    return item.label.value if item.defect_type is None else f"{item.label.value} ({item.defect_type})"


def _require_none(source: Path, problems: Sequence[str]) -> None:
    if problems:
        raise DataInvalid(f"{source}: nothing was imported, {len(problems)} rows cannot be used:\n{_told(problems)}")


def _told(problems: Iterable[str]) -> str:
    lines = [f"  {problem}" for problem in problems]
    more = [f"  … and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join([*lines[:_SHOWN], *more])
