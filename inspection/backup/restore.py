"""Bringing a backup back to an empty plant: checked as a whole aside, then put in place.

Aside is within the data folder: that may be a mount point, which cannot be replaced, on a disk of its own.
"""

import re
import shutil
import tarfile
from contextlib import suppress
from hashlib import file_digest
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import URL

from edge.contract.errors import DataInvalid, SettingsInvalid
from inspection.backup.contents import DATABASE, LIST, MEMBER_PATTERN, Contents
from inspection.store.image_settings import DiskImages, ImagesSettings
from inspection.store.image_store import open_image_store
from inspection.store.schema import require_known
from inspection.tar_files import take_out

__all__ = ["restore_backup"]

_ASIDE = ".restoring"
_NOT_OURS = {_ASIDE, "lost+found"}  # of a restore that was killed, and of a disk's own root


def restore_backup(source: Path, url: URL, data: Path, images: ImagesSettings) -> Contents:
    """Fill the data folder, the database at `url` and the store of images with what is in the backup.

    Raises:
        SettingsInvalid: the folder or the database is not empty, or is of another kind than the backup's, or a newer
            version of the software made the backup; nothing was changed.
        DataInvalid: `source` is no backup, was cut off or altered; nothing was changed.
    """
    is_new = not data.exists()
    if not is_new and (not data.is_dir() or {path.name for path in data.iterdir()} - _NOT_OURS):
        raise SettingsInvalid(f"data_dir {data}: expected an empty folder to restore to, there is something in it")
    aside = data / _ASIDE
    try:
        shutil.rmtree(aside, ignore_errors=True)
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside.mkdir(mode=0o700)
        contents = _unpack(source, aside)
        if contents.database != url.get_backend_name():
            raise SettingsInvalid(
                f"{source}: its tables are for {contents.database}, the settings name {url.get_backend_name()}"
            )
        require_known(contents.revision)
        _place_images(images, aside)
        _place_database(url, aside)
        for path in sorted(aside.iterdir(), key=Path.is_file):  # the tables last: before them it is no plant
            path.replace(data / path.name)
    except OSError as error:
        raise SettingsInvalid(f"restore {source} to {data}: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if is_new:
            with suppress(OSError):  # where something was put in place
                data.rmdir()
    return contents


def _unpack(source: Path, aside: Path) -> Contents:
    try:
        with tarfile.open(source, "r:") as archive:
            for member in archive:
                if not member.isfile() or not re.fullmatch(f"{MEMBER_PATTERN}|{re.escape(LIST)}", member.name):
                    raise DataInvalid(f"{source}: expected a backup of a plant, got a member {member.name[:100]!r}")
                take_out(archive, member, aside)
        contents = Contents.model_validate_json((aside / LIST).read_bytes())
    except FileNotFoundError as error:
        raise DataInvalid(f"{source}: expected a whole backup, got none or one that was cut off: {error}") from error
    except (tarfile.TarError, EOFError, ValidationError) as error:
        raise DataInvalid(f"{source}: expected a whole backup of a plant: {error}") from error
    (aside / LIST).unlink()
    _check(source, aside, contents)
    return contents


def _check(source: Path, aside: Path, contents: Contents) -> None:
    there = {path.relative_to(aside).as_posix() for path in aside.rglob("*") if path.is_file()}
    if there != set(contents.files):
        odd = min(there ^ set(contents.files))
        raise DataInvalid(f"{source}: expected the files of its list, {odd} is in one of the two only")
    for name, expected in contents.files.items():
        with (aside / name).open("rb") as file:
            actual = file_digest(file, "sha256").hexdigest()
        if actual != expected:
            raise DataInvalid(f"{source}: {name} was altered: expected SHA-256 {expected}, got {actual}")


def _place_images(settings: ImagesSettings, aside: Path) -> None:
    """On a disk they lie where they belong already; in a bucket, what was there before stays."""
    if isinstance(settings, DiskImages):
        return
    blobs = open_image_store(settings, aside)
    for path in sorted(aside.glob("images/*/*")):
        blobs.put(path.read_bytes())
    shutil.rmtree(aside / "images", ignore_errors=True)


def _place_database(url: URL, aside: Path) -> None:
    match url.get_backend_name():
        case "sqlite":
            (aside / DATABASE).replace(aside / Path(str(url.database)).name)
        case _:
            from inspection.store.postgres import load_postgres  # noqa: PLC0415 - late: one of the two is used

            load_postgres(url, aside / DATABASE)
            (aside / DATABASE).unlink()
