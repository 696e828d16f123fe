"""Conventions of every command: exit codes, JSON as the last line of stdout, logs on stderr."""

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from enum import IntEnum

from edge.contract.errors import BadInput, GateRefused, InspectionError

__all__ = ["ExitCode", "print_json", "run_command", "set_up_logging"]


class ExitCode(IntEnum):
    """What a command answers to the shell."""

    OK = 0
    NO = 1  # a part failed, a gate refused
    BAD_INPUT = 2
    BROKEN = 3


def run_command(command: Callable[[], ExitCode]) -> int:
    """Run a command and turn what it raises into an exit code and one clear line on stderr."""
    try:
        return int(command())
    except BadInput as error:
        return _complain(error, ExitCode.BAD_INPUT)
    except GateRefused as error:
        return _complain(error, ExitCode.NO)
    except InspectionError as error:
        return _complain(error, ExitCode.BROKEN)
    except KeyboardInterrupt:
        return 130  # by convention of shells: ended by SIGINT
    except Exception:  # noqa: BLE001 - the last resort of the process: tell all and answer "broke"
        traceback.print_exc()
        return int(ExitCode.BROKEN)


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object on one line of stdout, last."""
    sys.stdout.write(json.dumps(value, allow_nan=False, default=str) + "\n")
    sys.stdout.flush()


def set_up_logging(level: str = "INFO", *, as_json: bool = False) -> None:
    """Log to stderr, one line a record, with time in UTC; as text for people or as JSON for a log collector."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = _JsonFormatter() if as_json else logging.Formatter("%(asctime)sZ %(levelname)s %(name)s %(message)s")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _complain(error: InspectionError, code: ExitCode) -> int:
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
