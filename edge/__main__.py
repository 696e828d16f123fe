"""`python -m edge`: run a station, judge images, measure a bundle."""

import argparse
import sys
from collections.abc import Sequence

from edge.cli import bench, doctor, inspect, run
from edge.contract.terminal import run_command

__all__ = ["build_parser", "main"]


def build_parser() -> argparse.ArgumentParser:
    """The command line; names are those of the installed command `inspection`."""
    parser = argparse.ArgumentParser(prog="inspection", description="What runs beside the line.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, prog, module, text in (
        ("run", "inspection edge run", run, "run a station: camera to verdict to plant"),
        ("doctor", "inspection edge doctor", doctor, "check everything that a station needs"),
        ("inspect", "inspection inspect", inspect, "judge image files with a bundle"),
        ("bench", "inspection bench", bench, "measure a bundle on this machine"),
    ):
        command = commands.add_parser(name, prog=prog, help=text, description=module.run.__doc__, formatter_class=_Help)
        module.add_arguments(command)
        command.set_defaults(command=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    parsed = build_parser().parse_args(arguments)
    return run_command(lambda: parsed.command(parsed))


class _Help(argparse.HelpFormatter):
    """Shows the first line of a docstring; the rest is for who reads the code."""

    def add_text(self, text: str | None) -> None:
        super().add_text(text.strip().splitlines()[0] if text else text)


if __name__ == "__main__":
    sys.exit(main())
