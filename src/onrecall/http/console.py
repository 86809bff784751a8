"""Serves the console built from `web/`; each page gets a fresh nonce for its styles."""

import secrets
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers
from starlette.types import Scope

from onrecall.domain.errors import Unavailable
from onrecall.http.roles import RouteMatch
from onrecall.http.static_files import ConsoleFiles

BUILD_FOLDER = files("onrecall.http") / "console"
NONCE_PLACEHOLDER = "__CSP_NONCE__"
NOT_BUILT = "the console is not built; run `make demo`, or `npm ci && npm run build` in web/"


PAGES = (
    "/",
    "/ask",
    "/sign-in",
    "/incidents/{rest:path}",
    "/memory",
    "/trust",
    "/actions",
    "/recurrences",
    "/services",
    "/services/{rest:path}",
    "/system",
    "/system/{rest:path}",
)
"""Paths of the console; the same page is served at each."""


def install(app: FastAPI) -> None:
    """Serve the console at its paths, and its files, compressed, under names that change with their content."""
    app.mount("/static", ConsoleFiles(directory=str(BUILD_FOLDER), check_dir=False), name="static")
    for path in PAGES:
        app.add_api_route(path, page, include_in_schema=False)


def page() -> HTMLResponse:
    """Return a page of the console."""
    return rendered_page(200)


def rendered_page(status: int) -> HTMLResponse:
    """Return the console's page with a fresh nonce."""
    nonce = secrets.token_urlsafe(18)
    headers = {"Content-Security-Policy": policy(nonce), "Cache-Control": "no-store"}
    return HTMLResponse(_text(BUILD_FOLDER / "index.html").replace(NONCE_PLACEHOLDER, nonce), status, headers=headers)


def is_lost_visitor(scope: Scope, route: RouteMatch) -> bool:
    """Return whether a browser opens an unknown path; it gets the console's 404 page."""
    nothing = route.least is None and not route.others
    if not nothing or scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    if scope["path"].startswith(("/api/", "/static/")) or not (BUILD_FOLDER / "index.html").is_file():
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def policy(nonce: str) -> str:
    """Build the content security policy: own files only, nothing inline and nothing from other origins."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def _text(page: Traversable) -> str:
    if not page.is_file():
        raise Unavailable(NOT_BUILT)
    return page.read_text(encoding="utf-8")
