"""A real HTTP server that takes webhooks, or does not."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.certificates import Certificates


@dataclass
class Receiver:
    """What came, and what to answer.

    Attributes:
        answers: the next statuses; 200 when there are none left.
        gate: posts wait until it is set.
    """

    url: str = ""
    answers: list[int] = field(default_factory=list)
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    _came: threading.Condition = field(default_factory=threading.Condition)

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Note a post; its status."""
        with self._came:
            status = self.answers.pop(0) if self.answers else 200
            self.posts.append((headers, body))
            self._came.notify_all()
        self.gate.wait()
        return status

    def wait_for(self, count: int) -> None:
        """Return when so many posts have come; bounded by the test's timeout."""
        with self._came:
            self._came.wait_for(lambda: len(self.posts) >= count)

    def ids(self) -> list[str]:
        """Ids of the results that were posted, tries that failed among them."""
        return [headers["webhook-id"] for headers, _ in self.posts]

    def bodies(self) -> list[dict[str, Any]]:
        """What was posted."""
        return [json.loads(body) for _, body in self.posts]


@contextmanager
def receiver(certificates: Certificates | None = None) -> Iterator[Receiver]:
    """Serve on a free port; by https with certificates."""
    noted = Receiver()
    noted.gate.set()

    class _Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = noted.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    if certificates is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.certificate, certificates.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    noted.url = f"http{'' if certificates is None else 's'}://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield noted
    finally:
        noted.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()
