"""Running the service: take the port, open the plant, say where it is, serve until told to stop."""

import logging
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from edge.contract.errors import AddressInUse, SettingsInvalid
from edge.contract.terminal import ExitCode
from inspection.api.app import plant_app
from inspection.plant import open_plant
from inspection.settings import PlantSettings, load_plant_settings

__all__ = ["serve"]

_LOG = logging.getLogger(__name__)
_DRAIN_S = 5


def serve(path: Path) -> ExitCode:
    """Serve until SIGINT or SIGTERM.

    Raises:
        SettingsInvalid: PLANT.toml, a key or a password file is not what it should be.
        AddressInUse: another process listens on the port; nothing was written.
    """
    settings = load_plant_settings(path)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every start that there is nothing to do
    with _listen(settings) as listener:
        plant = open_plant(settings)
        if plant.first_password is not None:
            sys.stderr.write(f"first start: sign in as `admin` with the password {plant.first_password}\n")
        _LOG.info("plant service on http://%s:%s, data in %s", settings.host, settings.port, settings.data_dir)
        config = uvicorn.Config(
            plant_app(plant), log_config=None, access_log=False, timeout_graceful_shutdown=_DRAIN_S, lifespan="on"
        )
        _end_cleanly_on_signals()
        uvicorn.Server(config).run(sockets=[listener])
    return ExitCode.OK


def _end_cleanly_on_signals() -> None:
    """uvicorn drains, then raises the signal once more for these handlers: being told to stop is no failure."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(ExitCode.OK))


def _listen(settings: PlantSettings) -> socket.socket:
    address = f"{settings.host}:{settings.port}"
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise SettingsInvalid(f"host {settings.host!r}: expected a name or address of this machine: {error}") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise AddressInUse(
            f"address {address}: {error.strerror}; stop what listens there or set another port"
        ) from error
    return listener
