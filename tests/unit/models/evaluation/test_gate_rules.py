"""Facts of the gate: each rule alone can refuse."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contract.result import Verdict
from models.data.folder import LabelledImage
from models.evaluation.evaluate import Evaluation
from models.evaluation.gate import Check, check_latency, check_parity_of, check_replay, decide
from models.evaluation.intervals import exact_mcnemar
from models.evaluation.metrics import roc_auc
from models.evaluation.pairs import Decision, Pair, counts_of, flips_of, holdout_pairs
from tests.support.tiny_bundle import tiny_manifest

GOODS, DEFECTS = 60, 40
BAD = np.arange(GOODS + DEFECTS) >= GOODS


def evaluation(**changes: object) -> Evaluation:
    """A bundle that finds all defects but two dents and fails two of sixty good parts."""
    scores = np.where(BAD, 3.0, 0.0).astype(np.float32) + np.linspace(0, 1, len(BAD), dtype=np.float32)
    values = {
        "scores": scores,
        "bad": BAD,
        "threshold": 2.0,
        "passes_up_to": 2.0,
        "goods": GOODS,
        "defects": DEFECTS,
        "escapes": 2,
        "overkill": 2,
        "image_auroc": roc_auc(BAD, scores),
        "image_ap": 1.0,
        "pixel_auroc": None,
        "au_pro": None,
        "recall": {"dent": 0.9, "scratch": 1.0},
        "session_run_ms": np.ones(len(BAD)),
        "counts": {"dent": 20, "good": GOODS, "scratch": 20},
        **changes,
    }
    return Evaluation(**values)


def with_scores(scores: np.ndarray) -> Evaluation:
    return evaluation(scores=scores.astype(np.float32), image_auroc=roc_auc(BAD, scores))


def test_an_equal_challenger_passes_with_its_reasons() -> None:
    verdict = decide(evaluation(), evaluation(), 0.05)
    assert verdict.passed
    assert [reason.split()[0] for reason in verdict.reasons] == ["overkill", "recall", "recall", "image"]


def test_a_recall_that_falls_refuses_whatever_else_got_better() -> None:
    better = evaluation(escapes=0, overkill=0, recall={"dent": 1.0, "scratch": 0.95})
    verdict = decide(better, evaluation(), 0.05)
    assert not verdict.passed
    assert "recall of scratch: 100.0% to 95.0% on 20 parts (95 % interval 75.1% to 99.9%)" in verdict.reasons


def test_overkill_beyond_the_promise_refuses() -> None:
    """Six of sixty agree with a promise of 5 %, in one hold-out of twenty; seven do not."""
    assert decide(evaluation(overkill=6), evaluation(), 0.05).passed
    assert not decide(evaluation(overkill=7), evaluation(), 0.05).passed


def test_overkill_that_the_champion_has_too_is_no_reason_to_keep_it() -> None:
    assert decide(evaluation(overkill=9), evaluation(overkill=9), 0.05).passed
    assert not decide(evaluation(overkill=10), evaluation(overkill=9), 0.05).passed


def test_a_clearly_worse_ranking_refuses_alone() -> None:
    """The threshold may hide it: recall and overkill are the same."""
    worse = evaluation().scores.copy()
    worse[BAD] -= np.where(np.arange(DEFECTS) % 3 == 0, 3.5, 0)
    verdict = decide(with_scores(worse), evaluation(), 0.05)
    assert not verdict.passed
    assert "worse in 100% of resamples" in verdict.reasons[-1]


def test_a_ranking_worse_by_chance_passes() -> None:
    """One exchanged pair of a hundred parts is no evidence."""
    chance = evaluation().scores.copy()
    chance[GOODS] = 0.99
    assert decide(with_scores(chance), evaluation(), 0.05).passed


def test_without_a_champion_only_the_promise_counts() -> None:
    assert decide(evaluation(recall={"dent": 0.0, "scratch": 0.0}), None, 0.05).passed
    assert not decide(evaluation(overkill=30), None, 0.05).passed


@pytest.mark.parametrize("champion", [None, evaluation()])
def test_a_hold_out_without_good_parts_refuses(champion: Evaluation | None) -> None:
    verdict = decide(evaluation(goods=0, overkill=0), champion, 0.05)
    assert not verdict.passed
    assert "no good parts in the hold-out" in verdict.reasons[0]


def test_a_hold_out_without_defects_says_that_recall_cannot_be_compared() -> None:
    none = {"recall": {}, "image_auroc": None, "defects": 0, "escapes": 0}
    verdict = decide(replace(evaluation(), **none), replace(evaluation(), **none), 0.05)
    assert verdict.passed
    assert any("recall cannot be compared" in reason for reason in verdict.reasons)
    assert any("needs good and bad parts" in reason for reason in verdict.reasons)


@pytest.mark.parametrize(("champion", "told"), [(None, "60 parts"), (evaluation(), "0 to 60 parts")])
def test_what_is_left_to_a_person_is_told_and_decides_nothing(champion: Evaluation | None, told: str) -> None:
    """A challenger that decides nothing has neither overkill nor escapes."""
    verdict = decide(evaluation(undecided=60, overkill=0, escapes=0), champion, 0.05)
    assert verdict.passed
    assert f"UNDECIDED, for a person to look at: {told} of the hold-out" in verdict.reasons


CALIBRATION = tiny_manifest({}).calibration
PASS, FAIL = Decision(Verdict.PASS, 0.5), Decision(Verdict.FAIL, 1.5)
LOST = Decision(Verdict.UNDECIDED, None)


def replayed(champion: Decision, challenger: Decision, label: str | None = None, *, learnt: bool = False) -> Pair:
    """A part of the line as both judge it."""
    return Pair("replay", "a.png", "0" * 32, label, learnt, champion, challenger)


def broken(pairs: list[Pair], promised: float = 0.05) -> list[str]:
    return [check.text for check in check_replay(pairs, promised) if check.passed is False]


def test_equal_bundles_pass_the_replay_with_intervals() -> None:
    checks = check_replay([replayed(PASS, PASS)] * 50 + [replayed(FAIL, FAIL, "dent")] * 10, 0.05)
    assert all(check.passed is not False for check in checks)
    assert "fails 0 (95 % interval 0.0% to 7.1%)" in checks[0].text
    assert "dent caught in 10 to 10 of 10" in checks[1].text


@pytest.mark.parametrize("challenger", [FAIL, LOST])
def test_new_fails_of_unlabelled_parts_may_not_exceed_the_promise(challenger: Decision) -> None:
    """Six of sixty agree with 5 % in one set of twenty; a part that cannot be judged is off the line, too."""
    assert not broken([replayed(PASS, challenger)] * 6 + [replayed(PASS, PASS)] * 54)
    assert "up to 6 agree" in broken([replayed(PASS, challenger)] * 7 + [replayed(PASS, PASS)] * 53)[0]


def test_a_person_who_calls_the_new_fails_defects_lifts_the_refusal() -> None:
    rest = [replayed(PASS, PASS)] * 40
    assert broken([replayed(PASS, FAIL)] * 10 + rest)
    assert not broken([replayed(PASS, FAIL, "dent")] * 10 + rest)


def test_goods_that_were_learnt_from_prove_no_low_overkill() -> None:
    diluted = [replayed(PASS, PASS, "good", learnt=True)] * 1000
    assert broken([replayed(PASS, FAIL)] * 7 + [replayed(PASS, PASS)] * 53 + diluted)


def test_one_known_defect_of_the_line_lost_refuses_alone() -> None:
    pairs = [replayed(FAIL, PASS, "dent"), *[replayed(PASS, FAIL, "scratch")] * 5, *[replayed(PASS, PASS)] * 50]
    assert [text.split(" (")[0] for text in broken(pairs)] == ["replay: dent caught in 1 to 0 of 1 labelled parts"]


def test_undecided_is_no_escape() -> None:
    assert not broken([replayed(FAIL, LOST, "dent")])


def test_a_plant_without_pictures_says_so_and_is_not_refused() -> None:
    (check,) = check_replay([], 0.05)
    assert check.passed is None
    assert "nothing was replayed" in check.text


def test_flips_and_wins_are_counted_by_part() -> None:
    """The exact McNemar test of 9 against 1, two-sided: 22 of 1024."""
    pairs = [replayed(PASS, FAIL, "dent")] * 9 + [
        replayed(PASS, FAIL, "good"),
        replayed(PASS, FAIL),
        replayed(FAIL, FAIL),
    ]
    assert len(flips_of(pairs)) == 11
    assert counts_of(pairs) == (9, 1)
    assert exact_mcnemar(9, 1) == pytest.approx(22 / 1024)
    assert exact_mcnemar(0, 0) == 1.0


def test_parity_that_flipped_a_verdict_refuses() -> None:
    report = tiny_manifest({}).parity
    assert check_parity_of(report).passed
    assert check_parity_of(report.model_copy(update={"verdict_flips": 1})).passed is False


@pytest.mark.parametrize(("budget", "passed"), [(None, None), (2.5, True), (1.5, False)])
def test_time_refuses_only_beyond_a_stated_budget(budget: float | None, *, passed: bool | None) -> None:
    slow = evaluation(session_run_ms=np.full(len(BAD), 2.0))
    check = check_latency(slow, evaluation(), budget)
    assert (check.passed, "ratio 2.00" in check.text) == (passed, True)


def test_a_broken_rule_elsewhere_refuses_and_is_written() -> None:
    verdict = decide(evaluation(), evaluation(), 0.05, [Check(passed=False, text="parity: 1 of 8")])
    assert not verdict.passed
    assert verdict.text.startswith("The gate refuses the challenger.\nholds: overkill")
    assert verdict.text.endswith("BROKEN: parity: 1 of 8")


def test_a_part_that_only_one_finds_is_undecided_to_the_other() -> None:
    found, lost = LabelledImage(Path("a.png"), "dent"), LabelledImage(Path("b.png"))
    both = evaluation(items=(found, lost), scores=np.float32([3.0, 0.5]))
    one = evaluation(items=(found,), scores=np.float32([0.2]))
    pairs = holdout_pairs(one, both, (CALIBRATION, CALIBRATION))
    assert [(pair.label, pair.champion.verdict, pair.challenger.verdict) for pair in pairs] == [
        ("dent", Verdict.FAIL, Verdict.PASS),
        ("good", Verdict.PASS, Verdict.UNDECIDED),
    ]


def test_pictures_on_which_the_challenger_says_nothing_are_told() -> None:
    """Torn ones, and those that do not fit its region of interest: nothing of its recall is known by them."""
    told = decide(evaluation(unreadable=("a.png", "b.png")), evaluation(), 0.05)
    assert [check.passed for check in told.checks if "untested: 2" in check.text] == [None]
    assert not any("untested" in reason for reason in decide(evaluation(), evaluation(), 0.05).reasons)


def with_dents(passed: int, found: int) -> Evaluation:
    """The first `found` of ten dents are found, and `passed` of those pass."""
    items = tuple(LabelledImage(Path(f"{number}.png"), "dent") for number in range(found))
    recall = {"dent": 1 - passed / found} if found else {}
    return evaluation(items=items, recall=recall, counts={"dent": found, "good": GOODS}, image_auroc=None)


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    [
        ((1, 2), (5, 10), False),
        ((0, 0), (4, 4), False),
        ((1, 10), (1, 5), True),
        ((1, 10), (0, 0), True),
    ],
)
def test_a_defect_that_is_not_found_is_no_escape_and_lends_none(
    before: tuple[int, int], after: tuple[int, int], *, passes: bool
) -> None:
    """Half of what is found is caught, before and after; but of ten parts one escaped, and now five do."""
    assert decide(with_dents(*after), with_dents(*before), 0.05).passed is passes
