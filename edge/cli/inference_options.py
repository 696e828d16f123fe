"""How a command's model runs: options that `inspect` and `bench` share."""

import argparse
from typing import TYPE_CHECKING

from edge.contract.errors import SettingsInvalid

if TYPE_CHECKING:
    from edge.inference import InferenceSettings

__all__ = ["add_inference_arguments", "inference_settings"]

_MOST_THREADS = 256


def add_inference_arguments(parser: argparse.ArgumentParser) -> None:
    """`--threads` and `--provider`."""
    parser.add_argument(
        "--threads", type=int, default=0, metavar="N", help="threads of one inference; 0 = one per core"
    )
    parser.add_argument(
        "--provider",
        action="append",
        metavar="NAME",
        help="what computes: cpu (the default), openvino, cuda, tensorrt; more than once: the best first",
    )


def inference_settings(arguments: argparse.Namespace) -> "InferenceSettings":
    """The settings that the options name.

    Raises:
        SettingsInvalid: the number of threads is none.
    """
    from edge.inference import InferenceSettings  # noqa: PLC0415 - heavy, and `--help` does not need it

    if not 0 <= arguments.threads <= _MOST_THREADS:
        raise SettingsInvalid(f"--threads: expected 0 to {_MOST_THREADS}, got {arguments.threads}")
    return InferenceSettings(threads=arguments.threads, providers=tuple(arguments.provider or ("cpu",)))
