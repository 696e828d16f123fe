"""`inspection demo`."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from edge.contract.errors import SettingsInvalid
from edge.contract.terminal import ExitCode, print_json, signals_that_end
from inspection.demo.cells import LICENCE, read_cells, split_cells
from inspection.demo.process import free_port
from inspection.demo.story import DemoOptions, measure, show

__all__ = ["build_parser", "main"]

_LIVE_PARTS = 600
_PORT = 8000


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="inspection demo",
        description="Train on real solar cells, serve the plant's pages, replay held-out cells past a station. "
        "Runs until Ctrl-C, or with --headless until --parts are judged.",
    )
    parser.add_argument("--parts", type=int, metavar="N", help="cells on the line (default: 200 headless, 600 live)")
    parser.add_argument("--headless", action="store_true", help="no page to look at: measure and end")
    parser.add_argument(
        "--learn", action="store_true", help="review, retrain, pass the gate and swap; needs --headless"
    )
    parser.add_argument("--rate-hz", type=float, metavar="HZ", help="parts per second (default: 10 headless, 2 live)")
    parser.add_argument("--port", type=int, help=f"of the plant service (default: {_PORT}; headless: any free one)")
    parser.add_argument("--seed", type=int, default=0, help="which cells are drawn (default: 0)")
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="new folder to keep everything in (default: a temporary one)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line; needs --headless")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the demo.

    Raises:
        BadInput: options that do not go together, a folder that is not empty, a port that is taken.
    """
    options = build_parser().parse_args(arguments)
    if (options.learn or options.json) and not options.headless:
        raise SettingsInvalid("--learn and --json need --headless")
    sys.stderr.write(LICENCE + "\n")
    # Asked to end by a service manager or a closed terminal: the same clean stop as by Ctrl-C, or the plant and the
    # station would stay.
    for number in signals_that_end():
        signal.signal(number, signal.default_int_handler)
    parts = options.parts if options.parts is not None else (200 if options.headless else _LIVE_PARTS)
    split = split_cells(read_cells(), parts, options.seed)
    with tempfile.TemporaryDirectory(prefix="inspection-demo-") as temporary:
        demo = _demo_options(options, parts, _folder(options.dir, Path(temporary)))
        if not options.headless:
            show(demo, split)
            return ExitCode.OK
        report = measure(demo, split)
    if options.json:
        print_json(report)
    else:
        sys.stdout.write("".join(f"{name}: {value}\n" for name, value in report.items()))
    return ExitCode.OK


def _demo_options(options: argparse.Namespace, parts: int, folder: Path) -> DemoOptions:
    rate_hz = options.rate_hz if options.rate_hz is not None else (10.0 if options.headless else 2.0)
    port = options.port or (free_port() if options.headless else _PORT)
    return DemoOptions(parts, rate_hz, options.seed, port, folder, options.learn)


def _folder(wanted: Path | None, temporary: Path) -> Path:
    if wanted is None:
        return temporary
    wanted.mkdir(parents=True, exist_ok=True)
    if any(wanted.iterdir()):
        raise SettingsInvalid(f"--dir: expected a new or empty folder, got {wanted}, which holds files")
    return wanted.resolve()
