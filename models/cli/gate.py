"""`inspection gate`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from edge.bundle import load_detector
from edge.contract.errors import SettingsInvalid
from edge.contract.local_key import trust_from
from edge.contract.signature import TrustedKeys
from edge.contract.terminal import ExitCode, print_json
from edge.inference import Detector, InferenceSettings
from models.cli.costs import costs_from
from models.cli.writable import check_writable
from models.data.images import ImageSet
from models.evaluation.evaluate import EVALUATION_STEPS, Evaluation, evaluate, load_test_images
from models.evaluation.gate import Check, check_latency, check_parity_of, check_replay, decide, paired
from models.evaluation.kept_scores import keep_scores, kept_scores
from models.evaluation.pairs import Pair, flips_of, holdout_pairs, write_flips
from models.evaluation.replay import REPLAYING, judge_both, replayed_parts
from models.evaluation.side_by_side import side_by_side
from models.progress import Progress

__all__ = ["run"]


def run(options: argparse.Namespace) -> ExitCode:
    """Compare and answer with the exit code: 0 passed, 1 refused."""
    _check(options)
    trusted = trust_from(options.trust)
    challenger = load_detector(options.challenger, trusted, InferenceSettings())
    champion = _champion(options.champion, trusted, challenger)
    images = _images(challenger, options)
    after = evaluate(challenger, images, _progress(options))
    before = None if champion is None else _judged_before(champion, challenger, images, options)
    keep_scores(options.scores, challenger.bundle_id, _by_digest(images, after))
    further, flips, beside = [check_parity_of(challenger.manifest.parity)], [], None
    if champion is not None and before is not None:
        calibrations = (challenger.manifest.calibration, champion.manifest.calibration)
        held = holdout_pairs(after, before, calibrations)
        replayed = _replay(options, champion, challenger)
        further += [*_found(held, replayed, challenger), check_latency(after, before, options.max_slowdown)]
        flips = flips_of([*held, *(replayed or [])])
        beside = side_by_side(replayed, calibrations[1].threshold, calibrations[0].threshold) if replayed else None
    _write_report(options, challenger, after, images)
    verdict = decide(after, before, challenger.manifest.calibration.promise.overkill_at_most, further)
    write_flips(options.flips, flips)
    if options.json:
        print_json(
            {
                "passed": verdict.passed,
                "reasons": verdict.reasons,
                "checks": [{"passed": check.passed, "text": check.text} for check in verdict.checks],
                "verdict": verdict.text,
                "flips": len(flips),
                "replayed": beside,
                "champion": None if before is None else before.to_json(),
                "challenger": after.to_json(),
            }
        )
    else:
        sys.stdout.write(
            ("passed" if verdict.passed else "refused") + "".join(f"\n  {r}" for r in verdict.reasons) + "\n"
        )
    return ExitCode.OK if verdict.passed else ExitCode.NO


def _check(options: argparse.Namespace) -> None:
    if options.max_slowdown is not None and not options.max_slowdown > 0:
        raise SettingsInvalid(f"--max-slowdown: expected a ratio above 0, got {options.max_slowdown}")
    check_writable("--flips", options.flips)
    check_writable("--report", options.report)
    for option, value in (("--replay", options.replay), ("--flips", options.flips)):
        if value is not None and options.champion is None:
            raise SettingsInvalid(f"{option}: compares with a champion; name it by --champion")


def _champion(path: Path | None, trusted: TrustedKeys, challenger: Detector) -> Detector | None:
    if path is None:
        return None
    return load_detector(path, trusted, InferenceSettings(), recipe=challenger.manifest.recipe)


def _images(detector: Detector, options: argparse.Namespace) -> ImageSet:
    spec, skips = detector.manifest.preprocess, options.skip_unreadable
    return load_test_images(options.data, spec, _progress(options), skip_unreadable=skips)


def _as_seen_by(champion: Detector, challenger: Detector, images: ImageSet, options: argparse.Namespace) -> ImageSet:
    """Each by its own pre-processing, which is part of the bundle; decoded once where both see the same."""
    same = champion.manifest.preprocess == challenger.manifest.preprocess
    return images if same else _images(champion, options)


def _judged_before(
    champion: Detector, challenger: Detector, images: ImageSet, options: argparse.Namespace
) -> Evaluation:
    """The champion on the same images; those that it judged at an earlier gate count as they did there."""
    seen = _as_seen_by(champion, challenger, images, options)
    known = kept_scores(options.scores, champion.bundle_id)
    before = evaluate(champion, seen, _progress(options), known)
    keep_scores(options.scores, champion.bundle_id, _by_digest(seen, before))
    return before


def _by_digest(images: ImageSet, result: Evaluation) -> dict[str, float]:
    return dict(zip(images.sha256, result.scores.tolist(), strict=True))


def _progress(options: argparse.Namespace) -> Progress:
    return Progress(EVALUATION_STEPS, as_json=options.progress_json)


def _replay(options: argparse.Namespace, champion: Detector, challenger: Detector) -> list[Pair] | None:
    """None if nothing was to be replayed."""
    if options.replay is None:
        return None
    progress = Progress({REPLAYING: 1.0}, as_json=options.progress_json)
    return judge_both(options.replay, replayed_parts(options.replay), champion, challenger, progress)


def _found(held: Sequence[Pair], replayed: Sequence[Pair] | None, challenger: Detector) -> list[Check]:
    promised = challenger.manifest.calibration.promise.overkill_at_most
    return [paired("hold-out", held), *([] if replayed is None else check_replay(replayed, promised))]


def _write_report(options: argparse.Namespace, challenger: Detector, result: Evaluation, images: ImageSet) -> None:
    if options.report is not None:
        from models.report.page import write_report  # noqa: PLC0415 - plotly is heavy, and few ask for it

        costs = challenger.manifest.calibration.costs or costs_from(options)
        write_report(options.report, challenger, result, images, costs)
