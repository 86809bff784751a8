"""A history as events in the order in which they became known, for the replay."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from onrecall.domain.document import Document
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import POSTMORTEM, Incident, Resolution

Kind = Literal["opened", "closed", "resolved", "dated", "reported"]
KIND_ORDER: Mapping[Kind, int] = {"opened": 0, "reported": 0, "closed": 1, "resolved": 1, "dated": 2}
"""Openings come first at the same instant, as they know nothing of what else happened then."""
DAY = timedelta(days=1)
BEGINNING_OF_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """Something that became known."""

    at: datetime
    kind: Kind
    id: str
    incident: Incident | None = None
    """The incident as it opened, without resolution and links, which are hindsight."""
    resolution: Resolution | None = None
    recurs: str | None = None
    """The earlier incident that it repeats according to its links."""
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The history to replay."""

    incidents: tuple[Incident, ...]
    documents: tuple[Document, ...] = ()
    left_out: tuple[RejectedInput, ...] = ()
    judged: Mapping[str, Collection[str]] = field(default_factory=dict)
    """For each incident, the earlier ones that people confirmed as the right answer."""
    confirmed_families: Mapping[str, str] = field(default_factory=dict)
    """For each incident that has its cause label from a confirmed family of root causes, that label."""

    @classmethod
    def of(
        cls, records: Iterable[Incident | Document | RejectedInput], judged: Mapping[str, Collection[str]] | None = None
    ) -> "History":
        """Build a history independent of the reading order; of two records with the same id the first is kept."""
        incidents: list[Incident] = []
        documents: list[Document] = []
        left_out: list[RejectedInput] = []
        for record in records:
            if isinstance(record, RejectedInput):
                left_out.append(record)
            elif isinstance(record, Document):
                documents.append(record)
            else:
                incidents.append(replace(record, id=record.id or record.source_id or ""))
        incidents = _drop_reported_again(incidents)
        chosen = _drop_repeated_ids(
            sorted(incidents, key=lambda incident: (incident.started_at, incident.id, repr(incident))), left_out
        )
        last_first = sorted(documents, key=lambda document: (document.id, repr(document)), reverse=True)
        pages = {document.id: document for document in last_first}
        return cls(tuple(chosen), tuple(pages[name] for name in sorted(pages)), tuple(left_out), judged or {})

    @property
    def lacks_ends(self) -> bool:
        """Whether nothing on record says that any incident was ever over, so that each counts as over once it began."""
        return not any(
            incident.resolution or incident.resolved_at or incident.status == "resolved" for incident in self.incidents
        )

    @property
    def reports(self) -> tuple[Document, ...]:
        """Dated postmortems and RCAs, used as openings if the history has no incidents."""
        if self.incidents:
            return ()
        return tuple(
            document for document in self.documents if document.dated is not None and document.kind != "runbook"
        )


def order_events(history: History) -> list[HistoryEvent]:
    """Return all events in the order in which they became known."""
    started = {incident.id: incident.started_at for incident in history.incidents}
    history_events = [
        HistoryEvent(_known_from(document.dated), "dated", document.id, document=document)
        for document in history.documents
    ]
    history_events += [
        HistoryEvent(document.dated, "reported", document.id, document=document)
        for document in history.reports
        if document.dated
    ]
    for incident in history.incidents:
        history_events.append(HistoryEvent(incident.started_at, "opened", incident.id, incident=as_opened(incident)))
        if incident.resolution:
            history_events.append(_resolved_event(incident, incident.resolution, started))
        elif history.lacks_ends or incident.resolved_at or incident.status == "resolved":
            history_events.append(HistoryEvent(_closed_at(incident), "closed", incident.id))
    return sorted(history_events, key=lambda event: (event.at, KIND_ORDER[event.kind], event.id))


def _resolved_event(incident: Incident, resolution: Resolution, started: Mapping[str, datetime]) -> HistoryEvent:
    """Return the event with the first linked incident that began earlier; `started` has the starts of all."""
    earlier = [link.incident for link in incident.links if link.incident != incident.id and link.incident in started]
    recurs = next((incident_id for incident_id in earlier if started[incident_id] <= incident.started_at), None)
    at = max(_known_from(resolution.at), incident.started_at)
    return HistoryEvent(at, "resolved", incident.id, resolution=resolution, recurs=recurs)


def as_opened(incident: Incident) -> Incident:
    """Return what was known when the incident opened; of one from a postmortem, only title and detection."""
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
        contributing_factors=None,
        timeline=(),
        action_items=(),
        lines={},
    )
    return replace(opened, description=incident.detection or "") if _is_from_report(incident) else opened


def _is_from_report(incident: Incident) -> bool:
    """Return whether an incident is on record only because a postmortem tells of it.

    One that has a postmortem attached was opened with words of its own.
    """
    return incident.document is not None and incident.source == POSTMORTEM


def _known_from(at: datetime | None) -> datetime:
    """Return when a record with this time is known: exactly midnight means a date, known at the end of the day."""
    if at is None:
        return BEGINNING_OF_TIME
    return at + DAY if at.timetz().replace(tzinfo=None) == time.min else at


def _closed_at(incident: Incident) -> datetime:
    """Return when an incident without a resolution was over; where nobody wrote down when, once it began."""
    return max(_known_from(incident.resolved_at), incident.started_at)


def _drop_reported_again(incidents: Sequence[Incident]) -> list[Incident]:
    """Drop incidents from postmortems that describe an incident of the history itself."""
    own_ids = {incident.id for incident in incidents if not _is_from_report(incident)}
    return [
        incident for incident in incidents if not _is_from_report(incident) or incident.named_on_record not in own_ids
    ]


def _drop_repeated_ids(incidents: Iterable[Incident], left_out: list[RejectedInput]) -> list[Incident]:
    chosen: dict[str, Incident] = {}
    for incident in incidents:
        if not incident.id:
            left_out.append(
                RejectedInput(incident.title, "id", "it has no id, so it cannot be distinguished from others; add one")
            )
        elif incident.id in chosen:
            left_out.append(RejectedInput(incident.id, "id", "an earlier incident has the same id; give each its own"))
        else:
            chosen[incident.id] = incident
    return list(chosen.values())
