"""`inspection wrap`."""

import argparse
import math
import sys

from edge.contract.errors import SettingsInvalid
from edge.contract.local_key import local_key_path
from edge.contract.signature import SigningKey
from edge.contract.terminal import ExitCode, print_json
from models.cli.recipe import recipe_of
from models.cli.writable import check_writable
from models.progress import Progress
from models.wrapping.request import ForeignInput, ForeignOutput, WrapRequest
from models.wrapping.wrap import WRAP_STEPS, WrapReport, wrap

__all__ = ["run"]


def run(options: argparse.Namespace) -> ExitCode:
    """Wrap and tell what came of it."""
    check_writable("--out", options.out)
    report = wrap(_request(options), Progress(WRAP_STEPS, as_json=options.progress_json))
    if options.json:
        print_json(_as_json(report, options))
    else:
        sys.stdout.write(
            f"{options.out}: bundle {report.bundle_id[:12]}\n"
            f"threshold {report.calibration.threshold:.4g}. {report.calibration.promise.text}\n"
        )
    return ExitCode.OK


def _request(options: argparse.Namespace) -> WrapRequest:
    if not 0 < options.max_overkill < 1:
        raise SettingsInvalid(f"--max-overkill: expected a share between 0 and 1, got {options.max_overkill}")
    if options.threshold is not None and not math.isfinite(options.threshold):
        raise SettingsInvalid(f"--threshold: expected a finite score, got {options.threshold}")
    takes = ForeignInput(options.layout, options.colour, options.scale, options.mean, options.std, options.size)
    gives = ForeignOutput(
        options.score, options.map, options.logits, options.segmentation, options.good_class, options.classes
    )
    return WrapRequest(
        model=options.model,
        data=options.data,
        out=options.out,
        key=SigningKey.load_or_create(options.key or local_key_path()),
        recipe=recipe_of(options),
        takes=takes,
        gives=gives,
        target_overkill=options.max_overkill,
        threshold=options.threshold,
    )


def _as_json(report: WrapReport, options: argparse.Namespace) -> dict[str, object]:
    calibration = report.calibration
    return {
        "bundle": str(options.out),
        "bundle_id": report.bundle_id,
        "threshold": calibration.threshold,
        "promise": calibration.promise.text,
        "overkill_at_most": calibration.promise.overkill_at_most,
        "goods": calibration.heldout_goods,
        "max_score_difference": report.parity.max_score_difference,
    }
