"""Facts of the gate: each rule alone can refuse."""

from dataclasses import replace

import numpy as np
import pytest

from models.evaluation.evaluate import Evaluation
from models.evaluation.gate import decide
from models.evaluation.metrics import roc_auc

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
    assert "recall of scratch: 100.0% to 95.0% on 20 parts" in verdict.reasons


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
