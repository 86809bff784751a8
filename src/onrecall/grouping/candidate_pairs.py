"""Which pairs of alerts are worth judging: those near in time that have something in common."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

from onrecall.grouping.batch_statistics import BatchStatistics
from onrecall.grouping.features import AlertFeatures
from onrecall.grouping.manual_pairings import ManualPairings
from onrecall.grouping.topology import ServiceGraph

NEXT = 3
"""How many of those that follow in time an alert is compared with, in each thing they have in common."""
NEAREST = 2
"""Likewise of those before it, of a service that it is tied to, and before and after, of one that it names."""
_RAREST = 3
_MOST_SERVICES = 12


def pairs(
    all_: Sequence[AlertFeatures], around: BatchStatistics, topology: ServiceGraph, pairings: ManualPairings
) -> Iterator[tuple[AlertFeatures, AlertFeatures]]:
    """Each pair once; never two alerts of incidents: what is grouped already is not judged again."""
    blocks, services = _blocks(all_, around), _services(all_)
    done: set[tuple[int, int]] = set()
    for one, other in _meet(all_, blocks, services, topology, pairings):
        ends = (id(one), id(other)) if id(one) < id(other) else (id(other), id(one))
        if (one.incident and other.incident) or ends in done:
            continue
        done.add(ends)
        yield one, other


def _meet(
    all_: Sequence[AlertFeatures],
    blocks: Iterable[Sequence[AlertFeatures]],
    services: dict[str, list[AlertFeatures]],
    topology: ServiceGraph,
    pairings: ManualPairings,
) -> Iterator[tuple[AlertFeatures, AlertFeatures]]:
    for block in blocks:
        for n, one in enumerate(block):
            for other in block[n + 1 : n + 1 + NEXT]:
                yield one, other
    times = {name: [one.at for one in those] for name, those in services.items()}
    tied = {name: [near for near in topology.near(name) if near in services] for name in services}
    for one in all_:
        for name in sorted(services.keys() & (one.every_term | one.values) - one.names)[:_MOST_SERVICES]:
            for other in _nearest(services[name], times[name], one.at):
                yield one, other
        for name in tied.get(one.service, ())[:_MOST_SERVICES]:
            place = bisect_right(times[name], one.at)
            for other in services[name][max(0, place - NEAREST) : place]:
                yield one, other
    yield from _paired(all_, pairings)


def _blocks(all_: Iterable[AlertFeatures], around: BatchStatistics) -> list[list[AlertFeatures]]:
    """Alerts by each thing that several of them have in common, earliest first as they are given."""
    found: dict[Hashable, list[AlertFeatures]] = defaultdict(list)
    for one in all_:
        for hook in _hooks(one, around):
            found[hook].append(one)
    return [block for block in found.values() if len(block) > 1]


def _hooks(one: AlertFeatures, around: BatchStatistics) -> Iterator[Hashable]:
    place = (one.environment, one.cluster)
    if one.service:
        yield "service", one.service, one.environment
        yield "service", one.service, place
    yield "name", one.name, one.environment
    yield "name", one.name, place
    if one.group:
        yield "group", one.group
    for concept in one.concepts:
        yield "concept", concept, place
    for item in one.labels.items():
        if around.shared(item) and around.telling(*item) >= 0.5:
            yield "label", item
    yield from (("term", term) for term in around.rarest(one, _RAREST))


def _services(all_: Iterable[AlertFeatures]) -> dict[str, list[AlertFeatures]]:
    found: dict[str, list[AlertFeatures]] = defaultdict(list)
    for one in all_:
        for name in one.names | ({one.service} if one.service else set()):
            found[name].append(one)
    return found


def _nearest(those: Sequence[AlertFeatures], times: Sequence[float], at: float) -> Sequence[AlertFeatures]:
    place = bisect_left(times, at)
    return those[max(0, place - NEAREST) : place + NEAREST]


def _paired(all_: Iterable[AlertFeatures], pairings: ManualPairings) -> Iterator[tuple[AlertFeatures, AlertFeatures]]:
    if not any(pairings.together.values()):
        return
    kinds: dict[str, list[AlertFeatures]] = defaultdict(list)
    for one in all_:
        kinds[one.kind].append(one)
    for pair, together in pairings.together.items():
        if together and len(pair) == 2 and pair <= kinds.keys():
            left, right = (kinds[kind] for kind in sorted(pair))
            times = [one.at for one in right]
            for one in left:
                for other in _nearest(right, times, one.at):
                    yield one, other
