"""The command lines of `models`, in one place; the plant knows nothing else of it."""

import sys
from dataclasses import dataclass
from pathlib import Path

from inspection.jobs.command import Command

__all__ = [
    "AcceptOrder",
    "EvaluateOrder",
    "GateOrder",
    "ModelCommands",
    "ReplayOrder",
    "ThresholdOrder",
    "TrainOrder",
]


_SKIP = "--skip-unreadable"
"""A torn picture that somebody labelled must not bar its recipe from every training; it is named instead."""


@dataclass(frozen=True)
class TrainOrder:
    """What to train.

    Attributes:
        data: folder with `train/good`, and `defects/<type>` beside it where there are labelled defects.
        out: the bundle file to write.
        key: PEM file of the plant's signing key.
        parent: id of the champion that this model follows.
        like: its bundle, whose ROI, alignment and input size stay as they are.
        options: that the recipe's version asks for.
        features: folder of features that trainings share; None keeps none.
        features_mib: what it may grow to.
    """

    recipe: str
    data: Path
    out: Path
    key: Path
    defects: Path | None
    parent: str | None
    like: Path | None
    options: tuple[str, ...] = ()
    features: Path | None = None
    features_mib: int = 4096


@dataclass(frozen=True)
class GateOrder:
    """What to compare.

    Attributes:
        bundle: the challenger's file.
        holdout: folder with `test/good` and `test/<type>`.
        trust: public keys that the plant trusts, with commas between.
        champion: file of the bundle to beat; None before the first promotion.
        replay: folder of replayed parts; only beside a champion.
        flips: file that takes the parts on which the two disagree; only beside a champion.
        report: file that takes an HTML page about the challenger; None writes none.
        max_slowdown: budget of the session's time against the champion's; None judges it not.
        scores: folder of scores that gates share, so that the champion judges no image twice; None keeps none.
    """

    bundle: Path
    holdout: Path
    trust: str
    champion: Path | None
    replay: Path | None = None
    flips: Path | None = None
    report: Path | None = None
    max_slowdown: float | None = None
    scores: Path | None = None


@dataclass(frozen=True)
class EvaluateOrder:
    """What to measure.

    Attributes:
        bundle: its file.
        holdout: folder with `test/good` and `test/<type>`.
        trust: public keys that the plant trusts, with commas between.
        report: file that takes an HTML page about the bundle.
    """

    bundle: Path
    holdout: Path
    trust: str
    report: Path


@dataclass(frozen=True)
class ReplayOrder:
    """What to judge again.

    Attributes:
        bundle: its file.
        parts: folder of replayed parts.
        trust: public keys that the plant trusts, with commas between.
        against: file of the bundle to compare with.
        flips: file that takes the parts on which the two disagree.
    """

    bundle: Path
    parts: Path
    trust: str
    against: Path
    flips: Path


@dataclass(frozen=True)
class ThresholdOrder:
    """Which threshold a bundle shall have.

    Attributes:
        bundle: file of the bundle to start from.
        out: the bundle file to write.
        key: PEM file of the plant's signing key.
        trust: public keys that the plant trusts, with commas between.
        at: FAIL above this score.
        undecided_from: UNDECIDED above this score and up to `at`; None: never.
    """

    bundle: Path
    out: Path
    key: Path
    trust: str
    at: float
    undecided_from: float | None


@dataclass(frozen=True)
class AcceptOrder:
    """What a bundle shall let pass.

    Attributes:
        bundle: file of the bundle to start from.
        accepted: folder of pictures that are good after all; None forgets what was accepted before.
        defects: folder of known defects, of which none may be lost; None if there are none.
        out: the bundle file to write.
        key: PEM file of the plant's signing key.
        trust: public keys that the plant trusts, with commas between.
        parent: id of the bundle that the new one follows; None: the one to start from.
    """

    bundle: Path
    accepted: Path | None
    defects: Path | None
    out: Path
    key: Path
    trust: str
    parent: str | None = None


@dataclass(frozen=True)
class ModelCommands:
    """Builds argument lists; `program` is what to start, another one in tests."""

    program: tuple[str, ...] = (sys.executable, "-m", "models")

    def train(self, order: TrainOrder) -> Command:
        """Train and write a signed bundle; progress as JSON lines on stderr, a JSON summary last on stdout."""
        argv = [*self.program, "train", str(order.data), "--out", str(order.out), "--recipe", order.recipe]
        argv += ["--key", str(order.key)]
        if order.defects is not None:
            argv += ["--defects", str(order.defects)]
        if order.parent is not None:
            argv += ["--parent", order.parent]
        if order.like is not None:
            argv += ["--like", str(order.like)]
        if order.features is not None:
            argv += ["--features", str(order.features), "--features-mib", str(order.features_mib)]
        argv += [*order.options, "--seed", "0", _SKIP, "--json", "--progress-json"]
        pictures = [Path(option) for option in order.options if Path(option).is_file()]  # golden image, ignored places
        return Command(tuple(argv), _given(order.data, order.defects, order.like, *pictures), (order.out,), order.key)

    def accept(self, order: AcceptOrder) -> Command:
        """Write a signed bundle that tolerates what was accepted; exit 1 refused, a JSON summary last on stdout."""
        pictures = [] if order.accepted is None else [str(order.accepted)]
        argv = [*self.program, "accept", str(order.bundle), *pictures, "--out", str(order.out)]
        if order.defects is not None:
            argv += ["--defects", str(order.defects)]
        if order.parent is not None:
            argv += ["--parent", order.parent]
        argv += ["--key", str(order.key), "--trust", order.trust, _SKIP, "--json", "--progress-json"]
        return Command(tuple(argv), _given(order.bundle, order.accepted, order.defects), (order.out,), order.key)

    def threshold(self, order: ThresholdOrder) -> Command:
        """Write a signed bundle with another threshold; a JSON summary last on stdout."""
        argv = [*self.program, "threshold", str(order.bundle), "--at", repr(order.at), "--out", str(order.out)]
        if order.undecided_from is not None:
            argv += ["--undecided-from", repr(order.undecided_from)]
        argv += ["--key", str(order.key), "--trust", order.trust, "--json"]
        return Command(tuple(argv), (order.bundle,), (order.out,), order.key)

    def gate(self, order: GateOrder) -> Command:
        """Compare a bundle with the champion; exit 0 passed, 1 refused, a JSON report last."""
        argv = [*self.program, "gate", str(order.bundle), str(order.holdout), "--trust", order.trust]
        for option in ("champion", "replay", "flips", "report", "max_slowdown", "scores"):
            value = getattr(order, option)
            if value is not None:
                argv += [f"--{option.replace('_', '-')}", str(value)]
        reads = _given(order.bundle, order.holdout, order.champion, order.replay)
        return Command((*argv, _SKIP, "--json", "--progress-json"), reads, _given(order.flips, order.report))

    def evaluate(self, order: EvaluateOrder) -> Command:
        """Measure a bundle by itself; a JSON report last."""
        argv = [*self.program, "evaluate", str(order.bundle), str(order.holdout), "--trust", order.trust]
        argv += ["--report", str(order.report), _SKIP, "--json", "--progress-json"]
        return Command(tuple(argv), (order.bundle, order.holdout), (order.report,))

    def replay(self, order: ReplayOrder) -> Command:
        """Judge parts of the line by two bundles; a JSON report last."""
        argv = [*self.program, "replay", str(order.bundle), str(order.parts), "--trust", order.trust]
        argv += ["--against", str(order.against), "--flips", str(order.flips), "--json", "--progress-json"]
        return Command(tuple(argv), _given(order.bundle, order.parts, order.against), (order.flips,))


def _given(*paths: Path | None) -> tuple[Path, ...]:
    """Those that there are, without those that lie in another."""
    given = [path for path in paths if path is not None]
    return tuple(path for path in given if not any(other in path.parents for other in given))
