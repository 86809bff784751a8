"""What recurrences need to know of each incident, as packed columns: one block for each UTC day on which any began.

Seven hundred thousand incidents are 40 MB in this form, and are read in a fraction of a second. Texts are compared by
64-bit digests.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from onrecall.recurrences.clustering import comparable_text

RULES_VERSION = 1
"""Raise it when the same incident would be packed differently: blocks of another version are packed anew."""
NEVER = np.iinfo(np.int64).min
"""The time of an incident that has no end."""
RESOLVED, EXPLAINED = 1, 2
"""Flags: its status is resolved; its root cause has enough informative words to be proposed for a label."""
INCIDENT_FACTS = np.dtype(
    [
        ("started", "<i8"),
        ("ended", "<i8"),
        ("name", "<i8"),
        ("root_cause", "<i8"),
        ("opening", "<i8"),
        ("label", "<i4"),
        ("service", "<i4"),
        ("flags", "u1"),
    ]
)
"""Times in microseconds since 1970; digests, 0 for none; numbers in the block's texts, -1 for none."""
LINK_FACTS = np.dtype([("row", "<i4"), ("kind", "<i4"), ("target", "<i8")])
"""A link of the incident in a row of the block, to an incident by the digest of its id."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OpenedIncident:
    """The facts about one incident, in words."""

    id: str
    text: str
    """Title and description."""
    service: str | None
    started_at: datetime
    resolved_at: datetime | None
    is_resolved: bool
    cause: str | None
    """The label of a confirmed resolution."""
    root_cause: str | None
    """The root cause of a confirmed resolution."""
    is_explained: bool
    links: Sequence[tuple[str, str]]
    """Kind and target of each link."""


class DayFacts(NamedTuple):
    """The incidents that began on one UTC day, oldest first: packed facts and links, ids and texts as JSON."""

    day: str
    incidents: int
    facts: bytes
    links: bytes
    ids: str
    texts: str


def _facts_of(incident: OpenedIncident, number: Callable[[str | None], int]) -> tuple[int, ...]:
    """Return the row of an incident; `number` is told each text and returns its number in the day."""
    return (
        to_microseconds(incident.started_at),
        NEVER if incident.resolved_at is None else to_microseconds(incident.resolved_at),
        digest(incident.id),
        _text_digest(incident.root_cause or ""),
        _text_digest(incident.text, incident.service or ""),
        number((incident.cause or "").strip()),
        number(incident.service),
        RESOLVED * incident.is_resolved | EXPLAINED * incident.is_explained,
    )


def pack_day(day: str, incidents: Iterable[OpenedIncident]) -> DayFacts:
    """Pack the incidents of one day."""
    ordered = sorted(incidents, key=lambda incident: (incident.started_at, incident.id))
    texts: dict[str, int] = {}

    def number(text: str | None) -> int:
        return texts.setdefault(text, len(texts)) if text else -1

    rows = [_facts_of(incident, number) for incident in ordered]
    links = [
        (row, number(kind), digest(target)) for row, incident in enumerate(ordered) for kind, target in incident.links
    ]
    return DayFacts(
        day,
        len(rows),
        np.array(rows, INCIDENT_FACTS).tobytes(),
        np.array(links, LINK_FACTS).tobytes(),
        json.dumps([incident.id for incident in ordered]),
        json.dumps(list(texts)),
    )


def digest(text: str) -> int:
    """Return a signed 64-bit digest that is never 0."""
    hashed = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(hashed, "little", signed=True) or 1


def to_microseconds(at: datetime) -> int:
    """Return a moment in microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def to_datetime(microseconds: int) -> datetime:
    """Return the moment so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _text_digest(text: str, service: str = "") -> int:
    comparable = comparable_text(text)
    return 0 if comparable is None else digest(f"{service}\0{comparable}")
