"""Correlates alerts with open incidents, and returns a plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onrecall.domain.alert import Alert
from onrecall.grouping import candidate_pairs
from onrecall.grouping.alert_episodes import AlertEpisodes, split_by_flap
from onrecall.grouping.background import NOTHING_BEFORE, Background
from onrecall.grouping.batch_statistics import BatchStatistics
from onrecall.grouping.clusters import AlertClusters, AlertGroup
from onrecall.grouping.features import AlertFeatures, extract_features
from onrecall.grouping.manual_pairings import ManualPairings
from onrecall.grouping.plan import (
    AlertId,
    GroupingPlan,
    How,
    IgnoredAlert,
    JoinIncident,
    Member,
    MergeIncidents,
    NewIncidentPlan,
    OpenIncident,
)
from onrecall.grouping.reopened_incidents import is_reopened_by, reopens
from onrecall.grouping.rules import GroupingRules
from onrecall.grouping.scoring import PairScore, PairScorer
from onrecall.grouping.topology import ServiceGraph

NO_TOPOLOGY = ServiceGraph()
NO_PAIRINGS = ManualPairings()
RULES = GroupingRules()
_STRENGTH: Mapping[How, int] = {"sender": 0, "paired": 1}
_ONLY_AN_END = "it has ended and its start was never reported, so it opens no incident"
_NOTHING_TIED = "no open incident is related to it"


def plan_grouping(
    alerts: Mapping[AlertId, Alert],
    open_: Sequence[OpenIncident],
    topology: ServiceGraph = NO_TOPOLOGY,
    pairings: ManualPairings = NO_PAIRINGS,
    rules: GroupingRules = RULES,
    background: Background = NOTHING_BEFORE,
) -> GroupingPlan:
    """Decide where each alert of a batch goes, by id. The order of alerts and incidents does not matter."""
    batch = _Batch(sorted(open_, key=lambda incident: (incident.started_at, incident.id)))
    batch.read(alerts, rules)
    compared = batch.compared
    statistics = BatchStatistics(compared, rules.burst, background)
    scorer = PairScorer(statistics, topology, pairings, rules)
    scores = (
        scorer.link(alert, other_alert)
        for alert, other_alert in candidate_pairs.find_pairs(compared, statistics, topology, pairings)
    )
    place = {id(alert): n for n, alert in enumerate(compared)}
    links = sorted((score for score in scores if score), key=lambda link: _strongest_first(link, place))
    clusters = AlertClusters(topology, pairings, rules)
    batch.fill(clusters)
    clusters.unite(links)
    return _PlanWriter(batch, clusters, scorer, links).plan()


def _strongest_first(link: PairScore, place: Mapping[int, int]) -> tuple[int, float, int, int]:
    first, second = place[id(link.first)], place[id(link.second)]
    strength = _STRENGTH.get(link.joined_by, 2) if link.score is None else 2
    return strength, -(link.score or 0.0), min(first, second), max(first, second)


@dataclass
class _Batch:
    """The alerts to place, and the incidents that they may join."""

    incidents: Sequence[OpenIncident]
    samples: dict[str, list[AlertFeatures]] = field(default_factory=dict)
    fresh: list[tuple[AlertEpisodes, list[AlertFeatures]]] = field(default_factory=list)
    matched: list[tuple[AlertEpisodes, list[AlertFeatures]]] = field(default_factory=list)
    unopened: list[AlertEpisodes] = field(default_factory=list)

    def read(self, alerts: Mapping[AlertId, Alert], rules: GroupingRules) -> None:
        """Extract the features of every alert once."""
        for incident in self.incidents:
            self.samples[incident.id] = [
                extract_features(alert, incident.id, incident.last_at) for alert in incident.alerts
            ]
        for run in split_by_flap(alerts, self.incidents, rules):
            if home := run.incident:
                existing = home.incident
                self.matched.append(
                    (run, [extract_features(episode.alert, existing.id, existing.last_at) for episode in run.episodes])
                )
            elif run.has_no_start:
                self.unopened.append(run)
            else:
                self.fresh.append((run, [extract_features(episode.alert) for episode in run.episodes]))

    @property
    def compared(self) -> list[AlertFeatures]:
        """All alerts to compare, earliest first; alerts matched by key represent their incident."""
        compared = [alert for sample in self.samples.values() for alert in sample]
        compared += [alert for _, run_alerts in (*self.matched, *self.fresh) for alert in run_alerts]
        return sorted(compared, key=lambda alert: (alert.at, alert.alert.source, alert.alert.key, alert.incident or ""))

    def fill(self, clusters: AlertClusters) -> None:
        """Start a group for each incident, and for each alert that is in none."""
        for incident in self.incidents:
            own = [
                (run, run_alerts)
                for run, run_alerts in self.matched
                if run.incident and run.incident.incident is incident
            ]
            members = self.samples[incident.id] + [alert for _, run_alerts in own for alert in run_alerts]
            clusters.start(members, [incident], reopened=any(reopens(run) for run, _ in own))
        for _, run_alerts in self.fresh:
            clusters.start(run_alerts)


class _PlanWriter:
    """Writes the plan from the groups, each alert with its strongest link."""

    def __init__(self, batch: _Batch, clusters: AlertClusters, scorer: PairScorer, links: Sequence[PairScore]) -> None:
        self._batch = batch
        self._clusters = clusters
        self._scorer = scorer
        self._links = [link for link in links if clusters.group(link.first) is clusters.group(link.second)]
        self._best: dict[int, PairScore] = {}
        for link in self._links:
            for alert in (link.first, link.second):
                self._best.setdefault(id(alert), link)
        self._members = list(self._new())

    def plan(self) -> GroupingPlan:
        joins = [*self._joined_by_key(), *self._joined_by_link()]
        return GroupingPlan(
            tuple(sorted(joins, key=lambda join: join.alert_id)),
            tuple(self._opened()),
            tuple(self._merged()),
            tuple(
                IgnoredAlert(alert_id, (_ONLY_AN_END,))
                for run in self._batch.unopened
                for episode in run.episodes
                for alert_id in episode.alert_ids
            ),
        )

    def _joined_by_key(self) -> Iterator[JoinIncident]:
        for run, run_alerts in self._batch.matched:
            for episode, home, alert in zip(run.episodes, run.incidents, run_alerts, strict=True):
                existing = home or run.incident
                assert existing
                target = _oldest(self._clusters.group(alert))
                for alert_id in episode.alert_ids:
                    yield JoinIncident(
                        alert_id,
                        target.id,
                        existing.joined_by,
                        None,
                        (existing.reason,),
                        is_reopened_by(episode.alert, existing.incident),
                    )

    def _joined_by_link(self) -> Iterator[JoinIncident]:
        for member, alert, group in self._members:
            if group.incidents:
                target = _oldest(group)
                yield JoinIncident(
                    member.alert_id,
                    target.id,
                    member.joined_by,
                    member.score,
                    member.reasons,
                    is_reopened_by(alert.alert, target),
                )

    def _opened(self) -> Iterator[NewIncidentPlan]:
        opened: dict[int, list[Member]] = {}
        for member, _, group in sorted(self._members, key=lambda entry: _earliest_first(entry[1])):
            if not group.incidents:
                first = not opened.get(id(group))
                placed = Member(member.alert_id, "opened", None, (_NOTHING_TIED,)) if first else member
                opened.setdefault(id(group), []).append(placed)
        for members in opened.values():
            yield NewIncidentPlan(tuple(members))

    def _new(self) -> Iterator[tuple[Member, AlertFeatures, AlertGroup]]:
        """Yield every new alert, as often as it is in the batch."""
        for run, run_alerts in self._batch.fresh:
            for place, (episode, alert) in enumerate(zip(run.episodes, run_alerts, strict=True)):
                how, score, reasons = self._reason_of(alert, again=place > 0)
                for alert_id in episode.alert_ids:
                    yield Member(alert_id, how, score, reasons), alert, self._clusters.group(alert)

    def _reason_of(self, alert: AlertFeatures, *, again: bool) -> tuple[How, float | None, tuple[str, ...]]:
        if again:
            return "key", None, ("the same alert fires again",)
        link = self._best.get(id(alert))
        return (
            (link.joined_by, link.score, self._scorer.reasons(link, alert))
            if link
            else ("key", None, ("the same alert",))
        )

    def _merged(self) -> Iterator[MergeIncidents]:
        for incident in self._batch.incidents:
            sample = self._batch.samples[incident.id]
            target = _oldest(self._clusters.group(sample[0])) if sample else incident
            if target is not incident:
                link = next(link for link in self._links if incident.id in (link.first.incident, link.second.incident))
                bridge = link.first if link.second.incident == incident.id else link.second
                reasons = (f"{bridge.alert.title[:80]!r} links both", *self._scorer.reasons(link, bridge))
                yield MergeIncidents(incident.id, target.id, link.score, reasons)


def _oldest(group: AlertGroup) -> OpenIncident:
    return min(group.incidents, key=lambda incident: (incident.started_at, incident.id))


def _earliest_first(alert: AlertFeatures) -> tuple[object, ...]:
    return alert.at, alert.alert.source, alert.alert.key
