"""Blocking: pairs of alerts worth scoring, near in time and with something in common."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

from onrecall.grouping.batch_statistics import BatchStatistics
from onrecall.grouping.features import AlertFeatures
from onrecall.grouping.manual_pairings import ManualPairings
from onrecall.grouping.topology import ServiceGraph

NEXT_COMPARED = 3
"""How many following alerts of a block an alert is compared with."""
NEAREST_COMPARED = 2
"""How many preceding alerts of a related service, and how many on either side of a service that it names."""
_RAREST = 3
_MOST_SERVICES = 12


def find_pairs(
    alerts: Sequence[AlertFeatures], statistics: BatchStatistics, topology: ServiceGraph, pairings: ManualPairings
) -> Iterator[tuple[AlertFeatures, AlertFeatures]]:
    """Yield each candidate pair once; never two alerts that are already in incidents."""
    blocks, services = _blocks(alerts, statistics), _by_service(alerts)
    judged: set[tuple[int, int]] = set()
    for alert, other_alert in _meeting_pairs(alerts, blocks, services, topology, pairings):
        ends = (id(alert), id(other_alert)) if id(alert) < id(other_alert) else (id(other_alert), id(alert))
        if alert is other_alert or (alert.incident and other_alert.incident) or ends in judged:
            continue
        judged.add(ends)
        yield alert, other_alert


def _pairs_in_block(block: Sequence[AlertFeatures]) -> Iterator[tuple[AlertFeatures, AlertFeatures]]:
    for n, alert in enumerate(block):
        for other_alert in block[n + 1 : n + 1 + NEXT_COMPARED]:
            yield alert, other_alert


def _meeting_pairs(
    alerts: Sequence[AlertFeatures],
    blocks: Iterable[Sequence[AlertFeatures]],
    services: dict[str, list[AlertFeatures]],
    topology: ServiceGraph,
    pairings: ManualPairings,
) -> Iterator[tuple[AlertFeatures, AlertFeatures]]:
    for block in blocks:
        yield from _pairs_in_block(block)
    times = {name: [alert.at for alert in service_alerts] for name, service_alerts in services.items()}
    tied = {name: [neighbor for neighbor in topology.neighbors(name) if neighbor in services] for name in services}
    for alert in alerts:
        for name in sorted(services.keys() & (alert.every_term | alert.values) - {alert.subject})[:_MOST_SERVICES]:
            for other_alert in _nearest(services[name], times[name], alert.at):
                yield alert, other_alert
        for name in tied.get(alert.service, ())[:_MOST_SERVICES]:
            place = bisect_right(times[name], alert.at)
            for other_alert in services[name][max(0, place - NEAREST_COMPARED) : place]:
                yield alert, other_alert
    yield from _manual_pairs(alerts, pairings)


def _blocks(alerts: Iterable[AlertFeatures], statistics: BatchStatistics) -> list[list[AlertFeatures]]:
    """Group alerts by blocking key, in the given order; blocks of one are dropped."""
    blocks: dict[Hashable, list[AlertFeatures]] = defaultdict(list)
    for alert in alerts:
        for blocking_key in _blocking_keys(alert, statistics):
            blocks[blocking_key].append(alert)
    return [block for block in blocks.values() if len(block) > 1]


def _blocking_keys(alert: AlertFeatures, statistics: BatchStatistics) -> Iterator[Hashable]:
    place = (alert.environment, alert.cluster)
    if alert.service:
        yield "service", alert.service, alert.environment
        yield "service", alert.service, place
    yield "name", alert.name, alert.environment
    yield "name", alert.name, place
    if alert.group:
        yield "group", alert.group
    for concept in alert.concepts:
        yield "concept", concept, place
    for item in alert.labels.items():
        if statistics.is_shared(item) and statistics.label_weight(*item) >= 0.5:
            yield "label", item
    yield from (("term", term) for term in statistics.rarest_terms(alert, _RAREST))


def _by_service(alerts: Iterable[AlertFeatures]) -> dict[str, list[AlertFeatures]]:
    alerts_by_service: dict[str, list[AlertFeatures]] = defaultdict(list)
    for alert in alerts:
        for name in alert.names | ({alert.service} if alert.service else set()):
            alerts_by_service[name].append(alert)
    return alerts_by_service


def _nearest(alerts: Sequence[AlertFeatures], times: Sequence[float], at: float) -> Sequence[AlertFeatures]:
    place = bisect_left(times, at)
    return alerts[max(0, place - NEAREST_COMPARED) : place + NEAREST_COMPARED]


def _manual_pairs(
    alerts: Iterable[AlertFeatures], pairings: ManualPairings
) -> Iterator[tuple[AlertFeatures, AlertFeatures]]:
    if not any(pairings.together.values()):
        return
    alerts_by_kind: dict[str, list[AlertFeatures]] = defaultdict(list)
    for alert in alerts:
        alerts_by_kind[alert.kind].append(alert)
    for pair, together in pairings.together.items():
        if together and len(pair) == 2 and pair <= alerts_by_kind.keys():
            lefts, rights = (alerts_by_kind[kind] for kind in sorted(pair))
            times = [alert.at for alert in rights]
            for alert in lefts:
                for other_alert in _nearest(rights, times, alert.at):
                    yield alert, other_alert
