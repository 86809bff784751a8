"""Ingested data: deliveries are stored, wait for grouping, and can be read. Each method is one transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from onrecall.domain.alert import ChangeEvent
from onrecall.storage import alerts, change_events, incidents, ingest, notes, rejected, validation
from onrecall.storage.database import Database
from onrecall.storage.ingest_results import IngestBatch, IngestResult, StoredAlert, StoredNote, StoredRejectedPart
from onrecall.storage.results import ResultPage
from onrecall.storage.sources import SourceActivityRepository


class AlertRepository:
    """Alerts, notes and changes from sources. Waiting rows are the queue: nothing acknowledged is only in memory."""

    _database: Database
    source_activity: SourceActivityRepository

    def receive(self, arrivals: Sequence[IngestBatch], now: datetime) -> tuple[IngestResult, ...]:
        """Store several deliveries in one transaction; what is already known changes nothing."""
        batch, now = ingest.prepare(arrivals), validation.require_utc(now, "now")
        with self._database.write() as connection:
            received = ingest.store_batches(connection, batch, now)
            self.source_activity.mark_heard(
                connection, (arrival.source for arrival in arrivals if not arrival.again), now
            )
            return received

    def waiting_alerts(self, limit: int) -> tuple[StoredAlert, ...]:
        """Return alerts that are new or changed, oldest first."""
        with self._database.read() as connection:
            return alerts.waiting(connection, limit)

    def waiting_notes(self, limit: int) -> tuple[StoredNote, ...]:
        """Return notes and acknowledgements not yet applied to an incident."""
        with self._database.read() as connection:
            return notes.waiting(connection, limit)

    def alerts_of(self, incident_id: str, limit: int | None = None) -> tuple[StoredAlert, ...]:
        """Return the alerts of an incident, newest first."""
        with self._database.read() as connection:
            incidents.get(connection, incident_id)
            return alerts.of_incident(connection, incident_id, limit)

    def notes_of(self, incident_id: str) -> tuple[StoredNote, ...]:
        """Return what people wrote at the sources about an incident's alerts."""
        with self._database.read() as connection:
            incidents.get(connection, incident_id)
            return notes.of_incident(connection, incident_id)

    def change_events_near(self, service: str | None, at: datetime, hours: float = 2) -> tuple[ChangeEvent, ...]:
        """Return changes of a service (or of no service) in the hours before a time, newest first."""
        with self._database.read() as connection:
            return change_events.recent_changes(connection, service, validation.require_utc(at, "at"), hours)

    def change_events(
        self,
        service: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ResultPage[ChangeEvent]:
        """Return changes, newest first."""
        with self._database.read() as connection:
            return change_events.page(connection, change_events.ChangeFilter(service, since, until), cursor, limit)

    def rejected(self, cursor: str | None = None, limit: int = 50) -> ResultPage[StoredRejectedPart]:
        """Return rejected parts that are not stored yet, newest first."""
        with self._database.read() as connection:
            return rejected.page(connection, cursor, limit)

    def rejected_part(self, number: int) -> StoredRejectedPart:
        """Return one rejected part. Raises NotFound."""
        with self._database.read() as connection:
            return rejected.get(connection, number)

    def settle_rejected(self, numbers: Iterable[int], now: datetime) -> None:
        """Mark rejected parts as stored after all."""
        with self._database.write() as connection:
            rejected.mark_settled(connection, numbers, validation.require_utc(now, "now"))
