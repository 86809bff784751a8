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
    COUNTERS,
    FINDINGS,
    NAMING,
    SENTENCES,
    VALUES,
    WEAK_KEYS,
    FieldCandidate,
    FieldCandidates,
    join_place,
    normalize_name,
)
from onrecall.sources.field_readers import FoundValue, addresses, as_text
from onrecall.sources.generic_keys import event_key, read_thing, subject_of_rule, tell_apart
from onrecall.sources.generic_labels import read_labels
from onrecall.sources.generic_times import find_time, find_zone, join_date_and_time
from onrecall.sources.mapping import GenericMapping, find_values, nest_value
from onrecall.sources.payload import Fields
from onrecall.sources.shape_reader import AlertReading, digest_identity, purpose_of_state
from onrecall.sources.states import (
    is_only_state,
    is_resolved_word,
    only_tells_state,
    severity_of_title,
    split_state,
    title_is_over,
)
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
_TEST_KINDS = frozenset({"test", "test alert", "test notification", "test event", "webhook test", "test webhook"})
_TEST_FLAGS = ("test", "istest", "testmode", "testalert", "isdrill")


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


class _AlertReader:
    """Reads one alert by the common names of its fields."""

    def __init__(self, body: Fields, reading: AlertReading, mapped: GenericMapping, around: Fields) -> None:
        self.body = body
        self.reading = reading
        self.mapped = mapped
        self.candidates = FieldCandidates(body, around)

    def alert(self) -> Alert:
        mapped_key, is_counter = self._key()
        heading = self._read_heading()
        title, state = split_state(heading.value) if heading else ("", None)
        resolved = self._is_over(state)
        if resolved is None and heading and self._text_is_over(heading.value):
            resolved = True
        if resolved is not None and (heading is None or is_only_state(title)):
            heading = read_thing(self.candidates) or heading
            title = heading.value if heading else ""
        if heading is None and mapped_key is None and resolved:
            mapped_key = event_key(self.candidates)
        status: AlertStatus = "resolved" if resolved else "firing"
        if heading is None and not (status == "resolved" and mapped_key):
            raise Invalid(
                f'`{self._place("title")}` is missing; give it, such as "Disk is full on db-1"', self._place("title")
            )
        if heading:
            self.reading.keep("title", FoundValue(title, heading.place))
        purpose, reason = self._purpose(title, state)
        labels, annotations = read_labels(self.candidates)
        labels = payload.limit_labels(labels | self._mapped_labels())
        service = self._name("service") or payload.service_from_labels(labels)
        started_at, ended_at, sent_at = self._times(status)
        links, link_kinds = collect_links(self._links())
        host = next(
            (text for host_candidate in self.candidates.of_field("host") if (text := to_line(host_candidate.value))),
            None,
        )
        environment = self._name("environment") or payload.environment_from_labels(labels)
        subject = subject_of_rule(self.candidates, heading)
        counter = mapped_key if is_counter else None
        if counter:
            mapped_key = tell_apart(counter, self.reading, heading, host, service)
        severity = self._severity(status)
        if severity == "unknown" and status == "firing":
            severity = severity_of_labels(labels) or severity_of_title(heading.value if heading else "")
        return Alert(
            self.reading.source,
            mapped_key or derive_generic_key(title, service, environment, labels, host or subject),
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
            identity=self._identity(counter, mapped_key, heading, host, service),
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

    def _key(self) -> tuple[str | None, bool]:
        """Return the key, and whether it is a number that its sender counts up: it tells no two senders apart."""
        host_names = {to_line(host_candidate.value) for host_candidate in self.candidates.of_field("host")}
        for candidate in self._candidates_of("key"):
            text = key_text(candidate)
            if text is None or (candidate.name == "alias" and text in host_names):
                continue
            is_small_number = text.isdigit() and len(text) < 10 and "key" not in self.mapped.fields
            is_counter = is_small_number and candidate.name in COUNTERS and self.reading.source == NAME
            is_named = is_counter or (is_small_number and candidate.name in WEAK_KEYS)
            key = payload.shorten_key(f"{candidate.name} {text}" if is_named else text)
            return str(self.reading.keep("key", FoundValue(key, candidate.place))), is_counter
        if "key" in self.mapped.fields:
            raise Invalid(f"`{self._place('key')}` is missing, but the mapping places the key there", "key")
        return None, False

    def _text_is_over(self, title: str) -> bool:
        """Return whether the title, or a text that names what the title names, surely says that it is over."""
        if title_is_over(title):
            return True
        texts = (
            payload.filled_text(candidate.value)
            for candidate in self._candidates_of("title")
            if candidate.name in FINDINGS
        )
        return any(text and title.lower() in text.lower() and title_is_over(text) for text in texts)

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
        for candidate in self._kinds() if subject else ():
            kind = candidate.value
            if isinstance(kind, str) and _KIND.fullmatch(kind):
                words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", kind)
                return AlertHeading(" ".join(words).lower().capitalize(), candidate.name, candidate.place)
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
        for code in self.candidates.of_field("exit_code"):
            if (number := payload.read_number({"code": code.value}, "code")) is not None:
                self.reading.keep("status", FoundValue("firing" if number else "resolved", code.place))
                return not number
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
        if any(bare_words(candidate.value) in _TEST_KINDS for candidate in self._kinds()):
            return "test", "it is an event of the kind test"
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

    def _kinds(self) -> Iterator[FieldCandidate]:
        """Yield what kind of event the message says it is."""
        for level in self.candidates.levels:
            for name in _KINDS:
                if name in level.bare:
                    yield FieldCandidate(
                        level.values[level.bare[name]], name, join_place(level.place, level.bare[name])
                    )

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

    def _mapped_labels(self) -> dict[str, str]:
        return {
            name: text
            for name, paths in self.mapped.labels.items()
            if (text := first_text(find_values(self.body, paths)))
        }

    def _times(self, status: AlertStatus) -> tuple[datetime | None, datetime | None, datetime | None]:
        """Return when it began, ended and was sent; a time field that can't be read is reported, not guessed."""
        began, ended, sent = (self._read_time_field(field) for field in ("starts_at", "ends_at", "told_at"))
        if not began and not sent and (joined := join_date_and_time(self.candidates)):
            sent = joined
        if status == "resolved" and ended and began and ended < began:
            ended = None
        return began, ended, sent

    def _read_time_field(self, field: str) -> datetime | None:
        finding, problem = find_time(
            self._candidates_of(field), find_zone(self.candidates), is_strict=field in self.mapped.fields
        )
        if finding:
            return self.reading.keep(field, finding)  # type: ignore[no-any-return]
        if problem and not (field == "told_at" and join_date_and_time(self.candidates)):
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
        event = event_key(self.candidates)
        if event and key in (None, event) and (heading is None or heading.name not in NAMING):
            return digest_identity("generic", event)
        return identity_of(heading, host, service)

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
