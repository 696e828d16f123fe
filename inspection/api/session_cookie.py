"""The cookie of a signed-in browser."""

from datetime import timedelta

from fastapi import Response

from inspection.api.access import COOKIE
from inspection.settings import PlantSettings

__all__ = ["lifetime_of", "set_session"]


def lifetime_of(settings: PlantSettings) -> timedelta:
    """How long a person stays signed in."""
    return timedelta(hours=settings.session_hours)


def set_session(response: Response, token: str, settings: PlantSettings) -> None:
    """Give the browser its token."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(lifetime_of(settings).total_seconds()),
        httponly=True,
        samesite="strict",
        secure=settings.cookie_secure,
    )
