"""Incidents that began within seconds of each other though nothing ties them: a hint, and what a person makes of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations, pairwise

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.domain.incident import Incident
from onrecall.grouping import Kinds, canonical_environment
from onrecall.pipeline.group_alerts import ATTEMPTS
from onrecall.pipeline.manual_grouping import ManualGrouping, remembered
from onrecall.storage import GroupingWrite, IncidentAlerts, Storage

FEWEST = 4
"""So many incidents that begin together are no coincidence."""
GAP = timedelta(seconds=20)
"""Each begins within this of the one before."""
SPAN = timedelta(seconds=60)
"""All of them begin within this."""
MOST = 50


@dataclass(frozen=True, slots=True)
class BeganTogether:
    """Open incidents that began together, the first to begin first."""

    incidents: tuple[Incident, ...]

    @property
    def span(self) -> timedelta:
        """The time from the first to the last."""
        return self.incidents[-1].started_at - self.incidents[0].started_at


class BeganTogetherService:
    """Finds incidents that began together, merges them in one go or keeps them apart; both are remembered."""

    def __init__(self, store: Storage, by_hand: ManualGrouping) -> None:
        self._store = store
        self._by_hand = by_hand

    def hints(self) -> tuple[BeganTogether, ...]:
        """Returns groups of open incidents that began together, the newest first; none that people keep apart."""
        opened = self._store.storms.open_by_alerts()
        held = {one.incident.id: one.held for one in opened}
        apart = frozenset(kinds for kinds, together in self._store.storms.pairings().items() if not together)
        groups = (
            group
            for group in _bursts([one.incident for one in opened])
            if not any(_kept_apart(held[one.id], held[other.id], apart) for one, other in combinations(group, 2))
        )
        found = [BeganTogether(group) for group in groups if len(_names(group)) >= FEWEST]
        return tuple(sorted(found, key=lambda hint: hint.incidents[0].started_at, reverse=True))

    def merge(self, incident_ids: Sequence[str], by: str | None = None) -> Incident:
        """Merge incidents into the one that began first, which is returned; such alerts are one from now on."""
        first, *others = self._in_order(incident_ids)
        for other in others:
            first = self._by_hand.merge(other.id, first.id, by)
        return first

    def keep_apart(self, incident_ids: Sequence[str], by: str | None = None) -> None:
        """Remember that the alerts of these incidents do not belong together."""
        names = [incident.id for incident in self._in_order(incident_ids)]
        for _ in range(ATTEMPTS):
            number, held = self._store.storms.held(names)
            pairs: dict[Kinds, bool] = {}
            for one, other in combinations(names, 2):
                pairs |= dict.fromkeys(remembered(held[one].alerts, held[other].alerts), False)
            if self._by_hand.write(GroupingWrite(number, pairings=pairs, by=by)):
                return
        raise Unavailable("alerts are being grouped; try again")

    def _in_order(self, incident_ids: Sequence[str]) -> list[Incident]:
        names = dict.fromkeys(incident_ids)
        if not 2 <= len(names) <= MOST:
            raise Invalid(f"name 2 to {MOST} incidents; {len(names)} were named", "incidents")
        return sorted((self._store.incident(name) for name in names), key=lambda one: (one.started_at, one.id))


def _bursts(incidents: Iterable[Incident]) -> Iterator[tuple[Incident, ...]]:
    """Runs of incidents of one environment of which each begins shortly after the one before."""
    by_environment: dict[str, list[Incident]] = {}
    for incident in incidents:
        by_environment.setdefault(canonical_environment(incident.environment), []).append(incident)
    for some in by_environment.values():
        ordered = sorted(some, key=lambda one: (one.started_at, one.id))
        ends = [n + 1 for n, (one, other) in enumerate(pairwise(ordered)) if other.started_at - one.started_at > GAP]
        for start, end in pairwise([0, *ends, len(ordered)]):
            run = tuple(ordered[start:end])
            if len(run) >= FEWEST and run[-1].started_at - run[0].started_at <= SPAN:
                yield run


def _names(incidents: Iterable[Incident]) -> frozenset[str]:
    return frozenset(incident.service or incident.title for incident in incidents)


def _kept_apart(one: IncidentAlerts, other: IncidentAlerts, apart: frozenset[Kinds]) -> bool:
    return bool(apart) and not remembered(one.alerts, other.alerts).isdisjoint(apart)
