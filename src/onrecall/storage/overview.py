"""Summaries of all incidents, and what is new: for lists, and for clients that follow the live stream."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from onrecall.domain.alert import ChangeEvent
from onrecall.domain.incident import Incident, Status
from onrecall.domain.recommendation import Recommendation
from onrecall.storage import (
    alerts,
    change_events,
    events,
    gauges,
    incident_rows,
    paging,
    recommendations,
    sequences,
    validation,
)
from onrecall.storage.batching import chunked
from onrecall.storage.change_notifier import ChangeNotifier
from onrecall.storage.database import Database
from onrecall.storage.gauges import Gauges
from onrecall.storage.incident_order import NEWEST_FIRST, IncidentOrder
from onrecall.storage.incident_rows import IncidentFilter
from onrecall.storage.ingest_results import StoredAlert
from onrecall.storage.results import IncidentEvent, ResultPage
from onrecall.storage.tables import alerts as alert_rows
from onrecall.storage.tables import incidents as rows


@dataclass(frozen=True, slots=True)
class FeedPositions:
    """The current end of the event, answer and alert feeds."""

    event: int
    answer: int
    alert: int


@dataclass(frozen=True, slots=True)
class IncidentSummary:
    """An incident as shown in a list."""

    incident: Incident
    answer: Recommendation | None
    """The newest answer."""
    alerts: int
    last: IncidentEvent | None
    """The last recorded event."""
    change: ChangeEvent | None
    """The newest change shortly before it."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Reads over all incidents. Each method is one transaction."""

    database: Database

    def places(self) -> FeedPositions:
        """Return the current feed positions."""
        with self.database.read() as connection:
            return FeedPositions(
                sequences.current_value(connection, "event"),
                sequences.current_value(connection, "recommendation"),
                sequences.current_value(connection, "alert"),
            )

    def newest_event(self) -> int:
        """Return the number of the newest event."""
        with self.database.read() as connection:
            return sequences.current_value(connection, "event")

    def watch(self, woken: Callable[[], None]) -> ChangeNotifier:
        """Return a notifier that calls back, once started, when there may be new events."""
        return ChangeNotifier(self.database, woken)

    def gauges(self, now: datetime) -> Gauges:
        """Return queue lengths and totals."""
        with self.database.read() as connection:
            return gauges.read(connection, validation.require_utc(now, "now"))

    def statuses(self) -> Mapping[Status, int]:
        """Return the number of incidents by status."""
        query = select(rows.c.status, func.count()).group_by(rows.c.status)
        with self.database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def summaries(
        self, filters: IncidentFilter, cursor: str | None, limit: int, order: IncidentOrder = NEWEST_FIRST
    ) -> ResultPage[IncidentSummary]:
        """Return a page of incidents in an order, each with newest answer, alert count, last event and change."""
        with self.database.read() as connection:
            page = incident_rows.page(connection, filters, cursor, limit, order)
            incident_ids = [incident.id for incident in page.items]
            answers = recommendations.newest_answers(connection, incident_ids)
            sizes = alerts.count_by_incident(connection, incident_ids)
            last = events.newest_by_incident(connection, incident_ids)
            changes = change_events.newest_before(connection, incident_ids)
        summaries = (
            IncidentSummary(incident, answers.get(name), sizes.get(name, 0), last.get(name), changes.get(name))
            for name, incident in zip(incident_ids, page.items, strict=True)
        )
        return ResultPage(tuple(summaries), page.next_cursor)

    def asked_after(self, after: int, limit: int) -> tuple[tuple[int, Recommendation], ...]:
        """Return answers without an incident, after a position in the order of answers."""
        with self.database.read() as connection:
            return recommendations.asked_after(connection, after, paging.check_limit(limit))

    def grouped(self, alert_ids: Collection[int]) -> Mapping[int, str]:
        """Return the incident of each alert that has joined one."""
        incident_by_alert: dict[int, str] = {}
        with self.database.read() as connection:
            for chunk in chunked(list(alert_ids)):
                query = select(alert_rows.c.id, alert_rows.c.incident).where(alert_rows.c.id.in_(chunk))
                joined = connection.execute(query.where(alert_rows.c.incident.is_not(None)))
                incident_by_alert |= {row.id: row.incident for row in joined}
        return incident_by_alert

    def alerts_after(self, source: str, after: int, limit: int) -> tuple[StoredAlert, ...]:
        """Return new alerts of a source, after a position in the order of alerts."""
        with self.database.read() as connection:
            return alerts.inserted_since(connection, source, after, paging.check_limit(limit))
