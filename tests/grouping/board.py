"""A small in-memory store of incidents: plans are carried out on it as the line carries them out on the database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from onrecall.domain.alert import Alert
from onrecall.grouping import (
    GroupingPlan,
    GroupingRules,
    ManualPairings,
    OpenIncident,
    ServiceGraph,
    correlate,
    kind_of,
)
from onrecall.grouping.background import NOTHING_BEFORE, Background

RESOLVE_AFTER = timedelta(minutes=5)
KEEP = timedelta(minutes=60)
SAMPLE = 20

Episode = tuple[str, str, datetime]


def plan_grouping(
    alerts: Sequence[Alert],
    open_: Sequence[OpenIncident],
    topology: ServiceGraph = correlate.NO_TOPOLOGY,
    pairings: ManualPairings = correlate.NO_PAIRINGS,
    rules: GroupingRules = correlate.RULES,
    background: Background = NOTHING_BEFORE,
) -> GroupingPlan:
    """The plan of a list of alerts, whose ids are their places in it."""
    return correlate.plan_grouping(dict(enumerate(alerts)), open_, topology, pairings, rules, background)


def episode(alert: Alert) -> Episode:
    return alert.source, alert.key, alert.starts_at


@dataclass
class StoredIncident:
    id: str
    alerts: dict[Episode, Alert] = field(default_factory=dict)
    resolved_at: datetime | None = None
    by_hand: bool = False

    def open(self) -> OpenIncident:
        newest = sorted(self.alerts.values(), key=lambda one: (one.starts_at, one.key), reverse=True)
        kinds: dict[str, Alert] = {}
        for one in newest:
            kinds.setdefault(kind_of(one), one)
        first = list(kinds.values())
        return OpenIncident(
            self.id,
            min(one.starts_at for one in newest),
            newest[0].starts_at,
            tuple([*first, *(one for one in newest if one not in first)][:SAMPLE]),
            "resolved" if self.resolved_at else "open",
            self.resolved_at,
            self.by_hand,
            frozenset((one.source, one.key) for one in newest),
        )


@dataclass
class Board:
    topology: ServiceGraph = field(default_factory=ServiceGraph)
    pairings: ManualPairings = field(default_factory=ManualPairings)
    rules: GroupingRules = field(default_factory=GroupingRules)
    incidents: dict[str, StoredIncident] = field(default_factory=dict)
    quiet: list[Alert] = field(default_factory=list)
    made: int = 0
    background: Background = NOTHING_BEFORE

    def open(self) -> list[OpenIncident]:
        return [one.open() for one in self.incidents.values()]

    def hear(self, alerts: Sequence[Alert], now: datetime) -> GroupingPlan:
        """Group what is new; news of an episode that has its incident only brings that up to date."""
        self.pass_time(now)
        waiting = [one for one in alerts if not self._update(one)]
        relevant = [
            one.open()
            for one in self.incidents.values()
            if not one.resolved_at or now - one.resolved_at <= KEEP or self._is_named(one, waiting)
        ]
        made = plan_grouping(waiting, relevant, self.topology, self.pairings, self.rules, self.background)
        self.carry_out(made, waiting)
        return made

    @staticmethod
    def _is_named(kept: StoredIncident, waiting: Sequence[Alert]) -> bool:
        """Whether it has an alert that is heard again: such an incident is looked at for longer."""
        return bool({key[:2] for key in kept.alerts} & {(one.source, one.key) for one in waiting})

    def carry_out(self, made: GroupingPlan, alerts: Sequence[Alert]) -> None:
        for merge in made.merges:
            gone = self.incidents.pop(merge.from_id)
            self.incidents[merge.into_id].alerts |= gone.alerts
        for join in made.joins:
            self._put(self.incidents[join.incident_id], alerts[join.alert_id])
            if join.reopens:
                self.incidents[join.incident_id].resolved_at = None
        for opening in made.opens:
            self.made += 1
            kept = self.incidents[f"INC-{self.made}"] = StoredIncident(f"INC-{self.made}")
            for n in opening.alert_ids:
                self._put(kept, alerts[n])
        self.quiet += [alerts[one.alert_id] for one in made.quiet]

    def pass_time(self, now: datetime) -> None:
        """What ended is over; an incident resolves some time after the last of its alerts."""
        for kept in self.incidents.values():
            for key, one in kept.alerts.items():
                if one.ends_at and one.ends_at <= now:
                    kept.alerts[key] = replace(one, status="resolved")
            ends = [one.ends_at for one in kept.alerts.values()]
            if not kept.resolved_at and all(ends) and max(end for end in ends if end) + RESOLVE_AFTER <= now:
                kept.resolved_at = max(end for end in ends if end) + RESOLVE_AFTER

    def groups(self) -> dict[Episode, str]:
        return {key: kept.id for kept in self.incidents.values() for key in kept.alerts}

    def _update(self, alert: Alert) -> bool:
        for kept in self.incidents.values():
            if episode(alert) in kept.alerts:
                self._put(kept, alert)
                return True
        return False

    def _put(self, kept: StoredIncident, alert: Alert) -> None:
        kept.alerts[episode(alert)] = alert


def partition(groups: dict[Episode, str]) -> frozenset[frozenset[Episode]]:
    """Who is with whom, whatever the groups are called."""
    found: dict[str, set[Episode]] = {}
    for key, group in groups.items():
        found.setdefault(group, set()).add(key)
    return frozenset(frozenset(those) for those in found.values())


def same(one: Iterable[frozenset[Episode]], other: Iterable[frozenset[Episode]]) -> bool:
    return frozenset(one) == frozenset(other)
