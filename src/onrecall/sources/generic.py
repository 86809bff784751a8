"""JSON that somebody made up, or a template: fields go by their common names, or stand where a mapping says.

It is conservative: what is not surely a key, a service or a label is none. A payload that is surely that of a tool
which has a file is read as that file says.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus, Purpose
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.severity import severity
from onrecall.sources import payload as fields
from onrecall.sources.alert_links import collect_links, kind_by_name
from onrecall.sources.field_aliases import (
    FINDINGS,
    LISTS,
    NAMING,
    SENTENCES,
    VALUES,
    WEAK_KEYS,
    FieldCandidate,
    FieldCandidates,
    bare_name,
)
from onrecall.sources.field_readers import FoundValue, addresses, as_text, flatten
from onrecall.sources.mapping import GenericMapping, at, nested
from onrecall.sources.payload import Fields
from onrecall.sources.shape_reader import AlertReading, derive_key, digest_identity, purpose_of_state
from onrecall.sources.states import is_over, split_state, subject_of
from onrecall.sources.timestamps import read_timestamp
from onrecall.sources.webhook import ParsedWebhook

NAME = "generic"
UNMAPPED = GenericMapping()
EXPIRES_AFTER = timedelta(hours=24)
"""An alert of a source that tells no state is over when nothing was heard of it for this time."""
_LONGEST_TAG = 60
_SEVERITY_BY_STATE = frozenset(("servicestate", "messagetype", "triggertype", "status", "state"))
"""Under these stands how bad it is only while it fires."""
_ANNOUNCED = frozenset(("scheduled", "planned", "upcoming"))
_WORK = frozenset(
    ("maintenance", "scheduled maintenance", "planned maintenance", "under maintenance", "in maintenance")
)
_WORK_IN_TITLE = re.compile(r"\b(?:maintenance|downtime|upgrade|migration)\b", re.IGNORECASE)
"""Words for work that was announced."""
_DATE = ("date", "eventdate", "alertdate", "startdate", "incidentdate", "problemdate")
_CLOCK = ("time", "eventtime", "alerttime", "starttime", "incidenttime", "problemtime")
"""A day and its time of day in two fields."""


def read_body(body: Any, now: datetime, source: str = NAME, mapped: GenericMapping = UNMAPPED) -> ParsedWebhook:
    """Returns what a body of plain JSON says: one alert, a list, or an object with a list under a common name."""

    def read(part: Fields, around: Fields | None = None) -> tuple[Alert, ...]:
        return (read_alert(part, AlertReading(source, now), mapped, around),)

    if isinstance(body, list):
        return fields.parts(body, "body", read, lambda part: [part])
    whole = fields.fields(body, "body")
    if mapped.alerts:
        path, listed = mapped.listed(whole)
        return fields.parts(listed, path, read, lambda part: nested(path, [part]))
    name = listed_under(whole)
    if name is None:
        return fields.whole(whole, read)
    around = {called: value for called, value in whole.items() if called != name}
    return fields.parts(whole[name], name, lambda part: read(part, around), lambda part: {**around, name: [part]})


def read_alert(
    body: Fields, reading: AlertReading, mapped: GenericMapping = UNMAPPED, around: Fields | None = None
) -> Alert:
    """Returns one alert; `around` is what was said of all that came with it."""
    return _AlertReader(body, reading, mapped, around or {}).alert()


def listed_under(body: Fields) -> str | None:
    """Returns the name under which a body lists several alerts; None where it is one alert."""
    return next((name for name in body if bare_name(name) in LISTS and _objects(body[name])), None)


def given_key(body: Fields) -> str | None:
    """Returns the key that a body gives its alert, by one of the common names."""
    return next((text for found in FieldCandidates(body, {}).named("key") if (text := _key_text(found))), None)


class _AlertReader:
    """Reads one alert by the common names of its fields."""

    def __init__(self, body: Fields, reading: AlertReading, mapped: GenericMapping, around: Fields) -> None:
        self.body = body
        self.reading = reading
        self.mapped = mapped
        self.candidates = FieldCandidates(body, around)

    def alert(self) -> Alert:
        mapped_key = self._key()
        heading = self._heading()
        title, state = split_state(heading.value) if heading else ("", None)
        over = self._is_over(state)
        status: AlertStatus = "resolved" if over else "firing"
        if heading is None and not (status == "resolved" and mapped_key):
            raise Invalid(
                f'`{self._place("title")}` is missing; give it, such as "Disk is full on db-1"', self._place("title")
            )
        if heading:
            self.reading.keep("title", FoundValue(title, heading.place))
        purpose, reason = self._purpose(title, state)
        labels, annotations = self._labels()
        service = self._name("service") or fields.service(labels)
        began, ended, sent = self._moments(status)
        links, link_kinds = collect_links(self._links())
        host = next((text for found in self.candidates.named("host") if (text := _line(found.value))), None)
        return Alert(
            self.reading.source,
            mapped_key or derive_key(title, service, labels | ({"host": host} if host else {})),
            title or fields.cut(mapped_key or "", fields.LONGEST_LINE),
            began or sent or self.reading.now,
            status,
            self._description((title, heading.value if heading else "")),
            service,
            self._name("environment") or fields.environment(labels),
            self._severity(status),
            labels,
            annotations,
            ends_at=ended if status == "resolved" else None,
            values=self._values(),
            links=links,
            group=next((text for value in self._look("group") if (text := _key_text(value))), None),
            told_at=sent,
            starts_known=began is not None
            and status == "firing",  # many tools tell when they looked, as if it were a start
            link_kinds=link_kinds,
            purpose=purpose,
            purpose_reason=reason,
            identity=_identity(heading, host, service),
            expires_after=EXPIRES_AFTER if over is None else None,
            problems=tuple(dict.fromkeys(self.reading.problems)),
        )

    def _look(self, field: str) -> Iterator[FieldCandidate]:
        """What may be meant by a field: what stands where the mapping says, else what bears one of its names."""
        if field in self.mapped.fields:
            place = self._place(field)
            return (FieldCandidate(value, bare_name(place), place) for value in self.mapped.find(field, self.body))
        return self.candidates.named(field)

    def _place(self, field: str) -> str:
        return next(iter(self.mapped.fields.get(field, ())), field)

    def _key(self) -> str | None:
        hosts = {_line(found.value) for found in self.candidates.named("host")}
        for found in self._look("key"):
            text = _key_text(found)
            if text is None or (found.name == "alias" and text in hosts):
                continue
            weak = found.name in WEAK_KEYS and text.isdigit() and len(text) < 10 and "key" not in self.mapped.fields
            key = fields.short_key(f"{found.name} {text}" if weak else text)
            return str(self.reading.keep("key", FoundValue(key, found.place)))
        if "key" in self.mapped.fields:
            raise Invalid(f"`{self._place('key')}` is missing, but the mapping places the key there", "key")
        return None

    def _heading(self) -> "_Heading | None":
        """The first line of the first that says something: a title may be taken from a long message."""
        offered = self._look("title")
        for found in offered if "title" in self.mapped.fields else chain(offered, self.candidates.deep_titles()):
            if found.name in SENTENCES and not _is_sentence(found.value):
                continue
            heading = as_text(found.value) if isinstance(found.value, dict) else fields.filled(found.value)
            if text := fields.first_line(heading):
                return _Heading(text, found.name, found.place)
        return None

    def _is_over(self, state: str | None) -> bool | None:
        """Whether it is over: by the mapping's words, by the first field that tells, by what the title begins with.

        None: nothing tells, so it fires, and its end may never be told.
        """
        words = list(self._look("status"))
        if self.mapped.resolved:
            return any((fields.plain(word.value) or "").lower() in self.mapped.resolved for word in words)
        for word in words:
            if (over := is_over(fields.filled(word.value))) is not None:
                self.reading.keep("status", FoundValue("resolved" if over else "firing", word.place))
                return over
        for field, when_true in (("over", True), ("fires", False)):
            for flag in self.candidates.named(field):
                if (value := _truth(flag.value)) is not None:
                    self.reading.keep("status", FoundValue("resolved" if value is when_true else "firing", flag.place))
                    return value is when_true
        if (over := is_over(state)) is not None:
            return over
        ends = [moment for found in self.candidates.named("over_at") if (moment := _time(found))]
        return any(moment <= self.reading.now for moment in ends) or None

    def _purpose(self, title: str, state: str | None) -> tuple[Purpose, str]:
        """What it is sent for, by the state before its title, else by words that surely announce planned work."""
        states, levels = ([_bare_words(found.value) for found in self._look(field)] for field in ("status", "severity"))
        is_work = bool(_WORK_IN_TITLE.search(title) or _WORK & {*states, *levels})
        if (states and states[0] in _WORK) or (is_work and _ANNOUNCED & set(states)):
            return "planned", "it announces maintenance"
        return purpose_of_state(state)

    def _name(self, field: str) -> str | None:
        for found in self._look(field):
            text = _line(found.value)
            if text and fields.is_name(text) and len(text) <= fields.LONGEST_NAME:
                return str(self.reading.keep(field, FoundValue(text, found.place)))
        return None

    def _severity(self, status: AlertStatus) -> Severity:
        """The first that is a word or a level we know; a bare number says nothing, for nobody counts alike."""
        for found in self._look("severity"):
            word = None if isinstance(found.value, int | float) else _line(found.value)
            if word is None or (status == "resolved" and found.name in _SEVERITY_BY_STATE):
                continue
            if (known := severity(word)) != "unknown":
                return self.reading.keep("severity", FoundValue(known, found.place))  # type: ignore[no-any-return]
        return "unknown"

    def _description(self, titles: tuple[str, ...]) -> str:
        """The first text that is more than the title again."""
        for found in self._look("description"):
            text = fields.text({"text": found.value}, "text")
            if text and text not in titles and split_state(text)[0] not in titles:
                return str(self.reading.keep("description", FoundValue(text, found.place)))
        return ""

    def _moments(self, status: AlertStatus) -> tuple[datetime | None, datetime | None, datetime | None]:
        """When it began, ended and was sent; what bears the name of a time and is none is told, and not guessed."""
        began, ended, sent = (self._moment(field) for field in ("starts_at", "ends_at", "told_at"))
        if not began and not sent and (joined := self._joined_moment()):
            sent = joined
        if status == "resolved" and ended and began and ended < began:
            ended = None
        return began, ended, sent

    def _moment(self, field: str) -> datetime | None:
        problem: str | None = None
        zone = next((text for found in self.candidates.named("zone") if (text := fields.filled(found.value))), None)
        for found in self._look(field):
            if not isinstance(found.value, str | int | float) or isinstance(found.value, bool):
                continue
            try:
                if moment := read_timestamp(fields.filled(found.value) and found.value, found.place, zone):
                    return self.reading.keep(field, FoundValue(moment, found.place))  # type: ignore[no-any-return]
            except Invalid as error:
                if field in self.mapped.fields:
                    raise
                problem = problem or str(error)
        if problem and not (field == "told_at" and self._joined_moment()):
            self.reading.problems.append(problem)
        return None

    def _joined_moment(self) -> datetime | None:
        """A time whose day and whose time of day stand in two fields."""
        for level in self.candidates.levels:
            for day, clock in zip(_DATE, _CLOCK, strict=True):
                if day in level.bare and clock in level.bare:
                    whole = f"{level.values[level.bare[day]]} {level.values[level.bare[clock]]}"
                    try:
                        return read_timestamp(whole, day)
                    except Invalid:
                        continue
        return None

    def _labels(self) -> tuple[dict[str, str], dict[str, str]]:
        """What is labelled or tagged, and what identifies something wherever it stands; the rest of free details."""
        labels: dict[str, str] = {}
        annotations: dict[str, str] = {}
        for found in self.candidates.named("details"):
            free = flatten(found.value, fields.LONGEST_TEXT) if isinstance(found.value, dict | list) else {}
            known, rest = fields.split_details(free)
            labels |= known
            annotations |= rest
            if isinstance(found.value, dict) and isinstance(found.value.get("labels"), dict):
                labels |= flatten(found.value["labels"])
        for found in reversed(list(self.candidates.named("labels"))):
            if not isinstance(found.value, str) or _are_tags(found.value):
                labels |= flatten(found.value)
        for level in self.candidates.levels:
            labels |= fields.known(
                flatten({name: held for name, held in level.values.items() if not isinstance(held, dict | list)})
            )
        labels |= {
            name: text for name, paths in self.mapped.labels.items() if (text := _first_text(at(self.body, paths)))
        }
        return fields.bounded(labels), fields.bounded(annotations)

    def _values(self) -> dict[str, float]:
        """Measured numbers."""
        offered = {name: [found.value for found in self.candidates.named(name)] for name in VALUES}
        offered |= {name: list(at(self.body, paths)) for name, paths in self.mapped.values.items()}
        found = {name: next(_numbers(values), None) for name, values in offered.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _links(self) -> Iterator[tuple[Any, object]]:
        offered = self._look("links") if "links" in self.mapped.fields else self.candidates.links()
        for found in offered:
            for address in addresses(found.value):
                if fields.links(address):
                    self.reading.found.setdefault(f"links.{kind_by_name(found.name)}", FoundValue(address, found.place))
                yield kind_by_name(found.name), address


@dataclass(frozen=True, slots=True)
class _Heading:
    """The line that the title comes from, what its field is called, and its place."""

    value: str
    name: str
    place: str


def _identity(heading: _Heading | None, host: str | None, service: str | None) -> str | None:
    """A digest of what the alert is about, where that is surely told: a rule or monitor, or words and a place.

    Where the words are those of a check, which says something else once it is well, host and service are all there is.
    """
    if heading is None or not (host or service or heading.name in NAMING):
        return None
    subject = "" if host and service and heading.name in FINDINGS else subject_of(heading.value)
    return digest_identity(NAME, subject, host or "", service or "")


def _key_text(found: FieldCandidate) -> str | None:
    if isinstance(found.value, bool):
        return None
    text = fields.filled(found.value)
    return fields.short_key(text) if text else None


def _bare_words(value: Any) -> str:
    """A text in small letters with single spaces between its words; nothing for anything else."""
    return " ".join(re.findall(r"[a-z]+", value.lower())) if isinstance(value, str) and len(value) < 60 else ""


def _line(value: Any) -> str | None:
    return fields.line({"text": as_text(value)}, "text")


def _first_text(values: Iterable[Any]) -> str | None:
    return next((text for value in values if (text := _line(value))), None)


def _time(found: FieldCandidate) -> datetime | None:
    try:
        return read_timestamp(found.value, found.place) if isinstance(found.value, str | int | float) else None
    except Invalid:
        return None


def _is_sentence(value: Any) -> bool:
    """Whether it is a text that says more than one word for a state, or for how bad it is."""
    if not isinstance(value, str):
        return False
    return len(value.split()) > 1 or (is_over(value) is None and severity(value) == "unknown")


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _are_tags(text: str) -> bool:
    """Whether a text lists tags, and is no sentence."""
    parts = [part.strip() for part in text.split(",")]
    return text.strip()[:1] in "[{" or all(len(part) <= _LONGEST_TAG and len(part.split()) <= 3 for part in parts)


def _numbers(values: Iterable[Any]) -> Iterator[float]:
    return (number for value in values if (number := fields.number({"value": value}, "value")) is not None)


def _objects(listed: Any) -> list[dict[str, Any]]:
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
