"""docs/compatibility.md tells of every route of the dialects with its role, docs/mcp.md of every tool."""

import re
from pathlib import Path

from onrecall.bootstrap.app import AppContext
from onrecall.domain.access import Principal
from onrecall.http.app import COMPAT_ROUTERS
from onrecall.http.compat import hindsight
from onrecall.http.roles import ROUTES
from onrecall.mcp.server import create_server

ROOT = Path(__file__).parents[2]


def test_every_route_is_told_with_its_role_and_no_other() -> None:
    page = (ROOT / "docs/compatibility.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `((?:GET|POST|DELETE) /\S+)` \| (\w+) \|", page, re.MULTILINE))
    there = {
        f"{method} {route.path}".replace(":path", ""): ROUTES[f"{method} {route.path}"]
        for router in COMPAT_ROUTERS
        if router is not hindsight.router
        for route in router.routes
        for method in getattr(route, "methods", ())
    }
    assert told == there
    for socket in ("/ws/incidents", "/ws/dashboard"):
        assert f"`WS {socket}` (role viewer)" in page
        assert ROUTES[f"WEBSOCKET {socket}"] == "viewer"


def test_every_route_of_hindsight_is_told_with_its_role() -> None:
    page = (ROOT / "docs/hindsight.md").read_text(encoding="utf-8")
    told = {
        f"{method} {path}": role
        for method, path, role in re.findall(
            r"^\| `(GET|PUT|PATCH|POST|DELETE) (/\S+)` \| (\w+) \|", page, re.MULTILINE
        )
    }
    there = {
        f"{method} {route.path}".replace(":path", ""): ROUTES[f"{method} {route.path}"]
        for route in hindsight.router.routes
        for method in route.methods
    }
    assert told == there


def test_every_tool_is_told_and_no_other(home: AppContext) -> None:
    memory = home.memory
    page = (ROOT / "docs/mcp.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| (yes|no) \|", page, re.MULTILINE))
    tools = {tool.name for tool in create_server(memory, Principal("responder"))._tool_manager.list_tools()}
    reading = {tool.name for tool in create_server(memory, Principal("viewer"))._tool_manager.list_tools()}
    assert told == {name: "no" if name in reading else "yes" for name in tools}
