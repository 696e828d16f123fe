"""How seldom a rollout halts for nothing, and after how many parts it halts for something; prints JSON lines.

    .venv/bin/python bench/rollout.py [--stages 300]

Parts are drawn by chance: 2 % FAIL, 0.2 % UNDECIDED, 12 ms plus or minus 1; the champion has 2,000 of them. One
station, default settings but for the bands of the case in which nothing is wrong: 0, so that every halt is a false one.
"""

import argparse
import json
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from inspection.rollout.judge import Look, Parts, judge, looks
from inspection.rollout.settings import RolloutSettings

PARTS = 2560
DEADLINE_MS = 100.0


@dataclass(frozen=True)
class Line:
    """What a challenger does."""

    failed: float = 0.02
    undecided: float = 0.002
    ms: float = 12.0

    def parts(self, count: int, random: Generator) -> Parts:
        """Some of its parts."""
        shares = [1 - self.failed - self.undecided, self.failed, self.undecided]
        verdicts = random.choice(["PASS", "FAIL", "UNDECIDED"], count, p=shares)
        return Parts(tuple(verdicts.tolist()), tuple(random.normal(self.ms, 1, count).tolist()))


CASES = {
    "nothing wrong, no bands": (Line(), RolloutSettings(fail_rate_band=0, undecided_band=0, latency_factor=1)),
    "FAIL 6 %": (Line(failed=0.06), RolloutSettings()),
    "FAIL 12 %": (Line(failed=0.12), RolloutSettings()),
    "UNDECIDED 3 %": (Line(undecided=0.03), RolloutSettings()),
    "twice as slow": (Line(ms=24), RolloutSettings()),
}


def main() -> None:
    """Run every case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", type=int, default=300)
    options = parser.parse_args()
    for name, (line, settings) in CASES.items():
        random = np.random.default_rng(0)
        halted = [_halts_at(line, settings, random) for _ in range(options.stages)]
        at = [parts for parts in halted if parts is not None]
        median = float(np.median(at)) if at else None
        told = {"case": name, "stages": len(halted), "halted": len(at), "median_parts": median}
        print(json.dumps(told), flush=True)


def _halts_at(line: Line, settings: RolloutSettings, random: Generator) -> int | None:
    """The look that halts a stage; None if none of them does."""
    champion, challenger = Line().parts(2000, random), line.parts(PARTS, random)
    for size, alpha in looks(PARTS, settings, stations=1):
        look = Look(challenger.first(size), champion, alpha, DEADLINE_MS)
        if any(finding.halts for finding in judge(look, settings)):
            return size
    return None


if __name__ == "__main__":
    main()
