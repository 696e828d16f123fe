"""The source of `inspection/client/calls.py`: a method for each operation of the API, with the API's own types.

Made from the description of the API, so that no operation can be forgotten and none can differ.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from pydantic import BaseModel

import edge.contract
import inspection
from inspection.api.app import build_app
from inspection.settings import PlantSettings

__all__ = ["client_source"]

_HEAD = '''"""Every operation of the API, typed. Written by `inspection openapi`; change nothing here by hand."""

# ruff: noqa: E501, I001, PLR0913
{imports}

__all__ = ["PlantCalls"]


class PlantCalls(Caller):
    """A method for each operation, by the name that docs/openapi.json gives it.

    Every method raises `PlantUnreachable` where nobody answers (`PlantBusy` where it asks to wait), and `PlantRefused`
    with the plant's own words where it says no.
    """
'''
_PREFIX = "/api/v1"
_BY_HAND = {"get_feed", "head_image"}
"""An answer without end, which `PlantClient` reads piece by piece, and one that is a header, which a station reads."""
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_FORMATS = {"date-time": "datetime", "date": "date", "binary": "bytes"}
_REF = "#/components/schemas/"


class _Names:
    """Types by the names of the description, and what of them the module has to import."""

    def __init__(self) -> None:
        self._found = _classes()
        self.imports: defaultdict[str, set[str]] = defaultdict(set)

    def spell(self, schema: Mapping[str, Any]) -> str:
        """A schema as Python spells its type."""
        if "$ref" in schema:
            return self._import(schema["$ref"].removeprefix(_REF))
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return " | ".join(dict.fromkeys(self.spell(one) for one in schema[several]))
        kind = schema.get("type")
        if kind == "array":
            return f"list[{self.spell(schema.get('items', {}))}]"
        if kind == "string" and schema.get("format") in _FORMATS:
            return self._plain(_FORMATS[schema["format"]])
        return _PLAIN.get(str(kind)) or self._plain("dict[str, Any]" if kind == "object" else "Any")

    def _plain(self, name: str) -> str:
        if name in {"datetime", "date"}:
            self.imports["datetime"].add(name)
        if "Any" in name:
            self.imports["typing"].add("Any")
        return name

    def _import(self, name: str) -> str:
        """One class; where two have the same name, the description puts the module before it."""
        module, _, short = name.replace("__", ".").rpartition(".")
        module = module or self._found[short]
        self.imports[module].add(short)
        return short


def client_source() -> str:
    """The module's text."""
    description = build_app(PlantSettings()).openapi()
    names = _Names()
    methods = [_method(names, *operation) for operation in _operations(description)]
    names.imports["inspection.client.caller"] |= {"Caller", "quoted"}
    imports = "\n".join(
        f"from {module} import {', '.join(sorted(found))}" for module, found in sorted(names.imports.items())
    )
    return _HEAD.format(imports=imports) + "".join(methods)


def _operations(description: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Path, method and operation of what a program may call."""
    for path, methods in sorted(description["paths"].items()):
        if path.startswith(_PREFIX):
            for method, operation in sorted(methods.items()):
                if _name(path, method, operation) not in _BY_HAND:
                    yield path, method, operation


def _name(path: str, method: str, operation: Mapping[str, Any]) -> str:
    """Of the function behind the route."""
    name: str = operation["operationId"]
    return name.removesuffix(re.sub(r"\W", "_", path) + "_" + method)


def _method(names: _Names, path: str, method: str, operation: Mapping[str, Any]) -> str:
    parameters = operation.get("parameters", [])
    query = [one for one in parameters if one["in"] == "query"]
    body = operation.get("requestBody", {})
    answer = _answer(names, operation["responses"])
    takes = ["self", *(f"{one['name']}: str" for one in parameters if one["in"] == "path"), *_taken(names, body)]
    takes += ["*", *(_query(names, one) for one in query)] if query else []
    sends = [f'"{method.upper()}", f"{_filled(path)}"' if "{" in path else f'"{method.upper()}", "{path}"']
    asked = ", ".join(f'"{one["name"]}": {_safe(one["name"])}' for one in query)
    sends += [f"query={{{asked}}}"] if query else []
    sends += [f"{word}={word}" for word in ("body", "content") if any(one.startswith(f"{word}:") for one in takes)]
    call = f"self.ask({', '.join(sends)})"
    ends = {"None": call, "bytes": f"return {call}.content"}.get(answer, f"return self.read({answer}, {call})")
    said = operation.get("description", operation["summary"]).split("\n\n")[0].replace("\n", " ")
    signature = f"def {_name(path, method, operation)}({', '.join(takes)}) -> {answer}:"
    return f'\n    {signature}\n        """{said}"""\n        {ends}\n'


def _filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"{quoted(\1)}", path)


def _taken(names: _Names, body: Mapping[str, Any]) -> list[str]:
    for kind, content in body.get("content", {}).items():
        if kind == "application/json":
            return [f"body: {names.spell(content['schema'])}"]
        return ["content: bytes" if body.get("required") else "content: bytes | None = None"]
    return []


def _query(names: _Names, parameter: Mapping[str, Any]) -> str:
    spelled = names.spell(parameter["schema"])
    if parameter.get("required"):
        return f"{_safe(parameter['name'])}: {spelled}"
    return f"{_safe(parameter['name'])}: {spelled if 'None' in spelled else f'{spelled} | None'} = None"


def _safe(name: str) -> str:
    """Not the name of a builtin."""
    return f"{name}_" if name in {"id", "open", "type"} else name


def _answer(names: _Names, responses: Mapping[str, Any]) -> str:
    """What comes back when it went well: a type, bytes of a file, or nothing."""
    good = {code: response for code, response in responses.items() if code.startswith("2")}
    for response in good.values():
        content = response.get("content", {})
        if "application/json" in content:
            return names.spell(content["application/json"]["schema"])
    return "None" if set(good) <= {"202", "204"} else "bytes"


def _classes() -> dict[str, str]:
    """Modules of the models and enumerations by name; those of the API come before those of other packages."""
    found: dict[str, str] = {}
    for package in (inspection, edge.contract):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.startswith(("inspection.", "edge.contract.")) and module.name in sys.modules:
                _add_classes(module.name, found)
    return found


def _add_classes(module: str, found: dict[str, str]) -> None:
    for name, value in vars(import_module(module)).items():
        spoken = isinstance(value, type) and issubclass(value, BaseModel | Enum) and value.__module__ == module
        if spoken and (name not in found or module.startswith("inspection.api")):
            found[name] = module
