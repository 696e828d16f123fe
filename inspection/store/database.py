"""The database: migrated on opening, then read and written in explicit transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock

from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session

from edge.contract.errors import SettingsInvalid
from inspection.store.address import sqlite_address
from inspection.store.copies import keep_copy
from inspection.store.engines import WRITE, open_engine
from inspection.store.schema import migrate, require_current

__all__ = ["Database"]


_PATIENCE_S = 20.0


class Database:
    """Gives transactions: `read()` may run beside others, `write()` is the only writer while it lasts."""

    def __init__(self, where: Path | URL, *, make: bool = True, copies: Path | None = None) -> None:
        """Connect.

        Args:
            where: a SQLite file, or an address.
            make: make or migrate the tables; otherwise they must be there and up to date.
            copies: folder for a copy of the database before its tables change; None takes none.

        Raises:
            SettingsInvalid: the server cannot be reached, the tables are not what this version can use, or they
                would have to change and no copy could be taken before.
        """
        self._url = sqlite_address(where) if isinstance(where, Path) else where
        if not make:
            _require_file(self._url)
        self._engine = open_engine(self._url)
        self._line = Lock()
        self._writer = self._engine.execution_options(**WRITE)
        try:
            if make:
                migrate(self._engine, None if copies is None else partial(keep_copy, self._url, copies))
            else:
                require_current(self._engine)
        except BaseException:
            self.close()
            raise

    @property
    def engine(self) -> Engine:
        """The engine underneath, for tests."""
        return self._engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view; nothing done in it is kept."""
        with Session(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: all of it is kept when the block ends, none of it when it raises."""
        with self._turn(), Session(self._writer) as session, session.begin():
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Line up the threads of this process; SQLite serves whoever asks at the right moment, and others time out."""
        mine = self._engine.dialect.name == "sqlite" and self._line.acquire(timeout=_PATIENCE_S)
        try:
            yield  # without a turn the database itself answers that it is busy
        finally:
            if mine:
                self._line.release()

    def close(self) -> None:
        """Release all connections."""
        self._engine.dispose()


def _require_file(url: URL) -> None:
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise SettingsInvalid(f"{url.database}: expected the plant's database; start `inspection serve` once first")
