"""Pages: incidents and documents as the numbered lines that citations count."""

from fastapi import APIRouter
from pydantic import BaseModel

from onrecall.domain import markdown_page as page
from onrecall.domain.document import Document
from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Part
from onrecall.domain.suggestion import Suggestion
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses

router = APIRouter(prefix="/api/v1", tags=["documents"])


class LineOut(BaseModel):
    """One line, counted from 1, and what it is about."""

    n: int
    text: str
    part: Part


class PageOut(BaseModel):
    """An incident, a document or a suggestion, line by line."""

    id: str
    kind: EvidenceKind
    title: str
    lines: list[LineOut]


@router.get("/pages/{thing_id:path}", responses=responses(404))
def numbered(thing_id: str, memory: TheMemory) -> PageOut:
    """Return the page that a citation refers to: an incident or a document with numbered lines."""
    record = memory.get_record(thing_id)
    lines = [LineOut(n=line.number, text=line.text, part=line.part) for line in page.numbered_lines(record)]
    return PageOut(id=record.id, kind=_kind(record), title=record.title, lines=lines)


def _kind(record: Incident | Document | Suggestion) -> EvidenceKind:
    if isinstance(record, Suggestion):
        return "suggestion"
    return "incident" if isinstance(record, Incident) else "document"
