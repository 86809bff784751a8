"""Baseline for ingestion: an endpoint that only appends each body to SQLite and syncs before it answers."""

import sqlite3
import sys
import threading
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

PATHS = ("/api/v1/alerts/alertmanager", "/v2/enqueue")
"""Paths that the load is sent to."""


def create(path: Path) -> FastAPI:
    """Create the endpoint over its own database file."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for statement in ("pragma journal_mode=wal", "pragma synchronous=full", "create table bodies (body blob)"):
        connection.execute(statement)
    turn = threading.Lock()

    def append(body: bytes) -> None:
        with turn:
            connection.execute("insert into bodies values (?)", (body,))

    app = FastAPI()

    async def receive(request: Request) -> Response:
        await run_in_threadpool(append, await request.body())
        return Response(status_code=202)

    for address in PATHS:
        app.post(address, status_code=202)(receive)

    @app.get("/readyz")
    async def ready() -> Response:
        return Response()

    return app


if __name__ == "__main__":
    uvicorn.run(create(Path(sys.argv[1])), port=int(sys.argv[2]), log_level="warning")
