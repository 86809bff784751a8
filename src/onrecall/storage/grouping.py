"""The store's side towards the worker: alerts find their incidents, incidents their end. Each method a transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from onrecall.domain.alert import ChangeEvent
from onrecall.domain.incident import Incident
from onrecall.storage import alert_writes, alerts
from onrecall.storage import apply_plan
from onrecall.storage import auto_resolve
from onrecall.storage import grouping_snapshot
from onrecall.storage.apply_plan import GroupingWrite
from onrecall.storage.database import Database
from onrecall.storage.grouping_snapshot import CandidateIncident, GroupingSnapshot, IncidentAlertCache, IncidentAlerts
from onrecall.storage.ingest_results import StoredAlert, StoredNote
from onrecall.storage.results import ResultPage


class GroupingRepository:
    """What grouping and settling read and write."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take_snapshot(self, now: datetime, limit: int, cache: IncidentAlertCache) -> GroupingSnapshot:
        """The alerts that wait, and what they may join; what is held already need not be read again."""
        with self._database.read() as connection:
            return grouping_snapshot.take_snapshot(connection, now, limit, cache)

    def open_by_alerts(self) -> tuple[CandidateIncident, ...]:
        """The newest incidents that alerts opened and nobody resolved, with what they hold."""
        with self._database.read() as connection:
            return grouping_snapshot.open_by_alerts(connection)

    def pairings(self) -> Mapping[frozenset[str], bool]:
        """Which kinds of alerts people put together, and which they took apart."""
        with self._database.read() as connection:
            return grouping_snapshot.pairings_by_kinds(connection)

    def newest_grouped_alerts(self, limit: int) -> tuple[StoredAlert, ...]:
        """The newest alerts that are in incidents, the newest first."""
        with self._database.read() as connection:
            return grouping_snapshot.newest_grouped_alerts(connection, limit)

    def alerts_by_incident(self, names: Sequence[str]) -> tuple[int, dict[str, IncidentAlerts]]:
        """How often alerts were grouped so far, and what these incidents hold."""
        with self._database.read() as connection:
            return grouping_snapshot.grouping_number(connection), grouping_snapshot.alerts_by_incident(connection, names)

    def apply(self, work: GroupingWrite, now: datetime, settle: timedelta) -> tuple[str, ...] | None:
        """Write what grouping decided; the ids of what was opened. None: it no longer rests on the newest."""
        with self._database.write() as connection:
            return apply_plan.apply(connection, work, now, settle)

    def quiet_incidents(self, since: datetime) -> tuple[str, ...]:
        """Incidents that alerts opened, of which none has fired since a time, and which nobody resolved."""
        with self._database.read() as connection:
            return auto_resolve.quiet_incidents(connection, since)

    def resolve_quiet(self, name: str, since: datetime, now: datetime) -> Incident | None:
        """End one of them, if it is quiet still."""
        with self._database.write() as connection:
            return auto_resolve.resolve_quiet(connection, name, since, now)

    def end_time(self, incident: Incident, now: datetime) -> datetime:
        """When the last of its alerts was over."""
        with self._database.read() as connection:
            return auto_resolve.end_time(connection, incident, now)

    def expired(self, now: datetime, limit: int) -> tuple[StoredAlert, ...]:
        """Alerts that are over by now because nothing was heard of them."""
        with self._database.read() as connection:
            return alerts.expired(connection, now, limit)

    def end_expired(self, ended: Mapping[int, str], now: datetime) -> None:
        """End them, each for a reason, if nothing was heard of them meanwhile."""
        with self._database.write() as connection:
            alert_writes.end_expired(connection, ended, now)

    def set_aside(
        self, purpose: str | None, source: str | None, cursor: str | None, limit: int
    ) -> ResultPage[StoredAlert]:
        """Alerts that are in no incident, newest first."""
        with self._database.read() as connection:
            return alerts.set_aside(connection, purpose, source, cursor, limit)

    def waiting_notes(self, limit: int) -> list[tuple[StoredNote, str]]:
        """Notes and acknowledgements that wait, each with the incident that its alert is in."""
        with self._database.read() as connection:
            return auto_resolve.waiting_notes(connection, limit)

    def apply_note(self, note: StoredNote, incident: str, now: datetime) -> None:
        """Put a note on an incident's timeline, or have an acknowledgement count for it."""
        with self._database.write() as connection:
            auto_resolve.apply_note(connection, note, incident, now)

    def waiting_changes(self, limit: int, window: timedelta) -> list[tuple[ChangeEvent, tuple[str, ...]]]:
        """Changes that nobody looked at yet, each with the open incidents that began within a time after it."""
        with self._database.read() as connection:
            changes = auto_resolve.waiting_changes(connection, limit)
            return [(change, auto_resolve.incidents_after_change(connection, change, window)) for change in changes]

    def mark_changes_processed(self, changes: Sequence[ChangeEvent], concerned: Iterable[str], soonest: datetime) -> None:
        """Have the incidents that changes concern answered anew, and the changes wait no longer."""
        with self._database.write() as connection:
            auto_resolve.mark_changes_processed(connection, changes, concerned, soonest)
