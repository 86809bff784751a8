"""Merges links into groups, strongest first, so that the order of alerts does not matter."""

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
"""Groups that share this fraction of their alert names show the same symptoms."""


@dataclass(eq=False)
class AlertGroup:
    """Alerts that belong together so far, and their incidents."""

    members: list[AlertFeatures] = field(default_factory=list)
    incidents: list[OpenIncident] = field(default_factory=list)
    environments: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    origins: frozenset[str] | None = None
    """Declared services where a fault in all its services may originate; None if nothing is declared."""
    reopened: bool = False
    """One of its alerts fired again after its incident was resolved."""
    latest: float | None = None
    """When its newest alert that is in no incident yet began, in seconds."""
    first: float = math.inf
    last: float = -math.inf
    """When its earliest and its newest alert began."""

    def add(self, alert: AlertFeatures, origins: frozenset[str] | None) -> None:
        """Add an alert, and where its fault may come from."""
        self.members.append(alert)
        self.kinds.add(alert.kind)
        self.names.add(alert.name)
        if alert.environment:
            self.environments.add(alert.environment)
        self.origins = _common(self.origins, origins)
        self.first, self.last = min(self.first, alert.at), max(self.last, alert.at)
        if alert.incident is None:
            self.latest = max(self.latest or alert.at, alert.at)


def _common(origins: frozenset[str] | None, other_origins: frozenset[str] | None) -> frozenset[str] | None:
    return (
        origins & other_origins
        if origins is not None and other_origins is not None
        else origins
        if other_origins is None
        else other_origins
    )


class AlertClusters:
    """Groups that grow link by link; links that would merge two outages are refused."""

    def __init__(self, topology: ServiceGraph, pairings: ManualPairings, rules: GroupingRules) -> None:
        self._topology = topology
        self._rules = rules
        self._separated: list[Kinds] = [pair for pair, together in pairings.together.items() if not together]
        self._group_of: dict[int, AlertGroup] = {}
        self._upstream: dict[str, frozenset[str]] = {}

    def start(
        self, members: Iterable[AlertFeatures], incidents: Iterable[OpenIncident] = (), *, reopened: bool = False
    ) -> None:
        """Start a fixed group: an incident with its sample, or the episodes of one alert."""
        group = AlertGroup(incidents=list(incidents), reopened=reopened)
        for incident in group.incidents:
            group.first = min(group.first, incident.started_at.timestamp())
        for alert in members:
            group.add(alert, self._origins(alert.service))
            self._group_of[id(alert)] = group

    def _origins(self, service: str) -> frozenset[str] | None:
        if service not in self._topology:
            return None
        if service not in self._upstream:
            self._upstream[service] = self._topology.upstream(service)
        return self._upstream[service]

    def group(self, alert: AlertFeatures) -> AlertGroup:
        """Return the group of an alert."""
        return self._group_of[id(alert)]

    def unite(self, links: Iterable[PairScore]) -> None:
        """Apply links, strongest first, unless something forbids it."""
        for link in links:
            group, other_group = self.group(link.first), self.group(link.second)
            if group is not other_group and self._may_join(group, other_group, link):
                self._join(group, other_group)

    def groups(self) -> list[AlertGroup]:
        """Return all groups."""
        return list({id(group): group for group in self._group_of.values()}.values())

    def _join(self, group: AlertGroup, other_group: AlertGroup) -> None:
        if len(group.members) < len(other_group.members):
            group, other_group = other_group, group
        for member in other_group.members:
            self._group_of[id(member)] = group
        group.members += other_group.members
        group.incidents += other_group.incidents
        group.environments |= other_group.environments
        group.kinds |= other_group.kinds
        group.names |= other_group.names
        group.origins = _common(group.origins, other_group.origins)
        group.first, group.last = min(group.first, other_group.first), max(group.last, other_group.last)
        group.reopened = group.reopened or other_group.reopened
        if other_group.latest is not None:
            group.latest = max(group.latest or other_group.latest, other_group.latest)

    def _may_join(self, group: AlertGroup, other_group: AlertGroup, link: PairScore) -> bool:
        if group.environments and other_group.environments and not group.environments & other_group.environments:
            return False
        if any(_lies_across(pair, group.kinds, other_group.kinds) for pair in self._separated):
            return False
        if group.incidents and other_group.incidents and not self._mergeable(group.incidents + other_group.incidents):
            return False
        if self._is_too_late(group, other_group) or self._is_too_late(other_group, group):
            return False
        if (
            link.spreads
            and max(group.last, other_group.last) - min(group.first, other_group.first)
            > self._rules.window.total_seconds()
        ):
            return False
        return not (link.by_dependency and self._have_two_causes(group, other_group))

    def _mergeable(self, incidents: Sequence[OpenIncident]) -> bool:
        starts = [incident.started_at for incident in incidents]
        return max(starts) - min(starts) <= self._rules.young and not any(
            incident.by_hand or incident.status != "open" for incident in incidents
        )

    def _is_too_late(self, group: AlertGroup, other_group: AlertGroup) -> bool:
        """Return whether the other group's alerts began after this group's incident was resolved."""
        if not group.incidents or group.reopened or other_group.latest is None:
            return False
        return any(
            incident.status == "resolved"
            and (
                not incident.resolved_at
                or other_group.latest > incident.resolved_at.timestamp() + self._rules.skew.total_seconds()
            )
            for incident in group.incidents
        )

    def _have_two_causes(self, group: AlertGroup, other_group: AlertGroup) -> bool:
        """Return whether the declared dependencies rule out a common fault, and the alert names differ."""
        if group.origins is None or other_group.origins is None or group.origins & other_group.origins:
            return False
        return len(group.names & other_group.names) < _SAME_SIGNS * len(group.names | other_group.names)


def _lies_across(pair: Kinds, group_kinds: set[str], other_kinds: set[str]) -> bool:
    kind, other_kind = min(pair), max(pair)
    return (kind in group_kinds and other_kind in other_kinds) or (other_kind in group_kinds and kind in other_kinds)
