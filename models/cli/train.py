"""`inspection train`."""

import argparse
import sys
from pathlib import Path

from edge.contract.errors import SettingsInvalid
from edge.contract.local_key import local_key_path
from edge.contract.signature import SigningKey
from edge.contract.terminal import ExitCode, print_json
from models.progress import Progress
from models.tiers import TIERS
from models.training.request import TrainRequest
from models.training.train import STEPS, TrainReport, train

__all__ = ["run"]

_MIN_SIZE_PX, _MAX_SIZE_PX = 32, 4096
_MAX_RECIPE = 64
_MAX_SEED = 2**32 - 1


def run(options: argparse.Namespace) -> ExitCode:
    """Train and tell what came of it."""
    report = train(_request(options), Progress(STEPS, as_json=options.progress_json))
    if options.json:
        print_json(_as_json(report, options.out))
    else:
        sys.stdout.write(_as_text(report, options.out))
    return ExitCode.OK


def _request(options: argparse.Namespace) -> TrainRequest:
    recipe = options.recipe or options.data.resolve().name
    _check_numbers(options)
    _check_names(recipe, options.out)
    return TrainRequest(
        data=options.data,
        out=options.out,
        key=SigningKey.load_or_create(options.key or local_key_path()),
        recipe=recipe,
        defects=options.defects,
        parent_bundle_id=options.parent,
        tier=options.tier,
        trunk_weights=options.trunk_weights,
        size_px=options.size_px,
        target_overkill=options.max_overkill,
        seed=options.seed,
        skip_unreadable=options.skip_unreadable,
    )


def _check_numbers(options: argparse.Namespace) -> None:
    _check_size(options)
    if not 0 < options.max_overkill < 1:
        raise SettingsInvalid(f"--max-overkill: expected a share between 0 and 1, got {options.max_overkill}")
    if not 0 <= options.seed <= _MAX_SEED:
        raise SettingsInvalid(f"--seed: expected 0 to {_MAX_SEED}, got {options.seed}")


def _check_size(options: argparse.Namespace) -> None:
    step_px = TIERS[options.tier].step_px
    if options.size_px is not None and (
        options.size_px % step_px or not _MIN_SIZE_PX <= options.size_px <= _MAX_SIZE_PX
    ):
        raise SettingsInvalid(
            f"--size-px: expected a multiple of {step_px} (tier {options.tier}), at least {_MIN_SIZE_PX} and "
            f"at most {_MAX_SIZE_PX}, got {options.size_px}"
        )


def _check_names(recipe: str, out: Path) -> None:
    """What would only be refused after the training is refused before it."""
    if not 1 <= len(recipe) <= _MAX_RECIPE:
        raise SettingsInvalid(f"--recipe: expected 1 to {_MAX_RECIPE} characters, got {recipe!r}")
    if out.is_dir():
        raise SettingsInvalid(f"--out: expected a file, got the folder {out}")
    try:
        out.resolve().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsInvalid(f"--out: {out} cannot be written: {error}") from error


def _as_json(report: TrainReport, out: Path) -> dict[str, object]:
    calibration = report.calibration
    return {
        "bundle": str(out),
        "bundle_id": report.bundle_id,
        "threshold": calibration.threshold,
        "promise": calibration.promise.text,
        "overkill_at_most": calibration.promise.overkill_at_most,
        "escapes_at_most": calibration.promise.escapes_at_most,
        "goods": report.goods,
        "defects": report.defects,
        "suspicious_goods": list(report.suspicious_goods),
        "most_unusual_goods": list(report.most_unusual_goods),
        "train_s": round(report.train_s, 2),
    }


def _as_text(report: TrainReport, out: Path) -> str:
    unusual = ", ".join(report.most_unusual_goods)
    return (
        f"{out}: bundle {report.bundle_id[:12]}, {report.goods} good parts, defects {report.defects or 'none'}, "
        f"{report.train_s:.0f} s\nthreshold {report.calibration.threshold:.2f}. {report.calibration.promise.text}\n"
        f"Least like the other good parts, look at them first: {unusual}\n"
    )
