"""Laying out a recipe's samples as folders, the way `models` reads them."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sqlalchemy.orm import Session

from edge.contract.errors import DataInvalid
from inspection.samples.samples import Sample
from inspection.samples.splits import Split
from inspection.store.blobs import BlobStore
from inspection.store.images import EXTENSIONS, image_row

__all__ = ["Material", "called", "folder_name", "lay_out", "lay_out_pictures", "name_folders", "require_trainable"]

_TAKEN = frozenset({"good", "masks", "ground_truth"})
"""Folder names that mean something else to `models`."""

_TYPES = "defect_types.csv"
_LONGEST = 48
"""Characters of a folder's name before what tells it from others; a file system takes 255 bytes."""


@dataclass(frozen=True)
class Material:
    """Where the images of one job are.

    Attributes:
        data: `train/good/*` and `defects/<type>/*`.
        defects: `data/defects`, or None if there are none; masks in `masks/<type>/*`.
        holdout: `test/good/*` and `test/<type>/*`, masks in `ground_truth/<type>/*`; the same folder as `data`, where a
            training looks for pictures that it would learn from, too.

    `defect_types.csv` in each says what people call a type whose name is no folder's.
    """

    data: Path
    defects: Path | None
    holdout: Path


def lay_out(session: Session, blobs: BlobStore, samples: Iterable[Sample], folder: Path) -> Material:
    """Link every sample into its folder below `folder`."""
    material = Material(folder / "data", folder / "data" / "defects", folder / "data")
    (material.data / "train" / "good").mkdir(parents=True)
    (material.holdout / "test" / "good").mkdir(parents=True)
    types = set[str]()
    for sample in samples:
        types |= set() if sample.truth.defect_type is None else {sample.truth.defect_type}
        extension = EXTENSIONS.get(image_row(session, sample.sha256).media_type, "bin")
        blobs.export(sample.sha256, _folder(material, sample) / f"{sample.sha256}.{extension}")
        if sample.truth.mask_sha256 is not None:
            blobs.export(sample.truth.mask_sha256, _masks(material, sample) / f"{sample.sha256}.png")
    for place in (material.data, material.data / "defects"):
        name_folders(place, types)
    return material if (material.data / "defects").is_dir() else Material(material.data, None, material.holdout)


def lay_out_pictures(session: Session, blobs: BlobStore, digests: Iterable[str], folder: Path) -> Path:
    """Link pictures into `folder`, made new, and return it."""
    folder.mkdir()
    for digest in digests:
        extension = EXTENSIONS.get(image_row(session, digest).media_type, "bin")
        blobs.export(digest, folder / f"{digest}.{extension}")
    return folder


def require_trainable(samples: Iterable[Sample], recipe: str, left_out: int = 0) -> None:
    """Return if there is anything to train on.

    Args:
        samples: that are asked for.
        recipe: whose they are.
        left_out: samples that were taken beside held-out parts.

    Raises:
        DataInvalid: no good image in the training part.
    """
    if any(sample.split is Split.TRAIN and sample.truth.defect_type is None for sample in samples):
        return
    if left_out:
        raise DataInvalid(
            f"recipe {recipe!r}: expected good images to train on, got none but {left_out} that were taken within "
            "`neighbour_s` of a held-out part; upload or label some of another time"
        )
    raise DataInvalid(f"recipe {recipe!r}: expected good images to train on, got none; upload or label some first")


def _folder(material: Material, sample: Sample) -> Path:
    kind = "good" if sample.truth.defect_type is None else folder_name(sample.truth.defect_type)
    if sample.split is Split.HOLDOUT:
        return material.holdout / "test" / kind
    if sample.truth.defect_type is None:
        return material.data / "train" / "good"
    return material.data / "defects" / kind


def _masks(material: Material, sample: Sample) -> Path:
    """Where the mask of a marked defect goes."""
    images = _folder(material, sample)
    if sample.split is Split.HOLDOUT:
        return material.holdout / "ground_truth" / images.name
    return images.parent / "masks" / images.name


def folder_name(defect_type: str) -> str:
    """A person's word as a folder name; two different words never share one, and none means something else."""
    safe = re.sub(r"[^\w-]", "_", defect_type).strip("_")[:_LONGEST] or "defect"
    if safe == defect_type and safe not in _TAKEN:
        return safe
    return f"{safe}-{sha256(defect_type.encode()).hexdigest()[:6]}"


def called(defect_type: str | None) -> str:
    """What `models` call a part: good, or the type; one that somebody called good keeps its folder's name."""
    if defect_type is None:
        return "good"
    return folder_name(defect_type) if defect_type == "good" else defect_type


def name_folders(place: Path, types: Iterable[str]) -> None:
    """Say in a folder that is there which of its folders is which type, where the two differ."""
    renamed = {folder_name(name): name for name in sorted(types) if folder_name(name) != name}
    if renamed and place.is_dir():
        with (place / _TYPES).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("folder", "defect_type"), *renamed.items()])
