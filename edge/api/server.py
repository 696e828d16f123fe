"""uvicorn in a thread of the station's process."""

import errno
import socket
import ssl
from threading import Thread

import uvicorn
from fastapi import FastAPI

from edge.api.settings import ApiSettings
from edge.contract.errors import AddressInUse, SettingsInvalid
from edge.listening import family_of, in_address

__all__ = ["ApiServer"]


class ApiServer:
    """Listens from the moment it is made; order of calls: `start`, `stop`.

    Attributes:
        address: `host:port` that it really listens on; an IPv6 host in brackets.
        url: the same with `http://` or `https://`.
    """

    def __init__(self, settings: ApiSettings) -> None:
        """Take the port before anything else of the process starts.

        Raises:
            AddressInUse: another process listens there.
            SettingsInvalid: no such address on this machine, or certificate and key cannot be used.
        """
        self._settings = settings
        _check_certificate(settings)
        self._socket = _listen(settings.host, settings.port)
        self.address = f"{in_address(settings.host)}:{self._socket.getsockname()[1]}"
        self.url = f"{'http' if settings.certificate_file is None else 'https'}://{self.address}"
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None

    def start(self, app: FastAPI) -> None:
        """Answer requests in a thread."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=round(self._settings.max_body_mb * 2**20),
            ws_per_message_deflate=False,  # images are compressed already, and raw ones shall not wait for it
            timeout_graceful_shutdown=5,
            ssl_certfile=self._settings.certificate_file,
            ssl_keyfile=self._settings.private_key_file,
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
        listener = socket.create_server((host, port), family=family_of(host), backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(f"api: {host}:{port} is taken by another process") from error
        raise SettingsInvalid(f"api: cannot listen on {host}:{port}: {error}") from error
    # Connections inherit it: an answer is two writes, and the second would wait 40 ms for the ACK of the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _check_certificate(settings: ApiSettings) -> None:
    if settings.certificate_file is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            settings.certificate_file, settings.private_key_file
        )
    except OSError as error:  # ssl.SSLError is one
        files = f"{settings.certificate_file}, {settings.private_key_file}"
        raise SettingsInvalid(f"api: certificate and key {files}: {error}") from error
