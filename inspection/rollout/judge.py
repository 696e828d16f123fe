"""Whether a station on the challenger has left its band by more than chance.

A station is looked at when it has judged `first_look_parts`, and each time that number has doubled. The chance of a
false halt is spent over the looks, 1 / ((k + 1) (k + 2)) of it at look k = 0, 1, …, which adds up to one, and shared by
stations and measures (Bonferroni); so however long a stage lasts, its chance of a false halt is at most `false_halt`.
Source: Lan and DeMets, Biometrika 70 (1983) 659 (alpha spending).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

from edge.contract.sentences import sentence
from inspection.rollout.settings import RolloutSettings
from inspection.stations.ledger_since import Settled

__all__ = ["Finding", "Look", "Measure", "Parts", "judge", "judge_ledger", "looks"]

_BOUND = 0.99  # confidence of the champion's 99th percentile
_SLOW = 0.01  # share of parts that may be slower than the 99th percentile
_WAITING = "drops, timeouts and UNDECIDED"


class Measure(StrEnum):
    """What is watched."""

    UNDECIDED = "undecided"
    FAIL_RATE = "fail_rate"
    LATENCY = "latency"
    LEDGER = "ledger"


_NAMES = {
    Measure.UNDECIDED: _WAITING,
    Measure.FAIL_RATE: "FAIL",
    Measure.LEDGER: f"ledger: {_WAITING}",
}


@dataclass(frozen=True)
class Parts:
    """What became of some parts, in their order.

    Attributes:
        verdicts: PASS, FAIL or UNDECIDED; drops and timeouts are UNDECIDED.
        latencies_ms: from frame to verdict of the same parts; infinite for a timeout, None for what had no frame.
    """

    verdicts: tuple[str, ...] = ()
    latencies_ms: tuple[float | None, ...] = ()

    def first(self, count: int) -> "Parts":
        """The first of them."""
        return Parts(self.verdicts[:count], self.latencies_ms[:count])

    def count(self, verdict: str) -> int:
        """How many have this verdict."""
        return self.verdicts.count(verdict)

    @property
    def judged(self) -> int:
        """PASS and FAIL."""
        return len(self.verdicts) - self.count("UNDECIDED")

    @property
    def timed(self) -> list[float]:
        """Latencies of those that had a frame, sorted."""
        return sorted(value for value in self.latencies_ms if value is not None)


@dataclass(frozen=True)
class Look:
    """One look at one station.

    Attributes:
        alpha: chance of a false finding that each measure may take.
        deadline_ms: of the station; None if it never said.
    """

    challenger: Parts
    champion: Parts
    alpha: float
    deadline_ms: float | None


@dataclass(frozen=True)
class Finding:
    """A measure at the last look.

    Attributes:
        champion, challenger: shares; of parts slower than `limit_ms` for the latency.
        p_value: chance of at least this difference if nothing is wrong.
        halts: out of its band by more than chance.
    """

    measure: Measure
    champion: float
    challenger: float
    p_value: float
    halts: bool
    limit_ms: float | None = None

    @property
    def text(self) -> str:
        """In words."""
        if self.measure is Measure.LATENCY:
            return sentence(
                f"{self.challenger:.1%} of the parts took more than {self.limit_ms:.0f} ms, expected at most 1 %"
            )
        name = _NAMES[self.measure]
        return sentence(f"{name}: {self.challenger:.1%} of the parts, {self.champion:.1%} with the champion")


def looks(parts: int, settings: RolloutSettings, stations: int) -> list[tuple[int, float]]:
    """The looks that this number of parts has brought: how many parts each takes, and its alpha by measure."""
    sizes = list(takewhile(lambda size: size <= parts, (settings.first_look_parts * 2**k for k in range(64))))
    return list(zip(sizes, _spent(len(sizes), settings, stations), strict=True))


def judge_ledger(
    counted: Sequence[Settled], champion: Parts, settings: RolloutSettings, stations: int
) -> Finding | None:
    """What the station's own ledger says, of the last look or of the one that halts; None before the first.

    Args:
        counted: with the challenger, each look about twice the one before it.
        champion: parts to compare with.
        settings: the bands.
        stations: of the rollout.
    """
    ripe = [look for look in counted if look.parts >= settings.first_look_parts]
    before = (champion.count("UNDECIDED"), len(champion.verdicts))
    finding: Finding | None = None
    for look, alpha in zip(ripe, _spent(len(ripe), settings, stations), strict=True):
        limits = (alpha, settings.undecided_band)
        finding = _compare(Measure.LEDGER, [(look.undecided, look.parts), before], limits, "greater")
        if finding is not None and finding.halts:
            break
    return finding


def _spent(looks_taken: int, settings: RolloutSettings, stations: int) -> list[float]:
    """The chance of a false finding that each look takes, by measure."""
    share = settings.false_halt / (len(Measure) * stations)
    return [share / ((k + 1) * (k + 2)) for k in range(looks_taken)]


def judge(look: Look, settings: RolloutSettings) -> list[Finding]:
    """Every measure for which there is something to compare with."""
    found = [_undecided(look, settings), _fail_rate(look, settings), _latency(look, settings)]
    return [finding for finding in found if finding is not None]


def _undecided(look: Look, settings: RolloutSettings) -> Finding | None:
    counts = [(parts.count("UNDECIDED"), len(parts.verdicts)) for parts in (look.challenger, look.champion)]
    return _compare(Measure.UNDECIDED, counts, (look.alpha, settings.undecided_band), "greater")


def _fail_rate(look: Look, settings: RolloutSettings) -> Finding | None:
    counts = [(parts.count("FAIL"), parts.judged) for parts in (look.challenger, look.champion)]
    return _compare(Measure.FAIL_RATE, counts, (look.alpha, settings.fail_rate_band), "two-sided")


def _compare(
    measure: Measure, counts: Sequence[tuple[int, int]], limits: tuple[float, float], alternative: str
) -> Finding | None:
    """Fisher's exact test of two shares, and the band around the second."""
    from scipy.stats import fisher_exact  # noqa: PLC0415 - slow to import, and only needed in a rollout

    (here, of), (there, of_there) = counts
    if not of or not of_there:
        return None
    p_value = float(fisher_exact([[here, of - here], [there, of_there - there]], alternative=alternative).pvalue)
    challenger, champion = here / of, there / of_there
    beyond = challenger - champion if alternative == "greater" else abs(challenger - champion)
    return Finding(measure, champion, challenger, p_value, p_value < limits[0] and beyond > limits[1])


def _latency(look: Look, settings: RolloutSettings) -> Finding | None:
    """More than one part in a hundred slower than the limit, by more than chance (binomial test)."""
    from scipy.stats import binom  # noqa: PLC0415 - the same

    times, limit_ms = look.challenger.timed, _limit_ms(look, settings)
    if not times or math.isinf(limit_ms):
        return None
    slow = sum(time > limit_ms for time in times)
    p_value = float(binom.sf(slow - 1, len(times), _SLOW))
    before = look.champion.timed
    champion = sum(time > limit_ms for time in before) / len(before) if before else 0.0
    return Finding(Measure.LATENCY, champion, slow / len(times), p_value, p_value < look.alpha, limit_ms)


def _limit_ms(look: Look, settings: RolloutSettings) -> float:
    """The deadline, or less if the champion has judged enough parts to bound its 99th percentile from above."""
    deadline_ms = math.inf if look.deadline_ms is None else look.deadline_ms
    return min(deadline_ms, _upper_p99(look.champion.timed) * settings.latency_factor)


def _upper_p99(times: Sequence[float]) -> float:
    """An upper bound of the 99th percentile with 99 % confidence, by order statistics; infinite below 459 parts."""
    from scipy.stats import binom  # noqa: PLC0415 - the same

    rank = int(binom.ppf(_BOUND, len(times), 1 - _SLOW)) + 1 if times else 1
    return times[rank - 1] if rank <= len(times) else math.inf
