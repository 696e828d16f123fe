"""The WebSocket of a whole station, by a real client."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from edge.cli.process import StationProcess
from tests.support.edge_fakes import eventually, grey, png
from tests.support.stations import StationFolder


@pytest.fixture
def station(tmp_path: Path) -> Iterator[StationProcess]:
    """A running station with a small inbox."""
    process = started(tmp_path)
    yield process
    process.stop()


def started(path: Path) -> StationProcess:
    """The same, for a test that stops it."""
    api = {"port": 0, "max_body_mb": 1.0, "api_key": "secret"}
    process = StationProcess(StationFolder(path).settings(api=api, inbox_size=2))
    process.start()
    return process


def stream(station: StationProcess, query: str = "", key: str = "secret") -> ClientConnection:
    """A client."""
    url = f"ws://{station.address}/v1/stream{query}"
    return connect(url, additional_headers={"authorization": f"Bearer {key}"}, proxy=None)


def test_every_frame_gets_its_verdict_in_order_and_none_is_dropped(station: StationProcess) -> None:
    """A client that sends as fast as it can, thirty times what the inbox holds."""
    values = [128 if n % 3 else 255 for n in range(60)]
    with stream(station) as client:
        for index, value in enumerate(values):
            if index % 2:
                client.send(json.dumps({"part_id": f"p-{index}"}))
            client.send(png(value))
        answers = [json.loads(client.recv(20)) for _ in values]
    assert [a["verdict"] for a in answers] == ["PASS" if v == 128 else "FAIL" for v in values]
    assert [a["sequence"] for a in answers] == list(range(1, 61))
    assert [a["part_id"] for a in answers[1::2]] == [f"p-{n}" for n in range(1, 60, 2)]
    assert all(a["part_id"].startswith("part-") for a in answers[::2])
    assert station.station.status().ledger.drops == 0


def test_raw_frames_are_taken_with_their_format(station: StationProcess) -> None:
    """A frame of another size is a part that cannot be judged."""
    with stream(station, "?pixel_format=Mono8&width=64&height=64") as client:
        for data in (grey(128)[..., 0].tobytes(), b"short"):
            client.send(data)
        good, short = (json.loads(client.recv(20)) for _ in range(2))
    assert good["verdict"] == "PASS"
    assert (short["verdict"], short["reason"]) == (
        "UNDECIDED",
        "raw frame: expected 4096 bytes of Mono8 64x64, got 5",
    )


def test_without_the_key_nobody_is_let_in(station: StationProcess) -> None:
    with pytest.raises(InvalidStatus) as refused:
        stream(station, key="wrong")
    assert refused.value.response.status_code in (401, 403)


def test_a_text_that_names_no_part_ends_the_stream_with_the_reason(station: StationProcess) -> None:
    with stream(station) as client:
        client.send("nonsense")
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(20)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, 'expected {"part_id"' in closed.value.rcvd.reason) == (1003, True)


def test_half_of_a_raw_format_ends_the_stream_with_the_reason(station: StationProcess) -> None:
    with stream(station, "?width=64") as client, pytest.raises(ConnectionClosed) as closed:
        client.recv(20)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "width and height together" in closed.value.rcvd.reason) == (1003, True)


def test_a_message_over_the_limit_ends_the_stream_and_is_no_trigger(station: StationProcess) -> None:
    with stream(station) as client:
        sent = threading.Thread(target=_send_all, args=(client, bytes(2 * 2**20)))
        sent.start()
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(20)
        sent.join()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    assert station.station.status().ledger.triggers == 0


def _send_all(client: ClientConnection, message: bytes) -> None:
    """The station may answer while this is still being sent."""
    with suppress(ConnectionClosed):
        client.send(message)


def test_a_client_that_breaks_off_amid_its_frames_leaves_nothing_running(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its verdicts have nobody to go to, and what it sent last waits for room; that must not hold up the end."""
    station = started(tmp_path)
    for _ in range(5):
        with stream(station) as client:
            for _ in range(50):
                client.send(png(size=(600, 600)))
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closed by a reset
            client.socket.shutdown(socket.SHUT_RD)
            client.socket.close()
    eventually(lambda: station.station.status().ledger.triggers >= 5)
    station.stop()
    assert "graceful shutdown" not in caplog.text


def test_a_client_that_goes_leaves_its_frames_counted(station: StationProcess) -> None:
    """What it sent is judged all the same, and the station goes on."""
    with stream(station) as client:
        client.send(png())
    with stream(station) as client:
        client.send(png())
        assert json.loads(client.recv(20))["verdict"] == "PASS"
    ledger = station.station.status().ledger
    assert ledger.triggers == ledger.verdicts
