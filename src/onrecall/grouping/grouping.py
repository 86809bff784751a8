"""Alerts and open incidents → a plan."""

from collections.abc import Sequence

from onrecall.alert import Alert
from onrecall.grouping.pairings import Pairings, kind_of
from onrecall.grouping.plan import How, Join, Member, OpenIncident, Opening, Plan
from onrecall.grouping.rules import Rules
from onrecall.grouping.topology import Topology

NO_TOPOLOGY = Topology()
NO_PAIRINGS = Pairings()
RULES = Rules()


def plan(
    alerts: Sequence[Alert],
    open_: Sequence[OpenIncident],
    topology: Topology = NO_TOPOLOGY,
    pairings: Pairings = NO_PAIRINGS,
    rules: Rules = RULES,
) -> Plan:
    """Where each alert of a batch goes. The order in which alerts and incidents are given changes nothing."""
    joins: list[Join] = []
    groups: list[list[Member]] = []
    order = sorted(range(len(alerts)), key=lambda n: (alerts[n].starts_at, alerts[n].source, alerts[n].key))
    for n in order:
        found = _incident(alerts[n], open_, topology, pairings, rules)
        if found:
            incident, how, why = found
            joins.append(Join(n, incident.id, how, None, (why,), reopens=incident.status == "resolved"))
            continue
        for group in groups:
            if tie := _tie(alerts[n], alerts[group[0].alert_index], topology, pairings, rules):
                group.append(Member(n, tie[0], None, (tie[1],)))
                break
        else:
            groups.append([Member(n, "opened")])
    return Plan(tuple(joins), tuple(Opening(tuple(group)) for group in groups))


def _incident(
    alert: Alert, open_: Sequence[OpenIncident], topology: Topology, pairings: Pairings, rules: Rules
) -> tuple[OpenIncident, How, str] | None:
    for one in sorted(open_, key=lambda one: (one.started_at, one.id)):
        if one.status == "resolved":
            if (alert.source, alert.key) in one.alert_keys and not one.by_hand and one.resolved_at:
                if alert.starts_at - one.resolved_at <= rules.flap:
                    return one, "flapping", "the same alert fires again shortly after its incident was over"
            continue
        if (alert.source, alert.key) in one.alert_keys:
            return one, "key", "the same alert is in it"
        for other in one.alerts:
            if tie := _tie(alert, other, topology, pairings, rules):
                return one, *tie
    return None


def _tie(alert: Alert, other: Alert, topology: Topology, pairings: Pairings, rules: Rules) -> tuple[How, str] | None:
    said = pairings.say(kind_of(alert), kind_of(other))
    if abs(alert.starts_at - other.starts_at) > rules.window or said is False:
        return None
    if (alert.source, alert.key) == (other.source, other.key):
        return "key", "the same alert"
    if alert.group and (alert.source, alert.group) == (other.source, other.group):
        return "sender", "its sender groups both"
    if said:
        return "paired", "people put such alerts together"
    one, two = (alert.service or "").casefold(), (other.service or "").casefold()
    if one and two and (one == two or two in topology.needs.get(one, ()) or one in topology.needs.get(two, ())):
        return "score", "same service, or one depends on the other"
    return None
