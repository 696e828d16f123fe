"""`inspection bench BUNDLE`: what a bundle costs on this machine, through the station's own path."""

import argparse
import sys
from pathlib import Path

from edge.cli.inference_options import add_inference_arguments, inference_settings
from edge.cli.trust import TRUST_HELP
from edge.contract.local_key import trust_from
from edge.contract.terminal import ExitCode, print_json

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="model bundle, made by `inspection train`")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--frames", type=_positive, default=200, metavar="N", help="frames to measure (200)")
    parser.add_argument(
        "--size", type=_size, metavar="WxH", help="frame size in pixels (default: of the training images)"
    )
    parser.add_argument("--trust", metavar="KEY", help=TRUST_HELP)
    add_inference_arguments(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure the bare session and the whole station path in turn, and the memory of a station process.

    Raises:
        BadInput: no such bundle, or it must not run.
    """
    from edge.cli.measure import measure_bundle  # noqa: PLC0415 - heavy, and `--help` does not need it

    trusted = trust_from(arguments.trust)
    settings = inference_settings(arguments)
    report = measure_bundle(arguments.bundle, trusted, settings, arguments.frames, arguments.size)
    if arguments.json:
        print_json(report)
    else:
        sys.stdout.write("".join(f"{name:<22} {value}\n" for name, value in report.items()))
    return ExitCode.OK


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {value}")
    return value


def _size(text: str) -> tuple[int, int]:
    width, separator, height = text.lower().partition("x")
    if not (separator and width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT such as 1920x1080, got {text!r}")
    return int(width), int(height)
