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
    """Whether the account of what was done is whole."""

    rows: int
    whole: bool
    wrong: list[str]


@router.get("/audit/verify")
def verify(memory: TheMemory) -> AuditChecked:
    """Go through all rows: which was changed, is gone or stands elsewhere, in sentences; the first ones only."""
    rows, wrong = memory.store.audit.verify()
    return AuditChecked(rows=rows, whole=not wrong, wrong=list(wrong))


@router.get("/audit", responses=responses(422))
def audit(
    memory: TheMemory,
    what: Annotated[str | None, Query(description="Only rows of this kind, such as `key created`.")] = None,
    who: Annotated[str | None, Query(description="Only what this key's holder did.")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditPage:
    """The audit, newest first; `/audit/verify` checks that nothing was changed in it."""
    page = memory.store.audit.page(what, who, cursor, limit)
    return AuditPage(items=[AuditedOut.model_validate(one) for one in page.items], next=page.next_cursor)
