"""Stations as real processes: started, asked, signalled, killed."""

import json
import signal
import socket
from pathlib import Path

import httpx
import pytest

from edge.spool.store import Spool
from tests.support.edge_fakes import FakePlant, eventually, png
from tests.support.link_server import link_server
from tests.support.stations import StationFolder, heeding_hang_ups, station_process

LOOP = {"kind": "folder", "folder": "frames", "loop": True, "rate_hz": 200.0}


@pytest.fixture
def folder(tmp_path: Path) -> StationFolder:
    made = StationFolder(tmp_path)
    made.add_frames(3)
    made.add_frames(1, 255)
    return made


def spooled(folder: StationFolder) -> list[int]:
    """Sequence numbers on the disk."""
    spool = Spool(folder.path / "state" / "spool.sqlite", 2048)
    numbers = [r.sequence for r in spool.oldest(100_000)]
    spool.close()
    return numbers


def acknowledged(folder: StationFolder) -> list[bool]:
    """Whether each stored result tells when its output had it, and that this was after the verdict."""
    spool = Spool(folder.path / "state" / "spool.sqlite", 2048)
    times = [r.times for r in spool.oldest(100_000)]
    spool.close()
    return [t.acknowledged_us is not None and t.acknowledged_us >= t.verdict_us for t in times]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_settles_everything_and_ends_with_0(folder: StationFolder, number: signal.Signals) -> None:
    """Every trigger has its result in the log and in the spool."""
    with heeding_hang_ups(), station_process(folder.settings_file(camera=LOOP)) as station:
        eventually(lambda: len(folder.results()) > 20)
        assert station.stop(number) == 0
    numbers = [r["sequence"] for r in folder.results()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert spooled(folder) == numbers
    assert all(acknowledged(folder))
    assert f'"triggers":{len(numbers)},"verdicts":{len(numbers)}' in station.log


def test_it_ends_by_itself_after_the_last_frame_if_told_so(folder: StationFolder) -> None:
    camera = {"kind": "folder", "folder": "frames", "rate_hz": 200.0, "exit_at_end": True}
    with station_process(folder.settings_file(camera=camera)) as station:
        assert station.process.wait(30) == 0
    assert [(r["part_id"], r["verdict"]) for r in folder.results()] == [
        ("128-000", "PASS"),
        ("128-001", "PASS"),
        ("128-002", "PASS"),
        ("255-000", "FAIL"),
    ]


def test_kill_9_loses_nothing_that_reached_the_spool_and_numbers_go_on(folder: StationFolder) -> None:
    """The second process continues the numbering and the plant gets every stored result exactly once."""
    plant = FakePlant()
    with link_server(plant) as port:
        pass
    link = {"url": f"http://127.0.0.1:{port}", "max_backoff_s": 0.2, "heartbeat_s": 0.05}
    with station_process(folder.settings_file(camera=LOOP, plant=link)) as station:
        eventually(lambda: len(folder.results()) > 50)
        assert station.stop(signal.SIGKILL) == -signal.SIGKILL
    stored = spooled(folder)
    assert stored == list(range(1, len(stored) + 1))
    assert len(stored) > 20
    with link_server(plant, port), station_process(folder.settings_file(camera=LOOP, plant=link)) as station:
        eventually(lambda: len(plant.results) > len(stored) + 10)
        assert station.stop() == 0
    numbers = sorted(r.sequence for r in plant.results.values())
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_taken_port_ends_with_2_before_anything_starts(folder: StationFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with station_process(folder.settings_file(camera=LOOP, api={"port": port})) as station:
            assert station.process.wait(30) == 2
    assert f"127.0.0.1:{port} is taken" in station.log
    assert folder.results() == []


def test_a_state_folder_in_use_ends_with_2(folder: StationFolder) -> None:
    settings = folder.settings_file(camera=LOOP)
    with station_process(settings):
        eventually(folder.results)
        with station_process(settings) as second:
            assert second.process.wait(30) == 2
            assert "another station process uses it" in second.log


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"bundle": "missing.bundle"}, "missing.bundle"),
        ({"recipe": "screw"}, "expected a bundle for part type 'screw'"),
        ({"trusted_keys": ["nonsense"]}, "trusted key"),
    ],
)
def test_a_start_that_cannot_work_ends_with_2_and_one_clear_line(
    folder: StationFolder, changes: dict[str, object], message: str
) -> None:
    with station_process(folder.settings_file(**changes)) as station:
        assert station.process.wait(30) == 2
    assert message in station.log
    assert "Traceback" not in station.log


def test_logs_as_json_for_a_collector(folder: StationFolder) -> None:
    """Every line of the whole life of a station is one object with the same keys."""
    camera = {**LOOP, "loop": False, "exit_at_end": True}
    with station_process(folder.settings_file(camera=camera), options=("--log-format", "json")) as station:
        assert station.process.wait(30) == 0
    records = [json.loads(line) for line in station.log.splitlines()]
    assert {tuple(record) for record in records} == {("time", "level", "logger", "thread", "message")}
    assert any(record["thread"] == "camera-camera" for record in records)


def test_a_camera_that_comes_late_is_connected(folder: StationFolder) -> None:
    """Its folder is not there at the start; the station says so and goes on trying."""
    camera = {**LOOP, "folder": "later"}
    with station_process(folder.settings_file(camera=camera, api={"port": 0})) as station:
        url = station.url()
        eventually(lambda: httpx.get(f"{url}/v1/status", trust_env=False).json()["cameras"][0]["times_lost"] > 0)
        assert httpx.get(f"{url}/readyz", trust_env=False).status_code == 503
        (folder.path / "later").mkdir()
        (folder.path / "later" / "1.png").write_bytes(png())
        eventually(folder.results)
        assert station.stop() == 0
