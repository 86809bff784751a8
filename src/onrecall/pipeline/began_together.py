"""Hints about unrelated incidents that began within seconds of each other, and merging or separating them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations, pairwise

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.domain.incident import Incident
from onrecall.grouping import Kinds, canonical_environment
from onrecall.pipeline.group_alerts import MAX_ATTEMPTS
from onrecall.pipeline.manual_grouping import ManualGrouping, pairing_kinds
from onrecall.storage import GroupingWrite, IncidentAlerts, Storage

MIN_INCIDENTS = 4
"""Minimum number of incidents that begin together to show a hint."""
MAX_GAP = timedelta(seconds=20)
"""Maximum time between two consecutive starts."""
MAX_SPAN = timedelta(seconds=60)
"""Maximum time between the first and the last start."""
MAX_INCIDENTS = 50


@dataclass(frozen=True, slots=True)
class BeganTogether:
    """Open incidents that began together, ordered by start time."""

    incidents: tuple[Incident, ...]

    @property
    def span(self) -> timedelta:
        """Time from the first start to the last."""
        return self.incidents[-1].started_at - self.incidents[0].started_at


class BeganTogetherService:
    """Finds incidents that began together and merges or separates them; both decisions are remembered."""

    def __init__(self, store: Storage, by_hand: ManualGrouping) -> None:
        self._store = store
        self._by_hand = by_hand

    def hints(self) -> tuple[BeganTogether, ...]:
        """Return groups of open incidents that began together, newest first, except those kept apart by a person."""
        opened = self._store.grouping.open_by_alerts()
        alerts_by_incident = {candidate.incident.id: candidate.alerts for candidate in opened}
        kept_apart = frozenset(kinds for kinds, together in self._store.grouping.pairings().items() if not together)
        groups = (
            group
            for group in _bursts([candidate.incident for candidate in opened])
            if not any(
                _is_kept_apart(alerts_by_incident[first.id], alerts_by_incident[second.id], kept_apart)
                for first, second in combinations(group, 2)
            )
        )
        hints = [BeganTogether(group) for group in groups if len(_distinct_subjects(group)) >= MIN_INCIDENTS]
        return tuple(sorted(hints, key=lambda hint: hint.incidents[0].started_at, reverse=True))

    def merge(self, incident_ids: Sequence[str], by: str | None = None) -> Incident:
        """Merge incidents into the earliest one and return it; similar alerts are grouped from now on."""
        first, *later_incidents = self._in_order(incident_ids)
        for later in later_incidents:
            first = self._by_hand.merge(later.id, first.id, by)
        return first

    def keep_apart(self, incident_ids: Sequence[str], by: str | None = None) -> None:
        """Remember that the alerts of these incidents do not belong together."""
        ids = [incident.id for incident in self._in_order(incident_ids)]
        for _ in range(MAX_ATTEMPTS):
            number, alerts_by_incident = self._store.grouping.alerts_by_incident(ids)
            pairs: dict[Kinds, bool] = {}
            for first, second in combinations(ids, 2):
                pairs |= dict.fromkeys(
                    pairing_kinds(alerts_by_incident[first].alerts, alerts_by_incident[second].alerts), False
                )
            if self._by_hand.write(GroupingWrite(number, pairings=pairs, by=by)):
                return
        raise Unavailable("alerts are being grouped; try again")

    def _in_order(self, incident_ids: Sequence[str]) -> list[Incident]:
        ids = dict.fromkeys(incident_ids)
        if not 2 <= len(ids) <= MAX_INCIDENTS:
            raise Invalid(f"name 2 to {MAX_INCIDENTS} incidents; {len(ids)} were named", "incidents")
        return sorted(
            (self._store.incidents.get(incident_id) for incident_id in ids),
            key=lambda incident: (incident.started_at, incident.id),
        )


def _bursts(incidents: Iterable[Incident]) -> Iterator[tuple[Incident, ...]]:
    """Yield runs of incidents in one environment, each starting within `MAX_GAP` of the previous one."""
    by_environment: dict[str, list[Incident]] = {}
    for incident in incidents:
        by_environment.setdefault(canonical_environment(incident.environment), []).append(incident)
    for environment_incidents in by_environment.values():
        ordered = sorted(environment_incidents, key=lambda incident: (incident.started_at, incident.id))
        ends = [
            n + 1
            for n, (earlier, later) in enumerate(pairwise(ordered))
            if later.started_at - earlier.started_at > MAX_GAP
        ]
        for start, end in pairwise([0, *ends, len(ordered)]):
            run = tuple(ordered[start:end])
            if len(run) >= MIN_INCIDENTS and run[-1].started_at - run[0].started_at <= MAX_SPAN:
                yield run


def _distinct_subjects(incidents: Iterable[Incident]) -> frozenset[str]:
    return frozenset(incident.service or incident.title for incident in incidents)


def _is_kept_apart(first: IncidentAlerts, second: IncidentAlerts, kept_apart: frozenset[Kinds]) -> bool:
    return bool(kept_apart) and not pairing_kinds(first.alerts, second.alerts).isdisjoint(kept_apart)
