"""`inspection replay`."""

import argparse
import sys

from edge.bundle import load_detector
from edge.contract.local_key import trust_from
from edge.contract.terminal import ExitCode, print_json
from edge.inference import InferenceSettings
from models.cli.writable import check_writable
from models.evaluation.pairs import counts_of, flips_of, write_flips
from models.evaluation.replay import REPLAYING, judge_both, replayed_parts
from models.evaluation.side_by_side import side_by_side
from models.progress import Progress

__all__ = ["run"]


def run(options: argparse.Namespace) -> ExitCode:
    """Judge parts of the line by two bundles and report; it decides nothing."""
    check_writable("--flips", options.flips)
    trusted = trust_from(options.trust)
    bundle = load_detector(options.bundle, trusted, InferenceSettings())
    against = load_detector(options.against, trusted, InferenceSettings(), recipe=bundle.manifest.recipe)
    parts = replayed_parts(options.parts)
    progress = Progress({REPLAYING: 1.0}, as_json=options.progress_json)
    pairs = judge_both(options.parts, parts, against, bundle, progress)
    flips = flips_of(pairs)
    write_flips(options.flips, flips)
    better, worse = counts_of(pairs)
    if options.json:
        thresholds = (against.manifest.calibration.threshold, bundle.manifest.calibration.threshold)
        report = {"bundle_id": bundle.bundle_id, "against": against.bundle_id, "flips": len(flips)}
        labelled = {"labelled": sum(pair.label is not None for pair in pairs), "better": better, "worse": worse}
        print_json({**report, **labelled, "replayed": side_by_side(pairs, *thresholds)})
    else:
        sys.stdout.write(f"{len(pairs)} parts, {len(flips)} judged differently\n")
        sys.stdout.write(f"of those labelled {better} are right only by the bundle, {worse} only by the other\n")
    return ExitCode.OK
