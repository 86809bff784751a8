"""Custom JSON, or a template: fields are found by their common names, or where a mapping places them.

It is conservative: what is not surely a key, a service or a label is none. A payload that is surely that of a tool
which has a file is read as that file says.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus, Purpose
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.severity import parse_severity
from onrecall.sources import payload
from onrecall.sources.alert_links import collect_links, kind_by_name
from onrecall.sources.alert_lists import split_alert_list
from onrecall.sources.candidate_values import (
    AlertHeading,
    are_tags,
    bare_words,
    derive_generic_key,
    first_text,
    identity_of,
    is_sentence,
    is_true,
    key_text,
    numbers_in,
    read_candidate_time,
    severity_of_labels,
    to_bool,
    to_line,
)
from onrecall.sources.field_aliases import (
    NAMING,
    SENTENCES,
    VALUES,
    WEAK_KEYS,
    FieldCandidate,
    FieldCandidates,
    join_place,
    normalize_name,
)
from onrecall.sources.field_readers import FoundValue, addresses, as_text, labels_from_value
from onrecall.sources.mapping import GenericMapping, find_values, nest_value
from onrecall.sources.payload import Fields
from onrecall.sources.shape_reader import AlertReading, purpose_of_state
from onrecall.sources.states import is_resolved_word, only_tells_state, severity_of_title, split_state, title_is_over
from onrecall.sources.timestamps import read_timestamp
from onrecall.sources.webhook import ParsedWebhook

NAME = "generic"
NO_MAPPING = GenericMapping()
EXPIRES_AFTER = timedelta(hours=24)
"""An alert without a state expires if its source does not repeat it within this time."""
_SEVERITY_BY_STATE = frozenset(("servicestate", "messagetype", "triggertype", "status", "state"))
"""These hold a severity only while the alert fires."""
_ANNOUNCED_STATES = frozenset(("scheduled", "planned", "upcoming"))
_MAINTENANCE_STATES = frozenset(
    ("maintenance", "scheduled maintenance", "planned maintenance", "under maintenance", "in maintenance")
)
_MAINTENANCE_WORD = re.compile(r"\b(?:maintenance|downtime|upgrade|migration)\b", re.IGNORECASE)
"""Words for announced work in a title."""
_KINDS = ("eventtypename", "eventtype", "eventname", "alerttype", "type", "kind", "event")
_KIND = re.compile(r"(?=.{6,80}$)[A-Za-z]+(?:[_.:-][A-Za-z]+|(?<=[a-z])[A-Z][a-z]+)+", re.ASCII)
"""A name of an event: words joined by marks, or by capitals."""
_TEST_FLAGS = ("test", "istest", "testmode", "testalert", "isdrill")
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
    split = split_alert_list(envelope)
    if split is None:
        return payload.parse_single(envelope, read)
    names, around, parts = split
    return payload.parse_items(
        parts, ".".join(names), lambda part: read(part, around), lambda part: {**around, names[-1]: [part]}
    )


def read_alert(
    body: Fields, reading: AlertReading, mapped: GenericMapping = NO_MAPPING, around: Fields | None = None
) -> Alert:
    """Read one alert; `around` holds the fields that apply to all alerts of the message."""
    return _AlertReader(body, reading, mapped, around or {}).alert()


def find_key(body: Fields) -> str | None:
    """Return the alert's key under one of the common names."""
    return next(
        (text for candidate in FieldCandidates(body, {}).of_field("key") if (text := key_text(candidate))), None
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
        if resolved is None and heading and title_is_over(heading.value):
            resolved = True
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
            (text for host_candidate in self.candidates.of_field("host") if (text := to_line(host_candidate.value))),
            None,
        )
        environment = self._name("environment") or payload.environment_from_labels(labels)
        severity = self._severity(status)
        if severity == "unknown" and status == "firing":
            severity = severity_of_labels(labels) or severity_of_title(heading.value if heading else "")
        return Alert(
            self.reading.source,
            mapped_key or derive_generic_key(title, service, environment, labels, host),
            title or payload.truncate(mapped_key or "", payload.LONGEST_LINE),
            started_at or sent_at or self.reading.now,
            status,
            self._description((title, heading.value if heading else "")),
            service,
            environment,
            severity,
            labels,
            annotations,
            ends_at=ended_at if status == "resolved" else None,
            values=self._values(),
            links=links,
            group=next((text for value in self._candidates_of("group") if (text := key_text(value))), None),
            told_at=sent_at,
            starts_known=started_at is not None
            and status == "firing",  # many tools tell when they looked, as if it were a start
            link_kinds=link_kinds,
            purpose=purpose,
            purpose_reason=reason,
            identity=identity_of(heading, host, service),
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
        host_names = {to_line(host_candidate.value) for host_candidate in self.candidates.of_field("host")}
        for candidate in self._candidates_of("key"):
            text = key_text(candidate)
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

    def _read_heading(self) -> AlertHeading | None:
        """Return the first line of the first non-empty candidate; a title may come from a long message."""
        title_candidates = self._candidates_of("title")
        for candidate in (
            title_candidates
            if "title" in self.mapped.fields
            else chain(title_candidates, self.candidates.deep_titles())
        ):
            if candidate.name in SENTENCES and not is_sentence(candidate.value):
                continue
            heading = (
                as_text(candidate.value) if isinstance(candidate.value, dict) else payload.filled_text(candidate.value)
            )
            if text := payload.first_line(heading):
                return self._own_name(text) or AlertHeading(text, candidate.name, candidate.place)
        return None if "title" in self.mapped.fields else self._read_kind()

    def _own_name(self, title: str) -> AlertHeading | None:
        """Return the name of the rule or monitor where the title adds no more than its state."""
        for candidate in self._candidates_of("title"):
            name = to_line(candidate.value) if candidate.name in NAMING else None
            if name and name != title and only_tells_state(title, name):
                return AlertHeading(name, candidate.name, candidate.place)
        return None

    def _read_kind(self) -> AlertHeading | None:
        """Return what kind of event it is as a title, `uptimeCheckFailed`, where nothing else names a message.

        Only words of several parts count, and only where the message also says what it is about.
        """
        subject = next(self.candidates.of_field("host"), None) or next(self.candidates.links(), None)
        for level in self.candidates.levels if subject else ():
            for name in _KINDS:
                kind = level.values[level.bare[name]] if name in level.bare else None
                if isinstance(kind, str) and _KIND.fullmatch(kind):
                    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", kind)
                    place = join_place(level.place, level.bare[name])
                    return AlertHeading(" ".join(words).lower().capitalize(), name, place)
        return None

    def _is_over(self, state: str | None) -> bool | None:
        """Decide whether it is resolved: by the mapping's words, a state field, or the start of the title.

        None if nothing says so: then it fires, and its end may never be sent.
        """
        words = [
            word
            for word in self._candidates_of("status")
            if word.name not in SENTENCES or (isinstance(word.value, str) and not is_sentence(word.value))
        ]
        if self.mapped.resolved:
            return any((payload.to_text(word.value) or "").lower() in self.mapped.resolved for word in words)
        for word in words:
            if (over := is_resolved_word(payload.filled_text(word.value))) is not None:
                self.reading.keep("status", FoundValue("resolved" if over else "firing", word.place))
                return over
        for field, when_true in (("over", True), ("fires", False)):
            for flag in self.candidates.of_field(field):
                if (value := to_bool(flag)) is not None:
                    self.reading.keep("status", FoundValue("resolved" if value is when_true else "firing", flag.place))
                    return value is when_true
        if (over := is_resolved_word(state)) is not None:
            return over
        ends = (read_candidate_time(candidate) for candidate in self.candidates.of_field("over_at"))
        return any(moment and moment <= self.reading.now for moment in ends) or None

    def _purpose(self, title: str, state: str | None) -> tuple[Purpose, str]:
        """Return its purpose, by the state before its title, else by words that clearly announce planned work."""
        if any(
            is_true(level.values[level.bare[name]])
            for level in self.candidates.levels
            for name in _TEST_FLAGS
            if name in level.bare
        ):
            return "test", "it is marked as a test"
        if isinstance(self.body.get("maintenance"), dict) and not any(
            name in self.body for name in ("incident", "alert")
        ):
            return "planned", "it announces maintenance"
        states, levels = (
            [bare_words(candidate.value) for candidate in self._candidates_of(field)]
            for field in ("status", "severity")
        )
        is_work = bool(_MAINTENANCE_WORD.search(title) or _MAINTENANCE_STATES & {*states, *levels})
        about_work = _MAINTENANCE_WORD.search(title) and _MAINTENANCE_STATES & {*states, *levels}
        if (states and states[0] in _MAINTENANCE_STATES) or (is_work and _ANNOUNCED_STATES & set(states)) or about_work:
            return "planned", "it announces maintenance"
        return purpose_of_state(state)

    def _name(self, field: str) -> str | None:
        for candidate in self._candidates_of(field):
            several = isinstance(candidate.value, list) and len(candidate.value) > 1 and candidate.name.endswith("s")
            text = None if several else to_line(candidate.value)
            if text and payload.is_name(text) and len(text) <= payload.LONGEST_NAME:
                return str(self.reading.keep(field, FoundValue(text, candidate.place)))
        return None

    def _severity(self, status: AlertStatus) -> Severity:
        """Return the first known word or level; bare numbers are ignored because scales differ."""
        for candidate in self._candidates_of("severity"):
            word = None if isinstance(candidate.value, int | float) else to_line(candidate.value)
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
            if not isinstance(candidate.value, str) or are_tags(candidate.value):
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
            if (text := first_text(find_values(self.body, paths)))
        }
        return payload.limit_labels(labels), payload.limit_labels(annotations)

    def _values(self) -> dict[str, float]:
        """Return measured numbers."""
        offered = {name: [candidate.value for candidate in self.candidates.of_field(name)] for name in VALUES}
        offered |= {name: list(find_values(self.body, paths)) for name, paths in self.mapped.values.items()}
        measured = {name: next(numbers_in(values), None) for name, values in offered.items()}
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
