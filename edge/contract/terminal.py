"""Conventions of every command: exit codes, JSON as the last line of stdout, logs on stderr."""

import errno
import io
import json
import logging
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from enum import IntEnum

from edge.contract.errors import BadInput, GateRefused, InspectionError, PlantRefused

__all__ = ["ExitCode", "print_json", "run_command", "set_up_logging", "signals_that_end"]


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # no fault of the program: told in words, without a traceback


class ExitCode(IntEnum):
    """What a command answers to the shell."""

    OK = 0
    NO = 1  # a part failed, a gate refused
    BAD_INPUT = 2
    BROKEN = 3


def run_command(command: Callable[[], ExitCode]) -> int:
    """Run a command and turn what it raises into an exit code and one clear line on stderr."""
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # as stderr: file names may hold bytes that are no text
        answer = command()
        sys.stdout.flush()  # what cannot be told is met here, and not by the interpreter at its end
        return int(answer)
    except InspectionError as error:
        return _complain(error, _answer_of(error))
    except KeyboardInterrupt:
        return 130  # by convention of shells: ended by SIGINT
    except Exception as error:  # noqa: BLE001 - the last resort of the process: tell all and answer "broke"
        return _broke(error)


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object on one line of stdout, last."""
    sys.stdout.write(json.dumps(value, allow_nan=False, default=str) + "\n")
    sys.stdout.flush()


def signals_that_end() -> tuple[signal.Signals, ...]:
    """By which a command that runs on is told to end, and ends as it should.

    One is a terminal or session that was closed, but not where nohup has said that the command shall outlive it.
    """
    outlives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGTERM, signal.SIGINT) if outlives else (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def set_up_logging(level: str = "INFO", *, as_json: bool = False) -> None:
    """Log to stderr, one line a record, with time in UTC; as text for people or as JSON for a log collector."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = _JsonFormatter() if as_json else logging.Formatter("%(asctime)sZ %(levelname)s %(name)s %(message)s")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _answer_of(error: InspectionError) -> ExitCode:
    if isinstance(error, BadInput | PlantRefused):  # what was asked of a plant, which says what is wrong with it
        return ExitCode.BAD_INPUT
    return ExitCode.NO if isinstance(error, GateRefused) else ExitCode.BROKEN


def _broke(error: Exception) -> int:
    """Call from an `except` block."""
    nobody_reads = _nobody_reads()
    _let_go_of_what_cannot_be_told()
    if isinstance(error, BrokenPipeError) and nobody_reads:
        return 141  # whoever read the output has had enough, as `head` has; by convention of shells: ended by SIGPIPE
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return _complain(error, ExitCode.BROKEN)
    traceback.print_exc()
    return int(ExitCode.BROKEN)


def _nobody_reads() -> bool:
    """Whether stdout is a pipe whose other end is closed."""
    watched = select.poll()
    watched.register(1, 0)
    return any(event & select.POLLERR for _, event in watched.poll(0))


def _let_go_of_what_cannot_be_told() -> None:
    """What stdout does not take goes nowhere, or the interpreter would complain of it at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _complain(error: Exception, code: ExitCode) -> int:
    sys.stderr.write(f"error: {error}\n")
    return int(code)


class _JsonFormatter(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, name, thread, message; the traceback of an exception as one text."""
        values = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{round(record.msecs) % 1000:03}Z",
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        if record.exc_info:
            values["exception"] = self.formatException(record.exc_info)
        return json.dumps(values, ensure_ascii=False)
