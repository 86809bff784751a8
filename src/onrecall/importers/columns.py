"""Read home-made tables, and JSON with its own field names, by mapping columns to our fields."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import ActionItem, Incident, IncidentLink
from onrecall.importers import markup
from onrecall.importers.cause_labels import divide_cause
from onrecall.importers.column_names import (
    TIMES,
    assign_by_name,
    other_accounts,
    states_action_items,
    states_failed_fix,
    states_whys,
)
from onrecall.importers.comments import parse_comments
from onrecall.importers.day_and_clock import is_clock, join_day_and_clock
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.mapping import FieldMapping
from onrecall.importers.narrative import Comment
from onrecall.importers.native import parse_labels
from onrecall.importers.postmortem.action_items import action_items
from onrecall.importers.postmortem.rows import parse_rows
from onrecall.importers.postmortem.sections import split_sections
from onrecall.importers.postmortem.whys import WhyLink, chain_in_text
from onrecall.importers.record import FieldRecord
from onrecall.importers.states import state_of
from onrecall.importers.tags import parse_facets, read_tags
from onrecall.importers.times import add_seconds, parse_duration
from onrecall.importers.values import lines_of, name_of, names_of, value_at

CONTENT_ID = re.compile(r"row-[0-9a-f]{12}")
"""The id of a row without one: a digest of its title, start and service."""
DEEPEST = 4
"""Maximum nesting depth of a field that can be addressed as `outer.inner`."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which column holds which of our fields and labels in one file."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def list_columns(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return all columns of the records, nested fields as dotted paths, in file order."""
    columns: dict[str, None] = {}
    for values in records:
        for place in _column_paths(values, "", 1):
            columns.setdefault(place)
    return list(columns)


def assign(present: Sequence[str], mapping: FieldMapping) -> Assignment:
    """Assign columns to fields: from the mapping first, then by common names.

    Raises:
        Invalid: the mapping names a column that does not exist.
    """
    mapped_columns = [column for columns in mapping.columns.values() for column in columns]
    absent = [column for column in (*mapped_columns, *mapping.labels.values()) if column not in present]
    if absent:
        raise Invalid(
            f"the mapping names the column {absent[0]!r}, which is not there; there are {', '.join(present)[:300]}",
            "mapping",
        )
    top = [column for column in present if not _is_inside(column, frozenset(present))]
    by_name = assign_by_name(top, mapping.columns)
    if not {"title", "started_at"} & {*by_name, *mapping.columns}:
        by_name = {**_assign_within_wrapper(present, mapping), **by_name}
    by_name = {**_assign_details(present, by_name, mapping), **by_name}
    fields = {**{name: (column,) for name, column in by_name.items()}, **mapping.columns}
    if "comments" not in mapping.columns and "fix" in fields:
        used = {column for columns in fields.values() for column in columns}
        if accounts := (*fields.get("comments", ()), *other_accounts(top, used)):
            fields["comments"] = accounts
    used = {column for columns in fields.values() for column in columns}
    if follow_ups := tuple(column for column in top if column not in used and states_action_items(column)):
        fields[_ACTION_ITEMS] = follow_ups
    if whys := tuple(column for column in top if column not in used and states_whys(column)):
        fields[_WHYS] = whys
    return Assignment(fields, _label_columns(present, mapping))


def parse(record: FieldRecord, assignment: Assignment) -> Incident:
    """Return the incident in one row of the table."""
    row = _MappedRow(record, assignment)
    started = row.time("started_at")
    lasted = parse_duration(row.duration())
    tags, pairs = row.tags()
    tag_facets = parse_facets(tags)
    whys = row.whys()
    last_why = whys[-1].answer.text if whys and whys[-1].answer else None
    root_cause, label = divide_cause(row.text("root_cause") or last_why, row.name("cause"))
    services = row.names("service")
    resolution = row.text("fix")
    states = (state_of(resolution), state_of(row.name("status")))
    incident = build_incident(
        row.record,
        source=row.name("source") or "csv",
        id=row.name("id") or _content_id(row.name("title"), started, services),
        source_id=row.name("source_id"),
        title=row.name("title"),
        description=_without_html(row.text("description")),
        started_at=started,
        acknowledged_at=row.time("acknowledged_at"),
        resolved_at=row.time("resolved_at") if lasted is None else add_seconds(started, lasted),
        service=services[0] if services else tag_facets.get("service"),
        environment=row.name("environment") or tag_facets.get("environment"),
        level=row.name("severity") or tag_facets.get("severity"),
        state=row.name("status"),
        labels={**pairs, **({"services": ", ".join(services)} if len(services) > 1 else {}), **row.labels()},
        root_cause=root_cause,
        fix=resolution,
        cause=label or tag_facets.get("cause"),
        comments=row.comments(),
        fixed="not fixed" not in states,
        impact=row.text("impact"),
        detection=row.text("detection"),
        trigger=row.text("trigger"),
        links=tuple(IncidentLink("duplicate", name) for name in row.names("duplicate_of")),
    )
    factors = "\n".join(link.statement.text for link in whys if link.answer and link.answer.text != root_cause)
    return replace(
        incident,
        action_items=row.action_items() or incident.action_items,
        contributing_factors=factors or incident.contributing_factors,
    )


def _without_html(text: str | None) -> str | None:
    """Return HTML, as ticket systems store descriptions, as Markdown; other text, and HTML too deep, unchanged."""
    if text is None or not _is_html(text):
        return text
    try:
        return markup.TEXTS[".html"](text).strip() or text
    except ValueError:
        return text


def _is_html(text: str) -> bool:
    """Return whether a text begins with an element of HTML and ends with a tag, in one pass over it."""
    text = text.rstrip()
    opening = _OPENING_TAG.match(text) if text.endswith(">") else None
    if opening is None or opening.end() == len(text):
        return False
    return _TAG_BEGIN.search(text, text.rfind(">", 0, -1) + 1) is not None


def _content_id(title: str | None, started_at: datetime | None, services: Sequence[str]) -> str | None:
    """Return an id that the same row has in every import; None without a title and a start to tell it by."""
    if not title or started_at is None:
        return None
    content = "\0".join((" ".join(title.casefold().split()), started_at.isoformat(), *services))
    return "row-" + hashlib.blake2b(content.encode(), digest_size=6).hexdigest()


class _MappedRow:
    """One row, read by our field names."""

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
        times, columns = join_day_and_clock(_split_range(texts), record.values)
        record.use(*columns)
        self.record = record.renamed(times, {})
        self._row_values = record.values

    def time(self, name: str) -> datetime | None:
        """Return the first non-empty of the field's columns as a time in UTC."""
        return self.record.time(name)

    def text(self, name: str) -> str | None:
        """Return the text of all of the field's columns, one line per part."""
        lines = [line for value in self._values.get(name, ()) for line in lines_of(value)]
        return "\n".join(lines) or None

    def duration(self) -> str | None:
        """Return how long it lasted as text; a number has the unit of its column's name, such as minutes."""
        text = self.text("resolved_at")
        if text is not None and is_clock(text) and not any(map(_LASTING.search, self._columns["resolved_at"])):
            return None
        if text is None or not _NUMBER.fullmatch(text.strip()):
            return text
        unit = next((match[0] for column in self._columns["resolved_at"] if (match := _UNIT.search(column))), None)
        return f"{text.strip().replace(',', '.')} {unit}" if unit else text

    def name(self, name: str) -> str | None:
        """Return the first name in the field's columns."""
        return next((text for value in self._values.get(name, ()) if (text := name_of(value))), None)

    def names(self, name: str) -> tuple[str, ...]:
        """Return all distinct names in the field's columns."""
        return tuple(
            dict.fromkeys(value_name for value in self._values.get(name, ()) for value_name in names_of(value))
        )

    def comments(self) -> tuple[Comment, ...]:
        """Return the comments of the row."""
        times = self.record.times
        columns = zip(self._columns.get("comments", ()), self._values.get("comments", ()), strict=True)
        return tuple(
            replace(comment, text=f"**What did not help**\n\n{comment.text}") if states_failed_fix(column) else comment
            for column, value in columns
            for comment in parse_comments(value, times)
        )

    def whys(self) -> list[WhyLink]:
        """Return the links of a chain of whys, the root cause last."""
        return [link for link in chain_in_text(self.text(_WHYS) or "") if link.answer is not None]

    def action_items(self) -> tuple[ActionItem, ...]:
        """Return the follow-ups in the row: the items of a list, or the lines of a cell."""
        lines = (self.text(_ACTION_ITEMS) or "").splitlines()
        items = [_BULLET.sub("", line) for line in lines if line.strip()]
        text = "# Action items\n\n" + "".join(f"- {item}\n" for item in items)
        return (
            tuple(replace(item, line=None) for item in action_items(split_sections(parse_rows(text)))) if items else ()
        )

    def tags(self) -> tuple[list[str], dict[str, str]]:
        """Return the tags as written, and as labels."""
        tags: list[str] = []
        pairs: dict[str, str] = {}
        for value in self._values.get("labels", ()):
            if isinstance(value, Mapping):
                pairs |= parse_labels(value)
                tags += [f"{name}: {text}" for name, text in parse_labels(value).items()]
            elif isinstance(value, str) and value.lstrip().startswith("{"):
                pairs |= _json_labels(value)
            else:
                tags += _tag_parts(value)
        return tags, {**pairs, **read_tags(tags).labels} if tags and not pairs else pairs

    def labels(self) -> dict[str, str]:
        """Return the labels that have a column of their own."""
        column_values = ((name, value_at(self._row_values, column)) for name, column in self._label_columns.items())
        return {name: text for name, value in column_values if (text := name_of(value))}


def _column_paths(values: Mapping[str, Any], path: str, depth: int) -> Iterable[str]:
    for name, value in values.items():
        place = f"{path}{name}"
        if name:
            yield place
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from _column_paths(value, f"{place}.", depth + 1)


def _is_inside(column: str, present: frozenset[str]) -> bool:
    """Return whether a column is a nested field of another; the dots of `Nr.` and `Fall-Nr. extern` nest nothing."""
    return any(column[:place] in present for place, letter in enumerate(column) if letter == ".")


def _assign_within_wrapper(present: Sequence[str], mapping: FieldMapping) -> dict[str, str]:
    """Match fields by common names within the nested object that holds most of them, such as `attributes`."""
    wrappers: dict[str, list[str]] = {}
    for place in present:
        wrapper, dot, name = place.rpartition(".")
        if dot:
            wrappers.setdefault(wrapper, []).append(name)
    candidates = [
        {field_name: f"{wrapper}.{column}" for field_name, column in assign_by_name(names, mapping.columns).items()}
        for wrapper, names in wrappers.items()
    ]
    best = max(candidates, key=len, default={})
    return best if "title" in best and "started_at" in best else {}


def _assign_details(present: Sequence[str], assigned: Mapping[str, str], mapping: FieldMapping) -> dict[str, str]:
    """Match fields that have no column of their own within the objects where tools keep a team's fields and times."""
    details: dict[str, str] = {}
    for wrapper in _DETAILS:
        names = [place.partition(".")[2] for place in present if place.startswith(f"{wrapper}.")]
        taken = {**mapping.columns, **dict.fromkeys((*assigned, *details), ())}
        for name, column in assign_by_name([own for own in names if "." not in own], taken).items():
            if name not in _IDENTITY:
                details.setdefault(name, f"{wrapper}.{column}")
    return details


_DETAILS = ("custom_fields", "customFields", "custom", "fields", "stats", "properties", "metadata", "details")
_IDENTITY = frozenset(("id", "title", "description", "started_at", "source", "source_id", "labels", "comments"))
"""Fields that tell records apart: only columns of their own are taken for these."""


def _label_columns(present: Iterable[str], mapping: FieldMapping) -> dict[str, str]:
    """Return label → column, from the mapping and from columns named `label.region` or `labels.region`."""
    columns = dict(mapping.labels)
    for column in present:
        prefix, _, name = column.partition(".")
        if prefix.strip().lower() in ("label", "labels") and name:
            columns.setdefault(name.strip(), column)
    return columns


def _split_range(texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the times with a range such as Notion's `March 4, 2026 3:15 PM → 5:40 PM` split into start and end."""
    start, arrow, end = str(texts.get("started_at") or "").partition("→")
    if not arrow:
        return dict(texts)
    start, end = _share_zone(start.strip(), end.strip())
    if _CLOCK.match(end):
        end = f"{_CLOCK.sub('', start).strip()} {end}"
    return {**texts, "started_at": start, "resolved_at": texts.get("resolved_at") or end}


def _share_zone(start: str, end: str) -> tuple[str, str]:
    """Return both ends of a range with the zone that only one of them names: `3:15 PM (EDT) → 5:40 PM`."""
    first, last = _CLOCK_AND_ZONE.search(start), _CLOCK_AND_ZONE.search(end)
    if first is None or last is None or bool(first["zone"]) == bool(last["zone"]):
        return start, end
    return (start, f"{end} {first['zone']}") if first["zone"] else (f"{start} {last['zone']}", end)


_ACTION_ITEMS = "action_items"
_WHYS = "whys"
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_OPENING_TAG = re.compile(r"\s*<(?:div|p|span|ul|ol|table|h[1-6]|br|b|strong)\b[^>]*>", re.IGNORECASE)
_TAG_BEGIN = re.compile(r"</?\w")
_CLOCK = re.compile(r"\d{1,2}:\d{2}.*$")
_CLOCK_AND_ZONE = re.compile(
    r"(?<!\d)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:\s*[AaPp]\.?[Mm]\b\.?)?\s*(?P<zone>.*)$"
)
_NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{1,3})?")
_LASTING = re.compile(r"dur|last|how long|down|dauer|time to|ttr|minutes", re.IGNORECASE)
"""Names of columns that hold how long it lasted: elsewhere 10:20 is a time of day."""
_UNIT = re.compile(r"(?<![a-z])(?:minutes?|mins?|hours?|hrs?|seconds?|secs?|days?|h|m|s)(?![a-z])", re.IGNORECASE)


def _time_text(value: Any) -> Any:
    """Return the value that may be parsed as a time, a text or number; of a list, the first."""
    if isinstance(value, list):
        return next((_time_text(part) for part in value if _time_text(part)), None)
    if isinstance(value, Mapping):
        return name_of(value)
    if isinstance(value, str) and value.strip().casefold() in _YES_OR_NO:
        return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else name_of(value)


_YES_OR_NO = frozenset(("true", "false", "yes", "no", "t", "f", "y", "n"))
"""Values of a column such as `Acknowledged` that says whether and not when."""


def _tag_parts(value: Any) -> list[str]:
    """Split tags given as a list, or as a text separated by `;`, `,` or `|`."""
    if isinstance(value, Mapping):
        return [name for name in (name_of(value),) if name]
    if isinstance(value, list):
        return [tag for part in value for tag in _tag_parts(part)]
    bare = value.strip().removeprefix("[").removesuffix("]") if isinstance(value, str) else ""
    return [part.strip() for part in re.split(r"[;,|]", bare) if part.strip()]


def _json_labels(text: str) -> dict[str, str]:
    try:
        return parse_labels(json.loads(text))
    except (ValueError, RecursionError):
        raise Invalid(
            "`labels` begins like JSON but is broken; write it as region=eu;team=payments", "labels"
        ) from None
