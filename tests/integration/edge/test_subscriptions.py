"""A broker that lets a station in and not listen, as some do by their rules of access."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from edge.contract.errors import ControllerLost
from edge.fieldbus.mqtt import Message, MqttConnection
from edge.fieldbus.settings import MqttBroker
from tests.support.broker import free_port

GRANTED, REFUSED = 1, 0x80
_CONNECT, _SUBSCRIBE = 0x10, 0x82


@contextmanager
def broker(port: int, *answers: int) -> Iterator[None]:
    """Takes one connection and answers its subscriptions with these codes in turn. Source: MQTT 3.1.1, 3.9."""
    with socket.create_server(("127.0.0.1", port)) as server:
        thread = Thread(target=lambda: _serve(server, list(answers)), daemon=True)
        thread.start()
        yield
    thread.join(5)


def _serve(server: socket.socket, answers: list[int]) -> None:
    with suppress(OSError):
        client, _ = server.accept()
        with client:
            while packet := client.recv(1024):
                if packet[0] == _CONNECT:
                    client.sendall(b"\x20\x02\x00\x00")
                if packet[0] == _SUBSCRIBE:
                    client.sendall(bytes([0x90, 3, packet[2], packet[3], answers.pop(0)]))


def connection(port: int, topic: str = "line1/trigger") -> MqttConnection:
    """Of somebody who wants to hear."""
    heard: list[Message] = []
    at = MqttBroker(host="127.0.0.1", port=port, timeout_s=0.5)
    return MqttConnection(at, None, subscription=(topic, heard.append))


def test_who_may_not_listen_is_told_and_hears_once_he_may() -> None:
    """Else the station says that it is ready, and no trigger ever comes."""
    port = free_port()
    with broker(port, REFUSED, GRANTED):
        plc = connection(port)
        with pytest.raises(ControllerLost, match="refuses the subscription to line1/trigger"):
            plc.ensure()
        plc.ensure()
        plc.close()


def test_a_topic_that_is_none_is_named() -> None:
    port = free_port()
    with broker(port):
        plc = connection(port, "line1/#/trigger")
        with pytest.raises(ControllerLost, match="line1/#/trigger: Invalid subscription filter"):
            plc.ensure()
        plc.close()
