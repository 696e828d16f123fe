"""Facts of the heartbeat and of taking bundles from the plant."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest

from edge.contract.errors import BundleRefused, BundleUnsigned, PlantRefused, PlantUnreachable
from edge.contract.link import DesiredState
from edge.plant.heartbeat import HeartbeatLink
from tests.support.edge_fakes import PATIENCE_S, FakeClock, FakePlant, eventually, heartbeat

ID = "d" * 64


class FakeTaker:
    """Accepts every bundle file, unless told to refuse."""

    def __init__(self) -> None:
        self.running_id: str | None = None
        self.refused: str | None = None
        self.taken: list[bytes] = []
        self.refuse_with: BundleUnsigned | None = None

    def accept(self, path: Path, expected_id: str) -> None:
        """Run it."""
        if self.refuse_with is not None:
            raise self.refuse_with
        self.taken.append(path.read_bytes())
        self.running_id = expected_id

    def refuse(self, reason: str | None) -> None:
        """Remember why."""
        self.refused = reason

    def drop(self) -> None:
        """Run nothing."""
        self.running_id = None


class Bench:
    """A link with everything around it."""

    def __init__(self, folder: Path) -> None:
        self.plant, self.taker, self.clock = FakePlant(), FakeTaker(), FakeClock()
        self.beside = FakeTaker()
        self.incoming = folder / "incoming.bundle"
        self.link = HeartbeatLink(self.plant, heartbeat, (self.taker, self.beside), self.incoming, self.clock)

    def beat(self) -> bool:
        """One heartbeat and what follows from it, one after the other; whether a bundle was tried."""
        self.link.beat()
        return self.link.follow()

    def desire(self, data: bytes = b"bundle", digest: str | None = None) -> None:
        """The plant wants a bundle to run."""
        self.plant.bundles[ID] = data
        self.plant.desired = DesiredState(recipe="part", bundle_id=ID, bundle_sha256=digest or sha256(data).hexdigest())


@pytest.fixture
def b(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_desired_bundle_is_fetched_once_and_runs(b: Bench) -> None:
    b.desire()
    b.beat()
    b.beat()
    assert b.taker.taken == [b"bundle"]
    assert b.plant.fetched == 1
    assert not b.incoming.exists()


def test_what_came_of_a_bundle_is_told_at_once(b: Bench) -> None:
    """Whoever clicked waits for it; with nothing new the next heartbeat comes after the period."""
    b.desire()
    with running(b, period_s=3600):
        eventually(lambda: len(b.plant.heartbeats) == 2)
    assert (b.plant.fetched, b.taker.running_id) == (1, ID)
    assert [b.beat(), b.beat()] == [False, False]


def test_a_station_that_fetches_a_bundle_for_long_is_not_silent(b: Bench) -> None:
    """Over a slow network that takes minutes; the plant would tell people that the station is gone."""
    original, goes_on = b.plant.fetch_bundle, Event()

    def slow(bundle_id: str, target: Path) -> None:
        assert goes_on.wait(PATIENCE_S)
        original(bundle_id, target)

    b.plant.fetch_bundle = slow
    b.desire()
    with running(b, period_s=0.001):
        eventually(lambda: len(b.plant.heartbeats) > 5)
        assert b.taker.running_id is None
        goes_on.set()
        eventually(lambda: b.taker.running_id == ID)
    assert b.plant.fetched == 1


@contextmanager
def running(b: Bench, period_s: float) -> Iterator[None]:
    """Its threads, with a link of that period."""
    link = HeartbeatLink(b.plant, heartbeat, (b.taker, b.beside), b.incoming, b.clock, period_s)
    for worker in (link.worker, link.follower):
        worker.start()
    try:
        yield
    finally:
        for worker in (link.worker, link.follower):
            worker.stop()


def test_nothing_is_fetched_when_the_plant_wants_nothing(b: Bench) -> None:
    b.beat()
    assert b.plant.fetched == 0
    assert b.link.status().reachable


def test_a_download_that_does_not_match_its_hash_never_reaches_the_loader(b: Bench) -> None:
    b.desire(digest="0" * 64)
    b.beat()
    assert b.taker.taken == []
    assert "expected SHA-256 000" in b.taker.refused


def test_a_refused_bundle_is_shown_and_not_fetched_every_second(b: Bench) -> None:
    """It is tried again later: the disk or the network may have been at fault."""
    b.desire()
    b.taker.refuse_with = BundleUnsigned("not signed")
    for _ in range(5):
        b.beat()
    assert b.taker.refused == "not signed"
    assert b.plant.fetched == 1
    b.clock.sleep(3600)
    b.taker.refuse_with = None
    b.beat()
    assert b.taker.running_id == ID


def test_the_complaint_ends_when_the_plant_wants_what_runs(b: Bench) -> None:
    b.desire()
    b.taker.refuse_with = BundleUnsigned("not signed")
    b.beat()
    b.plant.desired = DesiredState(recipe="part")
    b.beat()
    assert b.taker.refused is None


def test_while_another_bundle_is_fetched_no_complaint_about_the_one_before_is_shown(b: Bench) -> None:
    """A rollout of the new one would be halted for it."""
    b.taker.refuse("not signed")
    shown: list[str | None] = []
    original = b.plant.fetch_bundle

    def fetch(bundle_id: str, target: Path) -> None:
        shown.append(b.taker.refused)
        original(bundle_id, target)

    b.plant.fetch_bundle = fetch
    b.desire()
    b.beat()
    assert shown == [None]


def test_a_bundle_that_the_plant_does_not_give_is_shown(b: Bench) -> None:
    b.desire()
    b.plant.fetch_bundle = lambda *_: (_ for _ in ()).throw(PlantRefused("404 no such bundle"))
    b.beat()
    assert b.taker.refused == "404 no such bundle"


def test_a_bundle_that_the_disk_has_no_room_for_is_shown_and_not_fetched_every_second(b: Bench) -> None:
    """The plant is not away, and people there see why its bundle does not run."""
    b.desire()
    fetched: list[str] = []

    def full(bundle_id: str, _: Path) -> None:
        fetched.append(bundle_id)
        raise BundleRefused("cannot store what the plant sent: no space left")

    b.plant.fetch_bundle = full
    for _ in range(5):
        b.beat()
    assert (fetched, b.link.status().reachable) == ([ID], True)
    assert "no space left" in str(b.taker.refused)


def test_losing_and_finding_the_plant_is_shown_and_told(b: Bench) -> None:
    """The uploader hears at once that it is back."""
    told: list[bool] = []
    b.link.on_back = lambda: told.append(True)
    b.beat()
    b.plant.fail = [PlantUnreachable("down")]
    b.beat()
    assert (b.link.status().reachable, b.link.status().last_error) == (False, "down")
    assert b.link.status().last_contact_at is not None
    b.beat()
    assert (b.link.status().reachable, b.link.status().last_error) == (True, None)
    assert told == [True, True]


def test_a_plant_that_refuses_once_it_answers_is_told_apart_from_one_that_is_away(
    b: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """A station often starts first, and its log would go on saying that nobody answers."""
    b.plant.fail = [PlantUnreachable("down"), PlantUnreachable("down"), *[PlantRefused("401 unknown key")] * 2]
    for _ in range(4):
        b.beat()
    assert [record.getMessage() for record in caplog.records] == [
        "the plant does not answer, the line goes on: down",
        "the plant refuses this station, the line goes on: 401 unknown key",
    ]


def test_the_network_may_break_during_the_download(b: Bench) -> None:
    """Nothing is refused then; the next heartbeat tries again."""
    b.desire()
    original = b.plant.fetch_bundle
    b.plant.fetch_bundle = lambda *_: (_ for _ in ()).throw(PlantUnreachable("cut"))
    b.beat()
    assert b.taker.refused is None
    assert not b.link.status().reachable
    b.plant.fetch_bundle = original
    b.beat()
    assert b.taker.running_id == ID


def test_a_challenger_is_fetched_to_judge_beside_and_dropped_when_nobody_wants_it(b: Bench) -> None:
    b.desire()
    other, data = "e" * 64, b"challenger"
    b.plant.bundles[other] = data
    wanted = b.plant.desired
    digest = sha256(data).hexdigest()
    b.plant.desired = wanted.model_copy(update={"shadow_bundle_id": other, "shadow_bundle_sha256": digest})
    b.beat()
    b.beat()
    assert (b.taker.taken, b.beside.taken) == ([b"bundle"], [b"challenger"])
    assert b.beside.running_id == other
    b.plant.desired = wanted
    b.beat()
    assert (b.taker.running_id, b.beside.running_id) == (ID, None)
