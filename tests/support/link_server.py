"""The plant's side of the link protocol over real HTTP, around the plant in memory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
        return self.rfile.read(int(self.headers["content-length"]))

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def link_server(plant: FakePlant, port: int = 0, api_key: str | None = None) -> Iterator[int]:
    """Serve the plant on loopback; gives the port, on which it can be served again later."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.plant, server.api_key = plant, api_key
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
