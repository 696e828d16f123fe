"""The plant's listener: what its connections inherit."""

import socket

from inspection.server import listen


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head() -> None:
    with (
        listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
