"""Facts of a line that judges several frames at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event

from edge.clock import SystemClock
from edge.contract.result import Outcome, Verdict
from edge.station.ledger import Ledger
from edge.station.line import Line, LineSettings, Settled
from edge.station.recipes import OneRecipe
from tests.support.edge_fakes import FakeDetector, eventually, frame, grey

CLOCK = SystemClock()
GOOD, SLOW = 128, 7
LONG_MS, SHORT_MS = 20_000.0, 60.0


class Bench:
    """A line with two judges; frames of the grey `SLOW` are held until `release`."""

    def __init__(self, deadline_ms: float, inbox_size: int) -> None:
        self.release = Event()
        self.detector = FakeDetector()
        self.detector.hold_grey[SLOW] = self.release
        self.told: list[Settled] = []
        settings = LineSettings("s1", deadline_ms, inbox_size, judges=2)
        self.line = Line(settings, Ledger(), OneRecipe(self.detector), self.told.append, CLOCK)

    def submit(self, part_id: str, level: int = GOOD, camera: str = "top") -> None:
        """Hand in a frame of this moment."""
        taken = frame(part_id, pixels=grey(level), received_us=CLOCK.now_us())
        self.line.submit(replace(taken, camera=camera))

    def parts(self) -> list[str]:
        """Told so far."""
        return [settled.result.part_id for settled in self.told]


@contextmanager
def bench(deadline_ms: float = LONG_MS, inbox_size: int = 8) -> Iterator[Bench]:
    """A running line, stopped at the end."""
    made = Bench(deadline_ms, inbox_size)
    made.line.start()
    try:
        yield made
    finally:
        made.release.set()
        made.line.stop()


def test_a_second_frame_is_judged_while_the_first_one_is() -> None:
    with bench() as b:
        b.detector.hold.clear()
        b.submit("first")
        b.submit("second")
        eventually(lambda: b.detector.judged == 2)
        assert b.parts() == []
        b.detector.hold.set()
        eventually(lambda: b.parts() == ["first", "second"])


def test_verdicts_of_a_camera_come_in_the_order_of_its_frames() -> None:
    """The second part is judged first; a controller that counts parts must not hear of it first."""
    with bench() as b:
        b.submit("slow", SLOW)
        b.submit("fast")
        b.submit("faster")
        eventually(lambda: b.detector.judged == 3)
        assert b.parts() == []
        b.release.set()
        eventually(lambda: len(b.told) == 3)
        assert b.parts() == ["slow", "fast", "faster"]
        assert [settled.result.sequence for settled in b.told] == [1, 2, 3]


def test_another_camera_waits_for_nobody() -> None:
    with bench() as b:
        b.submit("slow", SLOW, "left")
        eventually(lambda: b.detector.judged == 1)
        b.submit("fast", camera="right")
        eventually(lambda: b.parts() == ["fast"])


def test_a_hanging_judge_costs_its_own_part_only() -> None:
    """At the deadline the others are told what was found of them, not UNDECIDED."""
    with bench(SHORT_MS) as b:
        b.submit("hangs", SLOW)
        b.submit("judged")
        eventually(lambda: len(b.told) == 2)
        results = {settled.result.part_id: settled.result for settled in b.told}
        assert (results["hangs"].outcome, results["hangs"].verdict) == (Outcome.TIMEOUT, Verdict.UNDECIDED)
        assert (results["judged"].outcome, results["judged"].verdict) == (Outcome.VERDICT, Verdict.PASS)
        b.submit("next")
        eventually(lambda: len(b.told) == 3)
        assert b.told[2].result.verdict is Verdict.PASS
        b.release.set()
        eventually(lambda: b.line.late == 1)
        assert len(b.told) == 3


def test_frames_that_find_no_room_hold_up_nobody() -> None:
    with bench(inbox_size=1) as b:
        b.submit("first", SLOW)
        eventually(lambda: b.detector.judged == 1)
        b.submit("second", SLOW)
        eventually(lambda: b.detector.judged == 2)
        b.submit("waits")
        b.submit("dropped")
        eventually(lambda: b.parts() == ["dropped"])
        b.release.set()
        eventually(lambda: len(b.told) == 4)
        assert b.parts()[1:] == ["first", "second", "waits"]
        counts = b.line.ledger.counts()
    assert (counts.verdicts, counts.drops, counts.in_flight) == (3, 1, 0)


def test_the_ledger_balances_with_many_frames_and_a_deadline_that_strikes() -> None:
    """Whatever settles a ticket first, there is one result for each, and each camera's verdicts are in order."""
    with bench(SHORT_MS, inbox_size=1000) as b:
        for number in range(300):
            b.submit(f"{number}", SLOW if number % 50 == 0 else GOOD, f"camera-{number % 3}")
        eventually(lambda: len(b.told) == 300)
        counts = b.line.ledger.counts()
    assert counts.triggers == counts.verdicts + counts.timeouts == 300
    for camera in range(3):
        judged = [
            settled.result.sequence
            for settled in b.told
            if settled.result.camera == f"camera-{camera}" and settled.result.outcome is Outcome.VERDICT
        ]
        assert judged == sorted(judged)
