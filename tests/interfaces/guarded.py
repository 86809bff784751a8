"""A small application with keys, to knock at its doors."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient

from onrecall.bootstrap.access import Access
from onrecall.bootstrap.status import ComponentStatus, build_report
from onrecall.domain.access import Role, generate_key
from onrecall.http import create
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.pipeline.keys import Keys
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage
from onrecall.worker.worker import Worker

LOOPBACK = "http://127.0.0.1:8000"
ROLES: tuple[Role, ...] = ("ingest", "viewer", "responder", "admin")


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go(self, **spans: float) -> None:
        self.now += timedelta(**spans)


@dataclass
class Doors:
    """The application over a store, its clock, and who may come in."""

    store: Storage
    access: Access = field(default_factory=Access)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        index = LocalIndex(self.store.passages, None)
        self.memory = IncidentService(Dependencies(self.store, Retriever(self.store, None, index), self.clock))
        self.keys = Keys(self.store, self.clock, fresh_seconds=0)
        worker = Worker(self.memory)
        status = lambda: build_report(self.memory, ComponentStatus(name="meaning", state="ok", detail=""))  # noqa: E731
        access = replace(self.access, keys=self.keys)
        self.app = create(self.memory, worker, status, access)

    def client(self, address: str = "127.0.0.1", base: str = LOOPBACK) -> TestClient:
        """Somebody at an address; to be entered, so that the application is up."""
        return TestClient(self.app, base, raise_server_exceptions=False, client=(address, 50000))

    def tokens(self) -> dict[str, str | None]:
        """One key of every role, and all that is none."""
        held: dict[str, str | None] = {role: self.keys.create(f"the {role}", role).token for role in ROLES}
        held["expired"] = self.keys.create("late", "admin", self.clock() + timedelta(hours=1)).token
        held["revoked"] = self.keys.create("gone", "admin").token
        self.keys.revoke("gone")
        self.clock.go(hours=2)
        forged = f"{str(held['admin'])[:13]}{generate_key()[13:]}"  # the part that is no secret, and another's secret
        return held | {"forged": forged, "wrong": generate_key(), "garbage": "onr_x", "empty": "", "none": None}


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def basic(token: str, user: str = "anybody") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}


def routes(app: FastAPI) -> set[str]:
    """Every route of the application as the table of roles writes it, whatever made it."""
    return {name for route in app.routes for name in _names(route)}


def _names(route: BaseRoute) -> Iterator[str]:
    if hasattr(route, "original_router"):
        for inner in route.original_router.routes:
            yield from _names(inner)
    elif isinstance(route, Mount):
        yield f"GET {route.path}/{{file:path}}"
    elif isinstance(route, WebSocketRoute) or type(route).__name__ == "APIWebSocketRoute":
        yield f"WEBSOCKET {route.path}"
    else:
        assert isinstance(route, Route | APIRoute), f"a kind of route that the guard's test does not know: {route}"
        yield from (f"{method} {route.path}" for method in (route.methods or ()) if method != "HEAD")
