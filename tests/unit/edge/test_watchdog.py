"""Facts of the watchdog over the threads."""

from threading import Event

import pytest

from edge.station.watchdog import Watchdog
from edge.worker import Worker
from tests.support.edge_fakes import eventually


class Feeding:
    """Counts what the service manager hears."""

    def __init__(self) -> None:
        self.fed = 0

    def __call__(self) -> None:
        """One sign of life."""
        self.fed += 1


def idle(name: str) -> Worker:
    """A healthy thread."""
    worker = Worker(name, lambda: worker.stopping.wait(0.01))
    worker.start()
    return worker


def hanging(name: str, free: Event) -> Worker:
    """A thread whose first step does not end before the test lets it."""
    begun = Event()

    def step() -> None:
        begun.set()
        free.wait(20)

    worker = Worker(name, step, wake=free.set, patience_s=0.0)
    worker.start()
    assert begun.wait(20)
    eventually(lambda: worker.stuck)
    return worker


def test_healthy_threads_are_told_to_the_service_manager() -> None:
    worker, feed = idle("judge"), Feeding()
    Watchdog([worker], [], feed).look()
    worker.stop()
    assert feed.fed == 1


def test_a_stuck_critical_thread_is_not() -> None:
    """The service manager then starts the process again."""
    free, feed = Event(), Feeding()
    worker = hanging("judge", free)
    Watchdog([worker], [], feed).look()
    worker.stop()
    assert feed.fed == 0


def test_a_stuck_thread_beside_the_critical_path_does_not_end_the_process() -> None:
    free, feed = Event(), Feeding()
    judge, output = idle("judge"), hanging("output", free)
    Watchdog([judge], [output], feed).look()
    for worker in (judge, output):
        worker.stop()
    assert feed.fed == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_thread_is_started_again_and_counted() -> None:
    """SystemExit ends a thread in spite of everything; it is no error that a step may hide."""
    calls = []

    def step() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise SystemExit
        worker.stopping.wait(0.01)

    worker = Worker("camera", step)
    worker.start()
    eventually(lambda: not worker.alive)
    watchdog = Watchdog([], [worker])
    watchdog.look()
    eventually(lambda: len(calls) > 2)
    assert worker.faults == 1
    worker.stop()
    watchdog.look()
    assert not worker.alive
