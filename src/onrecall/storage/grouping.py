"""Grouping in the store: the snapshot that a plan is made from, and the write of the plan."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from onrecall.storage import alert_writes, apply_plan, grouping_snapshot
from onrecall.storage.apply_plan import GroupingWrite
from onrecall.storage.database import Database
from onrecall.storage.grouping_snapshot import CandidateIncident, GroupingSnapshot, IncidentAlertCache, IncidentAlerts
from onrecall.storage.ingest_results import StoredAlert


class GroupingRepository:
    """Reads and writes of grouping."""

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

    def end_expired(self, ended: Mapping[int, str], now: datetime) -> None:
        """End these alerts, each with its reason, unless they were updated in the meantime."""
        with self._database.write() as connection:
            alert_writes.end_expired(connection, ended, now)
