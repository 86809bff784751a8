"""Tables that people made themselves, and JSON with names of its own: their columns → our fields."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, IncidentLink
from onrecall.importers.cause_labels import divide_cause
from onrecall.importers.column_names import TIMES, assign_by_name
from onrecall.importers.comments import comments_of
from onrecall.importers.incident_builder import incident
from onrecall.importers.mapping import FieldMapping
from onrecall.importers.narrative import Comment
from onrecall.importers.native import labels as label_object
from onrecall.importers.record import FieldRecord
from onrecall.importers.states import state_of
from onrecall.importers.tags import facets, read_tags
from onrecall.importers.times import after, duration
from onrecall.importers.values import lines_of, name_of, names_of, value_at

DEEPEST = 4
"""Levels of objects whose fields can be named, with a dot between the levels."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which of their columns is which of our fields in one file."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def present_in(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return all columns of some records, and with dots the fields within their objects, in the order of the file."""
    found: dict[str, None] = {}
    for values in records:
        for place in _places(values, "", 1):
            found.setdefault(place)
    return list(found)


def assign(present: Sequence[str], mapping: FieldMapping) -> Assignment:
    """Return our field ← their columns: those of the mapping first, then by common names.

    Raises:
        Invalid: the mapping names a column that is not there.
    """
    named = [column for columns in mapping.columns.values() for column in columns]
    absent = [column for column in (*named, *mapping.labels.values()) if column not in present]
    if absent:
        raise Invalid(
            f"the mapping names the column {absent[0]!r}, which is not there; there are {', '.join(present)[:300]}",
            "mapping",
        )
    top = [column for column in present if not _is_inside(column, frozenset(present))]
    by_name = assign_by_name(top, mapping.columns)
    if not {"title", "started_at"} & {*by_name, *mapping.columns}:
        by_name = {**_within_wrapper(present, mapping), **by_name}
    fields = {**{name: (column,) for name, column in by_name.items()}, **mapping.columns}
    return Assignment(fields, _label_columns(present, mapping))


def parse(record: FieldRecord, assignment: Assignment) -> Incident:
    """Return the incident in a row of the table."""
    row = _MappedRow(record, assignment)
    started = row.time("started_at")
    lasted = duration(row.text("resolved_at"))
    tags, pairs = row.tags()
    said = facets(tags)
    root_cause, label = divide_cause(row.text("root_cause"), row.name("cause"))
    services = row.names("service")
    resolution = row.text("fix")
    states = (state_of(resolution), state_of(row.name("status")))
    return incident(
        row.record,
        source=row.name("source") or "csv",
        id=row.name("id"),
        source_id=row.name("source_id"),
        title=row.name("title"),
        description=row.text("description"),
        started_at=started,
        acknowledged_at=row.time("acknowledged_at"),
        resolved_at=row.time("resolved_at") if lasted is None else after(started, lasted),
        service=services[0] if services else said.get("service"),
        environment=row.name("environment") or said.get("environment"),
        level=row.name("severity") or said.get("severity"),
        state=row.name("status"),
        labels={**pairs, **({"services": ", ".join(services)} if len(services) > 1 else {}), **row.labels()},
        root_cause=root_cause,
        fix=resolution,
        cause=label or said.get("cause"),
        comments=row.comments(),
        fixed="not fixed" not in states,
        impact=row.text("impact"),
        detection=row.text("detection"),
        trigger=row.text("trigger"),
        links=tuple(IncidentLink("duplicate", name) for name in row.names("duplicate_of")),
    )


class _MappedRow:
    """One row by our names."""

    def __init__(self, record: FieldRecord, assignment: Assignment) -> None:
        self._columns = assignment.fields
        self._label_columns = assignment.labels
        self._values = {
            name: [value_at(record.values, column) for column in columns] for name, columns in assignment.fields.items()
        }
        record.use(
            *(column for columns in assignment.fields.values() for column in columns), *assignment.labels.values()
        )
        texts = {name: next((_time_text(value) for value in self._values[name] if _time_text(value)), None)
                 for name in TIMES if name in self._values}  # fmt: skip
        self.record = record.renamed(texts, {})
        self._given = record.values

    def time(self, name: str) -> datetime | None:
        """The first of its columns that says something, as a moment in UTC."""
        return self.record.time(name)

    def text(self, name: str) -> str | None:
        """All that its columns say, a line for each part."""
        said = [line for value in self._values.get(name, ()) for line in lines_of(value)]
        return "\n".join(said) or None

    def name(self, name: str) -> str | None:
        """The first thing that its columns name."""
        return next((said for value in self._values.get(name, ()) if (said := name_of(value))), None)

    def names(self, name: str) -> tuple[str, ...]:
        """All things that its columns name."""
        return tuple(dict.fromkeys(said for value in self._values.get(name, ()) for said in names_of(value)))

    def comments(self) -> tuple[Comment, ...]:
        """What was written about it meanwhile."""
        times = self.record.times
        return tuple(comment for value in self._values.get("comments", ()) for comment in comments_of(value, times))

    def tags(self) -> tuple[list[str], dict[str, str]]:
        """Its tags as they stand, and as labels."""
        tags: list[str] = []
        pairs: dict[str, str] = {}
        for value in self._values.get("labels", ()):
            if isinstance(value, Mapping):
                pairs |= label_object(value)
                tags += [f"{name}: {said}" for name, said in label_object(value).items()]
            elif isinstance(value, str) and value.lstrip().startswith("{"):
                pairs |= _json_labels(value)
            else:
                tags += _parts(value)
        return tags, {**pairs, **read_tags(tags).labels} if tags and not pairs else pairs

    def labels(self) -> dict[str, str]:
        """The columns that are labels of their own."""
        given = ((name, value_at(self._given, column)) for name, column in self._label_columns.items())
        return {name: said for name, value in given if (said := name_of(value))}


def _places(values: Mapping[str, Any], path: str, depth: int) -> Iterable[str]:
    for name, value in values.items():
        place = f"{path}{name}"
        if name:
            yield place
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from _places(value, f"{place}.", depth + 1)


def _is_inside(column: str, present: frozenset[str]) -> bool:
    """Whether dots lead from another column to it; `Nr.` and `Fall-Nr. extern` only hold them."""
    return any(column[:place] in present for place, letter in enumerate(column) if letter == ".")


def _within_wrapper(present: Sequence[str], mapping: FieldMapping) -> dict[str, str]:
    """Fields by common names within the one object of a record that holds most of them, such as `attributes`."""
    wrappers: dict[str, list[str]] = {}
    for place in present:
        wrapper, dot, name = place.rpartition(".")
        if dot:
            wrappers.setdefault(wrapper, []).append(name)
    found = [
        {field_name: f"{wrapper}.{column}" for field_name, column in assign_by_name(names, mapping.columns).items()}
        for wrapper, names in wrappers.items()
    ]
    best = max(found, key=len, default={})
    return best if "title" in best and "started_at" in best else {}


def _label_columns(present: Iterable[str], mapping: FieldMapping) -> dict[str, str]:
    """Label → column: those of the mapping, and columns named `label.region` or `labels.region`."""
    found = dict(mapping.labels)
    for column in present:
        prefix, _, name = column.partition(".")
        if prefix.strip().lower() in ("label", "labels") and name:
            found.setdefault(name.strip(), column)
    return found


def _time_text(value: Any) -> Any:
    """What may be read as a time: a text or a number, the first of several."""
    if isinstance(value, list):
        return next((_time_text(part) for part in value if _time_text(part)), None)
    if isinstance(value, Mapping):
        return name_of(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else name_of(value)


def _parts(value: Any) -> list[str]:
    """Tags in a list, or in a text in which marks part them."""
    if isinstance(value, Mapping):
        return [name for name in (name_of(value),) if name]
    if isinstance(value, list):
        return [tag for part in value for tag in _parts(part)]
    return [part.strip() for part in re.split(r"[;,|]", value) if part.strip()] if isinstance(value, str) else []


def _json_labels(text: str) -> dict[str, str]:
    try:
        return label_object(json.loads(text))
    except (ValueError, RecursionError):
        raise Invalid(
            "`labels` begins like JSON but is broken; write it as region=eu;team=payments", "labels"
        ) from None
