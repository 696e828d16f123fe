"""The lock by which a PostgreSQL database has one service.

A connection of its own holds it, and ends with the process. A server that is started anew, or a network that was away,
ends that connection and the lock with it; so it is looked after, and taken again.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from edge.contract.errors import SettingsInvalid
from inspection.periodic import Periodic
from inspection.store.postgres import CONNECT, refused

__all__ = ["ServiceLock", "one_service_of_postgres"]

_LOG = logging.getLogger(__name__)
_LOCK = 0x73657276  # "serv": held as long as a service runs
_PATIENCE = "3s"  # what a service that was just killed needs to be noticed
_SOON_GONE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
"""A machine that lost its current holds the lock for a minute; by the server's own settings it may be hours."""
_LOOK_S = 5.0
_HOLDER = text("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = :number AND granted AND database = "
               "(SELECT oid FROM pg_database WHERE datname = current_database())")  # fmt: skip


@contextmanager
def one_service_of_postgres(url: URL, lost: Callable[[], None]) -> Iterator[None]:
    """Be the one service of a database.

    Args:
        url: of the database.
        lost: called in a thread when another service has it instead; this one must end.

    Raises:
        SettingsInvalid: another service runs on it, or the server cannot be reached.
    """
    lock = ServiceLock(url, lost)
    keeper = Periodic("service-lock", lock.look, _LOOK_S)
    try:
        lock.take()
        keeper.start()
        yield
    finally:
        keeper.stop()
        lock.close()


class ServiceLock:
    """Order of calls: `take` once, `look` again and again, `close` at the end."""

    def __init__(self, url: URL, lost: Callable[[], None]) -> None:
        options = f"{CONNECT['options']} -c lock_timeout={_PATIENCE} {_SOON_GONE}"
        self._url = url
        self._engine = create_engine(url.set(query={**CONNECT, "options": options, **url.query}), poolclass=NullPool)
        self._lost = lost
        self._held: Connection | None = None
        self._pid = 0

    def take(self) -> None:
        """Take it, or wait a little.

        Raises:
            SettingsInvalid: another service has it, or the server cannot be reached.
        """
        try:
            held = self._connect()
            held.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
        except OperationalError as error:
            raise SettingsInvalid(refused(self._url, error)) from error
        self._pid = self._server_process(held)

    def look(self) -> None:
        """Take it again if it went with its connection; while the server is away nobody has it."""
        try:
            if self._held is not None and self._server_process(self._held) == self._pid:
                return
        except DBAPIError:
            _LOG.warning("the connection that makes this the one service of its database broke")
        try:
            self._take_again()
        except DBAPIError as error:
            _LOG.warning("the one service of its database: %s", error.orig)

    def close(self) -> None:
        """Let go of it."""
        if self._held is not None:
            self._held.close()
        self._held = None

    def _take_again(self) -> None:
        self.close()
        held = self._connect()
        if held.execute(text(f"SELECT pg_try_advisory_lock({_LOCK})")).scalar_one():
            self._pid = self._server_process(held)
            return
        holder = held.execute(_HOLDER, {"number": _LOCK}).scalars().first()
        self.close()
        if holder not in (None, self._pid):  # the server has not noticed yet that our own old connection is gone
            _LOG.error("another service has taken this database meanwhile: this one ends")
            self._lost()

    def _connect(self) -> Connection:
        self._held = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._held

    @staticmethod
    def _server_process(held: Connection) -> int:
        return int(held.execute(text("SELECT pg_backend_pid()")).scalar_one())
