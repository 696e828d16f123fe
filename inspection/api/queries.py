"""Parameters that a route does not have: left out, a misspelt filter would widen the answer in silence."""

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute

__all__ = ["refuse_unknown_parameters"]


def refuse_unknown_parameters(request: Request) -> None:
    """Return if the route has every parameter that stands in the address.

    Raises:
        RequestValidationError: it lacks some; the answer names them, and those that there are.
    """
    given = request.query_params.keys()
    if not given:
        return
    known = _known(request.scope["route"])
    unknown = sorted(given - known)
    if unknown:
        raise RequestValidationError([_problem(unknown, sorted(known))])


def _known(route: APIRoute) -> set[str]:
    fields = get_flat_params(route.dependant)
    return {field.alias for field in fields if getattr(field.field_info, "in_", None) is ParamTypes.query}


def _problem(unknown: list[str], known: list[str]) -> dict[str, object]:
    expected = f"some of {', '.join(known)}" if known else "none"
    said = f"no parameter {', '.join(unknown)}, is it misspelt? expected {expected}"
    return {"type": "value_error", "loc": ("query",), "msg": said, "input": None}
