"""What every call of the API needs: a request made of typed values, and an answer read as its type."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from edge.contract.errors import PlantRefused
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
        headers: Mapping[str, str | None] | None = None,
        body: BaseModel | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """One request without what of query and headers is None; a change (PATCH) says only what somebody has set."""
        told = {name: value for name, value in (headers or {}).items() if value is not None}
        if content is not None:
            told["content-type"] = "application/octet-stream"
        if body is not None:
            told["content-type"] = "application/json"
            content = body.model_dump_json(exclude_unset=method == "PATCH").encode()
        return self.connection.request(method, path, params=as_query(query or {}), content=content, headers=told)

    def pieces(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None
    ) -> AbstractContextManager[httpx.Response]:
        """One request whose answer is read piece by piece."""
        return self.connection.stream(method, path, params=as_query(query or {}))

    def read(self, kind: type[_Answer], answer: httpx.Response) -> _Answer:
        """An answer as its type.

        Raises:
            PlantRefused: it is something else; whoever answered is no plant, or one of another version.
        """
        try:
            return TypeAdapter(kind).validate_json(answer.content)
        except ValidationError as error:
            asked, expected = answer.request.url.path, kind.__name__ if isinstance(kind, type) else str(kind)
            raise PlantRefused(f"plant {self.connection.url}{asked}: expected a {expected}, got: {error}") from error


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
