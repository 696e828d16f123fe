"""Facts of a threshold that a person moves, and of the band in which a person decides."""

import math

import numpy as np
import pytest

from edge.contract.errors import DataInvalid
from edge.contract.manifest import Costs
from edge.contract.result import Verdict
from models.calibration.consequences import consequences, moved
from models.calibration.threshold import calibrate, escape_bound, overkill_bound

GOODS = np.arange(100, dtype=np.float32) / 100
DEFECTS = 0.9 + np.arange(20, dtype=np.float32) / 20
COSTS = Costs(escape=10, overkill=1, defect_rate=0.1)


def test_a_moved_threshold_is_told_by_the_held_out_scores() -> None:
    told = consequences(moved(calibrate(GOODS, DEFECTS, 0.05), 0.895, None), COSTS)
    assert (told["overkill"], told["escapes"]) == (pytest.approx(0.1), 0)
    assert told["overkill_at_most"] == pytest.approx(overkill_bound(11, 100))
    assert told["escapes_at_most"] == pytest.approx(escape_bound(0, 20))
    assert told["cost_of_1000"] == pytest.approx(1000 * 0.9 * 0.1)
    assert "set by a person" in told["promise"]


def test_what_is_missed_is_of_the_defects_that_were_counted() -> None:
    """A bundle keeps a thousand scores of five thousand; a share of both would be a fifth of the truth."""
    many = np.arange(5000, dtype=np.float32)
    plain = calibrate(many, many + 4000, 0.05)
    assert (plain.heldout_defects, plain.heldout_defects_missed) == (5000, 776)
    again = moved(plain, plain.threshold, None)
    assert (again.heldout_goods, again.heldout_defects, again.heldout_defects_missed) == (1000, 1000, 155)


def test_a_band_takes_from_escapes_and_from_overkill() -> None:
    plain = calibrate(GOODS, DEFECTS, 0.05)
    without = consequences(moved(plain, 1.2, None), COSTS)
    within = consequences(moved(plain, 1.2, 0.845), COSTS)
    assert within["escapes"] == 0 < without["escapes"]
    assert within["overkill"] == without["overkill"] == 0
    assert within["undecided_goods"] == pytest.approx(0.15)
    assert "15.0% of the held-out good parts are UNDECIDED" in within["promise"]


def test_training_sets_the_band_by_a_second_overkill() -> None:
    found = calibrate(GOODS, DEFECTS, 0.05, undecided_overkill=0.3)
    assert found.undecided_from is not None
    assert found.undecided_from < found.threshold
    assert float((found.undecided_from < GOODS).mean()) <= 0.3
    none = calibrate(GOODS, DEFECTS, 0.05)
    assert (none.undecided_from, none.passes_up_to) == (None, none.threshold)


@pytest.mark.parametrize(
    ("score", "verdict"),
    [
        (0.5, Verdict.PASS),
        (0.84, Verdict.PASS),
        (0.9, Verdict.UNDECIDED),
        (1.2, Verdict.UNDECIDED),
        (1.3, Verdict.FAIL),
    ],
)
def test_a_score_has_one_verdict(score: float, verdict: Verdict) -> None:
    assert moved(calibrate(GOODS, DEFECTS, 0.05), 1.2, 0.845).verdict(score) is verdict


def test_what_is_no_number_fails() -> None:
    assert moved(calibrate(GOODS, DEFECTS, 0.05), 1.2, 0.845).verdict(math.nan) is Verdict.FAIL


def test_many_scores_are_thinned_out_but_keep_their_ends() -> None:
    goods = np.random.default_rng(0).exponential(1, 5000).astype(np.float32)
    kept = calibrate(goods, DEFECTS, 0.05).heldout_scores
    assert kept is not None
    assert (len(kept.goods), kept.goods[0], kept.goods[-1]) == (1000, goods.min(), goods.max())
    assert np.quantile(kept.goods, 0.95) == pytest.approx(np.quantile(goods, 0.95), rel=0.01)


def test_an_older_bundle_and_a_band_upside_down_are_refused() -> None:
    found = calibrate(GOODS, DEFECTS, 0.05)
    with pytest.raises(DataInvalid, match="carries no held-out scores"):
        consequences(found.model_copy(update={"heldout_scores": None}), None)
    with pytest.raises(DataInvalid, match=r"--undecided-from: expected a score below the threshold 1\.0, got 1\.5"):
        moved(found, 1.0, 1.5)
