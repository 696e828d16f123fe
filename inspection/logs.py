"""Logs of the plant service: as text or JSON, each line with the id of the request that it belongs to."""

import json
import logging
from contextvars import ContextVar
from typing import Literal

from edge.contract.terminal import set_up_logging

__all__ = ["REQUEST_ID", "LogFormat", "LogLevel", "set_up_plant_logging"]

LogFormat = Literal["text", "json"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request that this thread or task answers; None beside requests."""


def set_up_plant_logging(level: LogLevel, log_format: LogFormat) -> None:
    """Log to stderr as all commands do, and add the request."""
    set_up_logging(level, as_json=log_format == "json")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every start that there is nothing to do
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_WithRequest(handler.formatter or logging.Formatter(), as_json=log_format == "json"))


class _WithRequest(logging.Formatter):
    """Another formatter's line, with the request."""

    def __init__(self, inner: logging.Formatter, *, as_json: bool) -> None:
        super().__init__()
        self._inner = inner
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line; beside requests it is the other's."""
        line, request_id = self._inner.format(record), REQUEST_ID.get()
        if request_id is None:
            return line
        if self._as_json:
            return json.dumps({**json.loads(line), "request_id": request_id}, ensure_ascii=False)
        return f"{line} [{request_id}]"
