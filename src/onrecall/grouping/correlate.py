"""Alerts and open incidents → a plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onrecall.domain.alert import Alert
from onrecall.grouping import candidate_pairs as neighbours
from onrecall.grouping.background import NOTHING_BEFORE, Background
from onrecall.grouping.batch_statistics import BatchStatistics
from onrecall.grouping.clusters import AlertClusters, AlertGroup
from onrecall.grouping.features import AlertFeatures, see
from onrecall.grouping.identity import EpisodeRun, chains
from onrecall.grouping.manual_pairings import ManualPairings
from onrecall.grouping.plan import (
    GroupingPlan,
    How,
    IgnoredAlert,
    JoinIncident,
    Member,
    MergeIncidents,
    NewIncidentPlan,
    OpenIncident,
)
from onrecall.grouping.rules import GroupingRules
from onrecall.grouping.scoring import PairScore, PairScorer
from onrecall.grouping.topology import ServiceGraph

NO_TOPOLOGY = ServiceGraph()
NO_PAIRINGS = ManualPairings()
RULES = GroupingRules()
_STRENGTH: Mapping[How, int] = {"sender": 0, "paired": 1}
_UNHEARD = "it is over, and nothing was heard of its start: no outage is made of that"
_FIRST = "nothing that is open is tied to it"


def plan(
    alerts: Sequence[Alert],
    open_: Sequence[OpenIncident],
    topology: ServiceGraph = NO_TOPOLOGY,
    pairings: ManualPairings = NO_PAIRINGS,
    rules: GroupingRules = RULES,
    background: Background = NOTHING_BEFORE,
) -> GroupingPlan:
    """Where each alert of a batch goes. The order in which alerts and incidents are given changes nothing."""
    batch = _Batch(sorted(open_, key=lambda one: (one.started_at, one.id)))
    batch.read(alerts, rules)
    seen = batch.seen
    around = BatchStatistics(seen, rules.burst, background)
    linker = PairScorer(around, topology, pairings, rules)
    found = (linker.link(one, other) for one, other in neighbours.pairs(seen, around, topology, pairings))
    place = {id(one): n for n, one in enumerate(seen)}
    links = sorted((one for one in found if one), key=lambda link: _strongest_first(link, place))
    clusters = AlertClusters(topology, pairings, rules)
    batch.fill(clusters)
    clusters.unite(links)
    return _Writing(batch, clusters, linker, links).plan()


def _strongest_first(link: PairScore, place: Mapping[int, int]) -> tuple[int, float, int, int]:
    one, other = place[id(link.one)], place[id(link.other)]
    strength = _STRENGTH.get(link.how, 2) if link.score is None else 2
    return strength, -(link.score or 0.0), min(one, other), max(one, other)


@dataclass
class _Batch:
    """What there is to place, and what it may be placed in."""

    incidents: Sequence[OpenIncident]
    samples: dict[str, list[AlertFeatures]] = field(default_factory=dict)
    fresh: list[tuple[EpisodeRun, list[AlertFeatures]]] = field(default_factory=list)
    known: list[tuple[EpisodeRun, list[AlertFeatures]]] = field(default_factory=list)
    unheard: list[EpisodeRun] = field(default_factory=list)

    def read(self, alerts: Sequence[Alert], rules: GroupingRules) -> None:
        """Look at every alert once."""
        for one in self.incidents:
            self.samples[one.id] = [see(alert, one.id, one.last_at) for alert in one.alerts]
        for chain in chains(alerts, self.incidents, rules):
            if home := chain.home:
                at = home.incident
                self.known.append((chain, [see(one.alert, at.id, at.last_at) for one in chain.episodes]))
            elif chain.unheard:
                self.unheard.append(chain)
            else:
                self.fresh.append((chain, [see(one.alert) for one in chain.episodes]))

    @property
    def seen(self) -> list[AlertFeatures]:
        """All that is compared, earliest first; alerts that are in an incident by their key stand for it."""
        those = [one for sample in self.samples.values() for one in sample]
        those += [one for _, chain in (*self.known, *self.fresh) for one in chain]
        return sorted(those, key=lambda one: (one.at, one.alert.source, one.alert.key, one.incident or ""))

    def fill(self, clusters: AlertClusters) -> None:
        """Groups to begin with: each incident, and each alert that is in none."""
        for incident in self.incidents:
            own = [(chain, seen) for chain, seen in self.known if chain.home and chain.home.incident is incident]
            members = self.samples[incident.id] + [one for _, seen in own for one in seen]
            clusters.start(members, [incident], reopened=any(_reopens(chain) for chain, _ in own))
        for _, seen in self.fresh:
            clusters.start(seen)


def _reopens(chain: EpisodeRun) -> bool:
    return any(
        home is not None and _still(one.alert, home.incident)
        for one, home in zip(chain.episodes, chain.homes, strict=True)
    )


def _still(alert: Alert, incident: OpenIncident) -> bool:
    """Whether an alert shows that an incident which its alerts had resolved is not over."""
    return incident.status == "resolved" and not incident.by_hand and alert.status == "firing"


class _Writing:
    """Groups → the plan, each alert with its strongest tie."""

    def __init__(self, batch: _Batch, clusters: AlertClusters, linker: PairScorer, links: Sequence[PairScore]) -> None:
        self._batch = batch
        self._clusters = clusters
        self._linker = linker
        self._links = [link for link in links if clusters.group(link.one) is clusters.group(link.other)]
        self._best: dict[int, PairScore] = {}
        for link in self._links:
            for one in (link.one, link.other):
                self._best.setdefault(id(one), link)
        self._members = list(self._new())

    def plan(self) -> GroupingPlan:
        joins = [*self._known(), *self._joined()]
        return GroupingPlan(
            tuple(sorted(joins, key=lambda join: join.alert_index)),
            tuple(self._opened()),
            tuple(self._merged()),
            tuple(
                IgnoredAlert(n, (_UNHEARD,))
                for chain in self._batch.unheard
                for one in chain.episodes
                for n in one.indexes
            ),
        )

    def _known(self) -> Iterator[JoinIncident]:
        for chain, seen in self._batch.known:
            for episode, home, one in zip(chain.episodes, chain.homes, seen, strict=True):
                at = home or chain.home
                assert at
                into = _oldest(self._clusters.group(one))
                for n in episode.indexes:
                    yield JoinIncident(n, into.id, at.how, None, (at.reason,), _still(episode.alert, at.incident))

    def _joined(self) -> Iterator[JoinIncident]:
        for member, one, group in self._members:
            if group.incidents:
                into = _oldest(group)
                yield JoinIncident(
                    member.alert_index, into.id, member.how, member.score, member.reasons, _still(one.alert, into)
                )

    def _opened(self) -> Iterator[NewIncidentPlan]:
        opened: dict[int, list[Member]] = {}
        for member, _, group in sorted(self._members, key=lambda found: _earliest_first(found[1])):
            if not group.incidents:
                first = not opened.get(id(group))
                said = Member(member.alert_index, "opened", None, (_FIRST,)) if first else member
                opened.setdefault(id(group), []).append(said)
        for members in opened.values():
            yield NewIncidentPlan(tuple(members))

    def _new(self) -> Iterator[tuple[Member, AlertFeatures, AlertGroup]]:
        """Every alert that is new, as often as it is in the batch."""
        for chain, seen in self._batch.fresh:
            for place, (episode, one) in enumerate(zip(chain.episodes, seen, strict=True)):
                how, score, reasons = self._why(one, again=place > 0)
                for n in episode.indexes:
                    yield Member(n, how, score, reasons), one, self._clusters.group(one)

    def _why(self, one: AlertFeatures, *, again: bool) -> tuple[How, float | None, tuple[str, ...]]:
        if again:
            return "key", None, ("the same alert fires again",)
        link = self._best.get(id(one))
        return (link.how, link.score, self._linker.reasons(link, one)) if link else ("key", None, ("the same alert",))

    def _merged(self) -> Iterator[MergeIncidents]:
        for incident in self._batch.incidents:
            sample = self._batch.samples[incident.id]
            into = _oldest(self._clusters.group(sample[0])) if sample else incident
            if into is not incident:
                link = next(link for link in self._links if incident.id in (link.one.incident, link.other.incident))
                bridge = link.one if link.other.incident == incident.id else link.other
                reasons = (f"{bridge.alert.title[:80]!r} ties both", *self._linker.reasons(link, bridge))
                yield MergeIncidents(incident.id, into.id, link.score, reasons)


def _oldest(group: AlertGroup) -> OpenIncident:
    return min(group.incidents, key=lambda one: (one.started_at, one.id))


def _earliest_first(one: AlertFeatures) -> tuple[object, ...]:
    return one.at, one.alert.source, one.alert.key
