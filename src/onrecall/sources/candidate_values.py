"""Reads one value that may be a field of an alert: as text, flag, time or key."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.severity import parse_severity
from onrecall.sources import payload
from onrecall.sources.field_aliases import FINDINGS, NAMING, FieldCandidate
from onrecall.sources.field_readers import as_text
from onrecall.sources.shape_reader import derive_key, digest_identity
from onrecall.sources.states import is_resolved_word, subject_of
from onrecall.sources.timestamps import read_timestamp

_IDENTIFYING = ("cluster", "region", "namespace", "queue", "topic", "database", "endpoint", "instance")
"""Labels that tell alerts of one title apart where the sender gives no key."""
_LONGEST_TAG = 60


@dataclass(frozen=True, slots=True)
class AlertHeading:
    """The line that the title comes from, with its field's name and place."""

    value: str
    name: str
    place: str


def identity_of(heading: AlertHeading | None, host: str | None, service: str | None) -> str | None:
    """Hash what the alert is about, if that is certain: a rule or monitor, or words and a place.

    For the output of a check, which changes once it recovers, only host and service count.
    """
    if heading is None or not (host or service or heading.name in NAMING):
        return None
    subject = "" if host and service and heading.name in FINDINGS else subject_of(heading.value)
    return digest_identity("generic", subject, host or "", service or "")


def key_text(candidate: FieldCandidate) -> str | None:
    if isinstance(candidate.value, bool):
        return None
    text = payload.filled_text(candidate.value)
    return payload.shorten_key(text) if text else None


def bare_words(value: Any) -> str:
    """Return the lower-case words of a text, joined by single spaces; empty for anything else."""
    return " ".join(re.findall(r"[a-z]+", value.lower())) if isinstance(value, str) and len(value) < 60 else ""


def to_line(value: Any) -> str | None:
    return payload.read_line({"text": as_text(value)}, "text")


def first_text(values: Iterable[Any]) -> str | None:
    return next((text for value in values if (text := to_line(value))), None)


def read_candidate_time(candidate: FieldCandidate) -> datetime | None:
    try:
        return read_timestamp(candidate.value, candidate.place)
    except Invalid:
        return None


def is_sentence(value: Any) -> bool:
    """Return whether it is a text with more than a single state or severity word."""
    if not isinstance(value, str):
        return False
    return len(value.split()) > 1 or (is_resolved_word(value) is None and parse_severity(value) == "unknown")


def to_bool(flag: FieldCandidate) -> bool | None:
    """Return what a flag says; 0 and 1 count only under names that can't be a number of things."""
    if isinstance(flag.value, bool):
        return flag.value
    words = {"true": True, "false": False, "yes": True, "no": False}
    if flag.name.startswith("is") or flag.name in ("active", "eventvalue"):
        words |= {"1": True, "0": False}
    return words.get(str(flag.value).strip().lower()) if isinstance(flag.value, str | int) else None


def is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def severity_of_labels(labels: Mapping[str, str]) -> Severity | None:
    """Return the severity that the labels name by a word."""
    lower = {name.lower(): value for name, value in labels.items()}
    words = (lower[name] for name in ("severity", "priority") if name in lower and not lower[name].strip().isdigit())
    return next((severity for word in words if (severity := parse_severity(word)) != "unknown"), None)


def derive_generic_key(
    title: str, service: str | None, environment: str | None, labels: Mapping[str, str], host: str | None
) -> str:
    """Derive a key from what tells alerts of one title apart: service, host, environment and identifying labels."""
    places = [labels[name] for name in _IDENTIFYING if name in labels and labels[name] != host]
    own = derive_key(title, service, {**labels, **({"host": host} if host else {})})
    return payload.shorten_key(" | ".join(filter(None, (own, environment, *places)))) if own else own


def are_tags(text: str) -> bool:
    """Return whether a text is a list of tags, not a sentence."""
    if not payload.is_name(text.strip()):
        return False
    parts = [part.strip() for part in text.split(",")]
    return text.strip()[:1] in "[{" or all(len(part) <= _LONGEST_TAG and len(part.split()) <= 3 for part in parts)


def numbers_in(values: Iterable[Any]) -> Iterator[float]:
    return (number for value in values if (number := payload.read_number({"value": value}, "value")) is not None)
