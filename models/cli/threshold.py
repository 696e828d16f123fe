"""`inspection threshold`."""

import argparse
import logging
import math
import sys
from datetime import UTC, datetime
from typing import Any

from edge.contract.archive import SealedBundle, open_sealed, write_sealed
from edge.contract.errors import SettingsInvalid
from edge.contract.local_key import local_key_path, trust_from
from edge.contract.manifest import Calibration
from edge.contract.signature import SigningKey
from edge.contract.terminal import ExitCode, print_json
from models.calibration.consequences import consequences, moved
from models.cli.costs import asked_costs
from models.cli.writable import check_writable

__all__ = ["run"]

log = logging.getLogger(__name__)


def run(options: argparse.Namespace) -> ExitCode:
    """Tell what the bundle's threshold does and what another one would, and write a bundle with that one."""
    check_writable("--out", options.out)
    sealed = open_sealed(options.bundle, trust_from(options.trust))
    before = sealed.manifest.calibration
    after = _chosen(options, before)
    costs = asked_costs(options)
    answer: dict[str, Any] = {"bundle_id": sealed.id, "now": consequences(before, costs)}
    if after is not None:
        answer["then"] = consequences(after, costs)
        if options.out is not None:
            answer |= {"bundle": str(options.out), "new_bundle_id": _write(options, sealed, after)}
    if options.json:
        print_json(answer)
    else:
        sys.stdout.write(_as_text(answer))
    return ExitCode.OK


def _chosen(options: argparse.Namespace, before: Calibration) -> Calibration | None:
    for name in ("at", "undecided_from"):
        value = getattr(options, name)
        if value is not None and not math.isfinite(value):
            raise SettingsInvalid(f"--{name.replace('_', '-')}: expected a finite score, got {value}")
    if options.at is None and options.undecided_from is None:
        if options.out is not None:
            raise SettingsInvalid("--out: expected --at or --undecided-from with it, nothing would change")
        return None
    if before.undecided_from is not None and options.undecided_from is None:
        log.warning(
            "nothing is UNDECIDED with this threshold: from %g on it was; --undecided-from says where to begin",
            before.undecided_from,
        )
    return moved(before, before.threshold if options.at is None else options.at, options.undecided_from)


def _write(options: argparse.Namespace, sealed: SealedBundle, calibration: Calibration) -> str:
    """The same model with another calibration is another bundle, with its own id and its parent's."""
    manifest = sealed.manifest
    provenance = manifest.provenance.model_copy(update={"parent_bundle_id": sealed.id})
    changed = manifest.model_copy(
        update={"calibration": calibration, "provenance": provenance, "created_at": datetime.now(UTC)}
    )
    key = SigningKey.load_or_create(options.key or local_key_path())
    return write_sealed(options.out, changed, sealed.files, key)


def _as_text(answer: dict[str, Any]) -> str:
    lines = [f"{when}: {_line(answer[when])}" for when in ("now", "then") if when in answer]
    if "bundle" in answer:
        lines.append(f"{answer['bundle']}: bundle {answer['new_bundle_id'][:12]}")
    return "\n".join(lines) + "\n"


def _line(told: dict[str, Any]) -> str:
    escapes = "escapes unknown" if told["escapes"] is None else f"escapes {told['escapes']:.1%}"
    cost = "" if told["cost_of_1000"] is None else f", 1000 parts cost {told['cost_of_1000']:.4g}"
    return (
        f"threshold {told['threshold']:.3f}: overkill {told['overkill']:.1%}, {escapes}, "
        f"undecided {told['undecided_goods']:.1%} of good parts{cost}\n  {told['promise']}"
    )
