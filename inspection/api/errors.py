"""From errors to HTTP, in one table; a test asserts that every error of the tree finds its line."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from edge.contract import errors
from edge.contract.problems import problems_of
from inspection.feed.stream import FeedFull
from inspection.logs import REQUEST_ID
from inspection.people.oidc import ProviderLost
from inspection.store.blobs import BlobStoreLost

__all__ = ["STATUS", "add_handlers", "error_response", "status_of"]

STATUS: Mapping[type[errors.InspectionError], int] = {
    errors.BadInput: 400,
    errors.SettingsInvalid: 500,
    errors.DataInvalid: 422,
    errors.AddressInUse: 500,
    errors.BundleRefused: 422,
    errors.BundleMismatch: 409,
    errors.GateRefused: 409,
    errors.FrameRejected: 422,
    errors.CameraLost: 500,
    errors.ControllerLost: 500,
    errors.OutputFailed: 500,
    errors.SpoolFull: 507,
    errors.PlantError: 502,
    errors.JobError: 500,
    errors.RequestRefused: 400,
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.TooManyAttempts: 429,
    BlobStoreLost: 503,
    FeedFull: 503,
    ProviderLost: 503,
}

_OF_FILES = ("GET", "HEAD")
_RETRY_AFTER = {429: "60", 503: "2"}


def status_of(kind: type[errors.InspectionError]) -> int:
    """HTTP status of an error, or of its nearest ancestor in the table."""
    return next((STATUS[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS), 500)


def error_response(status: int, kind: str, message: str, *, retry_after_s: int | None = None) -> JSONResponse:
    """The one shape of an answer that says no."""
    again = _RETRY_AFTER.get(status) if retry_after_s is None else str(retry_after_s)
    headers = {} if again is None else {"Retry-After": again}
    request_id = REQUEST_ID.get()
    told = {} if request_id is None else {"request_id": request_id}
    return JSONResponse({"error": kind, "message": message, **told}, status, headers)


def add_handlers(app: FastAPI) -> None:
    """Answer every error in that shape."""
    app.add_exception_handler(errors.InspectionError, _inspection_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _half)
    app.add_exception_handler(OperationalError, _database)
    app.add_exception_handler(NoConnection, _database)
    app.add_exception_handler(DataError, _no_value)
    app.add_exception_handler(Exception, _broken)


async def _inspection_error(request: Request, error: Exception) -> JSONResponse:
    del request
    if not isinstance(error, errors.InspectionError):
        raise error
    return error_response(status_of(type(error)), type(error).__name__, str(error))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    del request
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    return error_response(422, "RequestInvalid", problems_of(problems))


async def _http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    answer = error_response(error.status_code, "HttpError", f"{request.method} {request.url.path}: {error.detail}")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return answer


def _methods_at(request: Request) -> set[str]:
    """Of all routes at this address: the error itself knows the first one's only."""
    at_it = [route for route in iter_route_contexts(request.app.routes) if route.path_regex.match(request.url.path)]
    return {method for route in at_it for method in route.methods or _OF_FILES}


async def _half(request: Request, error: Exception) -> JSONResponse:
    """Nobody hears this answer; it is counted as what it is, no fault of ours."""
    del request, error
    return error_response(400, "RequestInvalid", "the connection ended before the body did")


async def _database(request: Request, error: Exception) -> JSONResponse:
    del request
    return error_response(503, "DatabaseBusy", f"the database did not answer in time or is full, try again: {error}")


async def _no_value(request: Request, error: Exception) -> JSONResponse:
    """PostgreSQL takes no NUL in a text and no number beyond its columns."""
    del request
    said = str(getattr(error, "orig", error)).splitlines()[0]
    return error_response(422, "RequestInvalid", f"expected values that the database can hold: {said}")


async def _broken(request: Request, error: Exception) -> JSONResponse:
    """A fault of ours; the traceback goes to the log, under the same id."""
    del request, error
    return error_response(500, "Broken", "the service met an error that nobody expected; its log tells more by this id")
