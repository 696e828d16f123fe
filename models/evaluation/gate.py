"""The gate: a challenger is promoted on evidence, or not at all.

Both are judged on the same frozen hold-out that neither was trained on. Recall on every known defect type must not
fall, overkill must not rise beyond what the challenger's calibration promises, and the ranking must not get worse.
"""

from dataclasses import dataclass

from models.evaluation.evaluate import Evaluation

__all__ = ["GateVerdict", "decide"]

_AUROC_TOLERANCE = 0.01  # of a hold-out of a hundred parts: within what exchanging one part changes


@dataclass(frozen=True)
class GateVerdict:
    """The gate's answer and what it rests on, in words."""

    passed: bool
    reasons: tuple[str, ...]


def decide(challenger: Evaluation, champion: Evaluation | None, promised_overkill: float) -> GateVerdict:
    """Compare on the frozen hold-out; without a champion only the challenger's own promise counts."""
    checks = [_overkill(challenger, champion, promised_overkill)]
    if champion is not None:
        checks += [*_recalls(challenger, champion), _ranking(challenger, champion)]
    return GateVerdict(all(ok for ok, _ in checks), tuple(text for _, text in checks))


def _overkill(challenger: Evaluation, champion: Evaluation | None, promised: float) -> tuple[bool, str]:
    if not challenger.goods:
        return False, "no good parts in the hold-out: overkill cannot be judged"
    rate = challenger.overkill / challenger.goods
    limit = max(promised, champion.overkill / champion.goods if champion and champion.goods else 0.0)
    text = f"overkill {challenger.overkill} of {challenger.goods} good parts ({rate:.1%}), allowed {limit:.1%}"
    return rate <= limit, text


def _recalls(challenger: Evaluation, champion: Evaluation) -> list[tuple[bool, str]]:
    checks = []
    for name, before in champion.recall.items():
        after = challenger.recall[name]
        text = f"recall of {name}: {before:.1%} to {after:.1%} on {champion.counts[name]} parts"
        checks.append((after >= before, text))
    return checks or [(True, "no labelled defects in the hold-out: recall cannot be compared")]


def _ranking(challenger: Evaluation, champion: Evaluation) -> tuple[bool, str]:
    if challenger.image_auroc is None or champion.image_auroc is None:
        return True, "image AUROC needs good and bad parts in the hold-out"
    ok = challenger.image_auroc >= champion.image_auroc - _AUROC_TOLERANCE
    return ok, f"image AUROC {champion.image_auroc:.3f} to {challenger.image_auroc:.3f}"
