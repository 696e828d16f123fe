"""Disk, clock, port: what the box itself must bring."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime

from edge.doctor.check import Check, Trouble, run_check
from edge.listening import family_of
from edge.station.settings import StationSettings

__all__ = ["check_machine"]

_BUILT = datetime(2025, 1, 1, tzinfo=UTC)


def check_machine(settings: StationSettings) -> Iterator[Check]:
    """Disk and clock, and the port if the station has an API."""
    yield run_check("disk", lambda: _disk(settings), "give the user of the station the right to write there")
    yield run_check("clock", _clock, "set the clock: timedatectl set-ntp true")
    api = settings.api
    if settings.unheard is not None:
        yield run_check("api", lambda: _nobody_listens(settings), "")
    if api is not None and api.port != 0:
        yield run_check("api", lambda: _port(api.host, api.port), "choose another host in [api]")


def _disk(settings: StationSettings) -> str:
    folder = settings.state_dir
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x")
    free_mb = shutil.disk_usage(folder).free / 2**20
    spool = folder / "spool.sqlite"
    wanted_mb = settings.spool.max_mb - (spool.stat().st_size / 2**20 if spool.exists() else 0)
    if free_mb < wanted_mb:
        found = f"{folder}: {free_mb:.0f} MiB free, but the spool may grow by {wanted_mb:.0f} MiB"
        raise Trouble(found, "free some space, or lower [spool] max_mb")
    return f"{folder}: writable, {free_mb:.0f} MiB free"


def _clock() -> str:
    now = datetime.now(UTC)
    if now < _BUILT:
        raise Trouble(f"{now:%Y-%m-%d %H:%M} UTC: before this software was made", "set the clock: timedatectl")
    return f"{now:%Y-%m-%d %H:%M:%S} UTC"


def _nobody_listens(settings: StationSettings) -> str:
    raise Trouble(f"{settings.unheard} is asked for over HTTP, and the station listens nowhere", "add [api]")


def _port(host: str, port: int) -> str:
    try:
        socket.create_server((host, port), family=family_of(host)).close()
    except OSError as error:
        advice = f"find out who listens there: ss -ltnp 'sport = :{port}'"
        raise Trouble(f"{host}:{port}: {error.strerror}", advice) from error
    return f"{host}:{port} is free"
