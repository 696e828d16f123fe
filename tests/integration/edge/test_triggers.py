"""Triggers of whole stations: over HTTP, from a PLC's coil, from an MQTT broker, by what the camera sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.cli.process import StationProcess
from edge.fieldbus.modbus import ModbusConnection
from edge.fieldbus.mqtt import MqttConnection
from edge.fieldbus.settings import ModbusAddress, MqttBroker
from tests.support.broker import free_port, mosquitto
from tests.support.edge_fakes import eventually, png
from tests.support.plc import running_plc
from tests.support.stations import StationFolder

CAMERA = {"kind": "simulated", "rate_hz": 200.0, "size_px": 64}


@contextmanager
def running(folder: StationFolder, trigger: dict[str, Any], **changes: Any) -> Iterator[httpx.Client]:
    """A station whose simulated camera runs freely."""
    settings = folder.settings(**{"api": {"port": 0}, "camera": CAMERA, "trigger": trigger, **changes})
    process = StationProcess(settings)
    try:
        process.start()
        with httpx.Client(base_url=f"http://{process.address}", trust_env=False, timeout=20) as client:
            yield client
    finally:
        process.stop()


def test_a_request_is_a_trigger_and_is_answered_with_the_verdict_of_the_next_frame(tmp_path: Path) -> None:
    """All other frames are counted with their reason; a second request for the same part is refused."""
    folder = StationFolder(tmp_path)
    with running(folder, {"kind": "software", "same_part_ms": 60_000.0}) as client:
        eventually(lambda: client.get("/v1/status").json()["trigger"]["frames_ignored"].get("no trigger", 0) > 3)
        answers = [client.post("/v1/trigger", params={"part_id": f"serial-{n}"}).json() for n in range(5)]
        again = client.post("/v1/trigger", params={"part_id": "serial-4"})
        status = client.get("/v1/status").json()
        assert 'inspection_frames_ignored_total{reason="no trigger"}' in client.get("/metrics").text
    assert [a["part_id"] for a in answers] == [f"serial-{n}" for n in range(5)]
    assert {a["verdict"] for a in answers} <= {"PASS", "FAIL"}
    assert (again.status_code, again.json()["detail"]) == (409, "trigger ignored: same part id as before")
    assert (status["ledger"]["triggers"], status["ledger"]["verdicts"]) == (5, 5)
    assert status["trigger"]["triggers_ignored"] == {"same part id as before": 1}


def test_a_trigger_whose_camera_is_away_is_undecided_at_the_deadline(tmp_path: Path) -> None:
    folder = StationFolder(tmp_path)
    camera = {"kind": "usb", "device": "/dev/video99"}
    with running(folder, {"kind": "software"}, camera=camera, deadline_ms=50.0) as client:
        answer = client.post("/v1/trigger").json()
    assert (answer["verdict"], answer["outcome"]) == ("UNDECIDED", "timeout")
    assert answer["reason"] == "no frame from the camera within 50 ms"


def test_a_station_that_takes_every_frame_lets_no_one_ask(tmp_path: Path) -> None:
    with running(StationFolder(tmp_path), {"kind": "every"}, camera={"kind": "push"}) as client:
        answer = client.post("/v1/trigger")
    assert answer.status_code == 409
    assert "expected kind software, mqtt or modbus" in answer.json()["detail"]


def test_a_coil_of_a_plc_is_a_trigger_with_the_part_that_the_plc_names(tmp_path: Path) -> None:
    """And the verdict goes back into its registers. The coil is reset, so that the PLC knows."""
    port, folder = free_port(), StationFolder(tmp_path)
    plc_at = {"host": "127.0.0.1", "port": port}
    trigger = {"kind": "modbus", **plc_at, "coil": 5, "poll_ms": 1.0, "part_id_register": 200, "part_id_registers": 2}
    output = {"kind": "modbus", **plc_at, "ack_register": 100}
    with running_plc(port) as plc, running(folder, trigger, outputs=[output, {"kind": "log", "path": "results.jsonl"}]):
        program = ModbusConnection(ModbusAddress(**plc_at))
        for part in (b"AB-1", b"AB-2", b"AB-3"):
            program.write_registers(200, [int.from_bytes(part[:2], "big"), int.from_bytes(part[2:], "big")])
            program.write_coil(5, value=True)
            eventually(lambda: not program.read_coil(5))
        eventually(lambda: plc.taken == [1, 2, 3])
        program.close()
    assert [r["part_id"] for r in folder.results()] == ["AB-1", "AB-2", "AB-3"]


def test_a_plc_that_is_away_makes_the_station_not_ready(tmp_path: Path) -> None:
    port = free_port()
    with running(StationFolder(tmp_path), {"kind": "modbus", "host": "127.0.0.1", "port": port, "coil": 5}) as client:
        eventually(lambda: "cannot connect" in str(client.get("/readyz").json()["reasons"]))
        with running_plc(port):
            eventually(lambda: client.get("/readyz").status_code == 200)


@pytest.mark.broker
def test_a_message_is_a_trigger_and_one_that_the_broker_kept_is_none(tmp_path: Path) -> None:
    port, folder = free_port(), StationFolder(tmp_path)
    trigger = {"kind": "mqtt", "host": "127.0.0.1", "port": port, "topic": "line1/trigger"}
    with mosquitto(tmp_path / "broker", port):
        plc = MqttConnection(MqttBroker(host="127.0.0.1", port=port), None)
        plc.ensure()
        plc.wait_for(plc.publish("line1/trigger", "of yesterday", retain=True))
        with running(folder, trigger) as client:
            eventually(lambda: client.get("/readyz").status_code == 200)
            for part in ("p-1", "p-2"):
                plc.publish("line1/trigger", part)
            eventually(lambda: len(folder.results()) == 2)
        plc.close()
    assert [r["part_id"] for r in folder.results()] == ["p-1", "p-2"]


def test_each_part_that_passes_the_camera_is_judged_once(tmp_path: Path) -> None:
    """The camera delivers twelve frames; two parts are in view, for four frames each."""
    folder = StationFolder(tmp_path)
    for index, value in enumerate([60, 60, 128, 128, 128, 128, 60, 60, 255, 255, 255, 255]):
        (folder.frames / f"{index:02}.png").write_bytes(png(value))
    camera = {"kind": "folder", "folder": "frames", "rate_hz": 500.0}
    with running(folder, {"kind": "presence"}, camera=camera) as client:
        eventually(lambda: client.get("/v1/status").json()["cameras"][0]["finished"])
        status = client.get("/v1/status").json()
    assert [(r["part_id"], r["verdict"]) for r in folder.results()] == [("03", "PASS"), ("09", "FAIL")]
    assert sum(status["trigger"]["frames_ignored"].values()) == 10
