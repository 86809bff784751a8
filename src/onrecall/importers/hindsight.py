"""Hindsight: documents of a bank that name an incident, as `list_documents` and `get_document` give them.

What is not in the metadata is read from the text: labelled parts, and else its first line as the title.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.domain.markdown_page import one_line
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import FieldRecord
from onrecall.importers.resolution import sections
from onrecall.importers.steps import semicolon_parts

SOURCE = "hindsight"
PREFIX = "inc:"
_TITLE = re.compile(r"^[ \t*_#]*(?:incident|title)[ \t*_]*:[ \t*_]*", re.IGNORECASE)
_SECTION = re.compile(
    r"^[ \t*_#]*(?:root cause|resolution|mitigation|mitigation steps|fix|status|service|"
    r"severity)[ \t*_]*:",
    re.IGNORECASE,
)
_HAPPENED = re.compile(r"^[ \t*_#]*(?:what happened|description|summary)[ \t*_]*:[ \t]*", re.IGNORECASE)


def recognises(values: Mapping[str, Any]) -> bool:
    """By its words for a document's text and metadata."""
    return "id" in values and bool({"original_text", "document_metadata", "retain_params"} & set(values))


def parse(record: FieldRecord) -> Incident:
    """The incident that a document names; without a name of one it is refused, for no id is made up."""
    text = record.text("original_text", "content", "text") or ""
    title, description = told(text)
    named = record.text("document_metadata.incident_id")
    document = record.text("id") or ""
    fix = _fix(record, text)
    return incident(
        record,
        source=SOURCE,
        id=named or (document.removeprefix(PREFIX) if document.startswith(PREFIX) else None),
        title=record.text("document_metadata.title") or title,
        description=record.text("document_metadata.description") or description,
        started_at=record.time(
            *(f"document_metadata.{name}" for name in ("started_at", "occurred_at", "timestamp", "date", "created_at")),
            "retain_params.event_date",
        ),
        resolved_at=_ended(record),
        service=record.text("document_metadata.service", "document_metadata.affected_service"),
        environment=record.text("document_metadata.environment"),
        level=record.text("document_metadata.severity"),
        state=record.text("document_metadata.status"),
        root_cause=record.text("document_metadata.root_cause") or sections(text).get("root_cause"),
        fix=fix,
        cause=record.text("document_metadata.cause"),
        prose=True,
    )


def told(text: str) -> tuple[str, str]:
    """The title and the description of a text: what stands before its labelled parts."""
    lines = text.strip().splitlines()
    end = next((at for at, line in enumerate(lines) if _SECTION.match(line)), len(lines))
    if not end:
        return "", ""
    title = one_line(_TITLE.sub("", lines[0]).strip(" \t*_#"))
    rest = "\n".join(lines[1:end]).strip()
    return title[:300], _HAPPENED.sub("", rest, count=1).strip()


def _fix(record: FieldRecord, text: str) -> str | None:
    """What was done, one step a line; in metadata a semicolon outside of code and quotes stands between two steps."""
    if said := sections(text).get("fix"):
        return said
    names = ("mitigation_steps", "mitigation", "resolution", "fix")
    flat = record.text(*(f"document_metadata.{name}" for name in names))
    steps = semicolon_parts(flat or "")
    return "\n".join(f"- {step}" for step in steps) if len(steps) > 1 else flat


def _ended(record: FieldRecord) -> datetime | None:
    """When it was over: as said, or the time of the document that tells what fixed it."""
    said = record.time("document_metadata.resolved_at")
    fixed = record.text("document_metadata.root_cause", "document_metadata.mitigation_steps")
    return said or (record.time("retain_params.event_date", "document_metadata.started_at") if fixed else None)
