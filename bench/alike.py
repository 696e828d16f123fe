"""How well the stations' signatures put parts with the same kind of defect together.

    python bench/alike.py BUNDLE DIR [--at 0.3 0.5 0.7]

Judges the test images of DIR (MVTec AD layout), groups what fails as the review page does, and says for each limit of
likeness: parts in groups of two or more, the share of decisions saved by clearing a group at once, and the share of
grouped parts whose true type is that of most of their group (mistakes if every group is cleared by its majority).
"""

import argparse
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from edge.bundle import load_detector
from edge.contract.local_key import local_trust
from edge.contract.result import Verdict
from edge.inference.session import InferenceSettings
from inspection.review.alike import alike_groups


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--at", type=float, nargs="+", default=[0.5], help="largest 1 - cosine within a group")
    options = parser.parse_args()
    types, signatures = failed_parts(options.bundle, options.data)
    print(f"{len(types)} parts failed: {dict(Counter(types))}")
    for limit in options.at:
        groups = [group for group in alike_groups(signatures, limit) if len(group) > 1]
        inside = sum(map(len, groups))
        agree = sum(Counter(types[index] for index in group).most_common(1)[0][1] for group in groups)
        saved = (inside - len(groups)) / len(types)
        share = agree / inside if inside else float("nan")
        print(
            f"limit {limit}: {len(groups)} groups, {inside} parts, {saved:.0%} decisions saved, {share:.3f} of one type"
        )


def failed_parts(bundle: Path, data: Path) -> tuple[list[str], list[tuple[int, ...]]]:
    """True type and signature of every test image that fails."""
    detector = load_detector(bundle, local_trust(), InferenceSettings())
    types, signatures = [], []
    for path in sorted((data / "test").glob("*/*")):
        judgement = detector.judge(np.ascontiguousarray(np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1]))
        if judgement.verdict is Verdict.FAIL and judgement.signature is not None:
            types.append(path.parent.name)
            signatures.append(tuple(int(value) for value in np.rint(127 * judgement.signature)))
    return types, signatures


if __name__ == "__main__":
    main()
