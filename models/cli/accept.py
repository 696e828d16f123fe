"""`inspection accept`."""

import argparse
import sys
from dataclasses import asdict

from edge.contract.errors import NothingToAccept, SettingsInvalid
from edge.contract.local_key import local_key_path, trust_from
from edge.contract.signature import SigningKey
from edge.contract.terminal import ExitCode, print_json
from models.acceptance.accept import ACCEPT_STEPS, AcceptReport, AcceptRequest, accept
from models.cli.writable import check_writable
from models.progress import Progress

__all__ = ["run"]


def run(options: argparse.Namespace) -> ExitCode:
    """Write a bundle that tolerates what the accepted parts show, if no known defect is lost by it.

    Without a folder of them: one that tolerates nothing any more.

    Raises:
        NothingToAccept: the bundle passes all of them; with `--json`, `bundle` is null, as no other error says.
    """
    check_writable("--out", options.out)
    for folder in (options.accepted, options.defects):
        if folder is not None and not folder.is_dir():
            raise SettingsInvalid(f"{folder}: expected a folder of images")
    request = AcceptRequest(
        bundle=options.bundle,
        accepted=options.accepted,
        defects=options.defects,
        out=options.out,
        key=SigningKey.load_or_create(options.key or local_key_path()),
        trusted=trust_from(options.trust),
        parent_bundle_id=options.parent,
        skip_unreadable=options.skip_unreadable,
    )
    try:
        report = accept(request, Progress(ACCEPT_STEPS, as_json=options.progress_json))
    except NothingToAccept:
        if options.json:
            print_json({"bundle": None})
        raise
    if options.json:
        print_json({"bundle": str(options.out), **asdict(report)})
    else:
        sys.stdout.write(f"{options.out}: {_as_text(report)}\n")
    return ExitCode.OK


def _as_text(report: AcceptReport) -> str:
    still = f"; still not: {', '.join(report.still_failing)}" if report.still_failing else ""
    if not report.accepted:
        return f"bundle {report.bundle_id[:12]}: forgets what was accepted before"
    return (
        f"bundle {report.bundle_id[:12]}: {report.passing} of {report.accepted} accepted parts pass{still}\n"
        f"{report.left_out_passing:.0%} of them would pass by what the others taught; "
        f"none of {report.defects} known defects was lost"
    )
