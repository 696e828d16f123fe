"""Facts of parts that take several views."""

import pytest

from edge.contract.result import InspectionResult, Outcome, Times, Verdict
from edge.parts.assembler import PartAssembler, combined
from edge.parts.views import PartSettings, View, views_of
from tests.support.edge_fakes import FakeClock, result

PASS, FAIL, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED


def view(sequence: int, name: str, verdict: Verdict, **changes: object) -> InspectionResult:
    """What one view said; a score of 0.5 below or above the threshold."""
    score = {PASS: 0.5, FAIL: 1.5, UNDECIDED: None}[verdict]
    reason = "the part was not found" if verdict is UNDECIDED else None
    values = {"score": score, "threshold": 1.0, "reason": reason, "camera": name, "part_id": "p", **changes}
    return result(sequence, verdict, **values)


def missing(sequence: int, name: str) -> InspectionResult:
    """A view whose camera gave no frame."""
    times = Times(trigger_us=0, frame_received_us=None, verdict_us=2000)
    return view(sequence, name, UNDECIDED, times=times, outcome=Outcome.TIMEOUT, reason="no frame within 30 ms")


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ((PASS, PASS, PASS), PASS),
        ((PASS, FAIL, PASS), FAIL),
        ((PASS, UNDECIDED, PASS), UNDECIDED),
        ((UNDECIDED, FAIL, PASS), FAIL),
    ],
)
@pytest.mark.parametrize("ignore", [False, True])
def test_the_worst_view_decides(verdicts: tuple[Verdict, ...], told: Verdict, ignore: bool) -> None:  # noqa: FBT001
    views = [view(n, f"v{n}", verdict) for n, verdict in enumerate(verdicts, 1)]
    whole = combined(views, ignore_missing=ignore, now_us=5000)
    assert (whole.verdict, whole.sequence, whole.camera, whole.part_id) == (told, 1, "v1+v2+v3", "p")
    assert [v.verdict for v in whole.views] == list(verdicts)
    assert whole.id not in {v.id for v in views}


@pytest.mark.parametrize(
    ("ignore", "verdict", "told"),
    [(False, PASS, UNDECIDED), (True, PASS, PASS), (False, FAIL, FAIL), (True, FAIL, FAIL)],
)
def test_the_policy_for_a_missing_view(ignore: bool, verdict: Verdict, told: Verdict) -> None:  # noqa: FBT001
    """What is there and fails is a FAIL in any case."""
    whole = combined([view(1, "top", verdict), missing(2, "side")], ignore_missing=ignore, now_us=0)
    assert whole.verdict is told
    assert (whole.reason == "side: no frame within 30 ms") == (told is UNDECIDED)


def test_a_part_without_any_frame_is_never_pass() -> None:
    whole = combined([missing(1, "top"), missing(2, "side")], ignore_missing=True, now_us=0)
    assert (whole.verdict, whole.outcome) == (UNDECIDED, Outcome.TIMEOUT)


def test_the_farthest_above_its_threshold_gives_the_score() -> None:
    views = [view(1, "a", FAIL, score=9.0, threshold=8.0), view(2, "b", FAIL, score=4.0, threshold=1.0)]
    whole = combined(views, ignore_missing=False, now_us=0)
    assert (whole.score, whole.threshold) == (4.0, 1.0)


def test_parts_may_overlap_and_each_is_told_once() -> None:
    told, heard = [], []
    assembler = PartAssembler(2, PartSettings(), told.append, FakeClock())
    first, second = assembler.begin(heard.append), assembler.begin()
    first(view(1, "top", PASS))
    second(view(3, "top", PASS))
    second(view(4, "side", FAIL))
    first(view(2, "side", PASS))
    assert [(r.sequence, r.verdict) for r in told] == [(3, FAIL), (1, PASS)]
    assert [r.sequence for r in heard] == [1]
    counts = assembler.counts()
    assert (counts.started, counts.told, counts.verdicts) == (2, 2, {"PASS": 1, "FAIL": 1})


def test_views_by_cameras_and_shots() -> None:
    one = views_of(["top", "side"], PartSettings(view_recipes={"side": "bottle-side"}))
    assert one == (View("top", "top"), View("side", "side", "bottle-side"))
    assert [v.name for v in views_of(["top"], PartSettings(shots=3))] == ["top/1", "top/2", "top/3"]
