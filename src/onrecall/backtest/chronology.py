"""A history in the order in which it became known: what a replay may tell the memory, and when."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Document, Incident, Resolution

Kind = Literal["opened", "resolved", "dated", "reported"]
ORDER: Mapping[Kind, int] = {"opened": 0, "reported": 0, "resolved": 1, "dated": 2}
"""At the same instant openings come first: they know nothing of what else happened then."""
DAY = timedelta(days=1)
ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """Something that became known."""

    at: datetime
    kind: Kind
    id: str
    incident: Incident | None = None
    """As it opened: without its end and without its links, which are hindsight."""
    resolution: Resolution | None = None
    recurs: str | None = None
    """The earlier incident that somebody said it repeats."""
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is replayed."""

    incidents: tuple[Incident, ...]
    documents: tuple[Document, ...] = ()
    left_out: tuple[RejectedInput, ...] = ()
    judged: Mapping[str, Collection[str]] = field(default_factory=dict)
    """For an incident, the earlier ones that people said were the right answer to it."""

    @classmethod
    def of(
        cls, things: Iterable[Incident | Document | RejectedInput], judged: Mapping[str, Collection[str]] | None = None
    ) -> "History":
        """In an order that does not depend on the order in which it was read; of two with one id the first stays."""
        incidents: list[Incident] = []
        documents: list[Document] = []
        left_out: list[RejectedInput] = []
        for thing in things:
            if isinstance(thing, RejectedInput):
                left_out.append(thing)
            elif isinstance(thing, Document):
                documents.append(thing)
            else:
                incidents.append(replace(thing, id=thing.id or thing.source_id or ""))
        incidents = _without_reports(incidents)
        chosen = _once(sorted(incidents, key=lambda one: (one.started_at, one.id, repr(one))), left_out)
        pages = {one.id: one for one in sorted(documents, key=lambda one: (one.id, repr(one)), reverse=True)}
        return cls(tuple(chosen), tuple(pages[name] for name in sorted(pages)), tuple(left_out), judged or {})

    @property
    def reports(self) -> tuple[Document, ...]:
        """Dated postmortems and RCAs, where no incident is on record: they alone tell when something happened."""
        if self.incidents:
            return ()
        return tuple(one for one in self.documents if one.dated is not None and one.kind != "runbook")


def events(history: History) -> list[HistoryEvent]:
    """Everything in the order in which it became known."""
    started = {one.id: one.started_at for one in history.incidents}
    found = [HistoryEvent(_known(one.dated), "dated", one.id, document=one) for one in history.documents]
    found += [HistoryEvent(one.dated, "reported", one.id, document=one) for one in history.reports if one.dated]
    for one in history.incidents:
        found.append(HistoryEvent(one.started_at, "opened", one.id, incident=as_opened(one)))
        if one.resolution:
            earlier = [link.incident for link in one.links if link.incident != one.id and link.incident in started]
            recurs = next((other for other in earlier if started[other] <= one.started_at), None)
            at = max(_known(one.resolution.at), one.started_at)
            found.append(HistoryEvent(at, "resolved", one.id, resolution=one.resolution, recurs=recurs))
    return sorted(found, key=lambda event: (event.at, ORDER[event.kind], event.id))


def as_opened(incident: Incident) -> Incident:
    """What was known of it when it opened: of one that a postmortem tells of, its title and how it was noticed."""
    opened = replace(
        incident,
        status="open",
        acknowledged_at=None,
        resolved_at=None,
        resolution=None,
        links=(),
        source_id=None,
        impact=None,
        trigger=None,
        timeline=(),
        action_items=(),
        lines={},
    )
    return replace(opened, description=incident.detection or "") if incident.document else opened


def _known(at: datetime | None) -> datetime:
    """When a thing of that time is known: midnight sharp is a date, and a date is over when its day is."""
    if at is None:
        return ALWAYS
    return at + DAY if at.timetz().replace(tzinfo=None) == time.min else at


def _without_reports(incidents: Sequence[Incident]) -> list[Incident]:
    """Without what only a postmortem tells of an incident that is in the history itself."""
    known = {one.id for one in incidents if not one.document}
    return [one for one in incidents if one.named_on_record not in known]


def _once(incidents: Iterable[Incident], left_out: list[RejectedInput]) -> list[Incident]:
    chosen: dict[str, Incident] = {}
    for one in incidents:
        if not one.id:
            left_out.append(
                RejectedInput(one.title, "id", "it has no id, so it cannot be distinguished from others; add one")
            )
        elif one.id in chosen:
            left_out.append(RejectedInput(one.id, "id", "an earlier incident has the same id; give each its own"))
        else:
            chosen[one.id] = one
    return list(chosen.values())
