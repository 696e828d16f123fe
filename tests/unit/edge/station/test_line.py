"""Facts of the critical path."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from edge.clock import SystemClock
from edge.contract.frame import Frame
from edge.contract.result import InspectionResult, Outcome, Verdict
from edge.parts.views import View
from edge.station.ledger import Ledger
from edge.station.line import Line, LineSettings, Settled
from tests.support.edge_fakes import REJECTED, FakeDetector, eventually, frame, grey

CLOCK = SystemClock()
TOP = View("top", "top")
LONG_MS = 20_000.0
SHORT_MS = 30.0


class Bench:
    """A line with a fake detector, and everything it told."""

    def __init__(self, deadline_ms: float, inbox_size: int, judges: int) -> None:
        self.detector: FakeDetector | None = FakeDetector()
        self.told: list[Settled] = []
        self.asked: list[str] = []
        self.active = "part"
        settings = LineSettings("s1", deadline_ms, inbox_size, judges)
        self.line = Line(settings, Ledger(), self, self.told.append, CLOCK)

    def judge(self, recipe: str) -> FakeDetector | None:
        """The one detector, for parts of any recipe; remembers which."""
        self.asked.append(recipe)
        return self.detector

    def submit(self, part_id: str = "p", **changes: object) -> None:
        """Hand in a frame of this moment."""
        self.line.submit(frame(part_id, received_us=CLOCK.now_us(), **changes))

    def only(self) -> InspectionResult:
        """The one result."""
        eventually(lambda: self.told)
        assert len(self.told) == 1
        return self.told[0].result


@contextmanager
def bench(deadline_ms: float = LONG_MS, inbox_size: int = 4, judges: int = 1) -> Iterator[Bench]:
    """A running line, stopped at the end."""
    made = Bench(deadline_ms, inbox_size, judges)
    made.line.start()
    try:
        yield made
    finally:
        if made.detector is not None:
            made.detector.hold.set()
        made.line.stop()


def test_a_frame_gets_one_verdict_with_its_times() -> None:
    """Score, threshold, bundle and the times of each step are in the result."""
    with bench() as b:
        b.submit("part-7")
        result = b.only()
    assert (result.verdict, result.outcome, result.part_id, result.sequence) == ("PASS", "verdict", "part-7", 1)
    assert (result.score, result.threshold, result.bundle_id, result.session_run_ms) == (0.0, 1.0, "b" * 64, 1.5)
    assert result.frame_to_verdict_ms is not None
    assert result.times.verdict_us >= result.times.trigger_us


def test_a_bad_part_fails() -> None:
    with bench() as b:
        b.submit(pixels=grey(255))
        assert b.only().verdict is Verdict.FAIL


def test_a_full_inbox_drops_at_once_and_counts() -> None:
    """One frame is being judged, one waits, the third is told UNDECIDED without waiting."""
    with bench(inbox_size=1) as b:
        b.detector.hold.clear()
        b.submit("judged")
        eventually(lambda: b.detector.judged == 1)
        b.submit("waits")
        b.submit("dropped")
        dropped = b.only()
        assert (dropped.part_id, dropped.verdict, dropped.outcome) == ("dropped", "UNDECIDED", "drop")
        assert dropped.reason == "inbox full"
        b.detector.hold.set()
        eventually(lambda: len(b.told) == 3)
        counts = b.line.ledger.counts()
    assert (counts.triggers, counts.verdicts, counts.drops) == (3, 2, 1)
    assert counts.drop_reasons == {"inbox full": 1}


def test_a_slow_judgement_times_out_and_is_discarded() -> None:
    """The line hears UNDECIDED at the deadline; the late judgement changes nothing and is counted."""
    with bench(SHORT_MS) as b:
        b.detector.hold.clear()
        b.submit(pixels=grey(255))
        result = b.only()
        assert (result.verdict, result.outcome, result.reason) == ("UNDECIDED", "timeout", "no verdict within 30 ms")
        assert result.times.verdict_us - result.times.trigger_us >= SHORT_MS * 1000
        b.detector.hold.set()
        eventually(lambda: b.line.late == 1)
        assert len(b.told) == 1
        counts = b.line.ledger.counts()
    assert (counts.timeouts, counts.verdicts, counts.undecided, counts.failed) == (1, 0, 1, 0)


def test_a_frame_whose_deadline_passed_in_the_inbox_is_not_judged() -> None:
    """It was told UNDECIDED already; judging it would only make the next ones late too."""
    with bench(SHORT_MS) as b:
        b.detector.hold.clear()
        b.submit("judged")
        eventually(lambda: b.detector.judged == 1)
        b.submit("waits")
        eventually(lambda: len(b.told) == 2)
        b.detector.hold.set()
        eventually(lambda: b.line.skipped == 1)
        assert b.detector.judged == 1


def test_without_a_bundle_the_verdict_is_undecided() -> None:
    with bench() as b:
        b.detector = None
        b.submit()
        result = b.only()
    assert (result.verdict, result.outcome, result.reason) == ("UNDECIDED", "verdict", "no bundle yet")


def test_an_undecodable_frame_is_undecided_with_its_fault() -> None:
    """It never reaches the detector."""
    with bench() as b:
        b.line.submit(frame_without_pixels("torn.png: cut off"))
        result = b.only()
        assert b.detector.judged == 0
    assert (result.verdict, result.reason) == ("UNDECIDED", "torn.png: cut off")


def test_a_fault_that_is_no_text_is_told_all_the_same() -> None:
    """The name of a file may hold any bytes; a verdict that is counted and not told would be lost."""
    with bench() as b:
        b.line.submit(frame_without_pixels("a\udcff.png: cut off"))
        assert b.only().reason == "a?.png: cut off"


def frame_without_pixels(fault: str) -> Frame:
    """A frame as a camera delivers it when it cannot be decoded."""
    return replace(frame(received_us=CLOCK.now_us()), pixels=None, fault=fault)


def test_a_frame_that_does_not_fit_the_bundle_is_undecided() -> None:
    with bench() as b:
        b.detector.error = REJECTED
        b.submit()
        result = b.only()
    assert (result.verdict, result.reason, result.bundle_id) == ("UNDECIDED", str(REJECTED), "b" * 64)


def test_a_detector_that_breaks_is_undecided_and_the_next_part_is_judged() -> None:
    """Whatever is raised in there, the line hears something that is not PASS."""
    with bench() as b:
        b.detector.error = ZeroDivisionError("inside")
        b.submit("first")
        eventually(lambda: len(b.told) == 1)
        b.detector.error = None
        b.submit("second")
        eventually(lambda: len(b.told) == 2)
    first, second = (settled.result for settled in b.told)
    assert (first.verdict, first.reason) == ("UNDECIDED", "internal error: ZeroDivisionError: inside")
    assert second.verdict is Verdict.PASS


def test_a_listener_hears_the_same_result_as_the_outputs() -> None:
    heard: list[InspectionResult] = []
    with bench() as b:
        b.line.submit(frame(received_us=CLOCK.now_us()), heard.append)
        told = b.only()
        eventually(lambda: heard)
    assert heard == [told]


def test_a_trigger_gets_its_frame_later_and_the_deadline_runs_from_the_trigger() -> None:
    """The times of trigger and frame both stand in the result."""
    with bench() as b:
        ticket = b.line.expect("serial-1", TOP)
        assert b.line.supply(ticket, frame("whatever", received_us=CLOCK.now_us()))
        result = b.only()
        assert not b.line.supply(ticket, frame())
    assert (result.verdict, result.part_id) == ("PASS", "serial-1")
    assert result.times.trigger_us <= result.times.frame_received_us <= result.times.verdict_us


def test_a_trigger_without_a_frame_is_undecided_on_time() -> None:
    with bench(SHORT_MS) as b:
        ticket = b.line.expect("serial-1", TOP)
        result = b.only()
        assert not b.line.supply(ticket, frame())
        counts = b.line.ledger.counts()
        assert b.detector.judged == 0
    assert (result.outcome, result.reason) == ("timeout", "no frame from the camera within 30 ms")
    assert (result.part_id, result.times.frame_received_us) == ("serial-1", None)
    assert (counts.triggers, counts.timeouts) == (1, 1)


def test_an_expected_frame_that_finds_the_inbox_full_is_a_drop() -> None:
    with bench(inbox_size=1) as b:
        b.detector.hold.clear()
        b.submit("judged")
        eventually(lambda: b.detector.judged == 1)
        b.submit("waits")
        assert b.line.supply(b.line.expect("third", TOP), frame())
        assert (b.only().part_id, b.told[0].result.reason) == ("third", "inbox full")


def test_a_trigger_after_the_stop_is_undecided_at_once() -> None:
    with bench() as b:
        b.line.stop()
        b.line.expect("after", TOP)
        assert b.only().reason == "station stopping"


def test_stopping_settles_what_is_in_flight_and_refuses_what_comes_after() -> None:
    """No trigger is left over, before or after the stop."""
    with bench(SHORT_MS, inbox_size=8) as b:
        b.detector.hold.clear()
        for _ in range(5):
            b.submit()
        b.line.ledger.wait_until_settled(10)
        b.detector.hold.set()
        b.line.stop()
        b.submit("after")
    assert b.told[-1].result.reason == "station stopping"
    counts = b.line.ledger.counts()
    assert (counts.triggers, counts.in_flight, counts.drops) == (6, 0, 1)


def test_a_swap_falls_between_two_parts() -> None:
    """The part that is being judged keeps its detector; the next one has the new."""
    with bench() as b:
        old, new = b.detector, FakeDetector("c" * 64)
        old.hold.clear()
        b.submit("first")
        eventually(lambda: old.judged == 1)
        b.detector = new
        b.submit("second")
        old.hold.set()
        eventually(lambda: len(b.told) == 2)
    assert [settled.result.bundle_id for settled in b.told] == ["b" * 64, "c" * 64]


def test_a_part_is_judged_by_the_recipe_of_its_trigger() -> None:
    """A changeover while it waits in the inbox is for the next trigger."""
    with bench() as b:
        b.detector.hold.clear()
        b.submit("first")
        eventually(lambda: b.detector.judged == 1)
        b.submit("waits")
        expected = b.line.expect("expected", TOP)
        b.active = "other"
        b.submit("next")
        b.line.supply(expected, frame())
        b.detector.hold.set()
        eventually(lambda: len(b.told) == 4)
    recipes = {settled.result.part_id: settled.result.recipe for settled in b.told}
    assert recipes == {"first": "part", "waits": "part", "expected": "part", "next": "other"}
    assert sorted(b.asked) == ["other", "part", "part", "part"]


def test_a_view_may_have_a_recipe_of_its_own() -> None:
    with bench() as b:
        b.line.supply(b.line.expect("p", View("side", "side", "bottle-side"), of_part=True), frame())
        assert b.only().recipe == "bottle-side"
        assert b.told[0].of_part


def test_a_long_reason_is_cut_to_what_the_contract_takes() -> None:
    with bench() as b:
        b.detector.error = ValueError("x" * 2000)
        b.submit()
        assert len(b.only().reason) == 500


def test_every_outcome_has_a_column() -> None:
    """The ledger's columns are the outcomes, so none can be added without being counted."""
    assert {outcome.value for outcome in Outcome} == {"verdict", "timeout", "drop"}
