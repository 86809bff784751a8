"""One shape of a definition, compiled: a payload of this form → alert, acknowledgement, note or change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onrecall.domain.alert import (
    Acknowledgement,
    Alert,
    AlertLinkKind,
    AlertStatus,
    ChangeEvent,
    InboundEvent,
    Note,
    Purpose,
)
from onrecall.domain.errors import Invalid
from onrecall.sources import payload
from onrecall.sources.alert_links import collect_links
from onrecall.sources.definition import Fields, PayloadShape
from onrecall.sources.expressions import compile_expression
from onrecall.sources.field_readers import (
    FieldPlace,
    FoundValue,
    LabelReader,
    SeverityReader,
    StatusReader,
    TimeReader,
    addresses,
    compile_places,
    find_line,
    find_moment,
    find_name,
    find_numbers,
    find_text,
)
from onrecall.sources.states import split_state, subject_of

TIMES = ("starts_at", "ends_at", "sent_at")
TEST_REASON = "its title says that it is a test"


@dataclass(slots=True)
class AlertReading:
    """Collects what is found while an alert is read: each field with its place, and problems."""

    source: str
    now: datetime
    sender: str = ""
    """The program that posts, if known: the first word of its User-Agent, without a version."""
    values: dict[str, FoundValue] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def keep(self, name: str, finding: FoundValue | None) -> Any:
        """Record the value found for a field, and return it; None if there is none."""
        if finding is None:
            return None
        self.values[name] = finding
        return finding.value


class ShapeReader:
    """Reads payloads of one shape."""

    def __init__(self, shape: PayloadShape, fields: Fields) -> None:
        self.shape = shape
        self._fields = fields
        self._key = compile_places(fields.key)
        self._identity = compile_places(fields.identity)
        self._title = compile_places(fields.title)
        self._description = compile_places(fields.description)
        self._status = StatusReader(fields.status) if fields.status else None
        self._severity = SeverityReader(fields.severity) if fields.severity else None
        self._service = compile_places(fields.service)
        self._environment = compile_places(fields.environment)
        self._labels = LabelReader(fields.labels, fields.label_sets, fields.details)
        self._values = {name: compile_places(places) for name, places in fields.values.items()}
        self._times = {name: TimeReader(name, rule) for name in TIMES if (rule := getattr(fields, name))}
        self._links = [(kind, compile_places(places)) for kind, places in fields.links.items()]
        self._group = compile_places(fields.group)
        self._change_ends = compile_places(fields.change_ends)
        self._acknowledged_by = compile_places(fields.acknowledged_by)
        self._purposes = [
            (purpose, FieldPlace(rule.when, compile_expression(rule.when)), rule.reason)
            for purpose, rules in fields.purpose.items()
            for rule in rules
        ]
        self._note = fields.note and {
            name: compile_places(getattr(fields.note, name)) for name in ("text", "id", "by", "at")
        }

    def read(self, scope: Mapping[str, Any], reading: AlertReading) -> tuple[InboundEvent, ...]:
        """Read one part of a message. Raises Invalid if it has neither a title nor a key in its place."""
        if self._fields.change:
            return (self._change_event(scope, reading), *self._ended_by_change(scope, reading))
        state = self._read_state(scope, reading)
        alert = self._alert(scope, reading, state)
        signals: tuple[InboundEvent, ...] = (alert,)
        if state == "acknowledged":
            by = reading.keep("acknowledged_by", find_name(self._acknowledged_by, scope))
            signals = (*signals, Acknowledgement(reading.source, alert.key, alert.told_at or reading.now, by))
        return (*signals, *self._notes(scope, alert, reading))

    def _alert(self, scope: Mapping[str, Any], reading: AlertReading, state: str) -> Alert:
        status: AlertStatus = "resolved" if state == "resolved" else "firing"
        key = reading.keep("key", find_text(self._key, scope))
        purpose, reason = self._purpose(scope)
        may_lack_title = status == "resolved" or self.shape.update
        title, title_state = self._read_title(scope, reading, _stand_in(key if may_lack_title else None, purpose))
        if purpose == "incident":
            purpose, reason = purpose_of_state(title_state)
        labels, annotations = self._labels.find(scope)
        service = self._read_service(scope, reading, labels)
        began, ended, sent = self._read_times(scope, reading, status)
        links, link_kinds = collect_links(self._offered_links(scope, reading))
        return Alert(
            source=reading.source,
            key=payload.shorten_key(key) if key else derive_key(title, service, labels),
            title=title,
            starts_at=began or sent or reading.now,
            status=status,
            description=reading.keep("description", find_text(self._description, scope)) or "",
            service=service,
            environment=reading.keep("environment", find_name(self._environment, scope))
            or payload.environment_from_labels(labels),
            severity=(self._severity and reading.keep("severity", self._severity.find(scope))) or "unknown",
            labels=labels,
            annotations=annotations,
            ends_at=ended,
            values=find_numbers(self._values, scope),
            links=links,
            group=reading.keep("group", find_text(self._group, scope, payload.LONGEST_LINE)),
            told_at=sent,
            starts_known=began is not None,
            link_kinds=link_kinds,
            purpose=purpose,
            purpose_reason=reason,
            identity=self._identity_digest(scope),
            expires_after=None if self._fields.sends_end or status == "resolved" else self._fields.expires_after,
            problems=tuple(dict.fromkeys(reading.problems)),
        )

    def _read_title(self, scope: Any, reading: AlertReading, stand_in: str | None) -> tuple[str, str | None]:
        """Return the title without its state prefix, and that state."""
        heading = find_line(self._title, scope)
        if heading:
            title, state = split_state(heading.value)
            reading.keep("title", FoundValue(title, heading.place))
            return title, state
        if stand_in:
            return payload.truncate(stand_in, payload.LONGEST_LINE), None
        places = ", ".join(place.text for place in self._title)
        raise Invalid(f"`{self._title[0].text}` is missing: none of {places} has a title", self._title[0].text)

    def _read_service(self, scope: Any, reading: AlertReading, labels: Mapping[str, str]) -> str | None:
        if service := find_name(self._service, scope):
            return str(reading.keep("service", service))
        return payload.service_from_labels(labels) if self._fields.service_by_labels else None

    def _read_state(self, scope: Any, reading: AlertReading) -> str:
        if self._status is None:
            return "firing"
        state, problem = self._status.find(scope)
        if problem:
            reading.problems.append(problem)
        return reading.keep("status", state) or "firing"

    def _read_times(
        self, scope: Any, reading: AlertReading, status: AlertStatus
    ) -> tuple[datetime | None, datetime | None, datetime | None]:
        """Return when it began, when it ended and when that was sent; each None if unknown."""
        moments: dict[str, datetime | None] = dict.fromkeys(TIMES)
        for name, reader in self._times.items():
            moment, problem = reader.find(scope)
            moments[name] = reading.keep(name, moment)
            if problem:
                reading.problems.append(problem)
        began, sent = moments["starts_at"], moments["sent_at"]
        ended = (moments["ends_at"] or sent) if status == "resolved" else None
        return began, None if ended and began and ended < began else ended, sent

    def _offered_links(self, scope: Any, reading: AlertReading) -> Iterator[tuple[AlertLinkKind, object]]:
        for kind, places in self._links:
            for place in places:
                for address in addresses(place.find(scope)):
                    if payload.safe_links(address):
                        reading.values.setdefault(f"links.{kind}", FoundValue(address, place.text))
                    yield kind, address

    def _purpose(self, scope: Any) -> tuple[Purpose, str]:
        for purpose, place, reason in self._purposes:
            if place.find(scope) not in (None, False, "", [], {}):
                return purpose, reason
        return "incident", ""

    def _identity_digest(self, scope: Any) -> str | None:
        """Hash what the alert is about; None unless every part is present."""
        parts = [find_line((place,), scope) for place in self._identity]
        if not parts or not all(parts):
            return None
        return digest_identity(*(part.value for part in parts if part))

    def _notes(self, scope: Any, alert: Alert, reading: AlertReading) -> Iterator[Note]:
        if not self._note:
            return
        text, id_ = find_text(self._note["text"], scope), find_text(self._note["id"], scope)
        if text and id_:
            by = find_name(self._note["by"], scope)
            at = find_moment(self._note["at"], scope) or alert.told_at or reading.now
            yield Note(
                reading.source, alert.key, payload.shorten_key(id_.value), text.value, at, by.value if by else None
            )

    def _change_event(self, scope: Any, reading: AlertReading) -> ChangeEvent:
        title, _ = self._read_title(scope, reading, None)
        labels, _ = self._labels.find(scope)
        key = reading.keep("key", find_text(self._key, scope))
        began, _, sent = self._read_times(scope, reading, "firing")
        links, _ = collect_links(self._offered_links(scope, reading))
        at = sent or began
        assert self._fields.change
        return ChangeEvent(
            source=reading.source,
            key=payload.shorten_key(key) if key else payload.derived_key(title, at.isoformat() if at else None),
            title=title,
            at=at or reading.now,
            kind=self._fields.change,
            service=self._read_service(scope, reading, labels),
            environment=reading.keep("environment", find_name(self._environment, scope))
            or payload.environment_from_labels(labels),
            labels=labels,
            links=links,
        )

    def _ended_by_change(self, scope: Any, reading: AlertReading) -> tuple[Alert, ...]:
        """Return the end of the alert that the change fixes; it opens nothing if none is open."""
        ended_key = find_text(self._change_ends, scope)
        if ended_key is None:
            return ()
        key = payload.shorten_key(ended_key.value)
        _, _, sent = self._read_times(scope, reading, "resolved")
        return (
            Alert(
                reading.source,
                key,
                payload.truncate(key, payload.LONGEST_LINE),
                sent or reading.now,
                "resolved",
                told_at=sent,
                starts_known=False,
                purpose="informational",
                purpose_reason="a change went well",
            ),
        )


def _stand_in(key: str | None, purpose: Purpose) -> str | None:
    """Return a substitute title: the key of an alert known from its start, or that it is a test."""
    return key or ("Test message" if purpose == "test" else None)


def purpose_of_state(state: str | None) -> tuple[Purpose, str]:
    """Return an alert's purpose by its title's state prefix."""
    return ("test", TEST_REASON) if state and state.lower() == "test" else ("incident", "")


def derive_key(title: str, service: str | None, labels: Mapping[str, str]) -> str:
    """Derive a key from title, service and host, for alerts without one."""
    where = (labels[name] for name in ("host", "hostname", "instance") if name in labels)
    return payload.shorten_key(" | ".join(filter(None, (subject_of(title), service, next(where, None)))))


def digest_identity(*parts: str) -> str:
    """Hash what an alert is about, ignoring case."""
    return payload.derived_key(*(part.casefold() for part in parts))
