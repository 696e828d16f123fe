"""The database: migrated on opening, then read and written in explicit transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from inspection.store.sqlite import WRITE, sqlite_engine

__all__ = ["Database", "migrate"]


class Database:
    """Gives transactions: `read()` may run beside others, `write()` is the only writer while it lasts."""

    def __init__(self, path: Path) -> None:
        self._engine = sqlite_engine(path)
        self._writer = self._engine.execution_options(**WRITE)
        migrate(self._writer)

    @property
    def engine(self) -> Engine:
        """The engine underneath, for migrations and tests."""
        return self._engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view; nothing done in it is kept."""
        with Session(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: all of it is kept when the block ends, none of it when it raises."""
        with Session(self._writer) as session, session.begin():
            yield session

    def close(self) -> None:
        """Release all connections."""
        self._engine.dispose()


def migrate(engine: Engine) -> None:
    """Bring the tables to what this version expects (`alembic upgrade head`)."""
    config = Config()
    config.set_main_option("script_location", "inspection.store:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
