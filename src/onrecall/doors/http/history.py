"""Bringing old incidents and documents in over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from onrecall import history
from onrecall.doors.http.parts import TheMemory
from onrecall.doors.http.problems import responses
from onrecall.doors.wire import ImportOut

router = APIRouter(prefix="/api/v1", tags=["history"])

BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"anyOf": [{"type": "array", "items": {"type": "object"}}, {"type": "object"}]},
                "example": [
                    {
                        "id": "INC-7",
                        "title": "auth service returning 503",
                        "service": "auth-service",
                        "started_at": "2026-01-05T03:12:00Z",
                        "resolution": {"root_cause": "connection pool exhausted", "at": "2026-01-05T03:40:00Z", "steps": []},
                    }
                ],
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
            "text/markdown": {"schema": {"type": "string"}},
        },
    }
}


@router.post("/history", responses=responses(413, 422, 503), openapi_extra=BODY)
async def bring(
    request: Request,
    memory: TheMemory,
    name: Annotated[str, Query(description="File name, for the report and for documents' ids.")] = "body",
    dry_run: Annotated[bool, Query(description="Only say what would happen.")] = False,
) -> ImportOut:
    """Import incidents or documents (JSON, JSONL, CSV, Markdown); what is already here stays `unchanged`."""
    data = await request.body()
    things = history.read_bytes(name, data, request.headers.get("content-type"))
    brought = await run_in_threadpool(memory.bring, things, dry_run=dry_run)
    return ImportOut.model_validate(brought, from_attributes=True)
