"""Running the service: take the port, open the plant, say where it is, serve until told to stop."""

import errno
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from threading import Thread
from types import FrameType

import uvicorn

from edge.contract.errors import AddressInUse, SettingsInvalid
from edge.contract.terminal import ExitCode, signals_that_end
from inspection.api.app import plant_app
from inspection.feed.stream import Feed
from inspection.logs import set_up_plant_logging
from inspection.plant import database_address, open_plant
from inspection.settings import load_plant_settings
from inspection.store.upkeep import only_service

__all__ = ["listen", "serve"]

_LOG = logging.getLogger(__name__)
_DRAIN_S = 5


def serve(path: Path) -> ExitCode:
    """Serve until SIGINT, SIGTERM or SIGHUP.

    Raises:
        SettingsInvalid: PLANT.toml, a key or a password file is not what it should be, or a service runs there.
        AddressInUse: another process listens on the port; nothing was written.
    """
    settings = load_plant_settings(path)
    set_up_plant_logging(settings.log_level, settings.log_format)
    alone = only_service(settings.data_dir, database_address(settings), _end)
    with listen(settings.host, settings.port) as listener, alone:
        plant = open_plant(settings)
        if plant.first_password is not None:
            sys.stderr.write(f"first start: sign in as `admin` with the password {plant.first_password}\n")
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        _LOG.info("plant service on http://%s:%s, data in %s", host, settings.port, settings.data_dir)
        config = uvicorn.Config(
            plant_app(plant), log_config=None, access_log=False, timeout_graceful_shutdown=_DRAIN_S, lifespan="on"
        )
        _end_cleanly_on_signals()
        _Server(config, plant.feed).run(sockets=[listener])
    return ExitCode.OK


class _Server(uvicorn.Server):
    """Sends the listeners of the feed home when it is told to stop; they would keep it for as long as it may wait."""

    def __init__(self, config: uvicorn.Config, feed: Feed) -> None:
        super().__init__(config)
        self._feed = feed

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called in the signal's handler."""
        Thread(target=self._feed.end, daemon=True).start()  # a handler must not wait for a lock that its thread holds
        super().handle_exit(sig, frame)


def _end() -> None:
    """From any thread: as if told to."""
    os.kill(os.getpid(), signal.SIGTERM)


def _end_cleanly_on_signals() -> None:
    """Uvicorn drains, then raises the signal once more for these handlers: being told to stop is no failure."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(ExitCode.OK))
    if signal.SIGHUP in signals_that_end():
        signal.signal(signal.SIGHUP, lambda *_: _end())  # uvicorn knows the other two only


def listen(host: str, port: int) -> socket.socket:
    """Take the address; port 0 takes any that is free.

    Raises:
        SettingsInvalid: the host is no address of this machine.
        AddressInUse: another process listens there.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise SettingsInvalid(f"host {host!r}: expected a name or address of this machine: {error}") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it: an answer is two writes, and the second would wait 40 ms for the ACK of the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise _refused(f"{host}:{port}", error) from error
    return listener


def _refused(address: str, error: OSError) -> SettingsInvalid | AddressInUse:
    if error.errno == errno.EADDRINUSE:
        return AddressInUse(f"address {address}: {error.strerror}; stop what listens there or set another port")
    return SettingsInvalid(f"address {address}: cannot listen there: {error.strerror}")
