"""Facts of waiting and of threads."""

from edge.backoff import Backoff
from edge.worker import Worker
from tests.support.edge_fakes import eventually


def test_waiting_doubles_up_to_a_cap() -> None:
    backoff = Backoff(1.0, 10.0, random=lambda: 1.0)
    assert [backoff.next_s() for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_jitter_spreads_between_half_and_all() -> None:
    assert Backoff(4.0, 10.0, random=lambda: 0.0).next_s() == 2.0


def test_what_is_asked_for_is_the_least() -> None:
    assert Backoff(1.0, 10.0, random=lambda: 1.0).next_s(at_least_s=60.0) == 60.0


def test_a_success_starts_anew() -> None:
    backoff = Backoff(1.0, 10.0, random=lambda: 1.0)
    backoff.next_s()
    backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 1.0


def test_a_thousand_failures_do_not_overflow() -> None:
    backoff = Backoff(1.0, 10.0, random=lambda: 1.0)
    assert {backoff.next_s() for _ in range(1000)} == {1, 2, 4, 8, 10}


def test_a_worker_survives_a_step_that_raises() -> None:
    """A thread of a station never disappears silently."""
    steps = []

    def step() -> None:
        steps.append(1)
        if len(steps) == 1:
            raise ZeroDivisionError

    worker = Worker("test", step)
    worker.start()
    eventually(lambda: len(steps) > 1)
    assert worker.alive
    worker.stop()
    assert worker.faults == 1
    assert not worker.alive


def test_stopping_a_worker_that_never_started_is_harmless() -> None:
    Worker("test", lambda: None).stop()
