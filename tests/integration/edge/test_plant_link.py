"""A whole station against a plant over real HTTP: outages, swaps and bad bundles."""

import os
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from edge.cameras.push import PushedFrames
from edge.clock import SystemClock
from edge.contract.link import DesiredState, Heartbeat
from edge.contract.signature import SigningKey, TrustedKeys
from edge.station.station import Station
from tests.support.edge_fakes import FakePlant, eventually, png
from tests.support.link_server import link_server
from tests.support.stations import StationFolder
from tests.support.tiny_bundle import write_tiny_bundle

CLOCK = SystemClock()
INBOX = 1000
PUSHED = PushedFrames("push", CLOCK, 10_000)


@pytest.fixture
def folder(tmp_path: Path) -> StationFolder:
    return StationFolder(tmp_path)


@contextmanager
def running(folder: StationFolder, port: int, **changes: Any) -> Iterator[Station]:
    """A station whose plant is on `port`."""
    plant = {"url": f"http://127.0.0.1:{port}", "api_key": "k", "heartbeat_s": 0.05, "max_backoff_s": 0.2}
    settings = folder.settings(plant=plant, **changes)
    station = Station(settings, TrustedKeys(settings.trusted_keys))
    try:
        station.start()
        yield station
    finally:
        station.stop()


def submit(station: Station, value: int = 128) -> None:
    """Hand in one part."""
    station.submit(PUSHED.frame(png(value)))


def want(plant: FakePlant, path: Path, key: SigningKey, threshold: float) -> str:
    """The plant promotes a new bundle."""
    bundle_id = write_tiny_bundle(path, key, threshold=threshold)
    plant.bundles[bundle_id] = path.read_bytes()
    digest = sha256(path.read_bytes()).hexdigest()
    plant.desired = DesiredState(recipe="part", bundle_id=bundle_id, bundle_sha256=digest)
    return bundle_id


def test_results_and_images_reach_the_plant(folder: StationFolder) -> None:
    plant = FakePlant()
    with link_server(plant) as port, running(folder, port) as station:
        submit(station, 255)
        submit(station, 128)
        eventually(lambda: len(plant.results) == 2 and len(plant.images) == 2)
        eventually(lambda: station.status().spool.results == 0)
        eventually(lambda: plant.heartbeats and plant.heartbeats[-1].ledger.verdicts == 2)
    failed = next(r for r in plant.results.values() if r.verdict == "FAIL")
    frame, overlay = (plant.images[ref.sha256] for ref in failed.images)
    assert frame.data == png(255)
    assert overlay.data.startswith(b"\x89PNG")
    assert plant.heartbeats[-1].picture.result.part_id in {r.part_id for r in plant.results.values()}


def test_a_started_station_names_one_process_and_the_next_another(folder: StationFolder) -> None:
    """By it the plant tells two boxes with one key from a box that was restarted."""
    plant = FakePlant()
    with link_server(plant) as port:
        for _ in range(2):
            sent = len(plant.heartbeats)
            with running(folder, port):
                eventually(lambda sent=sent: len(plant.heartbeats) >= sent + 2)
    processes = [beat.process for beat in plant.heartbeats]
    assert len(set(processes)) == 2
    assert processes == sorted(processes, key=processes.index)


def test_the_line_goes_on_without_the_plant_and_everything_arrives_once(folder: StationFolder) -> None:
    """Up, down, up again: no verdict waits, nothing is lost, nothing is doubled."""
    plant = FakePlant()
    with link_server(plant) as port:
        pass  # a port that nobody listens on
    with running(folder, port) as station:
        for _ in range(20):
            submit(station)
        eventually(lambda: len(folder.results()) == 20)
        eventually(lambda: station.status().spool.results == 20)
        assert not station.status().plant.link.reachable
        with link_server(plant, port):
            eventually(lambda: len(plant.results) == 20)
            eventually(lambda: station.status().spool.results == 0)
        for _ in range(10):
            submit(station, 255)
        eventually(lambda: len(folder.results()) == 30)
        with link_server(plant, port):
            eventually(lambda: len(plant.results) == 30 and len(plant.images) == 2)
            eventually(lambda: station.status().spool.results == 0)
    assert sorted(r.sequence for r in plant.results.values()) == list(range(1, 31))
    assert {r["id"] for r in folder.results()} == set(plant.results)


def test_what_was_spooled_goes_after_a_restart_and_numbers_go_on(folder: StationFolder) -> None:
    plant = FakePlant()
    with link_server(plant) as port:
        pass
    with running(folder, port) as station:
        for _ in range(5):
            submit(station)
        eventually(lambda: len(folder.results()) == 5)
    with link_server(plant, port), running(folder, port) as station:
        submit(station)
        eventually(lambda: len(plant.results) == 6)
    assert sorted(r.sequence for r in plant.results.values()) == [1, 2, 3, 4, 5, 6]


def test_one_poisoned_record_is_set_aside_and_shown(folder: StationFolder) -> None:
    plant = FakePlant()
    with link_server(plant) as port, running(folder, port) as station:
        plant.poison = {"bad"}
        station.submit(PUSHED.frame(png(), "bad"))
        for _ in range(5):
            submit(station)
        eventually(lambda: len(plant.results) == 5)
        eventually(lambda: station.status().spool.quarantined == 1)


def test_swapping_under_load_loses_no_frame(folder: StationFolder) -> None:
    """Frames keep coming while three bundles follow each other; each part is judged by exactly one of them."""
    plant, new = FakePlant(), folder.path / "new.bundle"
    with link_server(plant) as port, running(folder, port, inbox_size=INBOX) as station:
        ids = [folder.bundle_id]
        for threshold in (0.5, 0.7, 0.9):
            ids.append(want(plant, new, folder.key, threshold))
            while station.bundles.running_id != ids[-1]:
                submit(station)
        submit(station)
        eventually(lambda: station.status().ledger.in_flight == 0)
        counts = station.status().ledger
        eventually(lambda: len(folder.results()) == counts.triggers)
    results = folder.results()
    assert (counts.verdicts, counts.drops, counts.timeouts, counts.undecided) == (counts.triggers, 0, 0, 0)
    assert [r["sequence"] for r in results] == list(range(1, counts.triggers + 1))
    used = list(dict.fromkeys(r["bundle_id"] for r in results))
    assert used == [i for i in ids if i in used]
    assert used[-1] == ids[-1]
    assert Counter(r["verdict"] for r in results) == {"PASS": counts.triggers}


def test_an_unsigned_bundle_from_the_plant_never_runs(folder: StationFolder) -> None:
    """The old one keeps judging; heartbeat and readiness tell."""
    plant = FakePlant()
    stranger = SigningKey.load_or_create(folder.path / "stranger.pem")
    want(plant, folder.path / "evil.bundle", stranger, 0.5)
    with link_server(plant) as port, running(folder, port) as station:
        eventually(lambda: plant.heartbeats and plant.heartbeats[-1].bundle_refused)
        submit(station)
        eventually(folder.results)
        assert station.status().ready
        assert "not trusted here" in station.status().bundle.refused
    assert folder.results()[0]["bundle_id"] == folder.bundle_id
    assert plant.heartbeats[-1].bundle_id == folder.bundle_id


@dataclass(frozen=True)
class Altered:
    """What somebody between station and plant makes of an answer; every file in it is validly signed.

    Attributes:
        of_recipe: of the bundle whose file is sent.
        named: whether the answer names that bundle, and not the one that the plant wants.
        hashed: whether the hash in the answer is of the file that is sent; None leaves the hash out.
        why: the station's refusal.
    """

    name: str
    of_recipe: str
    named: bool
    hashed: bool | None
    why: str


ALTERED = [
    Altered("an older one's file", "part", named=False, hashed=False, why="expected SHA-256"),
    Altered("an older one's file and hash", "part", named=False, hashed=True, why="expected bundle"),
    Altered("an older one's file, no hash", "part", named=False, hashed=None, why="expected bundle"),
    Altered("another recipe's file", "screw", named=False, hashed=True, why="part type"),
    Altered("another recipe's bundle, as if wanted", "screw", named=True, hashed=True, why="part type"),
]


@pytest.mark.parametrize("shadow", [False, True])
@pytest.mark.parametrize("altered", ALTERED, ids=lambda altered: altered.name)
def test_a_signed_bundle_that_is_not_the_wanted_one_never_runs(
    folder: StationFolder, altered: Altered, *, shadow: bool
) -> None:
    """Neither as champion nor beside it, whatever an altered answer says; the plant is told by the heartbeat."""
    plant = FakePlant()
    wanted = want(plant, folder.path / "wanted.bundle", folder.key, 0.5)
    file = folder.path / "other.bundle"
    other = write_tiny_bundle(file, folder.key, altered.of_recipe, 3.0)
    named = other if altered.named else wanted
    plant.bundles = {named: file.read_bytes()}
    right, wrong = (sha256(data).hexdigest() for data in (file.read_bytes(), b"of the wanted one"))
    digest = None if altered.hashed is None else right if altered.hashed else wrong
    names = ("shadow_bundle_id", "shadow_bundle_sha256") if shadow else ("bundle_id", "bundle_sha256")
    plant.desired = DesiredState(recipe="part", **dict(zip(names, (named, digest), strict=True)))
    with link_server(plant) as port, running(folder, port) as station:
        eventually(lambda: plant.heartbeats and _refusal(plant.heartbeats[-1], shadow=shadow))
        submit(station)
        eventually(folder.results)
    last = plant.heartbeats[-1]
    assert altered.why in (_refusal(last, shadow=shadow) or "")
    assert folder.results()[0]["bundle_id"] == folder.bundle_id == last.bundle_id
    assert last.shadow is None or last.shadow.bundle_id is None


def _refusal(heartbeat: Heartbeat, *, shadow: bool) -> str | None:
    if shadow:
        return None if heartbeat.shadow is None else heartbeat.shadow.refused
    return heartbeat.bundle_refused


def test_an_older_wish_that_comes_again_is_followed_as_a_rollback_is_and_told(folder: StationFolder) -> None:
    """Only TLS tells a rollback from a replay; the plant hears what runs, and its next wish is followed again."""
    plant = FakePlant()
    older = want(plant, folder.path / "older.bundle", folder.key, 0.5)
    replayed = plant.desired
    newer = want(plant, folder.path / "newer.bundle", folder.key, 0.6)
    meant = plant.desired
    with link_server(plant) as port, running(folder, port):
        eventually(lambda: plant.heartbeats and plant.heartbeats[-1].bundle_id == newer)
        plant.desired = replayed
        eventually(lambda: plant.heartbeats[-1].bundle_id == older)
        plant.desired = meant
        eventually(lambda: plant.heartbeats[-1].bundle_id == newer)


def test_the_camera_waits_for_the_first_bundle_and_the_next_start_needs_no_plant(folder: StationFolder) -> None:
    plant = FakePlant()
    folder.add_frames(3)
    camera = {"kind": "folder", "folder": "frames", "rate_hz": 200.0}
    with link_server(plant) as port, running(folder, port, bundle=None, camera=camera) as station:
        eventually(lambda: len(plant.heartbeats) > 3)
        assert station.status().ledger.triggers == 0
        bundle_id = want(plant, folder.path / "new.bundle", folder.key, 0.5)
        eventually(lambda: len(folder.results()) == 3)
    with running(folder, port, bundle=None, camera=camera) as station:
        eventually(lambda: len(folder.results()) == 6)
    assert {r["bundle_id"] for r in folder.results()} == {bundle_id}


def test_told_not_to_wait_it_says_undecided_until_the_first_bundle(folder: StationFolder) -> None:
    """No part passes unseen while there is no model."""
    folder.add_frames(3)
    camera = {"kind": "folder", "folder": "frames", "rate_hz": 200.0}
    with link_server(FakePlant()) as port, running(folder, port, bundle=None, camera=camera, wait_for_bundle=False):
        eventually(lambda: len(folder.results()) == 3)
    assert {(r["verdict"], r["reason"]) for r in folder.results()} == {("UNDECIDED", "no bundle yet")}


def test_swapping_leaks_no_memory(folder: StationFolder) -> None:
    """Fifty bundles after each other: every old detector is freed, and the process does not grow with them."""
    settings = folder.settings()
    station = Station(settings, TrustedKeys(settings.trusted_keys))
    station.start()
    incoming, gone, rss = folder.path / "incoming.bundle", [], []
    try:
        for index in range(50):
            gone.append(weakref.ref(station.bundles.current))
            bundle_id = write_tiny_bundle(incoming, folder.key, threshold=0.5 + index / 1000)
            station.bundles.accept(incoming, bundle_id)
            submit(station)
            eventually(lambda index=index: len(folder.results()) == index + 1)
            rss.append(rss_mb())
    finally:
        station.stop()
    assert [ref() for ref in gone] == [None] * 50
    assert rss[-1] - rss[9] < 20


def rss_mb() -> float:
    """Memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
