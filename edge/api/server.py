"""uvicorn in a thread of the station's process."""

import errno
import socket
from threading import Thread

import uvicorn
from fastapi import FastAPI

from edge.contract.errors import AddressInUse, SettingsInvalid

__all__ = ["ApiServer"]


class ApiServer:
    """Listens from the moment it is made; order of calls: `start`, `stop`.

    Attributes:
        address: `host:port` that it really listens on.
    """

    def __init__(self, host: str, port: int) -> None:
        """Take the port before anything else of the process starts.

        Raises:
            AddressInUse: another process listens there.
            SettingsInvalid: no such address on this machine.
        """
        self._socket = _listen(host, port)
        self.address = f"{host}:{self._socket.getsockname()[1]}"
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None

    def start(self, app: FastAPI, max_message_bytes: int) -> None:
        """Answer requests in a thread; a WebSocket message may have `max_message_bytes`."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=max_message_bytes,
            timeout_graceful_shutdown=5,
        )
        self._server = uvicorn.Server(config)
        # Signals are the main thread's business; uvicorn takes them only there.
        self._thread = Thread(target=self._server.run, args=([self._socket],), name="api", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests that run, then end."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10)
        self._socket.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=_family(host), backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(f"api: {host}:{port} is taken by another process") from error
        raise SettingsInvalid(f"api: cannot listen on {host}:{port}: {error}") from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
