"""Changeovers of whole stations: by API, by a PLC's register, by an MQTT message, each between two parts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.cli.process import StationProcess
from edge.contract.errors import BundleMismatch
from edge.fieldbus.modbus import ModbusConnection
from edge.fieldbus.mqtt import MqttConnection
from edge.fieldbus.settings import ModbusAddress, MqttBroker
from tests.support.broker import free_port, mosquitto
from tests.support.edge_fakes import eventually, png
from tests.support.plc import running_plc
from tests.support.stations import StationFolder
from tests.support.tiny_bundle import write_tiny_bundle


@pytest.fixture
def folder(tmp_path: Path) -> StationFolder:
    """A station that can judge `part`, and `blind`, whose threshold lets white parts pass."""
    made = StationFolder(tmp_path)
    write_tiny_bundle(tmp_path / "blind.bundle", made.key, recipe="blind", threshold=3.0)
    return made


@contextmanager
def running(folder: StationFolder, **changes: Any) -> Iterator[httpx.Client]:
    """A running station, and a client of its API."""
    others = [{"name": "blind", "bundle": "blind.bundle"}]
    process = StationProcess(folder.settings(**{"api": {"port": 0}, "other_recipes": others, **changes}))
    try:
        process.start()
        with httpx.Client(base_url=f"http://{process.address}", trust_env=False, timeout=20) as client:
            yield client
    finally:
        process.stop()


def judge(client: httpx.Client) -> tuple[str, str]:
    """Recipe and verdict of a white part."""
    answer = client.post("/v1/inspect", content=png(255)).json()
    return answer["recipe"], answer["verdict"]


def test_by_the_api_and_timed(folder: StationFolder) -> None:
    with running(folder) as client:
        assert judge(client) == ("part", "FAIL")
        changed = client.post("/v1/recipe", params={"name": "blind"}).json()
        assert judge(client) == ("blind", "PASS")
        client.post("/v1/recipe", params={"name": "part"})
        assert judge(client) == ("part", "FAIL")
        unknown = client.post("/v1/recipe", params={"name": "cup"})
        status = client.get("/v1/status").json()
    assert (changed["active"], changed["available"], changed["changes"]) == ("blind", ["part", "blind"], 1)
    assert changed["last_change_ms"] >= 0
    assert (unknown.status_code, status["recipe"], status["recipes"]["changes"]) == (404, "part", 2)


def test_a_station_that_is_started_again_goes_on_with_what_the_line_makes(folder: StationFolder) -> None:
    """Nobody changes over a second time because a process was started anew; who changes the settings means it."""
    with running(folder) as client:
        client.post("/v1/recipe", params={"name": "blind"})
    with running(folder) as client:
        assert judge(client) == ("blind", "PASS")
        client.post("/v1/recipe", params={"name": "part"})
    with running(folder) as client:
        assert judge(client) == ("part", "FAIL")
        client.post("/v1/recipe", params={"name": "blind"})
    parts = [{"name": "part", "bundle": folder.bundle.name}]
    with running(folder, recipe="blind", bundle="blind.bundle", other_recipes=parts) as client:
        client.post("/v1/recipe", params={"name": "part"})
    with running(folder) as client:
        assert judge(client) == ("part", "FAIL")


@pytest.mark.parametrize("kept", ["", "{}", '{"configured": "part", "active": "cup"}'])
def test_a_note_of_the_last_recipe_that_tells_nothing_stops_no_start(folder: StationFolder, kept: str) -> None:
    """Half written by a machine that lost its power, or of a recipe that was removed."""
    state = folder.path / "state"
    state.mkdir()
    (state / "last-recipe.json").write_text(kept)
    with running(folder) as client:
        assert judge(client) == ("part", "FAIL")


def test_by_a_register_of_a_plc_with_an_answer(folder: StationFolder) -> None:
    port = free_port()
    at = {"host": "127.0.0.1", "port": port}
    changeover = {"kind": "modbus", **at, "register_number": 110, "done_register": 111, "poll_ms": 1.0}
    with running_plc(port), running(folder, changeover=changeover) as client:
        plc = ModbusConnection(ModbusAddress(**at))
        for number, recipe in ((2, "blind"), (1, "part")):
            plc.write_registers(110, [number])
            eventually(lambda wanted=number: plc.read_registers(111, 1) == [wanted])
            assert judge(client)[0] == recipe
        plc.write_registers(110, [7])
        eventually(lambda: plc.read_registers(111, 1) == [65_535])
        assert judge(client)[0] == "part"
        plc.close()


def test_a_plc_that_comes_back_with_the_same_number_is_answered_again(folder: StationFolder) -> None:
    """It waits for the answer, which its loss of power took; what was changed by the API meanwhile stays."""
    port = free_port()
    at = {"host": "127.0.0.1", "port": port}
    changeover = {"kind": "modbus", **at, "register_number": 110, "done_register": 111, "poll_ms": 1.0}
    plc = ModbusConnection(ModbusAddress(**at))
    with running(folder, changeover=changeover) as client:
        for _ in range(2):
            with running_plc(port, kept={110: 2}):
                eventually(lambda: plc.read_registers(111, 1) == [2])
                client.post("/v1/recipe", params={"name": "part"})
            plc.close()
        assert judge(client)[0] == "part"
        assert client.get("/v1/status").json()["recipes"]["changes"] == 2


@pytest.mark.broker
def test_by_a_message_that_the_broker_kept_for_a_station_that_starts_later(
    folder: StationFolder, tmp_path: Path
) -> None:
    port, answers = free_port(), []
    changeover = {"kind": "mqtt", "host": "127.0.0.1", "port": port, "topic": "line1/recipe"}
    with mosquitto(tmp_path / "broker", port):
        told = ("line1/recipe/done", lambda message: answers.append(message.payload))
        line = MqttConnection(MqttBroker(host="127.0.0.1", port=port), None, subscription=told)
        line.ensure()
        line.wait_for(line.publish("line1/recipe", "blind", retain=True))
        with running(folder, changeover=changeover) as client:
            eventually(lambda: answers)
            assert judge(client) == ("blind", "PASS")
            line.publish("line1/recipe", "cup")
            eventually(lambda: len(answers) == 2)
            assert judge(client) == ("blind", "PASS")
        line.close()
    assert b'"ok": true' in answers[0]
    assert b"expected one of part, blind, got 'cup'" in answers[1]


def test_a_bundle_of_another_part_type_stops_the_start(folder: StationFolder) -> None:
    """Not in the middle of a shift."""
    others = [{"name": "can", "bundle": "blind.bundle"}]
    with (
        pytest.raises(BundleMismatch, match="expected a bundle for part type 'can'"),
        running(folder, other_recipes=others),
    ):
        pass
