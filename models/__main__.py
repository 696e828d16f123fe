"""`python -m models train | evaluate | gate`: how the command line and the plant service start this package."""

import sys
from collections.abc import Sequence

from edge.contract.terminal import ExitCode, run_command, set_up_logging
from models.cli.parser import build_parser

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    set_up_logging("WARNING")

    def command() -> ExitCode:
        # Imported late: `--help` must not wait for torch.
        match options.command:
            case "train":
                from models.cli.train import run  # noqa: PLC0415
            case "evaluate":
                from models.cli.evaluate import run  # noqa: PLC0415
            case "threshold":
                from models.cli.threshold import run  # noqa: PLC0415
            case "replay":
                from models.cli.replay import run  # noqa: PLC0415
            case "share":
                from models.cli.share import run  # noqa: PLC0415
            case "accept":
                from models.cli.accept import run  # noqa: PLC0415
            case "quantize":
                from models.cli.quantize import run  # noqa: PLC0415
            case "wrap":
                from models.cli.wrap import run  # noqa: PLC0415
            case _:
                from models.cli.gate import run  # noqa: PLC0415
        return run(options)

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
