"""`inspection train`."""

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from edge.contract.archive import open_sealed
from edge.contract.errors import SettingsInvalid
from edge.contract.input_side import require_side
from edge.contract.local_key import local_key_path
from edge.contract.manifest import Manifest, Roi, TierName
from edge.contract.signature import SigningKey, TrustedKeys
from edge.contract.terminal import ExitCode, print_json
from models.cli.costs import asked_costs
from models.cli.recipe import recipe_of
from models.cli.writable import check_writable
from models.progress import Progress
from models.training.request import TrainRequest
from models.training.train import STEPS, TrainReport, train

__all__ = ["run"]

_DECIDED_BEFORE = ("tier", "size_px", "smallest_defect_px", "roi", "align", "ignore_mask", "invariant")
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
    recipe = recipe_of(options)
    _check_numbers(options)
    check_writable("--out", options.out)
    key = SigningKey.load_or_create(options.key or local_key_path())
    before = None if options.like is None else _earlier(options, TrustedKeys((key.public_text,)))
    return TrainRequest(
        data=options.data,
        out=options.out,
        key=key,
        recipe=recipe,
        defects=options.defects,
        parent_bundle_id=options.parent,
        tier=_tier(options, before),
        trunk_weights=options.trunk_weights,
        like=None if before is None else before.preprocess,
        size_px=options.size_px,
        smallest_defect_px=options.smallest_defect_px,
        roi=_roi(options.roi),
        golden=options.align,
        ignore_mask=options.ignore_mask,
        invariant=(options.invariant or ()) if before is None else before.data.invariant,
        target_overkill=options.max_overkill,
        undecided_overkill=options.undecided_overkill,
        costs=asked_costs(options),
        seed=options.seed,
        skip_unreadable=options.skip_unreadable,
        features=options.features,
        features_limit_bytes=options.features_mib << 20,
    )


def _tier(options: argparse.Namespace, before: Manifest | None = None) -> TierName:
    if before is not None and before.tier != "wrapped":
        return before.tier
    tier: TierName = options.tier or "fast"
    return tier


def _earlier(options: argparse.Namespace, trusted: TrustedKeys) -> Manifest:
    """The manifest of the bundle to train like.

    Raises:
        SettingsInvalid: another option contradicts it.
        BundleRefused: it is not signed by the key that will sign the new one.
    """
    given = [name for name in _DECIDED_BEFORE if getattr(options, name) is not None]
    if given:
        names = ", ".join("--" + name.replace("_", "-") for name in given)
        raise SettingsInvalid(f"--like takes all of the bundle's pre-processing: expected none of {names}")
    manifest = open_sealed(options.like, trusted).manifest
    if manifest.tier == "wrapped":
        raise SettingsInvalid(f"--like: {options.like} wraps a model of another tool: train it there, wrap it again")
    return manifest


def _check_numbers(options: argparse.Namespace) -> None:
    if options.size_px is not None:
        require_side("--size-px", options.size_px, _tier(options))
    if options.smallest_defect_px is not None and not options.smallest_defect_px >= 1:
        raise SettingsInvalid(f"--smallest-defect-px: expected 1 pixel or more, got {options.smallest_defect_px}")
    if not 0 < options.max_overkill < 1:
        raise SettingsInvalid(f"--max-overkill: expected a share between 0 and 1, got {options.max_overkill}")
    if options.features_mib < 1:
        raise SettingsInvalid(f"--features-mib: expected 1 or more, got {options.features_mib}")
    undecided = options.undecided_overkill
    if undecided is not None and not options.max_overkill < undecided < 1:
        raise SettingsInvalid(f"--undecided-overkill: expected more than --max-overkill, below 1, got {undecided}")
    if not 0 <= options.seed <= _MAX_SEED:
        raise SettingsInvalid(f"--seed: expected 0 to {_MAX_SEED}, got {options.seed}")


def _roi(numbers: tuple[int, int, int, int] | None) -> Roi | None:
    if numbers is None:
        return None
    try:
        return Roi(**dict(zip(("x_px", "y_px", "width_px", "height_px"), numbers, strict=True)))
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsInvalid(f"--roi: {first['loc'][0]}: {first['msg']}, got {numbers}") from error


def _as_json(report: TrainReport, out: Path) -> dict[str, object]:
    calibration = report.calibration
    return {
        "bundle": str(out),
        "bundle_id": report.bundle_id,
        "threshold": calibration.threshold,
        "promise": calibration.promise.text,
        "by_cost": calibration.costs is not None,
        "overkill_at_most": calibration.promise.overkill_at_most,
        "escapes_at_most": calibration.promise.escapes_at_most,
        "input_px": [report.preprocess.width_px, report.preprocess.height_px],
        "tiles": report.preprocess.tile_count,
        "smallest_defect_px": report.smallest_defect_px,
        "goods": report.goods,
        "defects": report.defects,
        "unreadable": list(report.unreadable),
        "suspicious_goods": list(report.suspicious_goods),
        "ordinary_defects": list(report.ordinary_defects),
        "goods_like_defects": [list(pair) for pair in report.goods_like_defects],
        "most_unusual_goods": list(report.most_unusual_goods),
        "test_images_learnt_from": list(report.test_images_learnt_from),
        "goods_alike": [list(group) for group in report.goods_alike],
        "goods_in_two_groups": report.goods_in_two_groups,
        "train_s": round(report.train_s, 2),
    }


def _as_text(report: TrainReport, out: Path) -> str:
    unusual = ", ".join(report.most_unusual_goods)
    return (
        f"{out}: bundle {report.bundle_id[:12]}, {report.goods} good parts, defects {report.defects or 'none'}, "
        f"{report.train_s:.0f} s\nthreshold {report.calibration.threshold:.2f}. {report.calibration.promise.text}\n"
        f"{_input_text(report)}\n"
        f"Least like the other good parts, look at them first: {unusual}\n"
    )


def _input_text(report: TrainReport) -> str:
    spec = report.preprocess
    tiles = f" in {spec.tile_count} tiles of {spec.width_px}x{spec.height_px} px" if spec.tiles else ""
    text = f"Input {spec.whole_px[0]}x{spec.whole_px[1]} px{tiles}"
    if report.smallest_defect_px is None:
        return f"{text}; images of several sizes, each resized to it."
    return f"{text}: sees defects from about {report.smallest_defect_px:.0f} px of the camera."
