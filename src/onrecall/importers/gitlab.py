"""GitLab: issues and incidents of its REST and GraphQL APIs and of a project's export, with their notes if exported."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Incident
from onrecall.importers.comments import comment_time
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.narrative import Comment
from onrecall.importers.record import FieldRecord, RecordContext, SkippedRecord, SourceRow
from onrecall.importers.tags import label_names, parse_facets

_URL = re.compile(r"https?://[^/]+/(?P<project>.+?)/-/(?:issues|work_items|incidents?)/(?:incident/)?\d+")
_NOT_INCIDENTS = ("task", "test_case", "requirement", "epic", "objective", "key_result")
_NOT_FIXED = re.compile(r"marked this (?:issue|incident|ticket) as a duplicate|\bmoved to\b", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_START_TAGS = ("start time", "impact detected")
_END_TAGS = ("end time", "impact mitigated")
_LISTS = ("labels", "notes", "discussions", "timeline_events", "timeline_event_tags", "assignees")


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise GitLab by the number within a project and fields that only its issues have."""
    own = {
        "project_id", "web_url", "webUrl", "issue_type", "label_links", "work_item_type", "confidential", "state_id",
        "discussions", "notes",
    }  # fmt: skip
    return {"iid", "title"} <= values.keys() and bool(own & values.keys())


def rows(
    source_rows: Iterator[SourceRow | RejectedInput], _context: RecordContext
) -> Iterator[SourceRow | RejectedInput]:
    """Yield the issues under the names of the REST API."""
    for row in source_rows:
        yield row if isinstance(row, RejectedInput) else replace(row, values=_as_rest(row.values))


def parse(record: FieldRecord) -> Incident | SkippedRecord:
    """Return the incident; cause and fix come from sections of its description or from its notes."""
    kind = (record.text("issue_type", "type", "work_item_type.base_type") or "").lower()
    if kind in _NOT_INCIDENTS:
        return SkippedRecord("tasks, requirements and test cases")
    record.use("id", "iid", "project_id", "web_url", "references", "author", "assignees", "assignee", "updated_at")
    names = _label_names(record)
    facet = parse_facets(names)
    notes, is_fixed = _notes(record)
    events = _events(record)
    start, end = _tagged_times(record)
    severity = record.text("severity") or ""
    return build_incident(
        record,
        source="gitlab",
        id=_id(record),
        title=record.text("title"),
        description=record.text("description"),
        started_at=start or record.time("created_at"),
        resolved_at=end or record.time("closed_at"),
        service=facet.get("service"),
        environment=facet.get("environment"),
        level=severity if severity.lower() not in ("", "unknown") else facet.get("severity"),
        state=record.text("state"),
        labels={"labels": ", ".join(names), "project": _project(record)},
        cause=facet.get("cause"),
        comments=[*events, *notes],
        fixed=is_fixed and not record.get("moved_to_id"),
    )


def _as_rest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an issue with `snake_case` names and plain lists for the `nodes` of GraphQL."""
    named = {_CAMEL.sub("_", name).lower(): value for name, value in values.items()}
    for name in _LISTS:
        if isinstance(named.get(name), Mapping):
            named[name] = named[name].get("nodes") or []
        if name != "labels" and isinstance(named.get(name), list):
            named[name] = [_as_rest(part) if isinstance(part, Mapping) else part for part in named[name]]
    return named


def _id(record: FieldRecord) -> str:
    """Return the number with its project, or alone in a project's export, which does not name it."""
    project = _project(record)
    number = record.text("iid")
    if not number:
        raise Invalid("there is no `iid`, the number of the issue in its project", "iid")
    return f"{project or ''}#{number}"


def _project(record: FieldRecord) -> str | None:
    url = _URL.match(record.text("web_url") or "")
    return url["project"] if url else record.text("project_id")


def _label_names(record: FieldRecord) -> list[str]:
    """Return the labels: texts, objects with a title, or the links of a project's export."""
    linked = (row.text("label.title") for row in record.object_list("label_links"))
    return [*label_names(record, "title", "name"), *filter(None, linked)]


def _notes(record: FieldRecord) -> tuple[list[Comment], bool]:
    """Return what people wrote, and whether the issue was fixed rather than closed as a duplicate or moved."""
    comments: list[Comment] = []
    is_fixed = True
    for note in (*record.object_list("notes"), *_discussion_notes(record)):
        note.use("id", "author", "author_id", "noteable_type", "noteable_id", "noteable_iid", "updated_at", "system")
        text = note.text("body", "note")
        if note.get("system"):
            is_fixed = is_fixed and not _NOT_FIXED.search(text or "")
        elif text:
            comments.append(Comment(text, comment_time(note, ("created_at",))))
    return comments, is_fixed


def _discussion_notes(record: FieldRecord) -> Iterator[FieldRecord]:
    for discussion in record.object_list("discussions"):
        yield from discussion.object_list("notes")


def _events(record: FieldRecord) -> list[Comment]:
    """Return the entries of an incident's timeline."""
    return [
        Comment(text, comment_time(event, ("occurred_at", "created_at")))
        for event in record.object_list("timeline_events")
        if (text := event.text("note"))
    ]


def _tagged_times(record: FieldRecord) -> tuple[datetime | None, datetime | None]:
    """Return start and end of which the timeline's tags tell; the exact tag goes before that of the impact."""
    by_tag: dict[str, datetime] = {}
    for event in record.object_list("timeline_events"):
        at = comment_time(event, ("occurred_at",))
        for tag in event.object_list("timeline_event_tags"):
            if at is not None and (name := tag.text("name")):
                by_tag.setdefault(name.lower(), at)
    start = next((by_tag[name] for name in _START_TAGS if name in by_tag), None)
    return start, next((by_tag[name] for name in _END_TAGS if name in by_tag), None)
