"""The gate: a challenger is promoted on evidence, or not at all.

Both are judged on the same frozen hold-out that neither was trained on, and on parts that the line has made. Recall on
every known defect type must not fall. Overkill must be what the challenger's calibration promises, and the ranking must
not get worse: both with 95 % confidence, because a hold-out of a hundred parts cannot tell a worse model from bad luck
by a point estimate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.contract.manifest import ParityReport
from edge.contract.result import Verdict
from edge.contract.sentences import sentence
from models.calibration.percent import bound_text
from models.evaluation.evaluate import Evaluation
from models.evaluation.intervals import at_most, exact_mcnemar, rate_interval
from models.evaluation.metrics import roc_auc
from models.evaluation.pairs import GOOD, Pair, counts_of

__all__ = ["Check", "GateVerdict", "check_latency", "check_parity_of", "check_replay", "decide", "paired"]

_CONFIDENCE = 0.95
_RESAMPLES = 1000


@dataclass(frozen=True)
class Check:
    """One rule of the gate and what it found; `passed` is None for what is told and decides nothing."""

    passed: bool | None
    text: str


@dataclass(frozen=True)
class GateVerdict:
    """The gate's answer and what it rests on, in words."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Every rule holds."""
        return all(check.passed is not False for check in self.checks)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What each rule found; of a refusal this says why."""
        return tuple(check.text for check in self.checks)

    @property
    def text(self) -> str:
        """The written verdict, a line for each rule."""
        marks = {True: "holds", False: "BROKEN", None: "for information"}
        head = "The gate passed the challenger." if self.passed else "The gate refuses the challenger."
        return "\n".join([head, *(f"{marks[check.passed]}: {check.text}" for check in self.checks)])


def decide(
    challenger: Evaluation, champion: Evaluation | None, promised_overkill: float, further: Sequence[Check] = ()
) -> GateVerdict:
    """Compare on the frozen hold-out; without a champion only the challenger's own promise counts.

    Args:
        challenger: the new bundle.
        champion: the bundle to beat, on the same images.
        promised_overkill: by the challenger's calibration.
        further: what was found elsewhere: on replayed parts, in parity and latency.
    """
    checks = [_overkill(challenger, champion, promised_overkill)]
    if champion is not None:
        checks += [*_recalls(challenger, champion), _ranking(challenger, champion)]
    return GateVerdict((*checks, *_undecided(challenger, champion), *_unreadable(challenger), *further))


def check_replay(pairs: Sequence[Pair], promised_overkill: float) -> list[Check]:
    """Compare on parts that the line has made.

    Most have no label, so overkill is counted where nobody calls the part defective and the champion passes it: what
    fails there is overkill, or an escape of the champion that a person should label before the gate runs again.
    """
    if not pairs:
        return [
            Check(
                None, sentence("replay: the plant keeps no pictures of parts of this recipe yet, nothing was replayed")
            )
        ]
    return [
        _new_fails(pairs, promised_overkill),
        *_replayed_recalls(pairs),
        _fail_rates(pairs),
        paired("replay", pairs),
    ]


def paired(where: str, pairs: Sequence[Pair]) -> Check:
    """Who is right more often on labelled parts; told, not judged: the rules above say what may not get worse."""
    better, worse = counts_of(pairs)
    labelled = sum(pair.label is not None for pair in pairs)
    return Check(
        None,
        sentence(
            f"{where}: of {labelled} labelled parts {better} are right only by the challenger, {worse} only by the "
            f"champion (exact McNemar p = {exact_mcnemar(better, worse):.3g})"
        ),
    )


def check_parity_of(report: ParityReport) -> Check:
    """The export must not have flipped a verdict; that this machine repeats its scores was checked on opening."""
    return Check(
        report.verdict_flips == 0,
        sentence(
            f"parity: export flipped {report.verdict_flips} of {report.images} verdicts, scores differ by up to "
            f"{report.max_score_difference:.2g}"
        ),
    )


def check_latency(challenger: Evaluation, champion: Evaluation, max_slowdown: float | None) -> Check:
    """Session time, median against median on this machine; judged only where a budget is stated."""
    if not len(challenger.session_run_ms) or not len(champion.session_run_ms):
        return Check(None, sentence("latency: no part of the hold-out was judged"))
    after, before = float(np.median(challenger.session_run_ms)), float(np.median(champion.session_run_ms))
    ratio = after / before
    budget = sentence("no budget stated") if max_slowdown is None else f"budget {max_slowdown:.2f}"
    text = sentence(
        f"latency: session p50 {before:.1f} to {after:.1f} ms on this machine, ratio {ratio:.2f} ({budget})"
    )
    return Check(None if max_slowdown is None else ratio <= max_slowdown, text)


def _overkill(challenger: Evaluation, champion: Evaluation | None, promised: float) -> Check:
    """Refuse what the promise would give in fewer than one of twenty hold-outs, unless the champion is no better."""
    if not challenger.goods:
        return Check(False, sentence("no good parts in the hold-out: overkill cannot be judged"))  # noqa: FBT003
    allowed = max(at_most(challenger.goods, promised), champion.overkill if champion else 0)
    text = sentence(
        f"overkill {challenger.overkill} of {challenger.goods} good parts "
        f"({_interval(challenger.overkill, challenger.goods)}); "
        f"up to {allowed} agree with the promise of {bound_text(promised)} or with the champion"
    )
    return Check(challenger.overkill <= allowed, text)


def _undecided(challenger: Evaluation, champion: Evaluation | None) -> list[Check]:
    """No other rule sees them: what is UNDECIDED is neither overkill nor an escape, and work for a person."""
    after, before = challenger.undecided, champion.undecided if champion else 0
    if not after and not before:
        return []
    if champion is None:
        return [Check(None, sentence(f"UNDECIDED, for a person to look at: {after} parts of the hold-out"))]
    return [Check(None, sentence(f"UNDECIDED, for a person to look at: {before} to {after} parts of the hold-out"))]


def _unreadable(challenger: Evaluation) -> list[Check]:
    if not challenger.unreadable:
        return []
    count = len(challenger.unreadable)
    return [
        Check(
            None,
            sentence(f"hold-out: pictures that are torn or smaller than the region of interest, untested: {count}"),
        )
    ]


def _recalls(challenger: Evaluation, champion: Evaluation) -> list[Check]:
    """Of the parts that one of the two finds: one that is not found is UNDECIDED, and no escape, as on the line."""
    checks = [_recall(name, challenger, champion) for name in sorted({*champion.recall, *challenger.recall})]
    return checks or [Check(None, sentence("no labelled defects in the hold-out: recall cannot be compared"))]


def _recall(name: str, challenger: Evaluation, champion: Evaluation) -> Check:
    count = _found_by_either(name, challenger, champion)
    before, after = (count - _passed(name, result) for result in (champion, challenger))
    text = sentence(
        f"recall of {name}: {before / count:.1%} to {after / count:.1%} on {count} parts ({_interval(after, count)})"
    )
    return Check(after >= before, text)


def _found_by_either(name: str, *results: Evaluation) -> int:
    """How many parts of a defect type are judged by at least one."""
    found = {item.path for result in results for item in result.items if item.defect_type == name}
    return max(len(found), *(result.counts.get(name, 0) for result in results))


def _passed(name: str, result: Evaluation) -> int:
    """Escapes of one defect type."""
    return round((1 - result.recall.get(name, 1.0)) * result.counts.get(name, 0))


def _ranking(challenger: Evaluation, champion: Evaluation) -> Check:
    """Refuse if 95 % of paired bootstrap resamples rank worse than the champion."""
    if challenger.image_auroc is None or champion.image_auroc is None:
        return Check(None, sentence("image AUROC needs good and bad parts in the hold-out"))
    if challenger.items != champion.items:
        return Check(None, sentence("image AUROC: not compared, the two do not find the same parts"))
    worse = _share_worse(challenger, champion)
    text = sentence(
        f"image AUROC {champion.image_auroc:.3f} to {challenger.image_auroc:.3f}, worse in {worse:.0%} of resamples"
    )
    return Check(worse < _CONFIDENCE, text)


def _new_fails(pairs: Sequence[Pair], promised: float) -> Check:
    """A part that the challenger cannot judge at all counts as failed: it is off the line, too."""
    fresh = [
        pair
        for pair in pairs
        if pair.champion.verdict is Verdict.PASS and pair.label in {None, GOOD} and not pair.learnt
    ]
    failed = sum(pair.challenger.verdict is Verdict.FAIL or pair.challenger.score is None for pair in fresh)
    allowed = at_most(len(fresh), promised)
    text = sentence(
        f"replay: of {len(fresh)} parts that the champion passes and nobody calls defective the challenger fails "
        f"{failed} ({_interval(failed, len(fresh))}); up to {allowed} agree with its promise of {bound_text(promised)}"
    )
    return Check(failed <= allowed, text)


def _replayed_recalls(pairs: Sequence[Pair]) -> list[Check]:
    """Labelled defects of the line, those that were learnt from too: to lose one of them is worse still."""
    types = sorted({pair.label for pair in pairs if pair.label not in {None, GOOD}} - {None})
    return [_replayed_recall(name, [pair for pair in pairs if pair.label == name]) for name in types if name]


def _replayed_recall(name: str, pairs: Sequence[Pair]) -> Check:
    before = sum(pair.champion.verdict is not Verdict.PASS for pair in pairs)
    after = sum(pair.challenger.verdict is not Verdict.PASS for pair in pairs)
    learnt = sum(pair.learnt for pair in pairs)
    text = sentence(
        f"replay: {name} caught in {before} to {after} of {len(pairs)} labelled parts "
        f"({_interval(after, len(pairs))}), {learnt} of them learnt from"
    )
    return Check(after >= before, text)


def _fail_rates(pairs: Sequence[Pair]) -> Check:
    before = sum(pair.champion.verdict is Verdict.FAIL for pair in pairs)
    after = sum(pair.challenger.verdict is Verdict.FAIL for pair in pairs)
    flips = [pair for pair in pairs if pair.champion.verdict is not pair.challenger.verdict]
    gained = sum(pair.challenger.verdict is Verdict.FAIL for pair in flips)
    lost = sum(pair.champion.verdict is Verdict.FAIL for pair in flips)
    return Check(
        None,
        sentence(
            f"replay: {before} to {after} of {len(pairs)} parts fail ({_interval(after, len(pairs))}), "
            f"{len(flips)} verdicts flip (exact McNemar p = {exact_mcnemar(gained, lost):.3g})"
        ),
    )


def _interval(count: int, of: int) -> str:
    lower, upper = rate_interval(count, of)
    return sentence(f"95 % interval {lower:.1%} to {upper:.1%}")


def _share_worse(challenger: Evaluation, champion: Evaluation) -> float:
    bad = challenger.bad
    generator = np.random.default_rng(0)
    drawn = [_resample(bad, generator) for _ in range(_RESAMPLES)]
    return float(np.mean([_auroc(challenger, rows) < _auroc(champion, rows) for rows in drawn]))


def _resample(bad: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.intp]:
    """Rows drawn with replacement, good and bad apart, so that each resample has both."""
    goods, bads = np.flatnonzero(~bad), np.flatnonzero(bad)
    return np.concatenate([generator.choice(goods, len(goods)), generator.choice(bads, len(bads))])


def _auroc(result: Evaluation, rows: NDArray[np.intp]) -> float:
    return roc_auc(result.bad[rows], result.scores[rows]) or 0.0
