"""The source of the client: a method for each operation of the API, with the API's own types.

Made from the description of the API, so that no operation can be forgotten and none can differ. In two modules: those
of the station link, which a station loads, and all others on top of them.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from pydantic import BaseModel

import edge.contract
import inspection
from inspection.api.description import description

__all__ = ["CLIENT_MODULES", "client_source"]

_HEAD = '''"""{title}, typed. Written by `inspection openapi`; change nothing here by hand."""

{imports}

__all__ = ["{name}"]


class {name}({base}):
    """A method for each operation, by the name that docs/openapi.json gives it.

    Every method raises `PlantUnreachable` where nobody answers (`PlantBusy` where it asks to wait), and `PlantRefused`
    with the plant's own words where it says no.
    """
'''
_PREFIX = "/api/v1"
_LINK = "station link"
_BY_HAND = {"get_feed"}
"""An answer without end, which `PlantClient` reads line by line."""
_LARGE = {"get_bundle_file"}


@dataclass(frozen=True)
class _Module:
    """One module of the client: its class, and on which module's it stands."""

    title: str
    name: str
    base: str
    base_module: str
    link: bool


_MODULES = {
    Path("edge/plant/calls.py"): _Module("The station link", "LinkCalls", "Caller", "edge.plant.caller", link=True),
    Path("inspection/client/calls.py"): _Module(
        "Every operation of the API", "PlantCalls", "LinkCalls", "edge.plant.calls", link=False
    ),
}
CLIENT_MODULES = tuple(_MODULES)
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


def client_source(module: Path) -> str:
    """The text of one of `CLIENT_MODULES`."""
    wanted = _MODULES[module]
    names = _Names()
    methods = [_method(names, *operation) for operation in _operations(json.loads(description()), link=wanted.link)]
    names.imports[wanted.base_module].add(wanted.base)
    names.imports["edge.plant.caller"].add("quoted")
    imports = "\n".join(
        f"from {name} import {', '.join(sorted(found))}" for name, found in sorted(names.imports.items())
    )
    head = _HEAD.format(title=wanted.title, name=wanted.name, base=wanted.base, imports=imports)
    return head + "".join(methods)


def _operations(described: Mapping[str, Any], *, link: bool) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Path, method and operation of what a program may call."""
    for path, methods in sorted(described["paths"].items()):
        for method, operation in sorted(methods.items()):
            if (
                path.startswith(_PREFIX)
                and (_LINK in operation["tags"]) is link
                and _name(path, method, operation) not in _BY_HAND
            ):
                yield path, method, operation


def _name(path: str, method: str, operation: Mapping[str, Any]) -> str:
    """Of the function behind the route."""
    name: str = operation["operationId"]
    return name.removesuffix(re.sub(r"\W", "_", path) + "_" + method)


def _method(names: _Names, path: str, method: str, operation: Mapping[str, Any]) -> str:
    name, parameters = _name(path, method, operation), operation.get("parameters", [])
    named = {where: [one for one in parameters if one["in"] == where] for where in ("query", "header")}
    body = operation.get("requestBody", {})
    takes = ["self", *(f"{one['name']}: str" for one in parameters if one["in"] == "path"), *_taken(names, body)]
    by_name = [_named(names, one) for one in named["query"] + named["header"]]
    takes += ["*", *by_name] if by_name else []
    sends = [f'"{method.upper()}", f"{_filled(path)}"' if "{" in path else f'"{method.upper()}", "{path}"']
    for word, where in (("query", "query"), ("headers", "header")):
        asked = ", ".join(f'"{one["name"]}": {_safe(one["name"])}' for one in named[where])
        sends += [f"{word}={{{asked}}}"] if asked else []
    sends += [f"{word}={word}" for word in ("body", "content") if any(one.startswith(f"{word}:") for one in takes)]
    answer, ends = _answer(names, name, operation["responses"], ", ".join(sends))
    said = operation.get("description", operation["summary"]).split("\n\n")[0].replace("\n", " ")
    return f'\n    def {name}({", ".join(takes)}) -> {answer}:\n        """{said}"""\n        {ends}\n'


def _filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"{quoted(\1)}", path)


def _taken(names: _Names, body: Mapping[str, Any]) -> list[str]:
    for kind, content in body.get("content", {}).items():
        if kind == "application/json":
            return [f"body: {names.spell(content['schema'])}"]
        return ["content: bytes" if body.get("required") else "content: bytes | None = None"]
    return []


def _named(names: _Names, parameter: Mapping[str, Any]) -> str:
    spelled, name = names.spell(parameter["schema"]), _safe(parameter["name"])
    if parameter.get("required"):
        return f"{name}: {spelled}"
    return f"{name}: {spelled if 'None' in spelled else f'{spelled} | None'} = None"


def _safe(name: str) -> str:
    """A name of Python's, and not that of a builtin."""
    return f"{name}_" if name in {"id", "open", "type"} else name.replace("-", "_")


def _answer(names: _Names, name: str, responses: Mapping[str, Any], sends: str) -> tuple[str, str]:
    """What comes back when it went well, as a type, and the statement that gives it."""
    good = {code: response for code, response in responses.items() if code.startswith("2")}
    if name in _LARGE:
        names.imports["contextlib"].add("AbstractContextManager")
        names.imports["httpx"].add("Response")
        return "AbstractContextManager[Response]", f"return self.pieces({sends})"
    if any("headers" in response for response in good.values()):
        names.imports["httpx"].add("Response")
        return "Response", f"return self.ask({sends})"
    for response in good.values():
        content = response.get("content", {})
        if "application/json" in content:
            kind = names.spell(content["application/json"]["schema"])
            return kind, f"return self.read({kind}, self.ask({sends}))"
    if set(good) <= {"202", "204"}:
        return "None", f"self.ask({sends})"
    return "bytes", f"return self.ask({sends}).content"


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
