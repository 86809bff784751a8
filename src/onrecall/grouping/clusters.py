"""Links → groups, the strongest first, so that the order in which alerts came changes nothing."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from onrecall.grouping.features import AlertFeatures
from onrecall.grouping.manual_pairings import Kinds, ManualPairings
from onrecall.grouping.plan import OpenIncident
from onrecall.grouping.rules import GroupingRules
from onrecall.grouping.scoring import PairScore
from onrecall.grouping.topology import ServiceGraph

_SAME_SIGNS = 0.5
"""Two groups that have this share of their alerts' names in common show the same trouble."""


@dataclass(eq=False)
class AlertGroup:
    """Alerts found to belong together so far, with the incidents they are in."""

    members: list[AlertFeatures] = field(default_factory=list)
    incidents: list[OpenIncident] = field(default_factory=list)
    environments: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    origins: frozenset[str] | None = None
    """The declared services that a fault of all its services may come from; None: nothing is declared about any."""
    reopened: bool = False
    """An alert of its own fired again after its incident was over."""
    latest: float | None = None
    """When its newest alert that is in no incident yet began, in seconds."""
    first: float = math.inf
    last: float = -math.inf
    """When its earliest and its newest alert began."""

    def take(self, one: AlertFeatures, origins: frozenset[str] | None) -> None:
        """Add an alert, and where its fault may come from."""
        self.members.append(one)
        self.kinds.add(one.kind)
        self.names.add(one.name)
        if one.environment:
            self.environments.add(one.environment)
        self.origins = _common(self.origins, origins)
        self.first, self.last = min(self.first, one.at), max(self.last, one.at)
        if one.incident is None:
            self.latest = max(self.latest or one.at, one.at)


def _common(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return one & other if one is not None and other is not None else one if other is None else other


class AlertClusters:
    """Groups that grow link by link, and refuse what would tie two outages into one."""

    def __init__(self, topology: ServiceGraph, pairings: ManualPairings, rules: GroupingRules) -> None:
        self._topology = topology
        self._rules = rules
        self._taken_apart: list[Kinds] = [pair for pair, together in pairings.together.items() if not together]
        self._of: dict[int, AlertGroup] = {}
        self._reach: dict[str, frozenset[str]] = {}

    def start(
        self, members: Iterable[AlertFeatures], incidents: Iterable[OpenIncident] = (), *, reopened: bool = False
    ) -> None:
        """A group that holds whatever is tried: an incident with its sample, or episodes of one alert."""
        group = AlertGroup(incidents=list(incidents), reopened=reopened)
        for incident in group.incidents:
            group.first = min(group.first, incident.started_at.timestamp())
        for one in members:
            group.take(one, self._origins(one.service))
            self._of[id(one)] = group

    def _origins(self, service: str) -> frozenset[str] | None:
        if service not in self._topology:
            return None
        if service not in self._reach:
            self._reach[service] = self._topology.reach(service)
        return self._reach[service]

    def group(self, one: AlertFeatures) -> AlertGroup:
        """The group of an alert."""
        return self._of[id(one)]

    def unite(self, links: Iterable[PairScore]) -> None:
        """Follow links, the strongest first, wherever nothing forbids it."""
        for link in links:
            one, other = self.group(link.one), self.group(link.other)
            if one is not other and self._may(one, other, link):
                self._join(one, other)

    def groups(self) -> list[AlertGroup]:
        """All groups, each once."""
        return list({id(group): group for group in self._of.values()}.values())

    def _join(self, one: AlertGroup, other: AlertGroup) -> None:
        if len(one.members) < len(other.members):
            one, other = other, one
        for member in other.members:
            self._of[id(member)] = one
        one.members += other.members
        one.incidents += other.incidents
        one.environments |= other.environments
        one.kinds |= other.kinds
        one.names |= other.names
        one.origins = _common(one.origins, other.origins)
        one.first, one.last = min(one.first, other.first), max(one.last, other.last)
        one.reopened = one.reopened or other.reopened
        if other.latest is not None:
            one.latest = max(one.latest or other.latest, other.latest)

    def _may(self, one: AlertGroup, other: AlertGroup, link: PairScore) -> bool:
        if one.environments and other.environments and not one.environments & other.environments:
            return False
        if any(_across(pair, one.kinds, other.kinds) for pair in self._taken_apart):
            return False
        if one.incidents and other.incidents and not self._mergeable(one.incidents + other.incidents):
            return False
        if self._too_late(one, other) or self._too_late(other, one):
            return False
        if (
            link.spreads
            and max(one.last, other.last) - min(one.first, other.first) > self._rules.window.total_seconds()
        ):
            return False
        return not (link.by_dependency and self._two_causes(one, other))

    def _mergeable(self, incidents: Sequence[OpenIncident]) -> bool:
        begun = [one.started_at for one in incidents]
        return max(begun) - min(begun) <= self._rules.young and not any(
            one.by_hand or one.status != "open" for one in incidents
        )

    def _too_late(self, group: AlertGroup, other: AlertGroup) -> bool:
        """Whether the other's alerts began after this group's incident was over."""
        if not group.incidents or group.reopened or other.latest is None:
            return False
        return any(
            one.status == "resolved"
            and (not one.resolved_at or other.latest > one.resolved_at.timestamp() + self._rules.skew.total_seconds())
            for one in group.incidents
        )

    def _two_causes(self, one: AlertGroup, other: AlertGroup) -> bool:
        """Whether what is declared says that no one fault explains both, and they show unlike signs."""
        if one.origins is None or other.origins is None or one.origins & other.origins:
            return False
        return len(one.names & other.names) < _SAME_SIGNS * len(one.names | other.names)


def _across(pair: Kinds, one: set[str], other: set[str]) -> bool:
    a, b = min(pair), max(pair)
    return (a in one and b in other) or (b in one and a in other)
