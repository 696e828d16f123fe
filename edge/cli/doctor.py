"""`inspection edge doctor STATION.toml`: what is wrong with a station, and what to do about it."""

import argparse
import sys
from pathlib import Path

from edge.contract.terminal import ExitCode, print_json, set_up_logging

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("settings", type=Path, metavar="STATION.toml", help="settings; see examples/station.toml")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line of stdout")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Check camera, model, clock, disk, plant, outputs and trigger of a station that does not run; 1 if one is wrong.

    Raises:
        BadInput: settings or keys cannot be read, or the station runs: then ask its /readyz.
    """
    from edge.doctor.examine import examine  # noqa: PLC0415 - heavy, and `--help` does not need it
    from edge.station.settings import load_station_settings  # noqa: PLC0415 - the same

    set_up_logging("CRITICAL")
    settings = load_station_settings(arguments.settings)
    checks = []
    for check in examine(settings):
        checks.append(check)
        sys.stderr.write(f"{'ok   ' if check.ok else 'WRONG'} {check.name}: {check.found}\n")
        if check.advice is not None:
            sys.stderr.write(f"      {check.advice}\n")
    well = all(check.ok for check in checks)
    if arguments.json:
        print_json({"ok": well, "checks": [check.model_dump() for check in checks]})
    return ExitCode.OK if well else ExitCode.NO
