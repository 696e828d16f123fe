"""Parts that the line has made, judged again by two bundles.

A replay folder holds image files and `parts.jsonl`, a line for each:
`{"file": "ab12.png", "result_id": "…", "label": null | "good" | "<defect type>", "learnt": false}`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from edge.contract.errors import DataInvalid, FrameRejected
from edge.contract.frame import Pixels
from edge.contract.result import Verdict
from edge.contract.values import Value
from edge.inference import Detector
from edge.preprocess import decode
from models.evaluation.pairs import Decision, Pair
from models.progress import Progress

__all__ = ["REPLAYING", "ReplayedPart", "judge_both", "replayed_parts"]

REPLAYING = "replaying parts of the line"
_INDEX = "parts.jsonl"


class ReplayedPart(Value):
    """A line of the index."""

    file: Annotated[str, Field(pattern=r"^[^/\\\x00]+$", description="name in the folder")]
    result_id: str | None = None
    label: Annotated[str | None, Field(description="good, a defect type, or None where nobody has said")] = None
    learnt: Annotated[bool, Field(description="the challenger may have been trained on it")] = False


def replayed_parts(folder: Path) -> list[ReplayedPart]:
    """Read the index of a replay folder.

    Raises:
        DataInvalid: no index, or a line that is none; named.
    """
    index = folder / _INDEX
    try:
        lines = index.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataInvalid(f"{index}: expected a line for each replayed part: {error}") from error
    return [_part(index, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def judge_both(
    folder: Path, parts: Sequence[ReplayedPart], champion: Detector, challenger: Detector, progress: Progress
) -> list[Pair]:
    """Judge every part by both as the line would, one in memory at a time."""
    pairs = []
    for part in progress.over(parts, REPLAYING):
        pixels = _pixels(folder / part.file)
        before, after = _decision(champion, pixels), _decision(challenger, pixels)
        pairs.append(Pair("replay", part.file, part.result_id, part.label, part.learnt, before, after))
    return pairs


def _part(index: Path, number: int, line: str) -> ReplayedPart:
    try:
        return ReplayedPart.model_validate(json.loads(line))
    except (ValueError, ValidationError) as error:
        raise DataInvalid(f"{index}, line {number}: expected a replayed part, got {line[:80]!r}: {error}") from error


def _pixels(path: Path) -> Pixels | None:
    """None for a frame that does not decode: the line says UNDECIDED to it."""
    try:
        return decode(path.read_bytes())
    except FrameRejected:
        return None
    except OSError as error:
        raise DataInvalid(f"{path}: {error}") from error


def _decision(detector: Detector, pixels: Pixels | None) -> Decision:
    if pixels is None:
        return Decision(Verdict.UNDECIDED, None)
    try:
        judgement = detector.judge(pixels)
    except FrameRejected:
        return Decision(Verdict.UNDECIDED, None)
    return Decision(judgement.verdict, judgement.score)
