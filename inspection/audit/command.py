"""Checking the audit log of a data folder from the command line."""

from pathlib import Path

from edge.contract.errors import SettingsInvalid
from inspection.audit.log import AuditVerdict, verify
from inspection.plant import DATABASE_FILE
from inspection.settings import load_plant_settings
from inspection.store.database import Database

__all__ = ["verify_log"]


def verify_log(settings_path: Path) -> AuditVerdict:
    """Recompute every hash of the plant's log; the service may be running.

    Raises:
        SettingsInvalid: no PLANT.toml, or no database in its data folder yet.
    """
    path = load_plant_settings(settings_path).data_dir / DATABASE_FILE
    if not path.exists():
        raise SettingsInvalid(f"{path}: expected the plant's database; start `inspection serve` once first")
    database = Database(path)
    try:
        with database.read() as session:
            return verify(session)
    finally:
        database.close()
