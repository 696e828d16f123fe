"""Facts of acknowledgements, and of punctuality."""

from threading import Thread

from edge.clock import SystemClock
from edge.contract.result import InspectionResult, Outcome, Times, Verdict
from edge.station.acknowledgements import AckBook
from edge.station.punctuality import Punctuality
from tests.support.edge_fakes import FakeClock, result


def told(at_us: int, **changes: object) -> InspectionResult:
    """A result whose verdict was told at that time; its trigger was at 0."""
    return result(times=Times(trigger_us=0, frame_received_us=0, verdict_us=at_us), **changes)


def test_the_last_output_counts() -> None:
    book, one = AckBook(FakeClock(), 100.0), told(1_000_000)
    book.expect(one, 2)
    book.done(one, 1_002_000)
    book.done(one, 1_001_000)
    assert book.collect(one) == 1_002_000


def test_an_output_that_gives_up_leaves_no_time_and_costs_none() -> None:
    book, one = AckBook(FakeClock(), 1e9), told(1_000_000)
    book.expect(one, 2)
    book.done(one, None)
    assert book.collect(one) is None


def test_after_the_wait_it_is_stored_without() -> None:
    """Results behind it do not wait again: their time has run, too."""
    clock = FakeClock()
    book, one = AckBook(clock, 100.0), told(clock.us)
    book.expect(one, 1)
    clock.us += 100_000
    assert book.collect(one) is None
    book.done(one, clock.us)  # too late, and harmless


def test_an_acknowledgement_ends_the_wait() -> None:
    book, one = AckBook(SystemClock(), 20_000.0), told(SystemClock().now_us())
    book.expect(one, 1)
    thread = Thread(target=book.done, args=(one, 7))
    thread.start()
    assert book.collect(one) == 7
    thread.join()


def test_a_station_without_outputs_waits_for_none() -> None:
    book, one = AckBook(FakeClock(), 1e9), told(1_000_000)
    book.expect(one, 0)
    assert book.collect(one) is None


def test_misses_are_counted_against_the_budget() -> None:
    times = Punctuality(deadline_ms=10.0, budget_share=0.25)
    for ms in (4, 5, 6):
        times.observe(told(ms * 1000, score=0.1))
    times.observe(told(10_500, verdict=Verdict.UNDECIDED, outcome=Outcome.TIMEOUT))
    status = times.status()
    assert (status.missed, status.missed_share, status.within_budget) == (1, 0.25, True)
    assert (status.trigger_to_verdict_ms.p50, status.worst_ms) == (5.0, 10.5)
    assert status.jitter_ms == 0.98
    assert status.undecided_late_ms.p50 == 0.5
    times.observe(told(10, verdict=Verdict.UNDECIDED, outcome=Outcome.DROP))
    assert not times.status().within_budget


def test_before_the_first_part_nothing_is_missed() -> None:
    status = Punctuality(10.0, 0.0).status()
    assert (status.missed, status.within_budget, status.jitter_ms, status.worst_ms) == (0, True, None, None)
