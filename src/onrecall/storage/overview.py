"""What there is at a glance, and what came since: for lists of all answers, and for browsers that listen."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from onrecall.domain.incident import Incident, Recommendation, Status
from onrecall.storage import alerts, events, gauges, incidents, paging, recommendations
from onrecall.storage import sequences
from onrecall.storage import validation
from onrecall.storage.batching import chunked
from onrecall.storage.change_notifier import ChangeNotifier
from onrecall.storage.database import Database
from onrecall.storage.gauges import Gauges
from onrecall.storage.incidents import IncidentFilter
from onrecall.storage.ingest_results import StoredAlert
from onrecall.storage.results import IncidentEvent, ResultPage
from onrecall.storage.tables import alerts as alert_rows
from onrecall.storage.tables import incidents as rows


@dataclass(frozen=True, slots=True)
class FeedPositions:
    """How far the three lists of what happens have come."""

    event: int
    answer: int
    alert: int


@dataclass(frozen=True, slots=True)
class IncidentSummary:
    """One incident with what a list shows of it."""

    incident: Incident
    answer: Recommendation | None
    """The last one."""
    alerts: int
    last: IncidentEvent | None
    """What was recorded of it last."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Reads over all incidents. Each method is one transaction."""

    database: Database

    def places(self) -> FeedPositions:
        """Where the lists stand."""
        with self.database.read() as connection:
            return FeedPositions(
                sequences.current_value(connection, "event"),
                sequences.current_value(connection, "recommendation"),
                sequences.current_value(connection, "alert"),
            )

    def newest_event(self) -> int:
        """The number of the last event."""
        with self.database.read() as connection:
            return sequences.current_value(connection, "event")

    def watch(self, woken: Callable[[], None]) -> ChangeNotifier:
        """A way to be told, once it is started, that there may be new events."""
        return ChangeNotifier(self.database, woken)

    def gauges(self, now: datetime) -> Gauges:
        """How full everything is."""
        with self.database.read() as connection:
            return gauges.read(connection, validation.require_utc(now, "now"))

    def statuses(self) -> Mapping[Status, int]:
        """How many incidents there are of each status."""
        query = select(rows.c.status, func.count()).group_by(rows.c.status)
        with self.database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def summaries(self, filters: IncidentFilter, cursor: str | None, limit: int) -> ResultPage[IncidentSummary]:
        """A page of incidents, newest first, each with its last answer, the number of its alerts and its last event."""
        with self.database.read() as connection:
            page = incidents.page(connection, filters, cursor, limit)
            incident_ids = [incident.id for incident in page.items]
            answers = recommendations.newest_answers(connection, incident_ids)
            sizes = alerts.count_by_incident(connection, incident_ids)
            last = events.newest_by_incident(connection, incident_ids)
        summaries = (IncidentSummary(incident, answers.get(incident.id), sizes.get(incident.id, 0), last.get(incident.id)) for incident in page.items)
        return ResultPage(tuple(summaries), page.next_cursor)

    def asked_after(self, after: int, limit: int) -> tuple[tuple[int, Recommendation], ...]:
        """Answers to questions that no incident stands for, after a place in the order of answers."""
        with self.database.read() as connection:
            return recommendations.asked_after(connection, after, paging.check_limit(limit))

    def grouped(self, alert_ids: Collection[int]) -> Mapping[int, str]:
        """Return the incident of each of these alerts that has joined one."""
        incident_by_alert: dict[int, str] = {}
        with self.database.read() as connection:
            for chunk in chunked(list(alert_ids)):
                query = select(alert_rows.c.id, alert_rows.c.incident).where(alert_rows.c.id.in_(chunk))
                joined = connection.execute(query.where(alert_rows.c.incident.is_not(None)))
                incident_by_alert |= {row.id: row.incident for row in joined}
        return incident_by_alert

    def alerts_after(self, source: str, after: int, limit: int) -> tuple[StoredAlert, ...]:
        """New alerts of a sender, after a place in the order of alerts."""
        with self.database.read() as connection:
            return alerts.inserted_since(connection, source, after, paging.check_limit(limit))
