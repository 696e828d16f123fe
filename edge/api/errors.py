"""The one table from errors to HTTP status; the errors themselves know nothing of HTTP."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from edge.contract import errors
from edge.contract.errors import InspectionError

__all__ = ["STATUS_OF", "add_error_handler", "status_of"]

STATUS_OF: Mapping[type[InspectionError], HTTPStatus] = {
    errors.BadInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.AddressInUse: HTTPStatus.CONFLICT,
    errors.GateRefused: HTTPStatus.CONFLICT,
    errors.FrameRejected: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.CameraLost: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ControllerLost: HTTPStatus.BAD_GATEWAY,
    errors.OutputFailed: HTTPStatus.BAD_GATEWAY,
    errors.SpoolFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.PlantError: HTTPStatus.BAD_GATEWAY,
    errors.JobError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.RequestRefused: HTTPStatus.BAD_REQUEST,
    errors.NotSignedIn: HTTPStatus.UNAUTHORIZED,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
}


def status_of(kind: type[InspectionError]) -> HTTPStatus:
    """The status of the nearest class of the tree that the table names."""
    return next(
        (STATUS_OF[base] for base in kind.__mro__ if base in STATUS_OF),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def add_error_handler(app: FastAPI) -> None:
    """Answer every error of the tree with its status and its message."""

    async def answer(_: Request, error: Exception) -> JSONResponse:
        kind = type(error) if isinstance(error, InspectionError) else InspectionError
        return JSONResponse({"detail": str(error)}, status_code=status_of(kind))

    async def answer_nobody(_: Request, __: Exception) -> JSONResponse:
        """Who sent half of an image is gone: no fault of the station."""
        return JSONResponse({"detail": "the connection ended before the body did"}, HTTPStatus.BAD_REQUEST)

    app.add_exception_handler(InspectionError, answer)
    app.add_exception_handler(ClientDisconnect, answer_nobody)
