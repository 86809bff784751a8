"""One service at a glance: its record, the hours it lost, and who knows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from onrecall.domain.errors import NotFound
from onrecall.domain.incident import Incident
from onrecall.recurrences.occurrences import DowntimeHours, Month, compute_downtime, count_by_month
from onrecall.storage import Storage
from onrecall.storage.services import ServiceRecord

PERIOD = timedelta(days=365)
ALERT_PERIOD = timedelta(days=90)
RESOLVED_SHOWN = 10
OWNER_LABELS = ("owner", "team", "squad")
PEOPLE_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns a service, as the labels of an incident say."""

    name: str
    label: str
    incident: str
    """The newest incident that has the label."""


@dataclass(frozen=True, slots=True)
class ServiceOverview:
    """What a service's page shows."""

    record: ServiceRecord
    since: datetime
    """Hours, months and the median count incidents that began then or later."""
    resolved: tuple[Incident, ...]
    """The newest resolved incidents of the period."""
    lost: DowntimeHours
    median_minutes: float | None
    """From start to end; None: no incident of the period has both."""
    months: tuple[Month, ...]
    owners: tuple[Owner, ...]
    people: tuple[str, ...]
    """Who worked on its incidents last."""


def service_overview(store: Storage, name: str, now: datetime) -> ServiceOverview:
    """Return what a service's page shows. Raises NotFound where nothing on record names the service."""
    since = now - PERIOD
    record = store.services.record(name, since, now - ALERT_PERIOD)
    if record is None:
        raise NotFound(f"no incident, alert, change or document names the service {name}")
    counted = [incident for incident in record.counted if incident.started_at <= now]
    recent = sorted((*record.unresolved, *counted), key=lambda incident: incident.started_at, reverse=True)
    return ServiceOverview(
        record=record,
        since=since if record.is_complete else record.counted[-1].started_at,
        resolved=tuple(incident for incident in counted if incident.status == "resolved")[:RESOLVED_SHOWN],
        lost=compute_downtime(counted, now),
        median_minutes=_median_minutes(counted),
        months=count_by_month(counted, now),
        owners=_owners(recent),
        people=tuple(dict.fromkeys(_people(recent)))[:PEOPLE_SHOWN],
    )


def _median_minutes(incidents: Iterable[Incident]) -> float | None:
    lengths = [
        (incident.resolved_at - incident.started_at) / timedelta(minutes=1)
        for incident in incidents
        if incident.resolved_at is not None and incident.resolved_at >= incident.started_at
    ]
    return median(lengths) if lengths else None


def _owners(incidents: Sequence[Incident]) -> tuple[Owner, ...]:
    """Return the newest value of each label that names an owner."""
    owners = (
        next(
            (Owner(incident.labels[label], label, incident.id) for incident in incidents if incident.labels.get(label)),
            None,
        )
        for label in OWNER_LABELS
    )
    return tuple(owner for owner in owners if owner is not None)


def _people(incidents: Iterable[Incident]) -> Iterable[str]:
    for incident in incidents:
        if incident.assignee:
            yield incident.assignee
        if incident.resolution and incident.resolution.by:
            yield incident.resolution.by
