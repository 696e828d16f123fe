"""The same parts as two bundles judge them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.contract.manifest import Calibration
from edge.contract.result import Verdict
from models.evaluation.evaluate import Evaluation

__all__ = ["GOOD", "Decision", "Pair", "counts_of", "decide_score", "flips_of", "holdout_pairs", "write_flips"]

GOOD = "good"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a bundle says of a part; without a score it could not be judged, which is UNDECIDED."""

    verdict: Verdict
    score: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """One part, judged by both.

    Attributes:
        source: the frozen hold-out, or a part that the line has made.
        file: name of the image file.
        result_id: of the replayed part.
        label: `good`, a defect type, or None where nobody has said.
        learnt: the challenger may have been trained on it.
    """

    source: Literal["holdout", "replay"]
    file: str
    result_id: str | None
    label: str | None
    learnt: bool
    champion: Decision
    challenger: Decision

    def to_json(self) -> dict[str, object]:
        """As the file of flips holds it."""
        return {
            "source": self.source,
            "file": self.file,
            "result_id": self.result_id,
            "label": self.label,
            "learnt": self.learnt,
            "champion_verdict": self.champion.verdict.value,
            "champion_score": self.champion.score,
            "challenger_verdict": self.challenger.verdict.value,
            "challenger_score": self.challenger.score,
        }


def decide_score(score: float, calibration: Calibration) -> Decision:
    """A score as a decision."""
    return Decision(calibration.verdict(score), score)


def holdout_pairs(
    challenger: Evaluation, champion: Evaluation, calibrations: tuple[Calibration, Calibration]
) -> list[Pair]:
    """Both evaluations part by part; a part that only one of them finds is UNDECIDED to the other.

    Args:
        challenger: of the new bundle.
        champion: of the bundle to beat, on the same folder.
        calibrations: of challenger and champion.
    """
    after, before = _decisions(challenger, calibrations[0]), _decisions(champion, calibrations[1])
    labels = {**_labels(champion), **_labels(challenger)}
    lost = Decision(Verdict.UNDECIDED, None)
    return [
        Pair("holdout", path.name, None, label, False, before.get(path, lost), after.get(path, lost))  # noqa: FBT003
        for path, label in sorted(labels.items())
    ]


def flips_of(pairs: Iterable[Pair]) -> list[Pair]:
    """The parts of which the two say different things."""
    return [pair for pair in pairs if pair.champion.verdict is not pair.challenger.verdict]


def write_flips(path: Path | None, flips: Iterable[Pair]) -> None:
    """A JSON line for each; nothing without a path."""
    if path is not None:
        path.write_text("".join(json.dumps(pair.to_json()) + "\n" for pair in flips), "utf-8")


def counts_of(pairs: Sequence[Pair]) -> tuple[int, int]:
    """How many labelled parts only the challenger gets right, and how many only the champion does."""
    labelled = [pair for pair in pairs if pair.label is not None]
    right = [(_right(pair.challenger, pair.label), _right(pair.champion, pair.label)) for pair in labelled]
    return right.count((True, False)), right.count((False, True))


def _right(decision: Decision, label: str | None) -> bool:
    """A good part must not fail, a bad one must not pass; UNDECIDED is neither an escape nor overkill."""
    return decision.verdict is not (Verdict.FAIL if label == GOOD else Verdict.PASS)


def _decisions(result: Evaluation, calibration: Calibration) -> dict[Path, Decision]:
    return {
        item.path: decide_score(float(score), calibration)
        for item, score in zip(result.items, result.scores, strict=True)
    }


def _labels(result: Evaluation) -> dict[Path, str]:
    return {item.path: item.defect_type or GOOD for item in result.items}
