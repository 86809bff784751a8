"""The worker's side of the store: grouping alerts into incidents and settling these. Each method is one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from onrecall.domain.alert import ChangeEvent
from onrecall.domain.incident import Incident
from onrecall.storage import alert_writes, alerts, apply_plan, auto_resolve, grouping_snapshot
from onrecall.storage.apply_plan import GroupingWrite
from onrecall.storage.database import Database
from onrecall.storage.grouping_snapshot import CandidateIncident, GroupingSnapshot, IncidentAlertCache, IncidentAlerts
from onrecall.storage.ingest_results import StoredAlert, StoredNote
from onrecall.storage.results import ResultPage


class GroupingRepository:
    """Reads and writes of grouping and of settling incidents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take_snapshot(self, now: datetime, limit: int, cache: IncidentAlertCache) -> GroupingSnapshot:
        """Return waiting alerts and the incidents they may join; cached alerts are not read again."""
        with self._database.read() as connection:
            return grouping_snapshot.take_snapshot(connection, now, limit, cache)

    def open_by_alerts(self) -> tuple[CandidateIncident, ...]:
        """Return the newest unresolved incidents opened by alerts, with their alerts."""
        with self._database.read() as connection:
            return grouping_snapshot.open_by_alerts(connection)

    def pairings(self) -> Mapping[frozenset[str], bool]:
        """Return which kinds of alerts people merged (True) or kept apart (False)."""
        with self._database.read() as connection:
            return grouping_snapshot.pairings_by_kinds(connection)

    def newest_grouped_alerts(self, limit: int) -> tuple[StoredAlert, ...]:
        """Return the newest alerts that belong to incidents, newest first."""
        with self._database.read() as connection:
            return grouping_snapshot.newest_grouped_alerts(connection, limit)

    def alerts_by_incident(self, names: Sequence[str]) -> tuple[int, dict[str, IncidentAlerts]]:
        """Return the grouping number and the alerts of these incidents."""
        with self._database.read() as connection:
            return grouping_snapshot.grouping_number(connection), grouping_snapshot.alerts_by_incident(
                connection, names
            )

    def apply(self, work: GroupingWrite, now: datetime, settle: timedelta) -> tuple[str, ...] | None:
        """Apply a plan and return the ids of the incidents it opened; None if its snapshot is out of date."""
        with self._database.write() as connection:
            return apply_plan.apply(connection, work, now, settle)

    def quiet_incidents(self, since: datetime) -> tuple[str, ...]:
        """Return unresolved incidents opened by alerts of which none has fired since a time."""
        with self._database.read() as connection:
            return auto_resolve.quiet_incidents(connection, since)

    def resolve_quiet(self, name: str, since: datetime, now: datetime) -> Incident | None:
        """Resolve an incident if it is still quiet."""
        with self._database.write() as connection:
            return auto_resolve.resolve_quiet(connection, name, since, now)

    def end_time(self, incident: Incident, now: datetime) -> datetime:
        """Return when the last alert of an incident ended."""
        with self._database.read() as connection:
            return auto_resolve.end_time(connection, incident, now)

    def expired(self, now: datetime, limit: int) -> tuple[StoredAlert, ...]:
        """Return firing alerts whose expiry has passed."""
        with self._database.read() as connection:
            return alerts.expired(connection, now, limit)

    def end_expired(self, ended: Mapping[int, str], now: datetime) -> None:
        """End these alerts, each with its reason, unless they were updated in the meantime."""
        with self._database.write() as connection:
            alert_writes.end_expired(connection, ended, now)

    def set_aside(
        self, purpose: str | None, source: str | None, cursor: str | None, limit: int
    ) -> ResultPage[StoredAlert]:
        """Return alerts that belong to no incident, newest first."""
        with self._database.read() as connection:
            return alerts.set_aside(connection, purpose, source, cursor, limit)

    def waiting_notes(self, limit: int) -> list[tuple[StoredNote, str]]:
        """Return waiting notes and acknowledgements, each with the incident of its alert."""
        with self._database.read() as connection:
            return auto_resolve.waiting_notes(connection, limit)

    def apply_note(self, note: StoredNote, incident: str, now: datetime) -> None:
        """Put a note on an incident's timeline, or acknowledge the incident."""
        with self._database.write() as connection:
            auto_resolve.apply_note(connection, note, incident, now)

    def waiting_changes(self, limit: int, window: timedelta) -> list[tuple[ChangeEvent, tuple[str, ...]]]:
        """Return unprocessed changes, each with the open incidents that began within `window` after it."""
        with self._database.read() as connection:
            changes = auto_resolve.waiting_changes(connection, limit)
            return [(change, auto_resolve.incidents_after_change(connection, change, window)) for change in changes]

    def mark_changes_processed(
        self, changes: Sequence[ChangeEvent], concerned: Iterable[str], soonest: datetime
    ) -> None:
        """Queue the affected incidents for new answers, and mark the changes as processed."""
        with self._database.write() as connection:
            auto_resolve.mark_changes_processed(connection, changes, concerned, soonest)
