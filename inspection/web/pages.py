"""The pages. They hold no data: their scripts fetch it from the API."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from inspection.api.access import page_person
from inspection.people.roles import Role
from inspection.people.sessions import csrf_token

__all__ = ["PAGES", "add_pages"]

_HERE = Path(__file__).parent
_TEMPLATES = Jinja2Templates(directory=_HERE / "templates")

PAGES = {"/": "live.html", "/review": "review.html", "/models": "models.html"}
"""Template by address, for people who are signed in."""


def add_pages(app: FastAPI) -> None:
    """Add pages and static files to the application."""
    app.router.routes.append(Mount("/static", StaticFiles(directory=_HERE / "static"), name="static"))
    app.router.routes.append(Route("/login", _login, methods=["GET"]))
    for path in PAGES:
        app.router.routes.append(Route(path, _page, methods=["GET"]))


def _login(request: Request) -> HTMLResponse:
    return _TEMPLATES.TemplateResponse(request, "login.html")


def _page(request: Request) -> Response:
    known = page_person(request, request.app.state.plant)
    if known is None:
        return RedirectResponse("/login", 303)
    person, token = known
    values: dict[str, Any] = {
        "person": person,
        "csrf": csrf_token(token),
        "may_label": person.role.covers(Role.INSPECTOR),
        "may_change": person.role.covers(Role.ENGINEER),
        "may_force": person.role.covers(Role.ADMIN),
        "path": request.url.path,
    }
    return _TEMPLATES.TemplateResponse(request, PAGES[request.url.path], values)
