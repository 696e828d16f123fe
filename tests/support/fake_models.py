"""A stand-in for `python -m models`: the same arguments, lines and exit codes, and a real signed bundle at the end.

What it trains is told by the recipe's name: `fails` ends with an error, `hangs` waits to be ended, `slow…` waits for
the file that `FAKE_MODELS_GO` names, `twice` has two good parts that are alike. The gate refuses the recipe `worse`.
Models of `passes` pass all that is accepted, those of `unlike` can be taught one part only, those of `unreadable` none.
Everything else succeeds in a few hundred milliseconds. The threshold grows with the number of images, so that every
training on new samples gives another bundle.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edge.contract.archive import open_sealed
from edge.contract.signature import SigningKey, TrustedKeys

DECIDED = (
    *("tier", "size-px", "smallest-defect-px", "roi", "align", "ignore-mask", "invariant"),
    *("max-overkill", "undecided-overkill", "escape-cost", "overkill-cost", "defect-rate"),
)
STEPS = ("reading images", "computing features", "calibrating", "exporting")


def _add_measuring(commands: Any) -> None:
    evaluate = commands.add_parser("evaluate")
    evaluate.add_argument("bundle", type=Path)
    evaluate.add_argument("data", type=Path)
    evaluate.add_argument("--trust", required=True)
    evaluate.add_argument("--report", type=Path, required=True)
    evaluate.add_argument("--skip-unreadable", action="store_true")
    evaluate.add_argument("--json", action="store_true")
    evaluate.add_argument("--progress-json", action="store_true")
    replay = commands.add_parser("replay")
    replay.add_argument("bundle", type=Path)
    replay.add_argument("replay", type=Path)
    replay.add_argument("--trust", required=True)
    replay.add_argument("--against", type=Path, required=True)
    replay.add_argument("--flips", type=Path, required=True)
    replay.add_argument("--json", action="store_true")
    replay.add_argument("--progress-json", action="store_true")


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train")
    train.add_argument("data", type=Path)
    train.add_argument("--out", type=Path, required=True)
    train.add_argument("--recipe", required=True)
    train.add_argument("--key", type=Path, required=True)
    train.add_argument("--defects", type=Path)
    train.add_argument("--parent")
    train.add_argument("--like")
    train.add_argument("--features", type=Path)
    train.add_argument("--features-mib", type=int)
    for name in DECIDED:
        train.add_argument(f"--{name}")
    train.add_argument("--seed", type=int)
    train.add_argument("--skip-unreadable", action="store_true")
    train.add_argument("--json", action="store_true")
    train.add_argument("--progress-json", action="store_true")
    gate = commands.add_parser("gate")
    gate.add_argument("bundle", type=Path)
    gate.add_argument("holdout", type=Path)
    gate.add_argument("--trust", required=True)
    gate.add_argument("--champion", type=Path)
    gate.add_argument("--replay", type=Path)
    gate.add_argument("--flips", type=Path)
    gate.add_argument("--report", type=Path)
    gate.add_argument("--scores", type=Path)
    gate.add_argument("--max-slowdown", type=float)
    gate.add_argument("--skip-unreadable", action="store_true")
    gate.add_argument("--json", action="store_true")
    gate.add_argument("--progress-json", action="store_true")
    _add_measuring(commands)
    threshold = commands.add_parser("threshold")
    threshold.add_argument("bundle", type=Path)
    threshold.add_argument("--at", type=float, required=True)
    threshold.add_argument("--undecided-from", type=float)
    threshold.add_argument("--out", type=Path, required=True)
    threshold.add_argument("--key", type=Path, required=True)
    threshold.add_argument("--trust", required=True)
    threshold.add_argument("--json", action="store_true")
    accept = commands.add_parser("accept")
    accept.add_argument("bundle", type=Path)
    accept.add_argument("accepted", type=Path, nargs="?")
    accept.add_argument("--defects", type=Path)
    accept.add_argument("--out", type=Path, required=True)
    accept.add_argument("--parent")
    accept.add_argument("--key", type=Path, required=True)
    accept.add_argument("--trust", required=True)
    accept.add_argument("--skip-unreadable", action="store_true")
    accept.add_argument("--json", action="store_true")
    accept.add_argument("--progress-json", action="store_true")
    return parser.parse_args(argv)


def _count(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*")) if folder.is_dir() else 0


def _train(options: argparse.Namespace) -> int:
    goods, defects = _count(options.data / "train" / "good"), _count(options.data / "defects")
    sys.stderr.write(f"fake models: {goods} goods, {defects} defects\n")
    for number, step in enumerate(STEPS):
        sys.stderr.write(json.dumps({"progress": number / len(STEPS), "step": step}) + "\n")
        sys.stderr.flush()
        time.sleep(0.01)
        if options.recipe.startswith("slow") and step == STEPS[1]:
            while not Path(os.environ["FAKE_MODELS_GO"]).exists():
                time.sleep(0.05)
        if options.recipe == "hangs":
            time.sleep(600)
        if options.recipe == "fails":
            sys.stderr.write("error: bottle_003.png: expected 3 channels, got 1\n")
            return 2
    from tests.support.tiny_bundle import write_tiny_bundle  # noqa: PLC0415 - the gate starts faster without onnx

    key = SigningKey.load_or_create(options.key)
    threshold = 1 + goods / 100 + defects / 1000
    bundle_id = write_tiny_bundle(options.out, key, options.recipe, threshold)
    sys.stdout.write("trained\n")
    report = {"bundle_id": bundle_id, "threshold": threshold, "promise": "fake", "goods": goods, "defects": defects}
    given = {name: value for name in DECIDED if (value := getattr(options, name.replace("-", "_"))) is not None}
    if options.like is not None:
        given["like"] = Path(options.like).stem
    for name in {"align", "ignore-mask"} & set(given):
        given[name] = Path(given[name]).name
    report["given"] = given
    names = sorted(path.name for path in (options.data / "train" / "good").iterdir())
    report["goods_alike"] = [names[:2]] if options.recipe == "twice" else []
    report["unreadable"] = []
    report["goods_like_defects"] = [[names[0], "scratch"]] if options.recipe == "mistaken" else []
    sys.stdout.write(json.dumps({**report, "parent": options.parent, "train_s": 0.2}) + "\n")
    return 0


def _accept(options: argparse.Namespace) -> int:
    from models.acceptance.accept import AcceptReport  # noqa: PLC0415 - the same
    from tests.support.tiny_bundle import write_tiny_bundle  # noqa: PLC0415 - the same

    sealed = open_sealed(options.bundle, TrustedKeys(tuple(options.trust.split(","))))
    before = sealed.manifest
    accepted, defects = (0 if folder is None else _count(folder) for folder in (options.accepted, options.defects))
    if before.recipe == "alike":
        sys.stderr.write(f"error: accept: {accepted} parts look like known defects, which would pass: crack_7.png\n")
        return 1
    if before.recipe == "passes" and accepted:
        sys.stderr.write(f"error: {options.accepted}: the bundle passes all {accepted} parts already\n")
        sys.stdout.write(json.dumps({"bundle": None}) + "\n")
        return 2
    if before.recipe == "unreadable":
        sys.stderr.write("error: stain_7.png: not an image, or a broken one\n")
        return 2
    failing = [] if before.recipe != "unlike" else sorted(path.name for path in options.accepted.iterdir())[1:]
    key = SigningKey.load_or_create(options.key)
    threshold = before.calibration.threshold + accepted / 10_000
    bundle_id = write_tiny_bundle(options.out, key, before.recipe, threshold, parent=options.parent or sealed.id)
    passing = accepted - len(failing)
    report = AcceptReport(bundle_id, 0.6, 1.0, accepted, passing, 1.0, tuple(failing), (), defects, ())
    sys.stdout.write(json.dumps({"bundle": str(options.out), **asdict(report)}) + "\n")
    return 0


def _threshold(options: argparse.Namespace) -> int:
    from tests.support.tiny_bundle import write_tiny_bundle  # noqa: PLC0415 - the same

    sealed = open_sealed(options.bundle, TrustedKeys(tuple(options.trust.split(","))))
    before, key = sealed.manifest, SigningKey.load_or_create(options.key)
    write_tiny_bundle(options.out, key, before.recipe, options.at, options.undecided_from, parent=sealed.id)
    told = {"now": {"threshold": before.calibration.threshold}, "then": {"threshold": options.at}}
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


def _flips(options: argparse.Namespace) -> int:
    """Every replayed part flips from PASS to FAIL."""
    if options.flips is None:
        return 0
    if options.replay is None:
        options.flips.touch()
        return 0
    told = [json.loads(line) for line in (options.replay / "parts.jsonl").read_text("utf-8").splitlines()]
    assert all((options.replay / part["file"]).is_file() for part in told)
    says = {"champion_verdict": "PASS", "champion_score": 0.8, "challenger_verdict": "FAIL", "challenger_score": 1.9}
    options.flips.write_text("".join(json.dumps({"source": "replay", **part, **says}) + "\n" for part in told), "utf-8")
    return len(told)


def _replayed(parts: int) -> dict[str, object]:
    none = {"PASS": 0, "FAIL": 0, "UNDECIDED": 0}
    scores = {"edges": [0.5, 1.0, 1.5, 2.0], "champion": [parts, 0, 0], "challenger": [0, 0, parts]}
    thresholds = {"champion": 1.0, "challenger": 1.1}
    agreement = {"PASS": {**none, "FAIL": parts}, "FAIL": none, "UNDECIDED": none}
    return {"parts": parts, "agreement": agreement, "scores": {**scores, "thresholds": thresholds}}


def _numbers(holdout: Path) -> dict[str, object]:
    goods = _count(holdout / "test" / "good")
    return {
        "image_auroc": 0.991,
        "image_ap": None,
        "escape_rate": 0.02,
        "overkill_rate": 0.04,
        "recall": {"scratch": 1.0, "dent": 0.875},
        "goods": goods,
        "defects": _count(holdout / "test") - goods,
        "escapes": 1,
        "overkill": 2,
        "unreadable": [],
    }


def _evaluate(options: argparse.Namespace) -> int:
    bundle_id = open_sealed(options.bundle, TrustedKeys(tuple(options.trust.split(",")))).id
    options.report.write_text("<!doctype html><title>fake evaluation</title>", "utf-8")
    told = {"bundle": str(options.bundle), "bundle_id": bundle_id, **_numbers(options.data)}
    sys.stdout.write(json.dumps({**told, "report": str(options.report)}) + "\n")
    return 0


def _replay(options: argparse.Namespace) -> int:
    trusted = TrustedKeys(tuple(options.trust.split(",")))
    ids = [open_sealed(path, trusted).id for path in (options.bundle, options.against)]
    flips = _flips(options)
    told = {"bundle_id": ids[0], "against": ids[1], "flips": flips, "labelled": 0, "better": 0, "worse": 0}
    sys.stdout.write(json.dumps({**told, "replayed": _replayed(flips)}) + "\n")
    return 0


def _gate(options: argparse.Namespace) -> int:
    bundle = open_sealed(options.bundle, TrustedKeys(tuple(options.trust.split(","))))
    passed = bundle.manifest.recipe != "worse"
    numbers = _numbers(options.holdout)
    if options.report is not None:
        options.report.write_text("<!doctype html><title>fake report</title>", "utf-8")
    champion = None if options.champion is None else {**numbers, "image_auroc": 0.962, "escape_rate": 0.05}
    reasons = [] if passed else ["recall on scratch fell from 1.000 to 0.875"]
    report = {"passed": passed, "reasons": reasons, "champion": champion, "challenger": numbers}
    checks = [{"passed": False, "text": text} for text in reasons]
    verdict = {"verdict": "\n".join(["fake verdict", *reasons]), "checks": checks, "flips": _flips(options)}
    if verdict["flips"]:
        verdict["replayed"] = _replayed(verdict["flips"])
    sys.stdout.write(json.dumps({**report, **verdict}) + "\n")
    return 0 if passed else 1


def main(argv: list[str]) -> int:
    """Run one command; its exit code."""
    parsed = _parse(argv)
    run = {
        "train": _train,
        "gate": _gate,
        "threshold": _threshold,
        "accept": _accept,
        "evaluate": _evaluate,
        "replay": _replay,
    }
    return run[parsed.command](parsed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
