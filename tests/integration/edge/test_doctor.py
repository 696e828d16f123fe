"""`inspection edge doctor` on real folders, files, ports and controllers."""

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from edge.__main__ import main
from edge.fieldbus.modbus import ModbusConnection
from edge.fieldbus.settings import ModbusAddress
from edge.station.state_lock import StateLock
from tests.support.broker import free_port
from tests.support.certificates import write_certificates
from tests.support.edge_fakes import FakePlant
from tests.support.link_server import link_server
from tests.support.plc import running_plc
from tests.support.receivers import receiver
from tests.support.stations import StationFolder
from tests.support.tiny_bundle import write_tiny_bundle

CAMERA = {"kind": "simulated", "size_px": 64}


@pytest.fixture
def folder(tmp_path: Path) -> StationFolder:
    return StationFolder(tmp_path)


def examine(folder: StationFolder, capsys: pytest.CaptureFixture[str], **changes: Any) -> tuple[int, dict[str, Any]]:
    """Exit code, and each check by its name."""
    code = main(["doctor", str(folder.settings_file(**{"camera": CAMERA, **changes})), "--json"])
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["ok"] == (code == 0)
    return code, {check["name"]: check for check in answer["checks"]}


def test_a_healthy_station_answers_0(folder: StationFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything was really used: the camera gave a frame, and the bundle judged it."""
    port, plant = free_port(), FakePlant()
    outputs = [
        {"kind": "log", "path": "results.jsonl"},
        {"kind": "csv", "path": "results.csv"},
        {"kind": "modbus", "host": "127.0.0.1", "port": port},
    ]
    trigger = {"kind": "modbus", "host": "127.0.0.1", "port": port, "coil": 1}
    with running_plc(port), link_server(plant) as plant_port:
        code, found = examine(
            folder, capsys, outputs=outputs, trigger=trigger, api={"port": free_port()},
            plant={"url": f"http://127.0.0.1:{plant_port}"},
        )  # fmt: skip
    assert [name for name, check in found.items() if not check["ok"]] == []
    assert code == 0
    assert list(found) == [
        "disk", "clock", "api", "model", "camera", "judging", "plant", "output log", "output csv", "output plc",
        "trigger",
    ]  # fmt: skip
    assert "64x64 px" in found["camera"]["found"]
    assert "score" in found["judging"]["found"]
    assert plant.heartbeats == []


def test_what_is_wrong_is_named_with_what_to_do(
    folder: StationFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """All at once: one trouble does not hide the next."""
    (tmp_path / "taken").write_text("a file where a folder should be")
    nobody = free_port()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, found = examine(
            folder, capsys, camera={"kind": "usb", "device": "/dev/video99"},
            api={"port": taken.getsockname()[1]}, bundle="missing.bundle", spool={"max_mb": 1_000_000.0},
            plant={"url": f"http://127.0.0.1:{nobody}"},
            outputs=[
                {"kind": "modbus", "host": "127.0.0.1", "port": nobody},
                {"kind": "webhook", "url": f"http://127.0.0.1:{nobody}/"},
                {"kind": "log", "path": "taken/log"},
            ],
            trigger={"kind": "modbus", "host": "127.0.0.1", "port": nobody, "coil": 1},
        )  # fmt: skip
    assert code == 1
    assert [name for name, check in found.items() if check["ok"]] == ["clock"]
    assert all(check["advice"] for check in found.values() if not check["ok"])
    assert "/dev/video99" in found["camera"]["found"]
    assert "missing.bundle" in found["model"]["found"]
    assert "MiB free, but the spool may grow" in found["disk"]["found"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"camera": {"kind": "push"}}, "camera push (kind push)"), ({"trigger": {"kind": "software"}}, "(kind software)")],
)
def test_a_station_that_nobody_can_ask_is_told(
    folder: StationFolder, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], what: str
) -> None:
    """It would run, be ready, and never judge a part."""
    code, found = examine(folder, capsys, **changes)
    assert (code, found["api"]["ok"], found["api"]["advice"]) == (1, False, "add [api]")
    assert what in found["api"]["found"]
    assert folder.settings(**changes, api={"port": 0}).unheard is None


def test_a_camera_in_the_dark_is_noticed(folder: StationFolder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.add_frames(1, 0)
    code, found = examine(folder, capsys, camera={"kind": "folder", "folder": "frames"})
    assert (code, found["camera"]["ok"]) == (1, False)
    assert "mean grey level 0" in found["camera"]["found"]


def test_a_plant_that_refuses_the_key_is_named(folder: StationFolder, capsys: pytest.CaptureFixture[str]) -> None:
    with link_server(FakePlant(), api_key="right") as port:
        code, found = examine(folder, capsys, plant={"url": f"http://127.0.0.1:{port}", "api_key": "wrong"})
    assert (code, "refuses the key" in found["plant"]["found"]) == (1, True)


def test_a_station_that_runs_is_not_disturbed(folder: StationFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """Two programs would fight for camera and controllers."""
    settings = folder.settings_file(camera=CAMERA)
    lock = StateLock(folder.path / "state")
    assert main(["doctor", str(settings)]) == 2
    assert "another station process uses it" in capsys.readouterr().err
    lock.release()


def test_the_answer_for_people_goes_to_stderr(folder: StationFolder, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(folder.frames)
    camera = {"kind": "folder", "folder": "frames"}
    assert main(["doctor", str(folder.settings_file(camera=camera))]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "WRONG camera" in told.err
    assert "check cable" in told.err


def test_bundles_and_calls_for_other_part_types_are_tried_too(
    folder: StationFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A station without them does not start, or never hears of a changeover."""
    write_tiny_bundle(tmp_path / "can.bundle", folder.key, recipe="can")
    others = [{"name": "can", "bundle": "can.bundle"}, {"name": "jar", "bundle": "jar.bundle"}]
    port = free_port()
    changeover = {"kind": "modbus", "host": "127.0.0.1", "port": port, "register_number": 110, "done_register": 111}
    _, lost = examine(folder, capsys, other_recipes=others, changeover=changeover)
    with running_plc(port, kept={110: 2}) as plc:
        _, found = examine(folder, capsys, other_recipes=others, changeover=changeover)
        assert plc.registers[111] == 0  # the number in there waits for the station
    assert [(lost[name]["ok"], found[name]["ok"]) for name in ("model can", "model jar", "changeover")] == [
        (True, True),
        (False, False),
        (False, True),
    ]


def test_a_trigger_that_waits_for_the_station_is_not_taken(
    folder: StationFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """The part stands before the camera while somebody looks why the station does not run."""
    port = free_port()
    trigger = {"kind": "modbus", "host": "127.0.0.1", "port": port, "coil": 5}
    with running_plc(port):
        plc = ModbusConnection(ModbusAddress(host="127.0.0.1", port=port))
        plc.write_coil(5, value=True)
        code, found = examine(folder, capsys, trigger=trigger)
        assert (code, found["trigger"]["ok"], plc.read_coil(5)) == (0, True, True)
        plc.close()


def test_a_webhook_by_https_is_asked_as_the_station_would(
    folder: StationFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With the authority of its settings, and with its token read; an address that is none is a finding."""
    certificates = write_certificates(tmp_path / "tls")
    with receiver(certificates) as gateway:
        outputs = [
            {"kind": "webhook", "name": "right", "url": gateway.url, "ca_file": str(certificates.ca)},
            {"kind": "webhook", "name": "wary", "url": gateway.url},
            {"kind": "webhook", "name": "mute", "url": gateway.url, "bearer_token_file": "missing"},
            {"kind": "webhook", "name": "none", "url": "http://[::1"},
        ]
        code, found = examine(folder, capsys, outputs=outputs)
    assert (code, [name for name, check in found.items() if not check["ok"]]) == (
        1,
        ["output wary", "output mute", "output none"],
    )


def test_an_api_on_ipv6_is_tried_there(folder: StationFolder, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    code, found = examine(folder, capsys, api={"host": "::1", "port": free_port()})
    assert (code, found["api"]["ok"]) == (0, True)
