"""The random audit sample: how it is drawn, and that its intervals cover the truth where flagged parts mislead."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge.contract.errors import SettingsInvalid
from edge.contract.result import Verdict
from inspection.review.audit_sample import AuditPlan, is_drawn, load_or_create_seed, parts_needed
from inspection.review.rates import Estimate, Reviewed, odds_share, plain_rate, weigh, weighted_rate

PASSES, REPETITIONS = 3000, 400
ESCAPES = 0.03


@dataclass(frozen=True)
class Line:
    """A day of passed parts: bad ones lie nearer to the threshold, as they do, and one in three has a picture."""

    ids: list[str]
    score: np.ndarray
    bad: np.ndarray
    kept: np.ndarray

    def audited(self, seed: bytes, share: float) -> list[tuple[float, bool]]:
        """What people say of the parts drawn by chance."""
        rows = [row for row in np.flatnonzero(self.kept) if is_drawn(seed, self.ids[row], share)]
        return [(share, bool(self.bad[row])) for row in rows]

    def near_the_threshold(self, count: int) -> list[tuple[float, bool]]:
        """What people say of as many parts with a picture that the model was least sure of."""
        rows = np.flatnonzero(self.kept)
        nearest = rows[np.argsort(-self.score[rows])[:count]]
        return [(1.0, bool(self.bad[row])) for row in nearest]


def days() -> Iterator[tuple[bytes, Line]]:
    generator = np.random.default_rng(11)
    for day in range(REPETITIONS):
        bad = np.arange(PASSES) < ESCAPES * PASSES
        score = np.where(bad, generator.beta(4, 2, PASSES), generator.beta(2, 4, PASSES))
        ids = [f"{day:08x}{part:024x}" for part in range(PASSES)]
        yield generator.bytes(32), Line(ids, score, bad, generator.random(PASSES) < 1 / 3)


@pytest.fixture(name="estimates", scope="module")
def _estimates() -> list[tuple[Estimate, Estimate]]:
    """Of each day: by chance, and by as many parts near the threshold."""
    found = []
    for seed, line in days():
        audited = line.audited(seed, 0.3)
        by_chance = weighted_rate(weigh(PASSES, audited))
        by_value = weighted_rate(weigh(PASSES, line.near_the_threshold(len(audited))))
        assert by_chance is not None
        assert by_value is not None
        found.append((by_chance, by_value))
    return found


def test_intervals_of_the_audit_cover_the_truth(
    estimates: list[tuple[Estimate, Estimate]],
) -> None:
    """95 % of the days at least, less what 400 days may miss by chance."""
    covered = np.mean([one.lower <= ESCAPES <= one.upper for one, _ in estimates])
    assert covered >= 0.95 - 3 * (0.95 * 0.05 / REPETITIONS) ** 0.5


def test_the_audit_is_right_on_average_and_parts_near_the_threshold_are_not(
    estimates: list[tuple[Estimate, Estimate]],
) -> None:
    by_chance = np.array([one.value for one, _ in estimates])
    by_value = np.array([other.value for _, other in estimates])
    assert abs(by_chance.mean() - ESCAPES) < 3 * by_chance.std() / REPETITIONS**0.5
    assert by_value.mean() > 2 * ESCAPES
    assert np.mean([other.lower <= ESCAPES <= other.upper for _, other in estimates]) < 0.05


@pytest.mark.parametrize(("looked_at", "bad_share"), [(40, 0.2), (15, 0.2), (40, 0.05)])
def test_a_station_that_keeps_more_pictures_counts_for_its_parts_only(looked_at: int, bad_share: float) -> None:
    """One station passes 1,000 good parts and keeps many; another passes 1,000, some of them bad, and keeps few."""
    generator, found = np.random.default_rng(5), []
    for _ in range(REPETITIONS):
        first = weigh(1000, [(0.5, False)] * 500, "first")
        second = weigh(1000, [(0.5, bool(bad)) for bad in generator.random(looked_at) < bad_share], "second")
        found.append(weighted_rate([*first, *second]))
    estimates, truth = [one for one in found if one is not None], bad_share / 2
    assert np.mean([one.value for one in estimates]) == pytest.approx(truth, abs=0.01)
    assert np.mean([one.lower <= truth <= one.upper for one in estimates]) >= 0.95 - 3 * (0.95 * 0.05 / 400) ** 0.5


def test_parts_drawn_at_another_share_count_for_as_many_as_they_stand_for() -> None:
    """Ten drawn at one in a hundred and ten at one in ten: the first stand for ten times as many."""
    estimate = weighted_rate(weigh(1100, [(0.01, True)] * 10 + [(0.1, False)] * 10))
    assert estimate is not None
    assert estimate.value == pytest.approx(10 / 11)


@pytest.mark.parametrize(("first_bad", "other_bad"), [(0.3, 0.01), (0.0, 0.1), (0.05, 0.05)])
def test_parts_that_are_kept_more_often_do_not_count_for_more(first_bad: float, other_bad: float) -> None:
    """Of a thousand parts a station keeps the first two hundred after changes, and one in ten of the others."""
    generator, found = np.random.default_rng(9), []
    truth = 0.2 * first_bad + 0.8 * other_bad
    for _ in range(REPETITIONS):
        first = [(0.5, bool(bad)) for bad in generator.random(generator.binomial(200, 0.5)) < first_bad]
        others = [(0.05, bool(bad)) for bad in generator.random(generator.binomial(800, 0.05)) < other_bad]
        found.append(weighted_rate(weigh(1000, first + others)))
    estimates = [one for one in found if one is not None]
    by_day = np.array([one.value for one in estimates])
    assert abs(by_day.mean() - truth) < 4 * by_day.std() / REPETITIONS**0.5 + 0.002
    covered = np.mean([one.lower <= truth <= one.upper for one in estimates])
    assert covered >= 0.95 - 3 * (0.95 * 0.05 / REPETITIONS) ** 0.5


def test_equal_weights_give_the_exact_interval() -> None:
    """None bad of 299: at most 1 % with 95 % one-sided, the rule that sizes the sample."""
    estimate = weighted_rate(weigh(10_000, [(0.1, False)] * 299), confidence=0.9)
    assert estimate is not None
    assert (estimate.value, estimate.lower) == (0.0, 0.0)
    assert estimate.upper == pytest.approx(0.01, abs=1e-4)
    assert weighted_rate([]) is None
    all_wrong = weighted_rate(weigh(10, [(1.0, True)] * 10))
    assert all_wrong is not None
    assert all_wrong.upper == 1.0


@pytest.mark.parametrize(("escapes_at_most", "parts"), [(0.1, 29), (0.05, 59), (0.02, 149), (0.01, 299)])
def test_size_of_the_sample(escapes_at_most: float, parts: int) -> None:
    assert parts_needed(escapes_at_most) == parts


def test_share_is_what_the_bound_needs_of_the_period() -> None:
    plan = AuditPlan(0.01, 2990, 0.2)
    assert [plan.share_of(verdict) for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED)] == [0.1, 0.2, 0.0]
    assert AuditPlan(0.01, 10, 0.2).share_of(Verdict.PASS) == 1.0
    assert AuditPlan(None, 10, 0.2).share_of(Verdict.PASS) == 0.0


def test_drawing_again_draws_the_same_and_another_seed_others() -> None:
    ids = [f"{number:032x}" for number in range(4000)]
    drawn = [[id_ for id_ in ids if is_drawn(seed, id_, 0.25)] for seed in (b"a" * 32, b"a" * 32, b"b" * 32)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == pytest.approx(1000, abs=100)
    assert len(set(drawn[0]) & set(drawn[2])) == pytest.approx(250, abs=60)
    assert not is_drawn(b"a" * 32, ids[0], 0.0)
    assert all(is_drawn(b"a" * 32, id_, 1.0) for id_ in ids)


def test_the_seed_is_made_once_and_is_secret(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "audit_seed"
    seed = load_or_create_seed(path)
    assert load_or_create_seed(path) == seed
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("", "ascii")  # the disk was full: it was never used
    assert load_or_create_seed(path) not in {seed, b""}
    path.write_text("abc", "ascii")
    with pytest.raises(SettingsInvalid, match="expected 64 hexadecimal digits"):
        load_or_create_seed(path)


def test_escape_rate_is_wrong_passes_among_all_bad_parts() -> None:
    """Of 1,000 passed 2 % are bad; of 100 failed 20 % are good: 20 bad passed, 80 were caught."""
    rate = odds_share((1000, Estimate(0.02, 0.01, 0.03)), (100, Estimate(0.2, 0.1, 0.3)))
    assert rate is not None
    assert rate.value == pytest.approx(0.2)
    assert (rate.lower, rate.upper) == (pytest.approx(10 / 100), pytest.approx(30 / 100))
    assert odds_share((1000, Estimate(0.0, 0.0, 0.1)), (0, Estimate(0.0, 0.0, 1.0))) is None


@pytest.mark.parametrize(("hits", "parts"), [(0, 10), (3, 40), (40, 40)])
def test_a_plain_rate_is_that_of_a_sample_of_equal_weights(hits: int, parts: int) -> None:
    sample = [Reviewed(1.0, index < hits) for index in range(parts)]
    plain, weighted = plain_rate(hits, parts), weighted_rate(sample)
    assert plain is not None
    assert weighted is not None
    assert (plain.value, plain.lower, plain.upper) == pytest.approx((weighted.value, weighted.lower, weighted.upper))
    assert plain_rate(0, 0) is None
