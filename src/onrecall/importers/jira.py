"""Jira and Jira Service Management: REST v3 search results and the CSV export."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers import adf
from onrecall.importers.columns import bare
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import Record
from onrecall.importers.resolution import closing, sections

_CATEGORIES = {"done": "resolved", "indeterminate": "in progress", "new": "open"}
_NOT_FIXED = frozenset(
    (
        "won't do",
        "won't fix",
        "wont fix",
        "wont do",
        "duplicate",
        "declined",
        "cannot reproduce",
        "incomplete",
        "invalid",
    )
)


def recognises(values: Mapping[str, Any]) -> bool:
    """By an issue's key and its fields."""
    return "key" in values and isinstance(values.get("fields"), Mapping)


def recognises_csv(values: Mapping[str, Any]) -> bool:
    """By the columns that every export has."""
    return {"issue key", "summary"} <= {bare(str(column)) for column in values}


def parse(record: Record) -> Incident:
    """The incident; the fix is in a section of the description, or in the comment that closed the issue."""
    comments = tuple(said for row in record.rows("fields.comment.comments") if (said := adf.text(row.get("body"))))
    described = adf.text(record.get("fields.description"))
    category = record.text("fields.status.statusCategory.key")
    cause, fix = _outcome(described, comments, record.text("fields.resolution.name"))
    return incident(
        record,
        source="jira",
        id=record.text("key"),
        source_id=record.text("id"),
        title=record.text("fields.summary"),
        description=described,
        started_at=record.time("fields.created"),
        resolved_at=record.time("fields.resolutiondate"),
        service=record.name("fields.components"),
        environment=adf.text(record.get("fields.environment")),
        level=record.name("fields.priority"),
        state=_CATEGORIES.get(category or "") or record.name("fields.status"),
        labels={
            "labels": ", ".join(record.words("fields.labels")),
            "type": record.name("fields.issuetype"),
            "project": record.text("fields.project.key"),
        },
        root_cause=cause,
        fix=fix,
    )


def parse_csv(record: Record) -> Incident:
    """The incident; `Comment` and `Labels` stand in as many columns as there are of them."""
    columns: dict[str, list[str]] = {}
    for column, value in record.values.items():
        cells = value if isinstance(value, list) else [value]
        said = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]
        columns.setdefault(_column(column), []).extend(said)
    row = Record({name: cells[0] for name, cells in columns.items() if cells}, record.times)
    comments = tuple(_comment(cell) for name in ("comment", "comments") for cell in columns.get(name, ()))
    described = row.text("description")
    cause, fix = _outcome(described, comments, row.text("resolution"))
    return incident(
        row,
        source="jira",
        id=row.text("issue key"),
        source_id=row.text("issue id"),
        title=row.text("summary"),
        description=described,
        started_at=row.time("created"),
        resolved_at=row.time("resolved"),
        service=row.text("components", "component s", "component", "affected services"),
        environment=row.text("environment"),
        level=row.text("severity", "priority"),
        state=_CATEGORIES.get((row.text("status category") or "").lower()) or row.text("status"),
        labels={
            "labels": ", ".join(columns.get("labels", ())),
            "type": row.text("issue type"),
            "project": row.text("project key"),
        },
        root_cause=row.text("root cause", "root causes") or cause,
        fix=row.text("fix", "resolution notes", "workaround", "resolution summary") or fix,
    )


def _outcome(described: str | None, comments: tuple[str, ...], verdict: str | None) -> tuple[str | None, str | None]:
    """Root cause and fix, where the issue tells them; an issue closed without a fix has none."""
    told = {**sections(described)}
    for comment in comments:
        told |= sections(comment)
    if verdict and verdict.lower().replace("\u2019", "'") in _NOT_FIXED:
        return told.get("root_cause"), told.get("fix")
    return told.get("root_cause"), told.get("fix") or closing(comments)


def _column(column: str) -> str:
    """A custom field goes by its own name."""
    name = column.strip()
    if name.lower().startswith("custom field (") and name.endswith(")"):
        name = name[len("custom field (") : -1]
    return " ".join(name.lower().replace("/", " ").split())


def _comment(cell: str) -> str:
    """A comment without the time and the author before it."""
    parts = cell.split(";", 2)
    return parts[2].strip() if len(parts) == 3 else cell
