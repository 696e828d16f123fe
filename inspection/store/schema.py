"""The tables' version: what a database has, what this version of the software expects, and the way between."""

from collections.abc import Callable
from functools import cache

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from edge.contract.errors import SettingsInvalid
from inspection.store.engines import WRITE

__all__ = ["expected_revision", "migrate", "require_current", "require_known", "revert"]


def expected_revision() -> str:
    """The newest version that this software knows."""
    return _known()[0]


def migrate(engine: Engine, before_change: Callable[[str], object] | None = None) -> None:
    """Bring the tables to what this version expects, all the way or not at all.

    Args:
        engine: of the database; nobody else writes meanwhile.
        before_change: called with the revision that is there, if tables with data in them are about to change.

    Raises:
        SettingsInvalid: a newer version of the software made these tables.
    """
    with engine.execution_options(**WRITE).begin() as connection:
        current = _revision_of(connection)
        if current == expected_revision():
            return
        require_known(current)
        if current is not None and before_change is not None:
            before_change(current)
        command.upgrade(_config(connection), "head")


def revert(engine: Engine, revision: str) -> None:
    """Take migrations back, down to `revision`; `base` is no tables at all."""
    with engine.execution_options(**WRITE).begin() as connection:
        command.downgrade(_config(connection), revision)


def require_current(engine: Engine) -> None:
    """Return if the tables are what this version expects, for commands that must not change them.

    Raises:
        SettingsInvalid: there are none, or of another version.
    """
    with engine.connect() as connection:
        current = _revision_of(connection)
    require_known(current)
    if current != expected_revision():
        raise SettingsInvalid(
            f"database: expected tables of revision {expected_revision()}, got {current or 'none'}; "
            "start `inspection serve` once first"
        )


def require_known(revision: str | None) -> None:
    """Return if this software knows tables of this revision; None are no tables.

    Raises:
        SettingsInvalid: a newer version of the software made them.
    """
    if revision is not None and revision not in _known():
        raise SettingsInvalid(
            f"database: its tables are of revision {revision}, this version knows up to {expected_revision()}; "
            "it was used by a newer version of the software: update, or restore the backup from before"
        )


def _revision_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@cache
def _known() -> tuple[str, ...]:
    """Newest first; found once, for each look imports all of them anew."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "inspection.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
