"""Texts that the description of the API lets somebody send: each field of a body and each parameter, none forgotten."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from inspection.api.description import description

__all__ = ["TextField", "TextParameter", "body_fields", "parameters", "plausible", "with_text"]

Schema = Mapping[str, Any]
Path = tuple[str, ...]

_EACH = "[]"
_OF_PATTERN = {64: "0" * 64, 32: "0" * 32}


@dataclass(frozen=True)
class TextField:
    """A text somewhere in the JSON body of a route.

    Attributes:
        at: names from the outside in; `[]` is the first of a list.
        body: schema of the whole body.
        schema: of the text.
    """

    method: str
    path: str
    at: Path
    body: Schema
    schema: Schema

    def __str__(self) -> str:
        """For the name of a test."""
        kind = self.body.get("title", "")
        return f"{self.method} {self.path} {kind} {'.'.join(self.at)}"

    @property
    def free(self) -> bool:
        """Whether people or stations write into it what they like."""
        return not {"enum", "const", "pattern", "format"} & set(self.schema)


@dataclass(frozen=True)
class TextParameter:
    """A text in the address of a route."""

    method: str
    path: str
    name: str
    where: str

    def __str__(self) -> str:
        """For the name of a test."""
        return f"{self.method} {self.path} {self.where} {self.name}"


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(description())
    return document


def _operations() -> Iterator[tuple[str, str, Schema]]:
    for path, methods in _document()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _resolved(schema: Schema) -> Schema:
    if "$ref" in schema:
        name: str = schema["$ref"].rsplit("/", 1)[1]
        resolved: Schema = _document()["components"]["schemas"][name]
        return resolved
    return schema


def _variants(schema: Schema) -> list[Schema]:
    """Whatever it may be, but null."""
    schema = _resolved(schema)
    several = [one for name in ("anyOf", "oneOf", "allOf") for one in schema.get(name, ())]
    if not several:
        return [] if schema.get("type") == "null" else [schema]
    return [found for one in several for found in _variants(one)]


def _texts(schema: Schema, at: Path = ()) -> Iterator[tuple[Path, Schema]]:
    for variant in _variants(schema):
        if variant.get("type") == "string":
            yield at, variant
        for name, inner in variant.get("properties", {}).items():
            yield from _texts(inner, (*at, name))
        inside = variant.get("items") or next(iter(variant.get("prefixItems", ())), None)
        if inside:
            yield from _texts(inside, (*at, _EACH))


def body_fields() -> list[TextField]:
    """Every text in every body."""
    return [
        TextField(method, path, at, body, schema)
        for method, path, operation in _operations()
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json"
        for body in _variants(content["schema"])
        for at, schema in dict(_texts(body)).items()
    ]


def parameters() -> list[TextParameter]:
    """Every parameter that is not a header: in an address all of them are texts."""
    return [
        TextParameter(method, path, parameter["name"], parameter["in"])
        for method, path, operation in _operations()
        for parameter in operation.get("parameters", ())
        if parameter["in"] in {"query", "path"}
    ]


def plausible(schema: Schema, known: Mapping[str, Any], name: str = "") -> Any:
    """A value of this schema with all its fields; those named in `known` have that value."""
    if name in known:
        return known[name]
    one = _variants(schema)[0]
    if "const" in one or "enum" in one:
        return one.get("const", one.get("enum", [None])[0])
    if one["type"] == "object":
        return {key: plausible(inner, known, key) for key, inner in one.get("properties", {}).items()}
    if one["type"] == "array":
        inside = one.get("prefixItems") or [one["items"]] * max(1, one.get("minItems", 1))
        return [plausible(inner, known, f"{name}{_EACH}") for inner in inside]
    return _text(one) if one["type"] == "string" else _number(one)


def _text(schema: Schema) -> str:
    if "pattern" in schema:
        return next((text for digits, text in _OF_PATTERN.items() if f"{{{digits}}}" in schema["pattern"]), "some")
    if schema.get("format") == "date-time":
        return "2026-03-02T08:00:00Z"
    return "x" * max(3, schema.get("minLength", 0))


def _number(schema: Schema) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    high = schema.get("maximum", schema.get("exclusiveMaximum", low + 2))
    middle: float = (low + high) / 2
    return int(middle) if schema["type"] == "integer" else middle


def with_text(body: Any, at: Path, text: str) -> Any:
    """The same body with this text in that place."""
    if not at:
        return text
    if at[0] == _EACH:
        return [with_text(body[0], at[1:], text), *body[1:]]
    named = body if isinstance(body, dict) else {}  # the plausible one may be of another kind
    return {**named, at[0]: with_text(named.get(at[0]), at[1:], text)}
