"""`inspection retention`: one run, now."""

from pathlib import Path

from inspection.clock import utc_now
from inspection.plant import database_address, retention_of
from inspection.retention.sweep import Swept
from inspection.settings import load_plant_settings
from inspection.store.database import Database

__all__ = ["sweep_now"]


def sweep_now(settings_path: Path, *, dry_run: bool) -> Swept:
    """Remove what the rules of PLANT.toml let go, or only count it; the service may be running.

    Raises:
        SettingsInvalid: no PLANT.toml, or no such plant.
    """
    settings = load_plant_settings(settings_path)
    database = Database(database_address(settings), make=False)
    try:
        retention = retention_of(settings, database)
        return retention.plan(utc_now()) if dry_run else retention.run(utc_now(), wait=True)
    finally:
        database.close()
