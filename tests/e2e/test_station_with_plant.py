"""A real station process and a real plant service over HTTP: promoted bundle in, results and pictures out."""

import signal
from pathlib import Path

import pytest

from inspection.api.app import plant_app
from tests.support.edge_fakes import eventually
from tests.support.edge_fakes import png as part
from tests.support.live_plants import served
from tests.support.plants import add_station, new_plant, sign_in
from tests.support.plants import running as plant_in_process
from tests.support.stations import StationFolder, station_process

GOODS = 12


@pytest.fixture
def folder(tmp_path: Path) -> StationFolder:
    """Three good parts, a bad one, and a file that is cut off."""
    (tmp_path / "station").mkdir()
    made = StationFolder(tmp_path / "station")
    made.add_frames(3)
    made.add_frames(1, 255)
    (made.frames / "torn.png").write_bytes(part()[:50])
    return made


def test_from_promotion_to_review(tmp_path: Path, folder: StationFolder) -> None:
    """Train, promote; a station that has no bundle fetches it, judges, and the plant shows every part once."""
    plant = new_plant(tmp_path / "plant")
    with plant_in_process(plant) as client, served(plant_app(plant)) as url:
        admin = sign_in(client)
        headers = add_station(admin, "line-1", "part")
        for seed in range(GOODS):
            admin.send("/recipes/part/samples", part(120 + seed), label="good")
        public_key = admin.get("/keys/public").json()["public_key"]
        job = admin.post("/jobs", {"kind": "train", "recipe": "part"}).json()
        settings = folder.settings_file(
            station="line-1",
            bundle=None,
            trusted_keys=[public_key],
            camera={"kind": "folder", "folder": "frames", "rate_hz": 50.0},
            plant={"url": url, "api_key": headers["Authorization"].removeprefix("Bearer "), "heartbeat_s": 0.1},
        )
        with station_process(settings) as station:
            eventually(lambda: admin.get(f"/jobs/{job['id']}").json()["state"] == "succeeded")
            assert folder.results() == []
            (model,) = admin.get("/recipes/part/models").json()["models"]
            promoted = admin.post("/recipes/part/promote", {"bundle_id": model["id"], "reason": "first"})
            assert promoted.is_success, promoted.text
            eventually(lambda: len(folder.results()) == 5)
            eventually(lambda: len(admin.get("/results").json()["results"]) == 5)
            # The failed part has a frame and an overlay, the undecided one a frame.
            eventually(lambda: sum(len(r["images"]) for r in admin.get("/results").json()["results"]) == 3)
            eventually(lambda: admin.get("/stations").json()[0]["heartbeat"]["ledger"]["verdicts"] == 5)
            (shown,) = admin.get("/stations").json()
            queue = admin.get("/review/queue", params={"recipe": "part"}).json()
            assert station.stop(signal.SIGTERM) == 0
    heartbeat = shown["heartbeat"]
    assert heartbeat["bundle_id"] == model["id"]
    assert heartbeat["ledger"]["triggers"] == heartbeat["ledger"]["verdicts"] == 5
    assert {r["bundle_id"] for r in folder.results()} == {model["id"], None}
    assert sorted(r["result"]["verdict"] for r in queue["results"]) == ["FAIL", "UNDECIDED"]


def test_a_station_that_was_given_another_name_goes_on(tmp_path: Path, folder: StationFolder) -> None:
    """What it judged under the old one can never go with the new key: it is set aside and told."""
    (folder.frames / "torn.png").unlink()
    plant = new_plant(tmp_path / "plant")
    with plant_in_process(plant) as client, served(plant_app(plant)) as url:
        admin = sign_in(client)
        headers = add_station(admin, "line-2", "part")
        camera = {"kind": "folder", "folder": "frames", "rate_hz": 50.0}
        away = {"url": "http://127.0.0.1:1", "drain_s": 0}
        with station_process(folder.settings_file(station="line-1", camera=camera, plant=away)) as station:
            eventually(lambda: len(folder.results()) == 4)
            station.stop()
        link = {"url": url, "api_key": headers["Authorization"].removeprefix("Bearer "), "heartbeat_s": 0.1}
        settings = folder.settings_file(station="line-2", camera=camera, plant=link, api={"port": 0})
        with station_process(settings) as station:
            eventually(lambda: len(admin.get("/results").json()["results"]) == 4)
            eventually(lambda: station.status()["spool"]["quarantined"] == 4)
    assert {r["result"]["station"] for r in admin.get("/results").json()["results"]} == {"line-2"}
