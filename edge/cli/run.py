"""`inspection edge run STATION.toml`: the station process."""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from threading import Event
from types import FrameType

from edge.contract.terminal import ExitCode, set_up_logging, signals_that_end

__all__ = ["add_arguments", "run"]

_log = logging.getLogger(__name__)
# A line for each request or connection is too much; what goes wrong with a controller is told by its output.
_QUIETER = {"httpx": "WARNING", "uvicorn": "WARNING", "asyncua": "ERROR", "pymodbus": "CRITICAL"}
# Python hands the interpreter over every 5 ms by default: as long as a whole inference. The judging thread must not
# wait that long for one that draws a picture.
_SWITCH_INTERVAL_S = 0.0005


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("settings", type=Path, metavar="STATION.toml", help="settings; see examples/station.toml")
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    parser.add_argument("--log-format", default="text", choices=["text", "json"], help="json: one object a line")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run a station until SIGTERM, SIGINT, SIGHUP or the end of its camera.

    Raises:
        BadInput: settings, keys, bundle or port; nothing was started.
    """
    from edge.cli.process import StationProcess  # noqa: PLC0415 - heavy, and `--help` does not need it
    from edge.cli.service_manager import ServiceManager  # noqa: PLC0415 - the same
    from edge.station.settings import load_station_settings  # noqa: PLC0415 - the same

    settings = load_station_settings(arguments.settings)
    set_up_logging(arguments.log_level, as_json=arguments.log_format == "json")
    for chatty, level in _QUIETER.items():
        logging.getLogger(chatty).setLevel(level)
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    stop = Event()
    _stop_on_signals(stop)
    process = StationProcess(settings, manager=ServiceManager(os.environ.get("NOTIFY_SOCKET")))
    try:
        process.start()
        process.wait(stop)
    finally:
        process.stop()
    return ExitCode.OK


def _stop_on_signals(stop: Event) -> None:
    def ask_to_stop(number: int, _: FrameType | None) -> None:
        _log.info("%s: stopping", signal.Signals(number).name)
        stop.set()

    for number in signals_that_end():
        signal.signal(number, ask_to_stop)
