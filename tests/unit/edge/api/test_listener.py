"""The station's listener: what its connections inherit."""

import socket

from edge.api.server import ApiServer
from edge.api.settings import ApiSettings


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head() -> None:
    server = ApiServer(ApiSettings(port=0))
    try:
        host, port = server.address.rsplit(":", 1)
        with socket.create_connection((host, int(port))), server._socket.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        server.stop()
