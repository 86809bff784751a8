"""Who changed what."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.schemas.audit import AuditedOut

router = APIRouter(prefix="/api/v1", tags=["system"])


class AuditPage(BaseModel):
    """A page of the audit; `next` fetches the following one."""

    items: list[AuditedOut]
    next: str | None


class AuditChecked(BaseModel):
    """Whether the audit is intact."""

    rows: int
    whole: bool
    wrong: list[str]


@router.get("/audit/verify")
def verify(memory: TheMemory) -> AuditChecked:
    """Check all rows and describe the first ones that were changed, removed or moved."""
    rows, wrong = memory.store.audit.verify()
    return AuditChecked(rows=rows, whole=not wrong, wrong=list(wrong))


@router.get("/audit", responses=responses(422))
def audit(
    memory: TheMemory,
    what: Annotated[str | None, Query(description="Only rows of this kind, such as `key created`.")] = None,
    who: Annotated[str | None, Query(description="Only actions under this name.")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditPage:
    """List the audit, newest first; `/audit/verify` checks its integrity."""
    page = memory.store.audit.page(what, who, cursor, limit)
    return AuditPage(items=[AuditedOut.model_validate(entry) for entry in page.items], next=page.next_cursor)
