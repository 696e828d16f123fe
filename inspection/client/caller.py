"""What every call of the API needs: a request made of typed values, and an answer read as its type."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from edge.plant.connection import Connection

__all__ = ["Caller", "as_query", "quoted"]

_Answer = TypeVar("_Answer")


class Caller:
    """Makes requests of values and values of answers."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: BaseModel | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """One request: what of the query is None is left out, and of the body what nobody has set."""
        headers = {} if body is None else {"content-type": "application/json"}
        sent = content if body is None else body.model_dump_json(exclude_unset=True)
        return self.connection.request(method, path, params=as_query(query or {}), content=sent, headers=headers)

    @staticmethod
    def read(kind: type[_Answer], answer: httpx.Response) -> _Answer:
        """An answer as its type."""
        return TypeAdapter(kind).validate_json(answer.content)


def as_query(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as an address spells them, without those that are None; instants need a time zone."""
    return {name: _spelled(value) for name, value in values.items() if value is not None}


def quoted(value: str) -> str:
    """A value as a piece of a path."""
    return quote(value, safe="")


def _spelled(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_spelled(one) for one in value]
    return value
