"""Tables that people made themselves: their column names → our fields, by common names or by a mapping file."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.importers.front_matter import Loader
from onrecall.importers.incident_builder import incident
from onrecall.importers.native import labels as label_object
from onrecall.importers.record import Record
from onrecall.importers.resolution import sections
from onrecall.importers.times import Order, after, duration

_NAMES = {
    "id": (
        "id|incident id|incident number|incident key|ticket id|ticket number|ticket|case number|number|key|"
        "reference|incident|issue key|issue id|no|nr"
    ),
    "title": "title|summary|short description|subject|name|headline|incident title|what happened|problem",
    "description": "description|details|detail|body|symptoms|symptom|error logs|logs|text|long description",
    "started_at": (
        "started at|start|start time|started|start date|opened at|opened|open time|created at|created|"
        "created on|created date|creation date|date|incident date|occurred at|occurred|timestamp|time|"
        "detected at|detected|reported|begin|began"
    ),
    "acknowledged_at": "acknowledged at|acknowledged|acked at|ack time",
    "resolved_at": (
        "resolved at|resolved|resolved on|resolution date|resolution time|resolved date|resolved time|"
        "closed at|closed|closed on|close date|end|ended at|end time|end date|ended|fixed at"
    ),
    "service": (
        "service|service name|affected service|services|component|components|application|app|system|product|"
        "configuration item|business service"
    ),
    "environment": "environment|env|stage",
    "severity": "severity|sev|priority|prio|urgency|criticality",
    "status": "status|state",
    "root_cause": "root cause|cause|root causes|reason|why|rca",
    "cause": "cause label|cause code|root cause category",
    "fix": (
        "resolution|fix|solution|resolution notes|close notes|resolution steps|action taken|actions taken|"
        "remedy|mitigation|mitigation steps|remediation|how fixed|workaround"
    ),
    "labels": "labels|tags",
    "source": "source",
    "source_id": "source id",
}
SYNONYMS = {name: tuple(synonyms.split("|")) for name, synonyms in _NAMES.items()}
"""Our field ← the names it goes by, the surest first; compared without case, underscores and marks."""
SETTINGS = frozenset(("format", "dates", "timezone"))


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping file says: our field ← their column, and how their dates are to be read."""

    columns: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    dates: Order | None = None
    timezone: str | None = None


def load(path: Path) -> Mapped:
    """A mapping file, YAML or JSON."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid(f"the mapping file {path} can't be read: {problem}", "mapping") from None
    try:
        said = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader)  # noqa: S506 - makes only texts
    except (ValueError, yaml.YAMLError, RecursionError) as problem:
        raise Invalid(f"the mapping file {path} is broken: {problem}", "mapping") from None
    return mapped(said)


def mapped(said: Any) -> Mapped:
    """A mapping from plain data; an unknown field is refused, so that a misspelt one is not lost in silence."""
    if not isinstance(said, Mapping):
        raise Invalid("a mapping is an object: our field, then the name of your column", "mapping")
    known = {**{name: value for name, value in said.items() if name != "labels"}}
    for name, value in known.items():
        if name not in SYNONYMS and name not in SETTINGS:
            raise Invalid(f"the mapping names {name!r}, which is no field; use one of {', '.join(SYNONYMS)}", "mapping")
        if not isinstance(value, str):
            raise Invalid(f"the mapping of {name!r} must be the name of a column", "mapping")
    dates = known.get("dates")
    if dates not in (None, "day_first", "month_first"):
        raise Invalid("`dates` must be day_first or month_first", "mapping")
    labels = said.get("labels") or {}
    if not isinstance(labels, Mapping) or not all(isinstance(one, str) for one in labels.values()):
        raise Invalid("`labels` of a mapping is an object: our label, then the name of your column", "mapping")
    return Mapped(
        {name: value for name, value in known.items() if name not in SETTINGS},
        dict(labels),
        dates,
        known.get("timezone"),
    )


def assign(columns: Iterable[str], mapping: Mapped) -> dict[str, str]:
    """Our field → their column; a mapping goes before a common name; by name, a column serves one field."""
    present = list(columns)
    absent = [column for column in (*mapping.columns.values(), *mapping.labels.values()) if column not in present]
    if absent:
        raise Invalid(
            f"the mapping names the column {absent[0]!r}, which is not there; there are {', '.join(present)[:300]}",
            "mapping",
        )
    found = dict(mapping.columns)
    by_name: dict[str, str] = {}
    for column in present:
        by_name.setdefault(bare(column), column)
    for name, synonyms in SYNONYMS.items():
        taken = {column for field, column in found.items() if field not in mapping.columns}
        free = (by_name[one] for one in synonyms if one in by_name and by_name[one] not in taken)
        chosen = None if name in found else next(free, None)
        if chosen is not None:
            found[name] = chosen
    return found


def bare(column: str) -> str:
    """A column's name without case, marks and units."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", re.sub(r"\(.*?\)", "", column.lower())).split())


def label_columns(columns: Iterable[str], mapping: Mapped) -> dict[str, str]:
    """Label → column: those of the mapping, and columns named `label.region` or `labels.region`."""
    found = dict(mapping.labels)
    for column in columns:
        prefix, _, name = column.partition(".")
        if prefix.strip().lower() in ("label", "labels") and name:
            found.setdefault(name.strip(), column)
    return found


def parse(record: Record, fields: Mapping[str, str], labels: Mapping[str, str]) -> Incident:
    """The incident in a row of the table."""
    ours = Record({name: _first(record.values.get(column)) for name, column in fields.items()}, record.times)
    given = {name: text for name, column in labels.items() if (text := _text(_first(record.values.get(column))))}
    described = ours.text("description")
    told = sections(described)
    started, lasted = ours.time("started_at"), duration(ours.text("resolved_at"))
    return incident(
        ours,
        source=ours.text("source") or "csv",
        id=ours.text("id"),
        source_id=ours.text("source_id"),
        title=ours.text("title"),
        description=described,
        started_at=started,
        acknowledged_at=ours.time("acknowledged_at"),
        resolved_at=ours.time("resolved_at") if lasted is None else after(started, lasted),
        service=ours.text("service"),
        environment=ours.text("environment"),
        level=ours.text("severity"),
        state=ours.text("status"),
        labels={**_labels(ours.get("labels")), **given},
        root_cause=ours.text("root_cause") or told.get("root_cause"),
        fix=ours.text("fix") or told.get("fix"),
        cause=ours.text("cause"),
    )


def _first(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return next((one for one in value if one.strip()), None)
    return value


def _text(value: Any) -> str | None:
    return value.strip() if isinstance(value, str) else None


def _labels(value: Any) -> dict[str, str]:
    """Labels as an object, as `region=eu; team=payments`, or as plain tags."""
    if not isinstance(value, str):
        return label_object(value)
    if value.lstrip().startswith("{"):
        try:
            return label_object(json.loads(value))
        except (ValueError, RecursionError):
            raise Invalid(
                "`labels` begins like JSON but is broken; write it as region=eu;team=payments", "labels"
            ) from None
    parts = [part.strip() for part in re.split(r"[;,|]", value) if part.strip()]
    pairs = [re.split(r"[=:]", part, maxsplit=1) for part in parts]
    found = {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}
    tags = ", ".join(pair[0] for pair in pairs if len(pair) == 1)
    return {**found, "tags": tags} if tags else found
