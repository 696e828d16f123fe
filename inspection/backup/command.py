"""`inspection backup` and `inspection restore`."""

from pathlib import Path

from inspection.backup.contents import Contents
from inspection.backup.restore import restore_backup
from inspection.backup.write import write_backup
from inspection.clock import utc_now
from inspection.plant import database_address
from inspection.settings import load_plant_settings
from inspection.store.database import Database
from inspection.store.image_store import open_image_store

__all__ = ["back_up", "restore", "summary_of"]


def back_up(settings_path: Path, out: Path) -> Contents:
    """Write the plant to `out`; the service may be running.

    Raises:
        SettingsInvalid: no such plant, `out` exists or cannot be written, or pg_dump is missing.
    """
    settings = load_plant_settings(settings_path)
    address = database_address(settings)
    Database(address, make=False).close()  # before a bucket is asked or a folder made: is there such a plant?
    blobs = open_image_store(settings.images, settings.data_dir)
    return write_backup(address, settings.data_dir, blobs, out, utc_now)


def restore(source: Path, settings_path: Path) -> Contents:
    """Make the plant of the settings from a backup.

    Raises:
        SettingsInvalid: its data folder or database is not empty, or of another kind than the backup's.
        DataInvalid: no backup, cut off or altered.
    """
    settings = load_plant_settings(settings_path)
    return restore_backup(source, database_address(settings), settings.data_dir, settings.images)


def summary_of(contents: Contents) -> dict[str, object]:
    """What a command tells of a backup."""
    kinds = [name.split("/", 1)[0] for name in contents.files]
    return {
        "made_at": contents.made_at.isoformat(),
        "database": contents.database,
        "revision": contents.revision,
        "images": kinds.count("images"),
        "bundles": kinds.count("bundles"),
        "missing": list(contents.missing),
    }
