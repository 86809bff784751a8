"""Custom JSON, or a template: fields are found by their common names, or where a mapping places them.

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
from onrecall.domain.severity import parse_severity
from onrecall.sources import payload
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
    normalize_name,
)
from onrecall.sources.field_readers import FoundValue, addresses, as_text, labels_from_value
from onrecall.sources.mapping import GenericMapping, find_values, nest_value
from onrecall.sources.payload import Fields
from onrecall.sources.shape_reader import AlertReading, derive_key, digest_identity, purpose_of_state
from onrecall.sources.states import is_resolved_word, split_state, subject_of
from onrecall.sources.timestamps import read_timestamp
from onrecall.sources.webhook import ParsedWebhook

NAME = "generic"
NO_MAPPING = GenericMapping()
EXPIRES_AFTER = timedelta(hours=24)
"""An alert without a state expires if its source does not repeat it within this time."""
_LONGEST_TAG = 60
_SEVERITY_BY_STATE = frozenset(("servicestate", "messagetype", "triggertype", "status", "state"))
"""These hold a severity only while the alert fires."""
_ANNOUNCED_STATES = frozenset(("scheduled", "planned", "upcoming"))
_MAINTENANCE_STATES = frozenset(
    ("maintenance", "scheduled maintenance", "planned maintenance", "under maintenance", "in maintenance")
)
_MAINTENANCE_WORD = re.compile(r"\b(?:maintenance|downtime|upgrade|migration)\b", re.IGNORECASE)
"""Words for announced work in a title."""
_DATE = ("date", "eventdate", "alertdate", "startdate", "incidentdate", "problemdate")
_CLOCK = ("time", "eventtime", "alerttime", "starttime", "incidenttime", "problemtime")
"""Pairs of fields that hold a date and a time of day."""


def read_body(body: Any, now: datetime, source: str = NAME, mapped: GenericMapping = NO_MAPPING) -> ParsedWebhook:
    """Parse a plain JSON body: one alert, a list, or an object with a list under a common name."""

    def read(part: Fields, around: Fields | None = None) -> tuple[Alert, ...]:
        return (read_alert(part, AlertReading(source, now), mapped, around),)

    if isinstance(body, list):
        return payload.parse_items(body, "body", read, lambda part: [part])
    envelope = payload.require_object(body, "body")
    if mapped.alerts:
        path, listed = mapped.listed(envelope)
        return payload.parse_items(listed, path, read, lambda part: nest_value(path, [part]))
    name = find_alert_list(envelope)
    if name is None:
        return payload.parse_single(envelope, read)
    around = {field: value for field, value in envelope.items() if field != name}
    return payload.parse_items(
        envelope[name], name, lambda part: read(part, around), lambda part: {**around, name: [part]}
    )


def read_alert(
    body: Fields, reading: AlertReading, mapped: GenericMapping = NO_MAPPING, around: Fields | None = None
) -> Alert:
    """Read one alert; `around` holds the fields that apply to all alerts of the message."""
    return _AlertReader(body, reading, mapped, around or {}).alert()


def find_alert_list(body: Fields) -> str | None:
    """Return the field under which a body lists several alerts; None if it is one alert."""
    return next((name for name in body if normalize_name(name) in LISTS and payload.read_objects(body[name])), None)


def find_key(body: Fields) -> str | None:
    """Return the alert's key under one of the common names."""
    return next(
        (text for candidate in FieldCandidates(body, {}).of_field("key") if (text := _key_text(candidate))), None
    )


class _AlertReader:
    """Reads one alert by the common names of its fields."""

    def __init__(self, body: Fields, reading: AlertReading, mapped: GenericMapping, around: Fields) -> None:
        self.body = body
        self.reading = reading
        self.mapped = mapped
        self.candidates = FieldCandidates(body, around)

    def alert(self) -> Alert:
        mapped_key = self._key()
        heading = self._read_heading()
        title, state = split_state(heading.value) if heading else ("", None)
        resolved = self._is_over(state)
        status: AlertStatus = "resolved" if resolved else "firing"
        if heading is None and not (status == "resolved" and mapped_key):
            raise Invalid(
                f'`{self._place("title")}` is missing; give it, such as "Disk is full on db-1"', self._place("title")
            )
        if heading:
            self.reading.keep("title", FoundValue(title, heading.place))
        purpose, reason = self._purpose(title, state)
        labels, annotations = self._labels()
        service = self._name("service") or payload.service_from_labels(labels)
        started_at, ended_at, sent_at = self._times(status)
        links, link_kinds = collect_links(self._links())
        host = next(
            (text for host_candidate in self.candidates.of_field("host") if (text := _to_line(host_candidate.value))),
            None,
        )
        return Alert(
            self.reading.source,
            mapped_key or derive_key(title, service, labels | ({"host": host} if host else {})),
            title or payload.truncate(mapped_key or "", payload.LONGEST_LINE),
            started_at or sent_at or self.reading.now,
            status,
            self._description((title, heading.value if heading else "")),
            service,
            self._name("environment") or payload.environment_from_labels(labels),
            self._severity(status),
            labels,
            annotations,
            ends_at=ended_at if status == "resolved" else None,
            values=self._values(),
            links=links,
            group=next((text for value in self._candidates_of("group") if (text := _key_text(value))), None),
            told_at=sent_at,
            starts_known=started_at is not None
            and status == "firing",  # many tools tell when they looked, as if it were a start
            link_kinds=link_kinds,
            purpose=purpose,
            purpose_reason=reason,
            identity=_identity(heading, host, service),
            expires_after=EXPIRES_AFTER if resolved is None else None,
            problems=tuple(dict.fromkeys(self.reading.problems)),
        )

    def _candidates_of(self, field: str) -> Iterator[FieldCandidate]:
        """Yield candidates for a field: by the mapping, else by its common names."""
        if field in self.mapped.fields:
            place = self._place(field)
            return (FieldCandidate(value, normalize_name(place), place) for value in self.mapped.find(field, self.body))
        return self.candidates.of_field(field)

    def _place(self, field: str) -> str:
        return next(iter(self.mapped.fields.get(field, ())), field)

    def _key(self) -> str | None:
        host_names = {_to_line(host_candidate.value) for host_candidate in self.candidates.of_field("host")}
        for candidate in self._candidates_of("key"):
            text = _key_text(candidate)
            if text is None or (candidate.name == "alias" and text in host_names):
                continue
            is_small_number = (
                candidate.name in WEAK_KEYS and text.isdigit() and len(text) < 10 and "key" not in self.mapped.fields
            )
            key = payload.shorten_key(f"{candidate.name} {text}" if is_small_number else text)
            return str(self.reading.keep("key", FoundValue(key, candidate.place)))
        if "key" in self.mapped.fields:
            raise Invalid(f"`{self._place('key')}` is missing, but the mapping places the key there", "key")
        return None

    def _read_heading(self) -> "_Heading | None":
        """Return the first line of the first non-empty candidate; a title may come from a long message."""
        title_candidates = self._candidates_of("title")
        for candidate in (
            title_candidates
            if "title" in self.mapped.fields
            else chain(title_candidates, self.candidates.deep_titles())
        ):
            if candidate.name in SENTENCES and not _is_sentence(candidate.value):
                continue
            heading = (
                as_text(candidate.value) if isinstance(candidate.value, dict) else payload.filled_text(candidate.value)
            )
            if text := payload.first_line(heading):
                return _Heading(text, candidate.name, candidate.place)
        return None

    def _is_over(self, state: str | None) -> bool | None:
        """Decide whether it is resolved: by the mapping's words, a state field, or the start of the title.

        None if nothing says so: then it fires, and its end may never be sent.
        """
        words = list(self._candidates_of("status"))
        if self.mapped.resolved:
            return any((payload.to_text(word.value) or "").lower() in self.mapped.resolved for word in words)
        for word in words:
            if (over := is_resolved_word(payload.filled_text(word.value))) is not None:
                self.reading.keep("status", FoundValue("resolved" if over else "firing", word.place))
                return over
        for field, when_true in (("over", True), ("fires", False)):
            for flag in self.candidates.of_field(field):
                if (value := _to_bool(flag.value)) is not None:
                    self.reading.keep("status", FoundValue("resolved" if value is when_true else "firing", flag.place))
                    return value is when_true
        if (over := is_resolved_word(state)) is not None:
            return over
        ends = [moment for candidate in self.candidates.of_field("over_at") if (moment := _read_time(candidate))]
        return any(moment <= self.reading.now for moment in ends) or None

    def _purpose(self, title: str, state: str | None) -> tuple[Purpose, str]:
        """Return its purpose, by the state before its title, else by words that clearly announce planned work."""
        states, levels = (
            [_bare_words(candidate.value) for candidate in self._candidates_of(field)]
            for field in ("status", "severity")
        )
        is_work = bool(_MAINTENANCE_WORD.search(title) or _MAINTENANCE_STATES & {*states, *levels})
        if (states and states[0] in _MAINTENANCE_STATES) or (is_work and _ANNOUNCED_STATES & set(states)):
            return "planned", "it announces maintenance"
        return purpose_of_state(state)

    def _name(self, field: str) -> str | None:
        for candidate in self._candidates_of(field):
            text = _to_line(candidate.value)
            if text and payload.is_name(text) and len(text) <= payload.LONGEST_NAME:
                return str(self.reading.keep(field, FoundValue(text, candidate.place)))
        return None

    def _severity(self, status: AlertStatus) -> Severity:
        """Return the first known word or level; bare numbers are ignored because scales differ."""
        for candidate in self._candidates_of("severity"):
            word = None if isinstance(candidate.value, int | float) else _to_line(candidate.value)
            if word is None or (status == "resolved" and candidate.name in _SEVERITY_BY_STATE):
                continue
            if (parsed_severity := parse_severity(word)) != "unknown":
                return self.reading.keep("severity", FoundValue(parsed_severity, candidate.place))  # type: ignore[no-any-return]
        return "unknown"

    def _description(self, titles: tuple[str, ...]) -> str:
        """Return the first text that does not just repeat the title."""
        for candidate in self._candidates_of("description"):
            text = payload.read_text({"text": candidate.value}, "text")
            if text and text not in titles and split_state(text)[0] not in titles:
                return str(self.reading.keep("description", FoundValue(text, candidate.place)))
        return ""

    def _times(self, status: AlertStatus) -> tuple[datetime | None, datetime | None, datetime | None]:
        """Return when it began, ended and was sent; a time field that can't be read is reported, not guessed."""
        began, ended, sent = (self._read_time_field(field) for field in ("starts_at", "ends_at", "told_at"))
        if not began and not sent and (joined := self._join_date_and_time()):
            sent = joined
        if status == "resolved" and ended and began and ended < began:
            ended = None
        return began, ended, sent

    def _read_time_field(self, field: str) -> datetime | None:
        problem: str | None = None
        zone = next(
            (
                text
                for zone_candidate in self.candidates.of_field("zone")
                if (text := payload.filled_text(zone_candidate.value))
            ),
            None,
        )
        for candidate in self._candidates_of(field):
            if not isinstance(candidate.value, str | int | float) or isinstance(candidate.value, bool):
                continue
            try:
                if moment := read_timestamp(
                    payload.filled_text(candidate.value) and candidate.value, candidate.place, zone
                ):
                    return self.reading.keep(field, FoundValue(moment, candidate.place))  # type: ignore[no-any-return]
            except Invalid as error:
                if field in self.mapped.fields:
                    raise
                problem = problem or str(error)
        if problem and not (field == "told_at" and self._join_date_and_time()):
            self.reading.problems.append(problem)
        return None

    def _join_date_and_time(self) -> datetime | None:
        """Return a time whose date and time of day are in two fields."""
        for level in self.candidates.levels:
            for day, clock in zip(_DATE, _CLOCK, strict=True):
                if day in level.bare and clock in level.bare:
                    date_and_time = f"{level.values[level.bare[day]]} {level.values[level.bare[clock]]}"
                    try:
                        return read_timestamp(date_and_time, day)
                    except Invalid:
                        continue
        return None

    def _labels(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return labels and annotations: labels, tags and identifying fields, and the remaining details."""
        labels: dict[str, str] = {}
        annotations: dict[str, str] = {}
        for candidate in self.candidates.of_field("details"):
            details = (
                labels_from_value(candidate.value, payload.LONGEST_TEXT)
                if isinstance(candidate.value, dict | list)
                else {}
            )
            detail_labels, detail_annotations = payload.split_details(details)
            labels |= detail_labels
            annotations |= detail_annotations
            if isinstance(candidate.value, dict) and isinstance(candidate.value.get("labels"), dict):
                labels |= labels_from_value(candidate.value["labels"])
        for candidate in reversed(list(self.candidates.of_field("labels"))):
            if not isinstance(candidate.value, str) or _are_tags(candidate.value):
                labels |= labels_from_value(candidate.value)
        for level in self.candidates.levels:
            labels |= payload.identifying_labels(
                labels_from_value(
                    {
                        name: field_value
                        for name, field_value in level.values.items()
                        if not isinstance(field_value, dict | list)
                    }
                )
            )
        labels |= {
            name: text
            for name, paths in self.mapped.labels.items()
            if (text := _first_text(find_values(self.body, paths)))
        }
        return payload.limit_labels(labels), payload.limit_labels(annotations)

    def _values(self) -> dict[str, float]:
        """Return measured numbers."""
        offered = {name: [candidate.value for candidate in self.candidates.of_field(name)] for name in VALUES}
        offered |= {name: list(find_values(self.body, paths)) for name, paths in self.mapped.values.items()}
        measured = {name: next(_numbers(values), None) for name, values in offered.items()}
        return {name: value for name, value in measured.items() if value is not None}

    def _links(self) -> Iterator[tuple[Any, object]]:
        link_candidates = self._candidates_of("links") if "links" in self.mapped.fields else self.candidates.links()
        for candidate in link_candidates:
            for address in addresses(candidate.value):
                if payload.safe_links(address):
                    self.reading.values.setdefault(
                        f"links.{kind_by_name(candidate.name)}", FoundValue(address, candidate.place)
                    )
                yield kind_by_name(candidate.name), address


@dataclass(frozen=True, slots=True)
class _Heading:
    """The line that the title comes from, with its field's name and place."""

    value: str
    name: str
    place: str


def _identity(heading: _Heading | None, host: str | None, service: str | None) -> str | None:
    """Hash what the alert is about, if that is certain: a rule or monitor, or words and a place.

    For the output of a check, which changes once it recovers, only host and service count.
    """
    if heading is None or not (host or service or heading.name in NAMING):
        return None
    subject = "" if host and service and heading.name in FINDINGS else subject_of(heading.value)
    return digest_identity(NAME, subject, host or "", service or "")


def _key_text(candidate: FieldCandidate) -> str | None:
    if isinstance(candidate.value, bool):
        return None
    text = payload.filled_text(candidate.value)
    return payload.shorten_key(text) if text else None


def _bare_words(value: Any) -> str:
    """Return the lower-case words of a text, joined by single spaces; empty for anything else."""
    return " ".join(re.findall(r"[a-z]+", value.lower())) if isinstance(value, str) and len(value) < 60 else ""


def _to_line(value: Any) -> str | None:
    return payload.read_line({"text": as_text(value)}, "text")


def _first_text(values: Iterable[Any]) -> str | None:
    return next((text for value in values if (text := _to_line(value))), None)


def _read_time(candidate: FieldCandidate) -> datetime | None:
    try:
        return (
            read_timestamp(candidate.value, candidate.place) if isinstance(candidate.value, str | int | float) else None
        )
    except Invalid:
        return None


def _is_sentence(value: Any) -> bool:
    """Return whether it is a text with more than a single state or severity word."""
    if not isinstance(value, str):
        return False
    return len(value.split()) > 1 or (is_resolved_word(value) is None and parse_severity(value) == "unknown")


def _to_bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _are_tags(text: str) -> bool:
    """Return whether a text is a list of tags, not a sentence."""
    parts = [part.strip() for part in text.split(",")]
    return text.strip()[:1] in "[{" or all(len(part) <= _LONGEST_TAG and len(part.split()) <= 3 for part in parts)


def _numbers(values: Iterable[Any]) -> Iterator[float]:
    return (number for value in values if (number := payload.read_number({"value": value}, "value")) is not None)
