"""When a rollout is halted: by more than chance, and beyond its band."""

import numpy as np
import pytest

from inspection.rollout.judge import Look, Measure, Parts, judge, looks
from inspection.rollout.settings import RolloutSettings

SETTINGS = RolloutSettings()
ALPHA = 0.001


def _parts(count: int, *, failed: int = 0, undecided: int = 0, ms: float = 12.0) -> Parts:
    verdicts = ["FAIL"] * failed + ["UNDECIDED"] * undecided + ["PASS"] * (count - failed - undecided)
    return Parts(tuple(verdicts), (ms,) * count)


def _halting(challenger: Parts, champion: Parts, deadline_ms: float | None = 100.0) -> set[Measure]:
    found = judge(Look(challenger, champion, ALPHA, deadline_ms), SETTINGS)
    return {finding.measure for finding in found if finding.halts}


@pytest.mark.parametrize(
    ("challenger", "halts"),
    [
        (_parts(160, failed=3), set()),
        (_parts(160, failed=30), {Measure.FAIL_RATE}),
        (_parts(160, undecided=8), {Measure.UNDECIDED}),
        (_parts(160, ms=30.0), {Measure.LATENCY}),
        (_parts(20, failed=3), set()),  # 15 % of twenty parts is chance
    ],
)
def test_what_leaves_its_band_halts(challenger: Parts, halts: set[Measure]) -> None:
    assert _halting(challenger, _parts(1000, failed=20)) == halts


def test_a_fail_rate_that_collapses_halts_too() -> None:
    """A model that passes everything lets defects escape."""
    assert _halting(_parts(320), _parts(1000, failed=100)) == {Measure.FAIL_RATE}


def test_a_difference_within_the_band_never_halts() -> None:
    """20,000 parts make half a percent significant, but that was allowed."""
    assert _halting(_parts(20_000, failed=500), _parts(20_000, failed=400)) == set()


def test_without_the_champions_latency_the_deadline_holds() -> None:
    few = _parts(30)
    assert _halting(_parts(40, ms=60.0), few) == set()
    assert _halting(_parts(40, ms=float("inf")), few) == {Measure.LATENCY}
    assert _halting(_parts(40, ms=float("inf")), few, deadline_ms=None) == set()


def test_looks_double_and_spend_no_more_than_was_given() -> None:
    found = looks(20_480, SETTINGS, stations=4)
    assert [size for size, _ in found] == [20 * 2**k for k in range(11)]
    assert sum(alpha for _, alpha in found) * 4 * len(Measure) <= SETTINGS.false_halt
    assert looks(19, SETTINGS, stations=1) == []


def test_nothing_wrong_is_seldom_halted() -> None:
    """100 stages of 640 parts on the champion's own rates, with a chance of 10 % allowed for this test."""
    settings, random, halted = (
        RolloutSettings(false_halt=0.1, fail_rate_band=0, undecided_band=0),
        np.random.default_rng(0),
        0,
    )
    champion = _parts(1000, failed=50, undecided=10)
    for _ in range(100):
        verdicts = random.choice(["PASS", "FAIL", "UNDECIDED"], 640, p=[0.94, 0.05, 0.01])
        parts = Parts(tuple(verdicts), tuple(random.normal(12, 1, 640)))
        checks = [judge(Look(parts.first(n), champion, alpha, 100.0), settings) for n, alpha in looks(640, settings, 1)]
        halted += any(finding.halts for findings in checks for finding in findings)
    assert halted <= 14
