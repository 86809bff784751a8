"""What would come of a payload, field by field, and a file to start from; nothing is stored and nobody is notified."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from functools import reduce
from itertools import chain, repeat
from typing import Any

import yaml

from onrecall.domain.alert import Alert, InboundEvent
from onrecall.domain.errors import Invalid, RejectedPart
from onrecall.sources import generic
from onrecall.sources.alert_lists import find_alert_list, split_alert_list
from onrecall.sources.catalog import GENERIC, SourceCatalog
from onrecall.sources.defined_source import DefinedSource
from onrecall.sources.expressions import ROOT, compile_expression
from onrecall.sources.field_aliases import join_place
from onrecall.sources.field_readers import FoundValue, compile_places, find_text
from onrecall.sources.shape_reader import AlertReading
from onrecall.sources.webhook import WebhookRequest

ALWAYS_SHOWN = (
    "key",
    "title",
    "status",
    "severity",
    "service",
    "environment",
    "starts_at",
    "starts_known",
    "ends_at",
    "told_at",
)
"""Fields of an alert that are shown though nothing was found for them: that they are missing is what one looks for."""
_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[^.)\[]+')
_NEVER_SHOWN = frozenset(
    {"source", "identity", "problems", "link_kinds", "end_reason", "end_description", "described_at"}
)
_OPPOSITES = {
    word: other
    for pair in (("true", "false"), ("1", "0"), ("yes", "no"), ("on", "off"), ("up", "down"))
    for word, other in (pair, pair[::-1])
}
"""The other side of a switch: a file that reads one needs both words."""
_PLACE_FIELDS = {"told_at": "sent_at"}
_PLACES_FIRST = (
    "key",
    "title",
    "status",
    "severity",
    "service",
    "environment",
    "starts_at",
    "ends_at",
    "sent_at",
    "description",
)


@dataclass(frozen=True, slots=True)
class RehearsedField:
    """One field of what would be stored: its value, and the expression that found it; None where it was worked out."""

    name: str
    value: str | None
    place: str | None


@dataclass(frozen=True, slots=True)
class RehearsedPart:
    """One alert, change, note or acknowledgement that the payload would become."""

    kind: str
    fields: tuple[RehearsedField, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PayloadRehearsal:
    """What would come of a payload."""

    source: str
    """The key under which it would be stored."""
    known_as: str | None
    """The tool and shape that the payload was read as; None: by the common names of fields, or by code."""
    parts: tuple[RehearsedPart, ...] = ()
    rejected: tuple[RejectedPart, ...] = ()
    refusal: str | None = None
    """Why it cannot be read."""
    definition: str = ""
    """A file for a source of its own to start from, YAML; empty where the payload was read by a file."""


def rehearse(catalog: SourceCatalog, name: str, delivery: WebhookRequest, now: datetime) -> PayloadRehearsal:
    """Returns what would come of a payload that is posted under a name.

    Raises:
        NotFound: there is no source of that name.
    """
    source = catalog.find(name)
    try:
        parsed = source.parse(delivery, now)
    except Invalid as error:
        return PayloadRehearsal(source.name, None, refusal=str(error))
    body = _decoded(delivery)
    known_as, places = _places(catalog, source.name, body, now)
    parts = tuple(
        _rehearse_part(signal, found_fields)
        for signal, found_fields in zip(parsed.signals, chain(places, repeat({})), strict=False)
    )
    draft = ""
    if places and known_as is None:
        draft = _draft_definition(source.name, places[0], body, parsed.signals)
    stored_as = next((signal.source for signal in parsed.signals), source.name)
    return PayloadRehearsal(stored_as, known_as, parts, parsed.malformed, None, draft)


def _decoded(delivery: WebhookRequest) -> Any:
    """The body as plain data; None where it is text of another kind."""
    try:
        return delivery.decoded()
    except Invalid:
        return None


def _places(
    catalog: SourceCatalog, name: str, body: Any, now: datetime
) -> tuple[str | None, list[Mapping[str, FoundValue]]]:
    """By which shape of which tool the payload is read, and where each alert's fields were found."""
    if body is None:
        return None, []
    tool = _reader_of(catalog, name, body)
    if tool is None:
        return None, list(_generic_places(body, name, now))
    sample = body[0] if isinstance(body, list) and body else body
    shape = tool.shape_of(sample) if isinstance(sample, dict) else None
    if shape is None:
        known_as = f"{tool.name} (code)" if tool.definition.parser else None
        return known_as, [] if known_as else list(_generic_places(body, name, now))
    return f"{tool.name}: {shape.shape.name}", [reading.values for reading in tool.readings(body, now)]


def _reader_of(catalog: SourceCatalog, name: str, body: Any) -> DefinedSource | None:
    """What reads a body by a file: that of the name, else that of the tool that it is recognised as."""
    if (own := catalog.file_of(name)) is not None:
        return own
    recognised = catalog.recognise(body)
    return recognised[0] if recognised else None


def _generic_places(body: Any, name: str, now: datetime) -> Iterator[Mapping[str, FoundValue]]:
    split = split_alert_list(body) if isinstance(body, dict) else None
    _, around, parts = split or ((), {}, body if isinstance(body, list) else [body])
    for part in parts:
        if not isinstance(part, dict):
            continue
        reading = AlertReading(name, now)
        try:
            generic.read_alert(part, reading, around=around)
        except Invalid:
            continue  # it is shown among what would be rejected
        yield reading.values


def _rehearse_part(signal: InboundEvent, found_fields: Mapping[str, FoundValue]) -> RehearsedPart:
    assert is_dataclass(signal)
    rehearsed = []
    for field in fields(signal):
        value = getattr(signal, field.name)
        has_value = value not in (None, "", {}, (), "incident")
        if field.name in _NEVER_SHOWN or not (has_value or field.name in ALWAYS_SHOWN):
            continue
        found_value = found_fields.get(_PLACE_FIELDS.get(field.name, field.name))
        rehearsed.append(
            RehearsedField(
                field.name, _format_value(value) if has_value else None, found_value.place if found_value else None
            )
        )
    problems = signal.problems if isinstance(signal, Alert) else ()
    return RehearsedPart(type(signal).__name__, tuple(rehearsed), problems)


def _format_value(value: Any) -> str:
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds():g} s"
        case Mapping():
            return ", ".join(f"{name}={entry_value}" for name, entry_value in value.items())
        case tuple():
            return ", ".join(map(str, value))
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _listed_under(body: Any) -> str | None:
    """Return the place of the list of alerts as an expression."""
    path = find_alert_list(body) if isinstance(body, dict) else None
    return reduce(join_place, path, "") if path else None


def _draft_definition(
    name: str, found_fields: Mapping[str, FoundValue], body: Any, signals: tuple[InboundEvent, ...]
) -> str:
    """A source file with the places that were found; what it can't know is left to its author."""
    listed = _listed_under(body)
    tool = name.removeprefix(f"{GENERIC}/") if name != GENERIC else "my-tool"
    place_by_field = {
        field: found_fields[field].place
        for field in _PLACES_FIRST
        if field in found_fields and found_fields[field].place
    }
    if not place_by_field.get("title"):
        return ""
    shape = _draft_shape(place_by_field, listed, found_fields)
    firing = any(isinstance(signal, Alert) and signal.status == "firing" for signal in signals)
    if "status" in shape:
        shape["status"] |= _state_words(place_by_field["status"], body, listed, firing=firing)
    else:
        shape["sends_end"] = False
    text = yaml.safe_dump({"tool": tool, "shapes": [shape]}, sort_keys=False, allow_unicode=True, width=110)
    head = (
        f"# {tool}.yaml in the folder of ONRECALL_SOURCES_DIR, then post to /api/v1/alerts/{tool}; see docs/sources.md"
    )
    return f"{head}\n{text}"


def _draft_shape(
    place_by_field: Mapping[str, str], listed: str | None, found_fields: Mapping[str, FoundValue]
) -> dict[str, Any]:
    """Return the shape of the payload: what it is recognised by, and where its fields and links are."""
    places = [listed] if listed else list(place_by_field.values())
    shape: dict[str, Any] = {"name": "message", "marks": sorted({_mark(place) for place in places})}
    shape |= {"each": listed} if listed else {}
    for field, place in place_by_field.items():
        shape[field] = {"from": place} if field == "status" else place
    links = {
        field.removeprefix("links."): found_value.place
        for field, found_value in found_fields.items()
        if field.startswith("links.")
    }
    return shape | ({"links": links} if links else {})


def _state_words(place: str, body: Any, listed: str | None, *, firing: bool) -> dict[str, list[str]]:
    """The words for the state that the payload is not in, and both words where they are the two sides of a switch."""
    parts = compile_expression(listed)(body) if listed else body
    found_value = find_text(compile_places([place]), parts[0] if isinstance(parts, list) else parts)
    word = found_value.value.casefold() if found_value else ""
    this_state, other_state = ("firing", "resolved") if firing else ("resolved", "firing")
    if word in _OPPOSITES:
        return {this_state: [word], other_state: [_OPPOSITES[word]]}
    return {other_state: ["resolved", "ok"] if firing else ["firing", "problem"]}


def _mark(place: str) -> str:
    """The first step of a place, as a file names what stands in every message."""
    step = _STEP.match(place.removeprefix("from_json(").removeprefix(f"{ROOT}."))
    name = json.loads(step[0]) if step and step[0].startswith('"') else step[0] if step else place
    return f"/{name.replace('~', '~0').replace('/', '~1')}" if "." in name or name.startswith("/") else name
