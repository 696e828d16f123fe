"""docs/configuration.md: every setting of station and plant, asked of the classes that read them."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from edge.contract.errors import BadInput
from inspection.settings import PlantSettings

__all__ = ["configuration_markdown"]

Schema = Mapping[str, Any]

_HEAD = """# Configuration

Written by `python -m inspection docs` from the classes that read the files; a test fails when the two differ. A key
that is not listed here is refused, and so is a value out of its bounds, before anything starts. Relative paths start at
the file's own folder. With comments: [station.toml](../examples/station.toml), [plant.toml](../examples/plant.toml).
"""
_STATION = """
import json
from edge.station.settings import StationSettings
print(json.dumps(StationSettings.model_json_schema()))
"""
_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
}
_OF_KIND = "table of kind "
_GOES_WITHOUT_SAYING = (0, 1)  # as the least length


def configuration_markdown() -> str:
    """The page.

    Raises:
        BadInput: the station's settings cannot be asked.
    """
    # Another process: the plant imports nothing of a station.
    asked = subprocess.run([sys.executable, "-c", _STATION], capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        raise BadInput(f"settings of a station: expected their description, got {asked.stderr[-400:]}")
    station = _file("Station: STATION.toml", json.loads(asked.stdout))
    plant = _file("Plant: PLANT.toml", PlantSettings.model_json_schema())
    return "\n".join([_HEAD, *station, *plant])


def _file(title: str, schema: Schema) -> Iterator[str]:
    yield f"## {title}\n\n{_table(schema, schema)}"
    for name, places in _places(schema).items():
        section = schema["$defs"][name]
        yield f"### {', '.join(places)}{_kind(section)}\n\n{_sentence(section)}{_table(section, schema)}"


def _places(schema: Schema) -> dict[str, list[str]]:
    """Where each table of the file may stand, in the order of the keys."""
    found: dict[str, list[str]] = {}

    def walk(section: Schema, path: str) -> None:
        for key, field in section.get("properties", {}).items():
            here = f"{path}.{key}".lstrip(".")
            for name, listed in _tables_of(field, schema):
                place = f"`[[{here}]]`" if listed else f"`[{here}]`"
                if place not in found.setdefault(name, []):
                    found[name].append(place)
                    walk(schema["$defs"][name], here)

    walk(schema, "")
    return found


def _tables_of(field: Schema, schema: Schema, *, listed: bool = False) -> Iterator[tuple[str, bool]]:
    """Names of the tables that a field holds, and whether it holds a list of them."""
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        if "properties" in schema["$defs"][name]:
            yield name, listed
    for part in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _tables_of(part, schema, listed=listed)
    if "items" in field:
        yield from _tables_of(field["items"], schema, listed=True)


def _kind(section: Schema) -> str:
    kind = section.get("properties", {}).get("kind", {}).get("const")
    return "" if kind is None else f", kind `{kind}`"


def _sentence(section: Schema) -> str:
    text = section.get("description", "").split("\n\n", 1)[0].replace("\n", " ")
    return f"{text}\n\n" if text else ""


def _table(section: Schema, schema: Schema) -> str:
    rows = [_row(key, field, section, schema) for key, field in section.get("properties", {}).items()]
    return "\n".join(["| key | values | default | meaning |", "|---|---|---|---|", *rows, ""])


def _row(key: str, field: Schema, section: Schema, schema: Schema) -> str:
    default = "**required**" if key in section.get("required", ()) else _default(field.get("default"))
    meaning = field.get("description", "").replace("\n", " ")
    cells = (f"`{key}`", _values(field, schema), default, meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(value: object) -> str:
    return "none" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def _values(field: Schema, schema: Schema) -> str:
    parts = [part for part in (*field.get("anyOf", ()), *field.get("oneOf", ())) if part.get("type") != "null"]
    if parts:
        texts = list(dict.fromkeys(_values(part, schema) for part in parts))
        if all(text.startswith(_OF_KIND) for text in texts):
            return _OF_KIND + ", ".join(text.removeprefix(_OF_KIND) for text in texts)
        return " or ".join(texts)
    if "$ref" in field:
        return _named(schema["$defs"][field["$ref"].rsplit("/", 1)[1]], schema)
    return ", ".join([_type(field, schema), *_bounds(field)])


def _named(section: Schema, schema: Schema) -> str:
    if "properties" not in section:
        return _values(section, schema)
    kind = section["properties"].get("kind", {}).get("const")
    return "table" if kind is None else f"{_OF_KIND}`{kind}`"


def _type(field: Schema, schema: Schema) -> str:
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "prefixItems" in field:
        return (
            f"list of {len(field['prefixItems'])}: {', '.join(_values(part, schema) for part in field['prefixItems'])}"
        )
    if field.get("type") == "array":
        return f"list of {_values(field['items'], schema)}"
    if isinstance(field.get("additionalProperties"), Mapping):
        return f"table of names to {_values(field['additionalProperties'], schema)}"
    return str(field.get("format") or field.get("type", "any"))


def _bounds(field: Schema) -> Iterator[str]:
    if "pattern" in field:
        yield f"as `{field['pattern']}`"
    for name, text in _BOUNDS.items():
        bound = field.get(name)
        if bound is None or (name in {"minLength", "minItems"} and bound in _GOES_WITHOUT_SAYING):
            continue
        if "prefixItems" not in field:
            yield text.format(f"{bound:g}" if isinstance(bound, float) else bound)
