"""Checking the audit log of a data folder from the command line."""

from pathlib import Path

from inspection.audit.log import AuditVerdict, verify
from inspection.plant import database_address
from inspection.settings import load_plant_settings
from inspection.store.database import Database

__all__ = ["verify_log"]


def verify_log(settings_path: Path) -> AuditVerdict:
    """Recompute every hash of the plant's log; the service may be running.

    Raises:
        SettingsInvalid: no PLANT.toml, or no database of this version there yet.
    """
    database = Database(database_address(load_plant_settings(settings_path)), make=False)
    try:
        with database.read() as session:
            return verify(session)
    finally:
        database.close()
