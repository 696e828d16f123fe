"""Outputs against real controllers and brokers on loopback: Modbus TCP, Mosquitto, OPC UA."""

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.ua.uaerrors import BadUserAccessDenied, UaError

from edge.backoff import Backoff
from edge.clock import SystemClock
from edge.contract.errors import OutputFailed
from edge.contract.result import Outcome, Times, Verdict
from edge.fieldbus.mqtt import MqttConnection
from edge.fieldbus.settings import MqttBroker
from edge.outputs.build import build_output
from edge.outputs.lane import OutputLane
from edge.outputs.modbus import ModbusOutput
from edge.outputs.mqtt import MqttOutput
from edge.outputs.opcua import OpcUaOutput
from edge.outputs.protocol import LineState
from edge.outputs.settings import (
    ModbusOutputSettings,
    MqttOutputSettings,
    OpcUaOutputSettings,
    WebhookOutputSettings,
)
from edge.outputs.webhook import WebhookOutput
from tests.support.broker import free_port, mosquitto
from tests.support.certificates import write_certificates
from tests.support.edge_fakes import FakeOutput, eventually, result
from tests.support.plc import running_plc
from tests.support.receivers import receiver
from tests.support.stations import StationFolder, station_process

READY, NOT_READY = LineState(ready=True), LineState(ready=False, reasons=("camera lost",))
CLOCK = SystemClock()


def modbus(port: int, **changes: Any) -> ModbusOutput:
    """An output for a PLC on loopback, with a handshake."""
    settings = {"ack_register": 100, "timeout_s": 1.0, **changes}
    return ModbusOutput(ModbusOutputSettings(kind="modbus", host="127.0.0.1", port=port, **settings), CLOCK)


def test_a_plc_gets_every_result_once_in_order_and_acknowledges_it() -> None:
    port = free_port()
    with running_plc(port) as plc:
        output = modbus(port)
        for sequence in range(1, 21):
            output.send(result(sequence, Verdict.FAIL))
        output.close()
    assert plc.taken == list(range(1, 21))
    assert plc.registers[3:7] == [0, 20, 2, 0]


@pytest.mark.parametrize("kept", [{2: 7, 100: 7}, {2: 7, 100: 8}, {2: 8, 100: 7}, {2: 7, 100: 6}])
def test_a_box_that_lost_its_power_is_not_taken_for_the_one_before(kept: dict[int, int]) -> None:
    """Its last results never came to its disk, so their numbers are given again; the PLC has seen their handshakes."""
    port = free_port()
    with running_plc(port, kept=kept) as plc:
        output = modbus(port)
        for sequence in (7, 8):
            output.send(result(sequence))
        output.close()
    assert plc.taken[0] not in kept.values()
    assert plc.taken == [plc.taken[0], plc.taken[0] + 1]
    assert plc.registers[3:5] == [0, 8]


def test_a_plc_sees_heartbeat_and_state() -> None:
    """A change of the state does not wait for the next heartbeat; at the end the state is 0."""
    port = free_port()
    with running_plc(port) as plc:
        output = modbus(port, heartbeat_s=60.0)
        output.attend(READY)
        assert plc.registers[:2] == [1, 1]
        output.attend(READY)
        output.attend(NOT_READY)
        assert (plc.beats, plc.registers[1]) == ([1, 2], 0)
        output.attend(READY)
        output.close()
        assert plc.registers[1] == 0


def test_an_idle_line_beats_as_often_as_the_settings_say() -> None:
    """Time of the station's own clock: between two beats lies no more than one more look."""
    assert modbus(1, heartbeat_s=0.1).attend_every_s == 0.05
    assert modbus(1, heartbeat_s=60.0).attend_every_s == 0.5


def test_a_plc_that_never_acknowledges_delays_no_other_output_and_its_misses_are_counted() -> None:
    port = free_port()
    other = FakeOutput("other")
    with running_plc(port, acknowledges=False) as plc:
        stuck = OutputLane(modbus(port, ack_timeout_s=0.02), 100, 2, Backoff(0.0, 0.0))
        free = OutputLane(other, 100, 2)
        for lane in (stuck, free):
            lane.worker.start()
        for sequence in (1, 2, 3):
            for lane in (stuck, free):
                lane.put(result(sequence))
        eventually(lambda: len(other.sent) == 3)
        eventually(lambda: stuck.status().given_up == 3)
        status = stuck.status()
        for lane in (stuck, free):
            lane.stop()
    assert (status.delivered, status.failed_tries) == (0, 6)
    assert "expected 3 in register 100 within 0.02 s, found 0" in status.last_error
    assert plc.taken == [1, 1, 2, 2, 3, 3]


def test_a_plc_that_comes_back_is_connected_again() -> None:
    port = free_port()
    output = modbus(port)
    with pytest.raises(OutputFailed, match="cannot connect"):
        output.send(result(1))
    with running_plc(port):
        output.send(result(1))
    with pytest.raises(OutputFailed, match=f"127.0.0.1:{port}"):
        output.send(result(2))
    with running_plc(port) as plc:
        output.send(result(2))
        output.close()
    assert plc.taken == [2]


def test_a_register_that_the_plc_has_not_is_named() -> None:
    port = free_port()
    with running_plc(port):
        output = modbus(port, register_base=5000)
        with pytest.raises(OutputFailed, match=r"writing \d+ registers from 5003: the controller answered"):
            output.send(result(1))
        output.close()


@contextmanager
def listening(port: int, topic: str, heard: list[tuple[str, Any]], **changes: Any) -> Iterator[None]:
    """Somebody else who hears what is published, as JSON."""
    broker = MqttBroker(host="127.0.0.1", port=port, **changes)
    password = None if broker.password is None else broker.password.get_secret_value()
    client = MqttConnection(
        broker,
        password,
        subscription=(topic, lambda message: heard.append((message.topic, json.loads(message.payload)))),
    )
    client.ensure()
    try:
        yield
    finally:
        client.close()


def mqtt(port: int, **changes: Any) -> MqttOutput:
    """An output for a broker on loopback."""
    return MqttOutput(MqttOutputSettings(kind="mqtt", host="127.0.0.1", port=port, topic="line1", **changes), CLOCK)


@pytest.mark.broker
def test_a_broker_gets_results_and_a_retained_state(tmp_path: Path) -> None:
    """Who comes later learns the state and, if it is retained, the latest result."""
    port, heard = free_port(), []
    sent = result(7, Verdict.FAIL)
    with mosquitto(tmp_path, port):
        output = mqtt(port, retain_result=True)
        output.attend(READY)
        output.send(sent)
        with listening(port, "line1/#", heard):
            eventually(lambda: len(heard) == 2)
            output.attend(NOT_READY)
            eventually(lambda: len(heard) == 3)
            output.close()
            eventually(lambda: len(heard) == 4)
    told = dict(heard[:2])
    assert told["line1/state"] == {"state": "ready", "reasons": []}
    assert told["line1/result"] == sent.model_dump(mode="json")
    assert [payload["state"] for _, payload in heard[2:]] == ["not ready", "offline"]


@pytest.mark.broker
def test_the_broker_says_offline_when_a_station_is_killed(tmp_path: Path) -> None:
    """The last will, after kill -9 of a whole station process."""
    port, heard = free_port(), []
    folder = StationFolder(tmp_path)
    outputs = [{"kind": "mqtt", "host": "127.0.0.1", "port": port, "topic": "line1"}]
    with (
        mosquitto(tmp_path / "broker", port),
        listening(port, "line1/state", heard),
        station_process(folder.settings_file(outputs=outputs)) as station,
    ):
        eventually(lambda: any(payload["state"] == "ready" for _, payload in heard))
        station.process.kill()
        eventually(lambda: heard[-1][1]["state"] == "offline")


@pytest.mark.broker
def test_a_broker_that_is_started_again_gets_the_result_that_waited(tmp_path: Path) -> None:
    port, heard = free_port(), []
    output = mqtt(port, timeout_s=0.2)
    with pytest.raises(OutputFailed, match=f"mqtt 127.0.0.1:{port}"):
        output.send(result(1))
    with mosquitto(tmp_path, port):
        output.send(result(1))
    eventually(lambda: not _takes(output, 2))
    with mosquitto(tmp_path, port), listening(port, "line1/result", heard):
        eventually(lambda: _takes(output, 2))
        eventually(lambda: heard)
    output.close()
    assert {payload["sequence"] for _, payload in heard} == {2}


@pytest.mark.broker
def test_a_result_that_became_too_old_while_there_was_no_broker_is_not_told(tmp_path: Path) -> None:
    """A try waits for the broker; what it holds may be too old when that one is there."""
    port = free_port()
    with mosquitto(tmp_path, port):
        output = mqtt(port, max_age_s=60.0)
        now_us = CLOCK.now_us()
        output.send(result(1, times=Times(trigger_us=0, frame_received_us=0, verdict_us=now_us)))
        with pytest.raises(OutputFailed, match="older than max_age_s"):
            output.send(result(2, times=Times(trigger_us=0, frame_received_us=0, verdict_us=now_us - 61_000_000)))
        output.close()


@contextmanager
def broker_that_acknowledges_nothing(port: int) -> Iterator[None]:
    """It takes one connection and what is sent there."""
    taken: list[socket.socket] = []

    def take(server: socket.socket) -> None:
        taken.append(server.accept()[0])
        taken[0].sendall(b"\x20\x02\x00\x00")  # CONNACK

    with socket.create_server(("127.0.0.1", port)) as server:
        thread = Thread(target=take, args=(server,))
        thread.start()
        yield
        thread.join()
    for connection in taken:
        connection.close()


@pytest.mark.broker
def test_a_result_that_was_given_up_is_not_delivered_by_the_library_later(tmp_path: Path) -> None:
    """It was counted as lost, and an ejector would act on it minutes later."""
    port, heard = free_port(), []
    output = mqtt(port, timeout_s=0.5)
    with broker_that_acknowledges_nothing(port):
        with pytest.raises(OutputFailed, match="no acknowledgement within"):
            output.send(result(1))
        output.forget()
    with mosquitto(tmp_path, port), listening(port, "line1/#", heard):
        eventually(lambda: _takes(output, 2))
        output.attend(READY)
        eventually(lambda: [topic for topic, _ in heard][-1:] == ["line1/state"])
        output.close()
    assert [told["sequence"] for topic, told in heard if topic == "line1/result"] == [2]


def _takes(output: MqttOutput, sequence: int) -> bool:
    try:
        output.send(result(sequence))
    except OutputFailed:
        time.sleep(0.02)
        return False
    return True


# paho leaves the socket of a failed handshake to the garbage collector
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.broker
def test_tls_and_a_password(tmp_path: Path) -> None:
    """The broker's certificate is checked, and who has no password is told so."""
    files = write_certificates(tmp_path / "tls")
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "station", "secret"], check=True, capture_output=True)
    lines = (
        f"cafile {files.ca}",
        f"certfile {files.certificate}",
        f"keyfile {files.key}",
        f"password_file {passwords}",
    )
    port, who = free_port(), {"username": "station", "tls": True, "timeout_s": 2.0}
    with mosquitto(tmp_path / "broker", port, *lines):
        output = mqtt(port, password="secret", ca_file=files.ca, **who)
        output.send(result(1))
        output.close()
        for changes, message in (
            ({"password": "wrong", "ca_file": files.ca}, "Not authorized"),
            ({"password": "secret"}, "CERTIFICATE_VERIFY_FAILED"),
        ):
            refused = mqtt(port, **{**who, **changes})
            with pytest.raises(OutputFailed, match=message):
                refused.send(result(1))
            refused.close()


def opcua(folder: Path, port: int, host: str = "127.0.0.1") -> OpcUaOutput:
    """A server on loopback that makes its own certificate."""
    made = build_output(
        OpcUaOutputSettings(
            kind="opcua", host=host, port=port, username="plc", password="secret",
            certificate_file=folder / "own.der", private_key_file=folder / "own.pem",
        ),
        CLOCK,
    )  # fmt: skip
    assert isinstance(made, OpcUaOutput)
    return made


async def connected(folder: Path, port: int, password: str, host: str = "127.0.0.1") -> Client:
    """A client with a certificate of its own, as the server's encryption asks for."""
    files = write_certificates(folder / "client", uri="urn:client")
    client = Client(f"opc.tcp://{host}:{port}/inspection", timeout=60)  # a busy machine takes more than its 4 s
    client.application_uri = "urn:client"
    client.set_user("plc")
    client.set_password(password)
    await client.set_security(
        SecurityPolicyBasic256Sha256, str(files.certificate), str(files.key), mode=ua.MessageSecurityMode.SignAndEncrypt
    )
    await client.connect()
    return client


class Events:
    """What a subscription heard."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def event_notification(self, event: Any) -> None:
        """Keep it."""
        self.heard.append(event)


async def watch(folder: Path, port: int, output: OpcUaOutput) -> tuple[list[Any], dict[str, Any]]:
    """Subscribe, let two results be sent, read the nodes."""
    client, events = await connected(folder, port, "secret"), Events()
    space = await client.get_namespace_index("urn:inspection:station")
    subscription = await client.create_subscription(20, events)
    kind = await client.nodes.base_event_type.get_child(f"{space}:ResultReadyEventType")
    await subscription.subscribe_events(evtypes=kind)
    for sent in (result(1), result(2, Verdict.UNDECIDED, outcome=Outcome.TIMEOUT, reason="late")):
        await asyncio.to_thread(output.send, sent)
    for _ in range(6000):
        if len(events.heard) == 2:
            break
        await asyncio.sleep(0.01)
    system = await client.nodes.objects.get_child(f"{space}:VisionSystem")
    machine = await system.get_child(f"{space}:VisionStateMachine")
    nodes = {
        "state": await machine.get_child(f"{space}:CurrentState"),
        "mode": await machine.get_child([f"{space}:VisionAutomaticModeStateMachine", f"{space}:CurrentState"]),
    }
    path = [f"{space}:ResultManagement", f"{space}:Results", f"{space}:Result"]
    for child in await (await system.get_child(path)).get_children():
        nodes[(await child.read_browse_name()).Name] = child
    values = {name: await node.read_value() for name, node in nodes.items()}
    with pytest.raises(UaError):
        await nodes["PartId"].write_value("forged")
    await client.disconnect()
    return events.heard, values


def test_an_opc_ua_client_reads_results_hears_events_and_writes_nothing(tmp_path: Path) -> None:
    """Encrypted, with user and password. A port that somebody else has is told, and tried again."""
    port = free_port()
    output = opcua(tmp_path, port)
    with running_plc(port), pytest.raises(OutputFailed, match=f"127.0.0.1:{port}"):
        output.attend(READY)
    output.attend(READY)
    try:
        events, values = asyncio.run(watch(tmp_path, port, output))
        with pytest.raises(BadUserAccessDenied):
            asyncio.run(connected(tmp_path, port, "wrong"))
    finally:
        output.close()
    assert [(e.PartId, e.Verdict, e.ResultState) for e in events] == [
        ("part-1", "PASS", 1),
        ("part-2", "UNDECIDED", 3),
    ]
    assert (values["state"].Text, values["mode"].Text) == ("Operational", "Ready")
    assert (values["MeasId"], values["Verdict"], values["ResultState"]) == ("2", "UNDECIDED", 3)
    assert json.loads(values["ResultContent"])["reason"] == "late"
    assert (tmp_path / "own.pem").stat().st_mode & 0o077 == 0


def test_an_opc_ua_server_listens_on_an_address_of_ipv6(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    port = free_port()
    output = opcua(tmp_path, port, "::1")

    async def name() -> str:
        client = await connected(tmp_path, port, "secret", "[::1]")
        (endpoint,) = await client.get_endpoints()
        await client.disconnect()
        return str(endpoint.EndpointUrl)

    try:
        output.attend(READY)
        assert asyncio.run(name()) == f"opc.tcp://[::1]:{port}/inspection"
    finally:
        output.close()


@pytest.mark.parametrize(("there", "missing"), [("own.der", "own.pem"), ("own.pem", "own.der")])
def test_a_certificate_that_somebody_put_there_is_not_written_over(tmp_path: Path, there: str, missing: str) -> None:
    """An authority gave it out; that the other file is misspelt in the settings is told."""
    (tmp_path / there).write_bytes(b"from the authority")
    output = opcua(tmp_path, free_port())
    with pytest.raises(OutputFailed, match=f"{missing} is missing"):
        output.attend(READY)
    output.close()
    assert (tmp_path / there).read_bytes() == b"from the authority"
    assert not (tmp_path / missing).exists()


def test_a_webhook_by_https_trusts_the_authority_of_the_plant(tmp_path: Path) -> None:
    """And sends what is in the token's file."""
    certificates = write_certificates(tmp_path / "tls")
    (tmp_path / "token").write_text("from the file\n")
    with receiver(certificates) as gateway:
        said: dict[str, Any] = {"kind": "webhook", "url": gateway.url, "bearer_token_file": tmp_path / "token"}
        wary, trusting = (WebhookOutput(WebhookOutputSettings(**said, ca_file=ca)) for ca in (None, certificates.ca))
        with pytest.raises(OutputFailed, match="CERTIFICATE_VERIFY_FAILED"):
            wary.send(result(1))
        trusting.send(result(1))
        for output in (wary, trusting):
            output.close()
    ((headers, _),) = gateway.posts
    assert headers["authorization"] == "Bearer from the file"
