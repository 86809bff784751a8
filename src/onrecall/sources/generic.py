"""Custom JSON, or a template: fields are found by their common names, or where a mapping places them.

It is conservative: what is not surely a key, a service or a label is none. A payload that is surely that of a tool
which has a file is read as that file says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.severity import parse_severity
from onrecall.sources import payload
from onrecall.sources.alert_links import collect_links, kind_by_name
from onrecall.sources.alert_lists import split_alert_list
from onrecall.sources.candidate_values import (
    AlertHeading,
    derive_generic_key,
    first_text,
    identity_of,
    key_text,
    numbers_in,
    severity_of_labels,
    to_line,
)
from onrecall.sources.field_aliases import (
    COUNTERS,
    NAMING,
    VALUES,
    WEAK_KEYS,
    FieldCandidates,
)
from onrecall.sources.field_readers import FoundValue, addresses
from onrecall.sources.generic_fields import AlertFields
from onrecall.sources.generic_headings import read_heading
from onrecall.sources.generic_keys import event_key, read_thing, subject_of_rule, tell_apart
from onrecall.sources.generic_labels import read_labels
from onrecall.sources.generic_states import is_over, read_purpose, text_is_over
from onrecall.sources.generic_times import find_time, find_zone, join_date_and_time
from onrecall.sources.mapping import GenericMapping, find_values, nest_value
from onrecall.sources.payload import Fields
from onrecall.sources.shape_reader import AlertReading, digest_identity
from onrecall.sources.states import (
    is_only_state,
    severity_of_title,
    split_state,
)
from onrecall.sources.webhook import ParsedWebhook

NAME = "generic"
NO_MAPPING = GenericMapping()
EXPIRES_AFTER = timedelta(hours=24)
"""An alert without a state expires if its source does not repeat it within this time."""
_SEVERITY_BY_STATE = frozenset(("servicestate", "messagetype", "triggertype", "status", "state"))
"""These hold a severity only while the alert fires."""


def read_body(
    body: Any, now: datetime, source: str = NAME, mapped: GenericMapping = NO_MAPPING, sender: str = ""
) -> ParsedWebhook:
    """Parse a plain JSON body: one alert, a list, or an object with a list under a common name.

    Args:
        body: the decoded body.
        now: the time of arrival.
        source: the source's name; under plain `generic`, many tools may post.
        mapped: the operator's places for fields.
        sender: the program that posts, which tells equal small ids of two tools apart.
    """

    def read(part: Fields, around: Fields | None = None) -> tuple[Alert, ...]:
        return (read_alert(part, AlertReading(source, now, sender), mapped, around),)

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


@dataclass(frozen=True, slots=True)
class _Subject:
    """What an alert is called, and whether it is over."""

    heading: AlertHeading | None
    title: str
    state: str | None
    """The state that stood before the title."""
    resolved: bool | None
    """None if nothing says so: then it fires, and its end may never be sent."""

    @property
    def status(self) -> AlertStatus:
        """The state of the alert."""
        return "resolved" if self.resolved else "firing"

    @property
    def heading_text(self) -> str:
        """The heading as its sender wrote it."""
        return self.heading.value if self.heading else ""


class _AlertReader:
    """Reads one alert by the common names of its fields."""

    def __init__(self, body: Fields, reading: AlertReading, mapped: GenericMapping, around: Fields) -> None:
        self.fields = AlertFields(body, mapped, FieldCandidates(body, around))
        self.reading = reading

    def alert(self) -> Alert:
        """Return the alert. Raises Invalid if it has no title."""
        key, is_counter = self._key()
        subject = self._read_subject()
        if subject.heading is None and key is None and subject.resolved:
            key = event_key(self.fields.candidates)
        self._require_title(subject, key)
        purpose, purpose_reason = read_purpose(self.fields, subject.title, subject.state)
        labels, annotations = read_labels(self.fields.candidates)
        labels = payload.limit_labels(labels | self._mapped_labels())
        service = self._name("service") or payload.service_from_labels(labels)
        started_at, ended_at, sent_at = self._times(subject.status)
        links, link_kinds = collect_links(self._links())
        host = self._host()
        environment = self._name("environment") or payload.environment_from_labels(labels)
        counter = key if is_counter else None
        if counter:
            key = tell_apart(counter, self.reading, subject.heading, host, service)
        place = host or subject_of_rule(self.fields.candidates, subject.heading)
        return Alert(
            self.reading.source,
            key or derive_generic_key(subject.title, service, environment, labels, place),
            subject.title or payload.truncate(key or "", payload.LONGEST_LINE),
            started_at or sent_at or self.reading.now,
            subject.status,
            self._description((subject.title, subject.heading_text)),
            service,
            environment,
            self._severity(subject, labels),
            labels,
            annotations,
            ends_at=ended_at if subject.resolved else None,
            values=self._values(),
            links=links,
            group=next((text for value in self.fields.of("group") if (text := key_text(value))), None),
            told_at=sent_at,
            starts_known=started_at is not None and not subject.resolved,  # many tools tell when they looked instead
            link_kinds=link_kinds,
            purpose=purpose,
            purpose_reason=purpose_reason,
            identity=self._identity(counter, key, subject.heading, host, service),
            expires_after=EXPIRES_AFTER if subject.resolved is None else None,
            problems=tuple(dict.fromkeys(self.reading.problems)),
        )

    def _read_subject(self) -> _Subject:
        """Read title and state; a title that only says that something is over gives way to what that is."""
        heading = read_heading(self.fields)
        title, state = split_state(heading.value) if heading else ("", None)
        resolved = is_over(self.fields, self.reading, state)
        if resolved is None and heading and text_is_over(self.fields, heading.value):
            resolved = True
        if resolved is not None and (heading is None or is_only_state(title)):
            heading = read_thing(self.fields.candidates) or heading
            title = heading.value if heading else ""
        return _Subject(heading, title, state, resolved)

    def _require_title(self, subject: _Subject, key: str | None) -> None:
        """Raise Invalid without a title, unless it is an end whose key names it."""
        if subject.heading:
            self.reading.keep("title", FoundValue(subject.title, subject.heading.place))
        elif not (subject.resolved and key):
            place = self.fields.place("title")
            raise Invalid(f'`{place}` is missing; give it, such as "Disk is full on db-1"', place)

    def _host(self) -> str | None:
        hosts = (to_line(candidate.value) for candidate in self.fields.candidates.of_field("host"))
        return next((host for host in hosts if host), None)

    def _key(self) -> tuple[str | None, bool]:
        """Return the key, and whether it is a number that its sender counts up: it tells no two senders apart."""
        host_names = {to_line(host_candidate.value) for host_candidate in self.fields.candidates.of_field("host")}
        for candidate in self.fields.of("key"):
            text = key_text(candidate)
            if text is None or (candidate.name == "alias" and text in host_names):
                continue
            is_small_number = text.isdigit() and len(text) < 10 and not self.fields.is_mapped("key")
            is_counter = is_small_number and candidate.name in COUNTERS and self.reading.source == NAME
            is_named = is_counter or (is_small_number and candidate.name in WEAK_KEYS)
            key = payload.shorten_key(f"{candidate.name} {text}" if is_named else text)
            return str(self.reading.keep("key", FoundValue(key, candidate.place))), is_counter
        if self.fields.is_mapped("key"):
            raise Invalid(f"`{self.fields.place('key')}` is missing, but the mapping places the key there", "key")
        return None, False

    def _name(self, field: str) -> str | None:
        for candidate in self.fields.of(field):
            several = isinstance(candidate.value, list) and len(candidate.value) > 1 and candidate.name.endswith("s")
            text = None if several else to_line(candidate.value)
            if text and payload.is_name(text) and len(text) <= payload.LONGEST_NAME:
                return str(self.reading.keep(field, FoundValue(text, candidate.place)))
        return None

    def _severity(self, subject: _Subject, labels: Mapping[str, str]) -> Severity:
        """Return the first known word or level; bare numbers are ignored because scales differ."""
        for candidate in self.fields.of("severity"):
            word = None if isinstance(candidate.value, int | float) else to_line(candidate.value)
            if word is None or (subject.resolved and candidate.name in _SEVERITY_BY_STATE):
                continue
            if (severity := parse_severity(word)) != "unknown":
                return self.reading.keep("severity", FoundValue(severity, candidate.place))  # type: ignore[no-any-return]
        if subject.resolved:
            return "unknown"
        return severity_of_labels(labels) or severity_of_title(subject.heading_text)

    def _description(self, titles: tuple[str, ...]) -> str:
        """Return the first text that does not just repeat the title."""
        for candidate in self.fields.of("description"):
            text = payload.read_text({"text": candidate.value}, "text")
            if text and text not in titles and split_state(text)[0] not in titles:
                return str(self.reading.keep("description", FoundValue(text, candidate.place)))
        return ""

    def _mapped_labels(self) -> dict[str, str]:
        return {
            name: text
            for name, paths in self.fields.mapped.labels.items()
            if (text := first_text(find_values(self.fields.body, paths)))
        }

    def _times(self, status: AlertStatus) -> tuple[datetime | None, datetime | None, datetime | None]:
        """Return when it began, ended and was sent; a time field that can't be read is reported, not guessed."""
        began, ended, sent = (self._read_time_field(field) for field in ("starts_at", "ends_at", "told_at"))
        if not began and not sent and (joined := join_date_and_time(self.fields.candidates)):
            sent = joined
        if status == "resolved" and ended and began and ended < began:
            ended = None
        return began, ended, sent

    def _read_time_field(self, field: str) -> datetime | None:
        finding, problem = find_time(
            self.fields.of(field), find_zone(self.fields.candidates), is_strict=self.fields.is_mapped(field)
        )
        if finding:
            return self.reading.keep(field, finding)  # type: ignore[no-any-return]
        if problem and not (field == "told_at" and join_date_and_time(self.fields.candidates)):
            self.reading.problems.append(problem)
        return None

    def _identity(
        self,
        counter: str | None,
        key: str | None,
        heading: AlertHeading | None,
        host: str | None,
        service: str | None,
    ) -> str | None:
        """Hash what the alert is about, for an end under another key: its small id, its event, or its place."""
        if counter:
            return digest_identity("generic", counter, self.reading.sender)
        event = event_key(self.fields.candidates)
        if event and key in (None, event) and (heading is None or heading.name not in NAMING):
            return digest_identity("generic", event)
        return identity_of(heading, host, service)

    def _values(self) -> dict[str, float]:
        """Return measured numbers."""
        offered = {name: [candidate.value for candidate in self.fields.candidates.of_field(name)] for name in VALUES}
        offered |= {
            name: list(find_values(self.fields.body, paths)) for name, paths in self.fields.mapped.values.items()
        }
        measured = {name: next(numbers_in(values), None) for name, values in offered.items()}
        return {name: value for name, value in measured.items() if value is not None}

    def _links(self) -> Iterator[tuple[Any, object]]:
        link_candidates = self.fields.of("links") if self.fields.is_mapped("links") else self.fields.candidates.links()
        for candidate in link_candidates:
            for address in addresses(candidate.value):
                if payload.safe_links(address):
                    self.reading.values.setdefault(
                        f"links.{kind_by_name(candidate.name)}", FoundValue(address, candidate.place)
                    )
                yield kind_by_name(candidate.name), address
