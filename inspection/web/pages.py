"""The pages. They hold no data: their scripts fetch it from the API."""

from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from inspection.analytics.shift import hours_begin_at, zone_of
from inspection.api.access import page_person
from inspection.api.headers import WITH_CHARTS
from inspection.people.roles import Role
from inspection.people.sessions import csrf_token
from inspection.web.language import language_of
from inspection.web.sign_in_elsewhere import BACK, OUT, address_out, sign_in_back, sign_in_out

__all__ = ["ADMIN_PAGE", "PAGES", "add_pages"]

_PLOTLY = "/plotly.js"
_NEW_LINE = "/new-line"
_THEME_COOKIE = "inspection_theme"

_HERE = Path(__file__).parent
_TEMPLATES = Jinja2Templates(directory=_HERE / "templates")

PAGES = {
    "/": "live.html",
    "/review": "review.html",
    "/groups": "groups.html",
    "/models": "models.html",
    _NEW_LINE: "new_line.html",
    "/analytics": "analytics.html",
}
"""Template by address, for people who are signed in."""

ADMIN_PAGE = "/admin"


def add_pages(app: FastAPI) -> None:
    """Add pages and static files to the application."""
    app.router.routes.append(Mount("/static", StaticFiles(directory=_HERE / "static"), name="static"))
    app.router.routes.append(Route(_PLOTLY, _plotly, methods=["GET"]))
    app.router.routes.append(Route("/login", _login, methods=["GET"]))
    app.router.routes.append(Route(OUT, _out, methods=["GET"]))
    app.router.routes.append(Route(BACK, _back, methods=["GET"]))
    for path in (*PAGES, ADMIN_PAGE):
        app.router.routes.append(Route(path, _page, methods=["GET"]))


def _plotly(request: Request) -> FileResponse:
    """The chart library out of the installed package; nothing is loaded from elsewhere."""
    del request
    script = files("plotly") / "package_data" / "plotly.min.js"
    return FileResponse(str(script), headers={"Cache-Control": "private, max-age=86400"}, media_type="text/javascript")


def _theme(request: Request) -> str:
    return "light" if request.cookies.get(_THEME_COOKIE) == "light" else "dark"


def _login(request: Request) -> HTMLResponse:
    return _sign_in_page(request, "", 200)


def _sign_in_page(request: Request, problem: str, status: int) -> HTMLResponse:
    values = {
        "_": language_of(request),
        "theme": _theme(request),
        "problem": problem,
        "elsewhere": None if request.app.state.plant.oidc is None else address_out(request.query_params.get("next")),
    }
    return _TEMPLATES.TemplateResponse(request, "login.html", values, status)


async def _out(request: Request) -> Response:
    return await sign_in_out(request, _sign_in_page)


async def _back(request: Request) -> Response:
    return await sign_in_back(request, _sign_in_page)


def _sign_in_address(request: Request) -> str:
    """Signing in leads on to the page that was asked for, with its filters."""
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = request.url.path + query
    return "/login" if wanted == "/" else f"/login?{urlencode({'next': wanted})}"


def _page(request: Request) -> Response:
    known = page_person(request, request.app.state.plant)
    if known is None:
        return RedirectResponse(_sign_in_address(request), 303)
    person, token = known
    path, is_admin = request.url.path, person.role.covers(Role.ADMIN)
    if (path == ADMIN_PAGE and not is_admin) or (path == _NEW_LINE and not person.role.covers(Role.ENGINEER)):
        return RedirectResponse("/", 303)
    values: dict[str, Any] = {
        "person": person,
        "csrf": csrf_token(token),
        "may_label": person.role.covers(Role.INSPECTOR),
        "may_change": person.role.covers(Role.ENGINEER),
        "may_force": is_admin,
        "is_admin": is_admin,
        "path": path,
        "theme": _theme(request),
        "shift_minute": f"{hours_begin_at(zone_of(request.app.state.plant.settings.time_zone)):02d}",
        "_": language_of(request),
    }
    headers = {"Content-Security-Policy": WITH_CHARTS} if path == "/analytics" else None
    template = "admin.html" if path == ADMIN_PAGE else PAGES[path]
    return _TEMPLATES.TemplateResponse(request, template, values, headers=headers)
