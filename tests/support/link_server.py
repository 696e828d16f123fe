"""The plant's side of the link protocol over real HTTP, around the plant in memory."""

import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from pydantic import BaseModel

from edge.contract.errors import ContentRefused
from edge.contract.frame import EncodedImage
from edge.contract.link import Heartbeat, IngestBatch
from tests.support.edge_fakes import FakePlant


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    plant: FakePlant
    api_key: str | None
    connections: list[socket.socket]

    def get_request(self) -> tuple[socket.socket, object]:
        """Remember the connection: it has to end with the plant."""
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def hang_up(self) -> None:
        """Break what is connected: a thread that still answers would be a plant that is not gone."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a connection that broke: a script breaks them on purpose."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self._body()
        try:
            if self.path == "/api/v1/ingest/results":
                answer: BaseModel = self.server.plant.ingest(IngestBatch.model_validate_json(body))
            else:
                answer = self.server.plant.heartbeat(Heartbeat.model_validate_json(body))
        except ContentRefused as error:
            self._answer(422, str(error).encode())
        else:
            self._answer(200, answer.model_dump_json().encode())

    def do_PUT(self) -> None:
        image = EncodedImage(self._body(), self.headers["content-type"])
        self.server.plant.put_image(self.path.rsplit("/", 1)[1], image)
        self._answer(204)

    def do_GET(self) -> None:
        bundle_id = self.path.split("/")[4]
        if self.server.api_key is not None and self.headers["authorization"] != f"Bearer {self.server.api_key}":
            self._answer(401)
            return
        if bundle_id not in self.server.plant.bundles:
            self._answer(404)
            return
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "x"
            self.server.plant.fetch_bundle(bundle_id, target)
            self._answer(200, target.read_bytes())

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        length = self.headers["content-length"]
        data = b"" if length is None else self.rfile.read(int(length))
        if length is None or len(data) < int(length):
            raise ConnectionAbortedError(f"expected a body of {length} bytes, got {len(data)}")
        return data

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def link_server(plant: FakePlant, port: int = 0, api_key: str | None = None, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve the plant, on loopback unless told otherwise; gives the port, on which it can be served again later."""
    server = _Server((host, port), _Handler)
    server.plant, server.api_key, server.connections = plant, api_key, []
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        server.hang_up()
        thread.join()
