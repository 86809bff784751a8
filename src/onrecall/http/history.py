"""Bringing old incidents and documents in over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from onrecall import importers as history
from onrecall.domain.errors import Invalid
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.schemas.imports import ImportOut

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
                        "resolution": {
                            "root_cause": "connection pool exhausted",
                            "at": "2026-01-05T03:40:00Z",
                            "steps": [],
                        },
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
    name: Annotated[
        str, Query(description="File name for the report; a Markdown document without an id uses it as its id.")
    ] = "",
    dry_run: Annotated[bool, Query(description="Only report what would happen.")] = False,
    form: Annotated[str | None, Query(alias="format", description="The format, if detection fails.")] = None,
    timezone: Annotated[
        str | None, Query(description="The zone of times without one, such as Europe/Berlin; UTC by default.")
    ] = None,
    undated: Annotated[
        datetime | None, Query(description="The start time, with a zone, of incidents that have none.")
    ] = None,
    encoding: Annotated[str | None, Query(description="The encoding of the text, such as shift_jis.")] = None,
) -> ImportOut:
    """Import incidents or documents (JSON, JSONL, CSV, Markdown); existing ones stay `unchanged`."""
    data = await request.body()
    media_type = request.headers.get("content-type", "")
    if "markdown" in media_type and not name:
        raise Invalid("name the document with ?name=, such as ?name=runbooks/restart.md", "name")
    items = history.read_bytes(
        name or "body", data, media_type, format=form, timezone=timezone, undated=undated, encoding=encoding
    )
    report = await run_in_threadpool(memory.import_history, items, dry_run=dry_run)
    return ImportOut.model_validate(report, from_attributes=True)
