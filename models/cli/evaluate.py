"""`inspection evaluate`."""

import argparse
import sys

from edge.bundle import load_detector
from edge.contract.local_key import trust_from
from edge.contract.terminal import ExitCode, print_json
from edge.inference import CompressionWatch, InferenceSettings
from models.cli.costs import costs_from
from models.cli.writable import check_writable
from models.evaluation.evaluate import EVALUATION_STEPS, Evaluation, evaluate, load_test_images
from models.progress import Progress

__all__ = ["run"]


def run(options: argparse.Namespace) -> ExitCode:
    """Judge the test images and report."""
    check_writable("--report", options.report)
    costs = costs_from(options)
    progress = Progress(EVALUATION_STEPS, as_json=options.progress_json)
    detector = load_detector(options.bundle, trust_from(options.trust), InferenceSettings())
    spec, skips = detector.manifest.preprocess, options.skip_unreadable
    images = load_test_images(options.data, spec, progress, skip_unreadable=skips)
    watch = CompressionWatch()
    for media_type in images.media_types:
        watch.look(detector.bundle_id, detector.manifest, media_type)
    result = evaluate(detector, images, progress)
    if options.report is not None:
        from models.report.page import write_report  # noqa: PLC0415 - plotly is heavy, and few ask for it

        write_report(options.report, detector, result, images, costs)
    if options.json:
        report = {} if options.report is None else {"report": str(options.report)}
        print_json({"bundle": str(options.bundle), "bundle_id": detector.bundle_id, **result.to_json(), **report})
    else:
        sys.stdout.write(_as_text(result))
    return ExitCode.OK


def _as_text(result: Evaluation) -> str:
    lines = [
        f"{result.goods} good parts, {result.overkill} failed (overkill)",
        *([f"{result.undecided} images UNDECIDED"] if result.undecided else []),
        f"{result.defects} defective parts, {result.escapes} passed (escapes), at threshold {result.threshold:.2f}",
        *(f"  recall of {name}: {share:.1%} of {result.counts[name]}" for name, share in result.recall.items()),
        *(f"{name} {value:.4f}" for name, value in _measures(result) if value is not None),
    ]
    return "\n".join(lines) + "\n"


def _measures(result: Evaluation) -> list[tuple[str, float | None]]:
    return [
        ("image AUROC", result.image_auroc),
        ("image AP", result.image_ap),
        ("pixel AUROC", result.pixel_auroc),
        ("AU-PRO", result.au_pro),
    ]
