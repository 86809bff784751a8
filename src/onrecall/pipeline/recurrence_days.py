"""Keep the packed facts of each day current, and join them into one table for a report."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from onrecall.pipeline.cause_similarity import is_explained
from onrecall.recurrences.day_facts import RULES_VERSION, DayFacts, OpenedIncident, pack_day
from onrecall.recurrences.incident_table import IncidentTable, join_days
from onrecall.storage import Storage
from onrecall.storage.recurrence_days import ChangedDay, DayIncident, StoredDay

READ_AT_ONCE = 5000
"""Incidents on changed days that a report reads itself, so that what is new counts at once."""
PACKED_AT_ONCE = 2000
"""Incidents that a round packs."""
PAUSE = timedelta(minutes=1)
"""Between rounds, once all days are packed: until then reports read what is new themselves."""


@dataclass(frozen=True, slots=True)
class CurrentTable:
    """All incidents as a table."""

    table: IncidentTable
    waiting: int
    """Incidents on days that are not packed since they changed: what changed on them is not counted yet."""


class RecurrencePacker:
    """Packs the days on which incidents changed; any number of workers may do so at the same time."""

    def __init__(self, store: Storage, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._next: datetime | None = None

    def run(self) -> int:
        """Pack some of the changed days; returns how many, 0 while it pauses."""
        if self._next is not None and self._clock() < self._next:
            return 0
        packed = pack_changed_days(self._store)
        self._next = None if packed else self._clock() + PAUSE
        return packed


def pack_changed_days(store: Storage) -> int:
    """Pack the newest changed days with about 2,000 incidents; returns the number of days, 0 if none changed."""
    changed = store.recurrence_days.changed(RULES_VERSION, PACKED_AT_ONCE)
    if changed:
        days = [(day.token, StoredDay(*_pack(day))) for day in changed]
        store.recurrence_days.save(days, RULES_VERSION)
    return len(changed)


def pack_if_too_many_wait(store: Storage) -> None:
    """Pack all changed days if a report could not read them all itself, as where no worker has run yet."""
    if store.recurrence_days.waiting(RULES_VERSION, READ_AT_ONCE):
        while pack_changed_days(store):
            pass


def read_table(store: Storage) -> CurrentTable:
    """Return all incidents as they are now; what changed since a day was packed is read from the incidents."""
    snapshot = store.recurrence_days.snapshot(RULES_VERSION, READ_AT_ONCE)
    packed = [DayFacts(day.day, day.incidents, day.facts, day.links, day.ids, day.texts) for day in snapshot.days]
    return CurrentTable(join_days([*packed, *map(_pack, snapshot.changed)]), snapshot.waiting)


def _pack(day: ChangedDay) -> DayFacts:
    return pack_day(day.day, map(_to_facts, day.incidents))


def _to_facts(incident: DayIncident) -> OpenedIncident:
    return OpenedIncident(
        id=incident.id,
        text=f"{incident.title}\n{incident.description}".strip(),
        service=incident.service,
        started_at=incident.started_at,
        resolved_at=incident.resolved_at,
        is_resolved=incident.status == "resolved",
        cause=incident.cause,
        root_cause=incident.root_cause,
        is_explained=incident.root_cause is not None and is_explained(incident.root_cause),
        links=incident.links,
    )
