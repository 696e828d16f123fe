"""From a plant to a folder, and from a folder to a plant."""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from time import sleep

from pydantic import ValidationError

from edge.contract.errors import (
    DataInvalid,
    PlantBusy,
    PlantError,
    PlantLacks,
    PlantRefused,
    PlantUnreachable,
    SettingsInvalid,
)
from edge.contract.image_size import header_size_px
from inspection.api.schemas import NewRecipe, SampleAdded, SampleItem
from inspection.client import PlantClient
from inspection.exchange.formats import Format, SampleFormat, format_of
from inspection.exchange.items import Item, checked, white_mask
from inspection.exchange.placed import Placed
from inspection.store.images import EXTENSIONS

__all__ = ["Exported", "Imported", "export_samples", "import_samples"]

_TRIES = 5


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        missing: SHA-256 of the images and masks that the plant names and does not have, or only damaged.
    """

    images: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Imported:
    """What became of a folder.

    Attributes:
        added: images, or labels of known images, that the plant did not have.
        known: images that it had with this very label.
        copies: files whose content was in the folder before.
        splits: images of the folder, by what the plant uses them for.
    """

    added: int
    known: int
    copies: int
    splits: dict[str, int]
    notes: tuple[str, ...]


def export_samples(client: PlantClient, recipe: str, kind: SampleFormat, out: Path) -> Exported:
    """Write every sample of a recipe to the new folder `out`; it is there as a whole or not at all.

    Raises:
        SettingsInvalid: `out` is there already, or cannot be written.
        DataInvalid: the recipe has no samples.
        PlantError: the plant does not answer or says no.
    """
    if out.exists():
        raise SettingsInvalid(f"{out}: expected a new folder, it is there already")
    aside = out.with_name(f".{out.name}.partial")
    try:
        shutil.rmtree(aside, ignore_errors=True)  # of an export that was killed
        aside.mkdir(parents=True)
        exported = _write(client, recipe, format_of(kind), aside)
        aside.replace(out)
    except OSError as error:
        raise SettingsInvalid(f"export to {out}: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return exported


def _write(client: PlantClient, recipe: str, layout: Format, folder: Path) -> Exported:
    placed, missing = [], []
    for sample in client.samples(recipe):
        data = _whole_image(client, sample.sha256)
        if data is None:
            missing.append(sample.sha256)
            continue
        one = _place(folder, layout, sample, data)
        if sample.mask_sha256 is not None:
            png = _whole_image(client, sample.mask_sha256)
            if png is None:
                missing.append(sample.mask_sha256)
            else:
                one = _place_mask(folder, layout, one, png)
        placed.append(one)
    if not placed and not missing:
        raise DataInvalid(f"recipe {recipe!r}: expected labelled images to export, it has none")
    layout.finish(folder, recipe, placed)
    return Exported(len(placed), tuple(missing))


def _whole_image(client: PlantClient, digest: str) -> bytes | None:
    """The file; None where the plant has it not, or damaged. Any other no is not about the image, and ends all."""
    try:
        data = client.get_image(digest)
    except PlantLacks:
        return None
    return data if sha256(data).hexdigest() == digest else None


def _place(folder: Path, layout: Format, sample: SampleItem, data: bytes) -> Placed:
    file = f"{layout.place(sample)}.{EXTENSIONS.get(sample.media_type, 'bin')}"
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(data)
    return Placed(sample, file, header_size_px(data, sample.media_type) or (0, 0))


def _place_mask(folder: Path, layout: Format, one: Placed, png: bytes) -> Placed:
    if layout.place_mask is None:
        return replace(one, mask_png=png)
    file = f"{layout.place_mask(one.sample)}.png"
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(png)
    return replace(one, mask=file)


def import_samples(
    client: PlantClient, folder: Path, recipe: str, kind: SampleFormat, wait: Callable[[float], None] = sleep
) -> Imported:
    """Give the labelled images of a folder to a recipe, which is made if it is not there.

    Everything is checked before the first image is sent; what the plant has already is not sent again.

    Raises:
        DataInvalid: rows cannot be used; each is named, and nothing was sent.
        SettingsInvalid: the recipe is not there, and no recipe can have its name.
        PlantError: the plant stopped answering or says no; the message says how many images it has taken.
    """
    if not folder.is_dir():
        raise DataInvalid(f"{folder}: expected a folder, there is none")
    found = format_of(kind).read(folder)
    images = checked(folder, found)
    if recipe not in {one.name for one in client.get_recipes()}:
        client.post_recipe(_new_recipe(recipe))
    has = {sample.sha256: sample for sample in client.samples(recipe)}
    splits: Counter[str] = Counter()
    added = known = 0
    for digest, item in images.by_hash.items():
        if _same(has.get(digest), item):
            known += 1
            splits[has[digest].split.value] += 1
            continue
        told = _send(client, recipe, item, f"{added} of {len(images.by_hash) - known} images", wait)
        added += told.new
        known += not told.new
        splits[told.split.value] += 1
    return Imported(added, known, images.copies, dict(splits), tuple(found.notes))


def _new_recipe(name: str) -> NewRecipe:
    try:
        return NewRecipe(name=name)
    except ValidationError as error:
        raise SettingsInvalid(
            f"recipe {name!r}: expected 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', beginning with a letter or digit"
        ) from error


def _same(sample: SampleItem | None, item: Item) -> bool:
    if sample is None or sample.label is not item.label:
        return False
    white = white_mask(item)
    if white is not None and sample.mask_sha256 != sha256(white).hexdigest():
        return False
    return item.defect_type in (None, sample.defect_type)


def _send(client: PlantClient, recipe: str, item: Item, so_far: str, wait: Callable[[float], None]) -> SampleAdded:
    for attempt in range(1, _TRIES + 1):
        try:
            told = client.post_sample(recipe, item.path.read_bytes(), label=item.label, defect_type=item.defect_type)
            if item.mask is None:
                return told
            return told.model_copy(update={"new": client.put_mask(recipe, told.sha256, item.mask).new or told.new})
        except PlantBusy as error:
            if attempt == _TRIES:
                raise _stopped(error, item, so_far) from error
            wait(error.retry_after_s)
        except PlantError as error:
            raise _stopped(error, item, so_far) from error
    raise AssertionError  # the last try returns or raises


def _stopped(error: PlantError, item: Item, so_far: str) -> PlantError:
    """The same kind of error: a plant that is away asks for patience, one that says no for another picture."""
    said = f"{item.row}: {error}; {so_far} were taken before. Run it again to go on: nothing is stored twice"
    return PlantRefused(said) if isinstance(error, PlantRefused) else PlantUnreachable(said)
