"""Runbooks, postmortems and RCAs: exact ids, and 404 is 404."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from onrecall.domain.document import Document, DocumentKind
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.schemas.documents import DocumentIn, DocumentOut

router = APIRouter(prefix="/api/v1", tags=["documents"])


class DocumentPage(BaseModel):
    """A page of documents; `next` fetches the following one."""

    items: list[DocumentOut]
    next: str | None


@router.get("/documents", responses=responses(422))
def documents(
    memory: TheMemory,
    kind: DocumentKind | None = None,
    service: str | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DocumentPage:
    """List documents by id."""
    page = memory.store.documents.page(kind=kind, service=service, cursor=cursor, limit=limit)
    return DocumentPage(items=[DocumentOut.model_validate(document) for document in page.items], next=page.next_cursor)


@router.get("/documents/{document_id:path}", responses=responses(404))
def document(document_id: str, memory: TheMemory) -> DocumentOut:
    """Return one document."""
    return DocumentOut.model_validate(memory.store.documents.get(document_id))


@router.put(
    "/documents/{document_id:path}", responses={201: {"model": DocumentOut}, **responses(422, 503)}, status_code=200
)
def put(document_id: str, document: DocumentIn, memory: TheMemory, response: Response) -> DocumentOut:
    """Store a document under this id; 201 if it is new."""
    state = memory.put_document(
        Document(
            id=document_id,
            title=document.title,
            text=document.text,
            kind=document.kind,
            service=document.service,
            labels=document.labels,
            source=document.source,
            dated=document.dated,
        )
    )
    if state == "created":
        response.status_code = 201
    return DocumentOut.model_validate(memory.store.documents.get(document_id))


@router.delete("/documents/{document_id:path}", status_code=204, responses=responses(404, 503))
def delete(document_id: str, memory: TheMemory) -> None:
    """Delete a document."""
    memory.delete_document(document_id)
