"""Whole stations with several cameras: parts of several views, and fair service."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.cli.process import StationProcess
from edge.contract.errors import SettingsInvalid
from tests.support.edge_fakes import FakePlant, eventually, png
from tests.support.link_server import link_server
from tests.support.stations import StationFolder
from tests.support.tiny_bundle import write_tiny_bundle


@pytest.fixture
def folder(tmp_path: Path) -> StationFolder:
    """A station with one good frame for one camera, and a bad one for the other."""
    made = StationFolder(tmp_path)
    for name, value in (("good", 128), ("bad", 255)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(png(value))
    return made


def camera(name: str, folder: str, **changes: Any) -> dict[str, Any]:
    """A camera that runs freely on one picture."""
    return {"kind": "folder", "name": name, "folder": folder, "loop": True, "rate_hz": 200.0, **changes}


@contextmanager
def running(folder: StationFolder, **changes: Any) -> Iterator[httpx.Client]:
    """A running station, and a client of its API."""
    process = StationProcess(folder.settings(**{"api": {"port": 0}, **changes}))
    try:
        process.start()
        with httpx.Client(base_url=f"http://{process.address}", trust_env=False, timeout=20) as client:
            yield client
    finally:
        process.stop()


SOFTWARE = {"kind": "software"}


def test_two_cameras_make_one_verdict_and_the_plant_gets_both_views(folder: StationFolder) -> None:
    """The line is told once for each part; each view has its own result, with its image, at the plant."""
    plant = FakePlant()
    with (
        link_server(plant) as port,
        running(
            folder, camera=camera("top", "good"), other_cameras=[camera("side", "bad")], trigger=SOFTWARE,
            plant={"url": f"http://127.0.0.1:{port}"},
        ) as client,
    ):  # fmt: skip
        answers = [client.post("/v1/trigger", params={"part_id": f"p-{n}"}).json() for n in range(3)]
        eventually(lambda: len(plant.results) == 6)
        status = client.get("/v1/status").json()
        assert 'inspection_parts_total{verdict="FAIL"} 3.0' in client.get("/metrics").text
    assert [(a["part_id"], a["verdict"], a["camera"]) for a in answers] == [
        (f"p-{n}", "FAIL", "top+side") for n in range(3)
    ]
    assert [[v["verdict"] for v in a["views"]] for a in answers] == 3 * [["PASS", "FAIL"]]
    assert [r["id"] for r in folder.results()] == [a["id"] for a in answers]
    assert Counter((r.camera, r.verdict.value) for r in plant.results.values()) == {
        ("top", "PASS"): 3,
        ("side", "FAIL"): 3,
    }
    assert {v["result_id"] for a in answers for v in a["views"]} == set(plant.results)
    assert (status["ledger"]["triggers"], status["parts"]["told"]) == (6, 3)
    assert [c["name"] for c in status["cameras"]] == ["top", "side"]


def test_a_view_that_looks_different_has_a_recipe_of_its_own(folder: StationFolder) -> None:
    """The side is judged by a bundle that lets white pass."""
    write_tiny_bundle(folder.path / "side.bundle", folder.key, recipe="part-side", threshold=3.0)
    with running(
        folder, camera=camera("top", "good"), other_cameras=[camera("side", "bad")], trigger=SOFTWARE,
        other_recipes=[{"name": "part-side", "bundle": "side.bundle"}], parts={"view_recipes": {"side": "part-side"}},
    ) as client:  # fmt: skip
        answer = client.post("/v1/trigger").json()
    assert answer["verdict"] == "PASS"


def test_three_shots_of_one_camera_make_one_verdict(folder: StationFolder) -> None:
    with running(folder, camera=camera("top", "good"), trigger=SOFTWARE, parts={"shots": 3}) as client:
        answer = client.post("/v1/trigger").json()
    assert [v["view"] for v in answer["views"]] == ["top/1", "top/2", "top/3"]
    assert answer["verdict"] == "PASS"


@pytest.mark.parametrize(("policy", "verdict"), [("undecided", "UNDECIDED"), ("ignore", "PASS")])
def test_a_camera_that_is_away_costs_the_view_and_no_more_time_than_the_deadline(
    folder: StationFolder, policy: str, verdict: str
) -> None:
    away = {"kind": "usb", "name": "side", "device": "/dev/video99"}
    with running(
        folder, camera=camera("top", "good"), other_cameras=[away], trigger=SOFTWARE, deadline_ms=300.0,
        parts={"missing_view": policy},
    ) as client:  # fmt: skip
        answer = client.post("/v1/trigger").json()
        status = client.get("/v1/status").json()
    assert answer["verdict"] == verdict
    assert [v["verdict"] for v in answer["views"]] == ["PASS", "UNDECIDED"]
    assert status["parts"]["views_missing"] == 1
    assert any("/dev/video99" in reason for reason in status["not_ready_because"])


def test_cameras_that_run_by_themselves_are_served_in_turn(folder: StationFolder) -> None:
    """One is fifty times as fast; the slow one is not crowded out, and all frames are accounted for."""
    fast, slow = camera("fast", "good", rate_hz=1000.0, limit=300), camera("slow", "bad", rate_hz=20.0, limit=20)
    with running(folder, camera=fast, other_cameras=[slow], inbox_size=2) as client:
        eventually(lambda: all(c["finished"] for c in client.get("/v1/status").json()["cameras"]))
        eventually(lambda: client.get("/v1/status").json()["ledger"]["in_flight"] == 0)
        ledger = client.get("/v1/status").json()["ledger"]
        lines = client.get("/metrics").text.splitlines()
    assert ledger["triggers"] == ledger["verdicts"] + ledger["drops"] == 320
    told = Counter((r["camera"], r["outcome"]) for r in folder.results())
    assert told["slow", "verdict"] / 20 >= told["fast", "verdict"] / 300
    assert told["slow", "verdict"] > 10
    assert 'inspection_camera_frames_total{camera="slow"} 20.0' in lines


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"other_cameras": [{"kind": "push", "name": "push"}]}, "different names"),
        ({"parts": {"shots": 2}}, "need a trigger of kind software"),
        ({"trigger": SOFTWARE, "parts": {"view_recipes": {"side": "part"}}}, "expected views"),
        ({"trigger": SOFTWARE, "parts": {"view_recipes": {"push": "other"}}}, "expected recipes of other_recipes"),
        (
            {"trigger": SOFTWARE, "parts": {"shots": 10}, "camera": {"kind": "push", "name": "c" * 62}},
            r"at most 64 characters with the shot's number, got \['c{62}/10'\]",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_named(
    folder: StationFolder, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsInvalid, match=message):
        folder.settings(**changes)
