"""`inspection gate`."""

import argparse
import sys
from pathlib import Path

from edge.bundle import load_detector
from edge.contract.local_key import trust_from
from edge.contract.signature import TrustedKeys
from edge.contract.terminal import ExitCode, print_json
from edge.inference import Detector, InferenceSettings
from models.evaluation.evaluate import EVALUATION_STEPS, Evaluation, evaluate, load_test_images
from models.evaluation.gate import decide
from models.progress import Progress

__all__ = ["run"]


def run(options: argparse.Namespace) -> ExitCode:
    """Compare and answer with the exit code: 0 passed, 1 refused."""
    trusted = trust_from(options.trust)
    challenger = load_detector(options.challenger, trusted, InferenceSettings())
    champion = _champion(options.champion, trusted, challenger)
    after = _evaluate(challenger, options)
    before = None if champion is None else _evaluate(champion, options)
    verdict = decide(after, before, challenger.manifest.calibration.promise.overkill_at_most)
    if options.json:
        print_json(
            {
                "passed": verdict.passed,
                "reasons": verdict.reasons,
                "champion": None if before is None else before.to_json(),
                "challenger": after.to_json(),
            }
        )
    else:
        sys.stdout.write(
            ("passed" if verdict.passed else "refused") + "".join(f"\n  {r}" for r in verdict.reasons) + "\n"
        )
    return ExitCode.OK if verdict.passed else ExitCode.NO


def _champion(path: Path | None, trusted: TrustedKeys, challenger: Detector) -> Detector | None:
    if path is None:
        return None
    return load_detector(path, trusted, InferenceSettings(), recipe=challenger.manifest.recipe)


def _evaluate(detector: Detector, options: argparse.Namespace) -> Evaluation:
    """Each by its own pre-processing: the pixels a bundle sees are part of the bundle."""
    progress = Progress(EVALUATION_STEPS, as_json=options.progress_json)
    return evaluate(detector, load_test_images(options.data, detector.manifest.preprocess, progress), progress)
