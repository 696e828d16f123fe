"""What a station's ledger counted since it runs a bundle: looks at doubled counts, and where it begins again."""

from edge.contract.ledger import LedgerCounts
from edge.contract.link import Heartbeat
from inspection.stations.ledger_since import LedgerSince, Settled
from tests.support.plants import a_heartbeat


def _beat(bundle_id: str, passed: int, undecided: int = 0, process: str | None = None) -> Heartbeat:
    settled = passed + undecided
    ledger = LedgerCounts(triggers=settled, verdicts=settled, passed=passed, undecided=undecided)
    return a_heartbeat(bundle_id=bundle_id, ledger=ledger, process=process)


def _since(*beats: Heartbeat) -> LedgerSince:
    since = LedgerSince.first(beats[0])
    for beat in beats[1:]:
        since = since.then(beat)
    return since


def test_it_counts_from_the_first_heartbeat_with_the_bundle() -> None:
    since = _since(_beat("a", 100, 7), _beat("b", 150, 9), _beat("b", 170, 12))
    assert (since.bundle_id, since.settled) == ("b", Settled(23, 3))


def test_a_look_comes_at_each_doubled_count() -> None:
    since = _since(*(_beat("a", passed) for passed in range(100)))
    assert [look.parts for look in since.looks] == [1, 2, 4, 8, 16, 32, 64]


def test_heartbeats_that_skip_a_doubling_bring_one_look() -> None:
    since = _since(_beat("a", 0), _beat("a", 0), _beat("a", 37), _beat("a", 60), _beat("a", 70))
    assert [look.parts for look in since.looks] == [37, 70]


def test_a_restarted_station_begins_again() -> None:
    since = _since(_beat("a", 100), _beat("a", 140, 4), _beat("a", 2), _beat("a", 12, 1))
    assert since.looks == (Settled(11, 1),)


def test_a_restart_heard_of_late_begins_again_although_more_has_been_counted_since() -> None:
    """By its process, or where it names none by a count that fell: none of a bundle's counts is ever below zero."""
    for first, second in (("one", "two"), (None, None)):
        since = _since(_beat("a", 10, 20, first), _beat("a", 15, 20, first), _beat("a", 1000, 0, second))
        assert since.settled == Settled(0, 0)
    assert _since(_beat("a", 10, 0, "one"), _beat("a", 1000, 0, "two")).settled == Settled(0, 0)
