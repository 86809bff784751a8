"""Hindsight: documents of a bank that name an incident, as returned by `list_documents` and `get_document`.

Fields missing from the metadata are read from the text: its labelled parts, and its first line as the title.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord
from onrecall.importers.resolution import labelled_sections
from onrecall.importers.steps import semicolon_parts

SOURCE = "hindsight"
PREFIX = "inc:"
_TITLE = re.compile(r"^[ \t*_#]*(?:incident|title)[ \t*_]*:[ \t*_]*", re.IGNORECASE)
_SECTION = re.compile(
    r"^[ \t*_#]*(?:root cause|resolution|mitigation|mitigation steps|fix|status|service|"
    r"severity)[ \t*_]*:",
    re.IGNORECASE,
)
_DESCRIPTION_LABEL = re.compile(r"^[ \t*_#]*(?:what happened|description|summary)[ \t*_]*:[ \t]*", re.IGNORECASE)


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise Hindsight by its field names for a document's text and metadata."""
    return "id" in values and bool({"original_text", "document_metadata", "retain_params"} & set(values))


def parse(record: FieldRecord) -> Incident:
    """Return the incident that a document names; a document without an incident id is rejected."""
    text = record.text("original_text", "content", "text") or ""
    title, description = split_title_and_description(text)
    incident_id = record.text("document_metadata.incident_id")
    document = record.text("id") or ""
    fix = _fix_text(record, text)
    return build_incident(
        record,
        source=SOURCE,
        id=incident_id or (document.removeprefix(PREFIX) if document.startswith(PREFIX) else None),
        title=record.text("document_metadata.title") or title,
        description=record.text("document_metadata.description") or description,
        started_at=record.time(
            *(f"document_metadata.{name}" for name in ("started_at", "occurred_at", "timestamp", "date", "created_at")),
            "retain_params.event_date",
        ),
        resolved_at=_resolved_at(record),
        service=record.text("document_metadata.service", "document_metadata.affected_service"),
        environment=record.text("document_metadata.environment"),
        level=record.text("document_metadata.severity"),
        state=record.text("document_metadata.status"),
        root_cause=record.text("document_metadata.root_cause") or labelled_sections(text).get("root_cause"),
        fix=fix,
        cause=record.text("document_metadata.cause"),
        prose=True,
    )


def split_title_and_description(text: str) -> tuple[str, str]:
    """Return the title and the description, which precede the labelled parts of the text."""
    lines = text.strip().splitlines()
    end = next((at for at, line in enumerate(lines) if _SECTION.match(line)), len(lines))
    if not end:
        return "", ""
    title = collapse_whitespace(_TITLE.sub("", lines[0]).strip(" \t*_#"))
    body = "\n".join(lines[1:end]).strip()
    return title[:300], _DESCRIPTION_LABEL.sub("", body, count=1).strip()


def _fix_text(record: FieldRecord, text: str) -> str | None:
    """Return the fix, one step per line; in metadata, semicolons outside code and quotes separate steps."""
    if section_text := labelled_sections(text).get("fix"):
        return section_text
    names = ("mitigation_steps", "mitigation", "resolution", "fix")
    flat = record.text(*(f"document_metadata.{name}" for name in names))
    steps = semicolon_parts(flat or "")
    return "\n".join(f"- {step}" for step in steps) if len(steps) > 1 else flat


def _resolved_at(record: FieldRecord) -> datetime | None:
    """Return the stated end, or the time of the document if it names a fix."""
    resolved_at = record.time("document_metadata.resolved_at")
    fixed = record.text("document_metadata.root_cause", "document_metadata.mitigation_steps")
    return resolved_at or (record.time("retain_params.event_date", "document_metadata.started_at") if fixed else None)
