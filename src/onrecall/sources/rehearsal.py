"""What would come of a payload, field by field, and a file to start from; nothing is stored and nobody is notified."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Any

import yaml

from onrecall.domain.alert import Alert, InboundEvent
from onrecall.domain.errors import Invalid
from onrecall.sources import generic
from onrecall.sources.catalog import GENERIC, SourceCatalog
from onrecall.sources.defined_source import DefinedSource
from onrecall.sources.expressions import ROOT
from onrecall.sources.field_aliases import join_place
from onrecall.sources.field_readers import FoundValue
from onrecall.sources.shape_reader import AlertReading
from onrecall.sources.webhook import ParseError, WebhookRequest

SHOWN = (
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
_UNSHOWN = frozenset({"source", "identity", "problems", "link_kinds", "end_reason", "described_at"})
_PLACED_AS = {"told_at": "sent_at"}
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
    """One alert, change, note or acknowledgement that would come of the payload."""

    kind: str
    fields: tuple[RehearsedField, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PayloadRehearsal:
    """What would come of a payload."""

    source: str
    """Under which it would be stored."""
    known_as: str | None
    """The tool and shape that the payload was read as; None: by the common names of fields, or by code."""
    parts: tuple[RehearsedPart, ...] = ()
    rejected: tuple[ParseError, ...] = ()
    refusal: str | None = None
    """Why nothing of it can be read."""
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
        _part(signal, found) for signal, found in zip(parsed.signals, chain(places, repeat({})), strict=False)
    )
    guessed = ""
    if places and known_as is None:
        guessed = _definition(source.name, places[0], parsed.signals, _listed_under(body))
    stored_as = next((signal.source for signal in parsed.signals), source.name)
    return PayloadRehearsal(stored_as, known_as, parts, parsed.malformed, None, guessed)


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
        known = f"{tool.name} (code)" if tool.definition.parser else None
        return known, [] if known else list(_generic_places(body, name, now))
    return f"{tool.name}: {shape.shape.name}", [reading.found for reading in tool.readings(body, now)]


def _reader_of(catalog: SourceCatalog, name: str, body: Any) -> DefinedSource | None:
    """What reads a body by a file: that of the name, else that of the tool that it is recognised as."""
    if (own := catalog.file_of(name)) is not None:
        return own
    recognised = catalog.recognise(body)
    return recognised[0] if recognised else None


def _generic_places(body: Any, name: str, now: datetime) -> Iterator[Mapping[str, FoundValue]]:
    around, parts = {}, body if isinstance(body, list) else [body]
    if isinstance(body, dict) and (listed := generic.listed_under(body)):
        around, parts = {field: value for field, value in body.items() if field != listed}, body[listed]
    for part in parts:
        if not isinstance(part, dict):
            continue
        reading = AlertReading(name, now)
        try:
            generic.read_alert(part, reading, around=around)
        except Invalid:
            continue  # it is shown among what would be rejected
        yield reading.found


def _part(signal: InboundEvent, found: Mapping[str, FoundValue]) -> RehearsedPart:
    assert is_dataclass(signal)
    shown = []
    for field in fields(signal):
        value = getattr(signal, field.name)
        said = value not in (None, "", {}, (), "incident")
        if field.name in _UNSHOWN or not (said or field.name in SHOWN):
            continue
        placed = found.get(_PLACED_AS.get(field.name, field.name))
        shown.append(RehearsedField(field.name, _text(value) if said else None, placed.place if placed else None))
    problems = signal.problems if isinstance(signal, Alert) else ()
    return RehearsedPart(type(signal).__name__, tuple(shown), problems)


def _text(value: Any) -> str:
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds():g} s"
        case Mapping():
            return ", ".join(f"{name}={held}" for name, held in value.items())
        case tuple():
            return ", ".join(map(str, value))
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _listed_under(body: Any) -> str | None:
    return generic.listed_under(body) if isinstance(body, dict) else None


def _definition(
    name: str, found: Mapping[str, FoundValue], signals: tuple[InboundEvent, ...], listed: str | None
) -> str:
    """A source file with the places that were found; what it can't know is left to its author."""
    own = name.removeprefix(f"{GENERIC}/") if name != GENERIC else "my-tool"
    placed = {field: found[field].place for field in _PLACES_FIRST if field in found and found[field].place}
    if not placed.get("title"):
        return ""
    places = [join_place("", listed)] if listed else list(placed.values())
    shape: dict[str, Any] = {"name": "message", "marks": sorted({_mark(place) for place in places})}
    shape |= {"each": places[0]} if listed else {}
    for field, place in placed.items():
        shape[field] = {"from": place} if field == "status" else place
    links = {field.removeprefix("links."): one.place for field, one in found.items() if field.startswith("links.")}
    if links:
        shape["links"] = links
    firing = any(isinstance(signal, Alert) and signal.status == "firing" for signal in signals)
    if "status" in shape:
        shape["status"] |= {"resolved": ["resolved", "ok"]} if firing else {"firing": ["firing", "problem"]}
    else:
        shape["sends_end"] = False
    text = yaml.safe_dump({"tool": own, "shapes": [shape]}, sort_keys=False, allow_unicode=True, width=110)
    head = f"# {own}.yaml in the folder of ONRECALL_SOURCES_DIR, then post to /api/v1/alerts/{own}; see docs/sources.md"
    return f"{head}\n{text}"


def _mark(place: str) -> str:
    """The first step of a place, as a file names what stands in every message."""
    step = _STEP.match(place.removeprefix("from_json(").removeprefix(f"{ROOT}."))
    name = json.loads(step[0]) if step and step[0].startswith('"') else step[0] if step else place
    return f"/{name.replace('~', '~0').replace('/', '~1')}" if "." in name or name.startswith("/") else name
