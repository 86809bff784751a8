"""Jira and Jira Service Management: REST v3 and v2 (Server, Data Center) search results, and the CSV export."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident, IncidentLink
from onrecall.importers import adf
from onrecall.importers.cause_labels import divide_cause
from onrecall.importers.column_names import assign_by_name, normalize_column
from onrecall.importers.comments import listed_comments, parse_comments
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.markup.jira_wiki import to_markdown
from onrecall.importers.record import FieldRecord, RecordContext, SourceRow
from onrecall.importers.states import is_state, state_of
from onrecall.importers.tags import parse_facets
from onrecall.importers.values import lines_of, name_of

_CATEGORIES = {"done": "resolved", "indeterminate": "in progress", "new": "open"}
_CUSTOM_PREFIX = "customfield_"
_RESERVED_FIELDS = dict.fromkeys(
    ("id", "title", "description", "status", "labels", "comments", "source", "source_id"), ()
)
"""Fields that an issue has natively; a custom field with such a name means something else."""
_CSV_STANDARD_COLUMNS = {
    "issue key", "issue id", "summary", "status", "status category", "priority", "resolution", "created", "resolved",
    "description", "environment", "component s", "component", "components", "labels", "comment", "comments",
    "project key", "issue type",
}  # fmt: skip
_DUPLICATE_OF = "outward issue link (duplicate)"


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise Jira by an issue's `key` and `fields`."""
    return "key" in values and isinstance(values.get("fields"), Mapping)


def recognises_csv(values: Mapping[str, Any]) -> bool:
    """Recognise a Jira CSV by the columns that every export has; the issue key may be missing."""
    names = {normalize_column(str(column)) for column in values}
    return "summary" in names and ("issue key" in names or {"issue id", "status", "created"} <= names)


def rows(
    source_rows: Iterator[SourceRow | RejectedInput], context: RecordContext
) -> Iterator[SourceRow | RejectedInput]:
    """Yield the issues, each with the custom field names given next to the list of issues."""
    shared = context.beside("names")
    for row in source_rows:
        own = None if isinstance(row, RejectedInput) else row.values.get("names")
        names = own if isinstance(own, Mapping) else shared
        yield row if isinstance(row, RejectedInput) else replace(row, values={**row.values, "names": names})


def parse(record: FieldRecord) -> Incident:
    """Return the incident; cause and fix come from custom fields, sections of the description, or comments."""
    fields = record.inside("fields")
    custom = _custom_fields(record)
    tags = list(fields.string_list("labels"))
    facet = parse_facets(tags)
    verdict = fields.name("resolution")
    components = tuple(name for row in fields.object_list("components") if (name := row.text("name")))
    category = fields.text("status.statusCategory.key")
    cause, label = divide_cause(custom.text("root_cause"), custom.name("cause"))
    return build_incident(
        record,
        source="jira",
        id=record.text("key"),
        source_id=record.text("id"),
        title=fields.text("summary"),
        description=_markdown(adf.to_text(fields.get("description"))),
        started_at=custom.time("started_at") or fields.time("created"),
        resolved_at=custom.time("resolved_at") or fields.time("resolutiondate"),
        service=custom.name("service") or (components[0] if components else facet.get("service")),
        environment=custom.name("environment") or adf.to_text(fields.get("environment")) or facet.get("environment"),
        level=custom.name("severity") or fields.name("priority") or facet.get("severity"),
        state=_CATEGORIES.get(category or "") or fields.name("status"),
        labels={
            "labels": ", ".join(tags),
            "services": ", ".join(components) if len(components) > 1 else None,
            "type": fields.name("issuetype"),
            "project": fields.text("project.key"),
        },
        root_cause=cause,
        fix=custom.text("fix"),
        cause=label or facet.get("cause"),
        comments=listed_comments(fields, "comment.comments", ("body",), ("created", "updated")),
        fixed=state_of(verdict) != "not fixed",
        impact=custom.text("impact"),
        detection=custom.text("detection"),
        trigger=custom.text("trigger"),
        links=_duplicate_links(fields),
    )


def parse_csv(record: FieldRecord) -> Incident:
    """Return the incident; `Comment` and `Labels` are repeated columns."""
    table = _Table.from_record(record)
    row, custom = table.record, table.custom
    tags = [tag for cell in table.cells.get("labels", ()) for tag in cell.split()]
    facet = parse_facets(tags)
    verdict = row.text("resolution")
    components = tuple(
        dict.fromkeys(part.strip() for name in ("components", "component s", "component")
                      for cell in table.cells.get(name, ()) for part in cell.split(",") if part.strip())
    )  # fmt: skip
    cause, label = divide_cause(custom.text("root_cause"), custom.name("cause"))
    return build_incident(
        row,
        source="jira",
        id=row.text("issue key", "issue id"),
        source_id=row.text("issue id"),
        title=row.text("summary"),
        description=_markdown(row.text("description")),
        started_at=custom.time("started_at") or row.time("created"),
        resolved_at=custom.time("resolved_at") or row.time("resolved"),
        service=custom.name("service") or (components[0] if components else facet.get("service")),
        environment=row.text("environment") or facet.get("environment"),
        level=custom.name("severity") or row.text("priority") or facet.get("severity"),
        state=_CATEGORIES.get((row.text("status category") or "").lower()) or row.text("status"),
        labels={
            "labels": ", ".join(tags),
            "services": ", ".join(components) if len(components) > 1 else None,
            "type": row.text("issue type"),
            "project": row.text("project key"),
        },
        root_cause=cause,
        fix=custom.text("fix") or (verdict if not is_state(verdict) and len((verdict or "").split()) > 2 else None),
        cause=label or facet.get("cause"),
        comments=tuple(
            comment
            for name in ("comment", "comments")
            for comment in parse_comments(table.cells.get(name), record.times)
        ),
        fixed=state_of(verdict) != "not fixed",
        impact=custom.text("impact"),
        detection=custom.text("detection"),
        trigger=custom.text("trigger"),
        links=tuple(IncidentLink("duplicate", key) for key in table.cells.get(_DUPLICATE_OF, ())),
    )


@dataclass(frozen=True, slots=True)
class _JiraFields:
    """Custom fields, read by our field names."""

    values: Mapping[str, Any]
    record: FieldRecord

    def text(self, name: str) -> str | None:
        """Return the whole text of a field, one line per list item."""
        return _markdown("\n".join(lines_of(_without_adf(self.values.get(name)))) or None)

    def name(self, name: str) -> str | None:
        """Return the first name in a field."""
        return name_of(_without_adf(self.values.get(name)))

    def time(self, name: str) -> Any:
        """Return the field's time in UTC."""
        value = name_of(self.values.get(name))
        return self.record.times.read(value, name) if value else None


def _custom_fields(record: FieldRecord) -> _JiraFields:
    """Return the issue's custom fields whose names the export includes, by our field names."""
    record.use("names")
    names, fields = record.values.get("names"), record.values.get("fields")
    if not isinstance(names, Mapping) or not isinstance(fields, Mapping):
        return _JiraFields({}, record)
    places = {str(names[key]): key for key in fields if str(key).startswith(_CUSTOM_PREFIX) and names.get(key)}
    assigned = assign_by_name(places, _RESERVED_FIELDS)
    record.use(*(f"fields.{places[column]}" for column in assigned.values()))
    return _JiraFields({field: fields[places[column]] for field, column in assigned.items()}, record)


@dataclass(frozen=True, slots=True)
class _Table:
    """A row of the CSV: the first cell of each column, all cells, and the custom fields by our field names."""

    record: FieldRecord
    cells: Mapping[str, list[str]]
    custom: _JiraFields

    @classmethod
    def from_record(cls, record: FieldRecord) -> "_Table":
        """Return the row with its columns under normalised names."""
        cells: dict[str, list[str]] = {}
        columns: dict[str, str] = {}
        for column, value in record.values.items():
            several = value if isinstance(value, list) else [value]
            texts = [cell.strip() for cell in several if isinstance(cell, str) and cell.strip()]
            cells.setdefault(_column_name(column), []).extend(texts)
            columns.setdefault(_column_name(column), column)
        row = record.renamed({name: texts[0] for name, texts in cells.items() if texts}, columns)
        custom_columns = [name for name in cells if name not in _CSV_STANDARD_COLUMNS and name != _DUPLICATE_OF]
        assigned = assign_by_name(custom_columns, _RESERVED_FIELDS)
        row.use(*(name for name in cells if name in _CSV_STANDARD_COLUMNS), *assigned.values(), _DUPLICATE_OF)
        return cls(row, cells, _JiraFields({field: cells[name] for field, name in assigned.items()}, row))


def _without_adf(value: Any) -> Any:
    """Return the value, with an Atlassian document converted to text."""
    return adf.to_text(value) if isinstance(value, Mapping) and value.get("type") == "doc" else value


def _markdown(text: str | None) -> str | None:
    return to_markdown(text) if text else None


def _column_name(column: str) -> str:
    """Return the column name in lower case; `Custom field (NAME)` becomes NAME."""
    name = column.strip()
    if name.lower().startswith("custom field (") and name.endswith(")"):
        name = name[len("custom field (") : -1]
    return " ".join(name.lower().replace("/", " ").split())


def _duplicate_links(fields: FieldRecord) -> tuple[IncidentLink, ...]:
    """Return links to the issues that this one duplicates."""
    duplicate_rows = (
        row for row in fields.object_list("issuelinks") if (row.text("type.name") or "").lower() == "duplicate"
    )
    return tuple(IncidentLink("duplicate", key) for row in duplicate_rows if (key := row.text("outwardIssue.key")))
