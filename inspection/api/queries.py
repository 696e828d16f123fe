"""Parameters that a route has not, or has only once: left out in silence, such a filter would widen the answer."""

from collections import Counter
from typing import get_origin

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute

from edge.contract.sentences import sentence

__all__ = ["refuse_unknown_parameters"]


def refuse_unknown_parameters(request: Request) -> None:
    """Return if the route has every parameter that stands in the address, and takes it as often.

    Raises:
        RequestValidationError: it lacks some, and the answer names those that there are; or it takes some only once.
    """
    given = Counter(name for name, _ in request.query_params.multi_items())
    if not given:
        return
    known = _known(request.scope["route"])
    unknown = sorted(given.keys() - known)
    if unknown:
        raise RequestValidationError([_problem(_no_such(unknown, sorted(known)))])
    doubled = sorted(name for name, times in given.items() if times > 1 and not known[name])
    if doubled:
        names = ", ".join(doubled)
        raise RequestValidationError([_problem(sentence(f"expected one value of {names}, got several"))])


def _known(route: APIRoute) -> dict[str, bool]:
    """The route's parameters, and whether each takes a list."""
    fields = [
        field
        for field in get_flat_params(route.dependant)
        if getattr(field.field_info, "in_", None) is ParamTypes.query
    ]
    return {field.alias: get_origin(field.field_info.annotation) in {list, tuple} for field in fields}


def _no_such(unknown: list[str], known: list[str]) -> str:
    names = ", ".join(unknown)
    if not known:
        return sentence(f"no parameter {names}, is it misspelt? expected none")
    return sentence(f"no parameter {names}, is it misspelt? expected some of {', '.join(known)}")


def _problem(said: str) -> dict[str, object]:
    return {"type": "value_error", "loc": ("query",), "msg": said, "input": None}
