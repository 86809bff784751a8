"""Scores how likely two alerts are one outage, and explains the score."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from onrecall.domain.service_names import canonical_service
from onrecall.grouping.batch_statistics import BatchStatistics
from onrecall.grouping.features import AlertFeatures
from onrecall.grouping.labels import Sort, sort_of
from onrecall.grouping.manual_pairings import ManualPairings
from onrecall.grouping.plan import How
from onrecall.grouping.rules import GroupingRules
from onrecall.grouping.topology import ServiceGraph, ServiceRelation

SAME_SERVICE, ONE_STEP, TWO_STEPS = 0.5, 0.4, 0.3
LABEL_NAMES, TEXT_NAMES = 0.4, 0.35
TEXT_WORD = 0.15
"""For a name that is a plain word without a cue in the text: it may not be a name there."""
SAME_NAME, TEXT, CROWD, GROUP = 0.2, 0.25, 0.1, 0.25
CONCEPTS: Mapping[str, float] = {"name resolution": 0.35, "certificates": 0.3}
"""Everything resolves names at the same place, but each certificate has an end of its own."""
ELSEWHERE = 0.5
"""How much a shared name and text count across clusters or regions: one rule watches a service in each of them."""
LABELS: Mapping[Sort, float] = {
    "broad": 0.1,
    "namespace": 0.15,
    "site": 0.1,
    "machine": 0.4,
    "needed": 0.36,
    "other": 0.2,
}
SILENT_SITE = 4.0
"""How much more a shared site counts if neither of two machines answers: a site loses its power as a whole."""
MOST_LABELS = 0.5
TOGETHER_BONUS, SOON_BONUS, LATER_BONUS = 0.15, 0.1, 0.05
UNRELATED_PENALTY = -0.25
LOCATION_PENALTY: Mapping[str, float] = {"cluster": -0.25, "region": -0.15, "site": -0.15, "zone": -0.1}
NAMESPACE_PENALTY = -0.1
SIMILAR_TEXTS = 0.4
"""From this similarity on, texts say the same about different subjects."""
STRONG_TIE = 0.3
"""A component of at least this score shows that two alerts are about the same thing."""
MIN_SHOWN_SCORE = 0.02
_GROUPS = "its sender groups them"
_TEXTS = ("both texts say",)


class ScoreComponent(NamedTuple):
    """One component of a score; its words are joined only when reasons are asked for."""

    worth: float
    words: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class PairScore:
    """Two alerts that belong together, and why."""

    joined_by: How
    first: AlertFeatures
    second: AlertFeatures
    score: float | None
    by_dependency: bool = False
    spreads: bool = False
    """Whether it links different services or machines."""


class PairScorer:
    """Scores pairs of alerts by batch statistics, declared dependencies, and manual decisions."""

    def __init__(
        self, around: BatchStatistics, topology: ServiceGraph, pairings: ManualPairings, rules: GroupingRules
    ) -> None:
        self._statistics = around
        self._topology = topology
        self._pairings = pairings
        self._rules = rules
        self._relations: dict[tuple[str, str], ServiceRelation | None] = {}
        self._label_scores: dict[tuple[str, str], float] = {}
        self._skew = rules.skew.total_seconds()
        self._window = rules.window.total_seconds()
        burst = rules.burst.total_seconds()
        self._steps = ((burst, TOGETHER_BONUS), (2.5 * burst, SOON_BONUS), (7.5 * burst, LATER_BONUS))
        self._growing_seconds = 5 * burst

    def link(self, alert: AlertFeatures, other_alert: AlertFeatures) -> PairScore | None:
        """Return the link between two alerts; None if they do not belong together."""
        distance = self._distance(alert, other_alert)
        if distance > self._window or _is_other_environment(alert, other_alert):
            return None
        if (decision := self._pairings.decision(alert.kind, other_alert.kind)) is not None:
            return PairScore("paired", alert, other_alert, None) if decision else None
        grouped = bool(alert.group) and alert.group == other_alert.group
        if grouped and "{" not in alert.group:
            return PairScore("sender", alert, other_alert, None)
        score = round(min(1.0, sum([point.worth for point in self._components(alert, other_alert, distance)])), 4)
        if score < self._rules.threshold:
            return None
        if grouped and score - self._group(alert).worth < self._rules.threshold:
            return PairScore("sender", alert, other_alert, score)
        related = self._relation(alert, other_alert) is not None
        return PairScore("score", alert, other_alert, score, related, _spreads(alert, other_alert))

    def reasons(self, link: PairScore, seen_from: AlertFeatures) -> tuple[str, ...]:
        """Return the reasons in plain words, seen from the alert that is being placed."""
        other_alert = link.second if link.first is seen_from else link.first
        of_service = f" of {other_alert.service}" if other_alert.service else ""
        reasons = [f"with {other_alert.alert.title[:80]!r}{of_service}"]
        if link.score is None:
            reasons.append(_GROUPS if link.joined_by == "sender" else "people grouped such alerts before")
        else:
            components = self._components(link.first, link.second, self._distance(link.first, link.second))
            reasons += [
                self._format_component(point, link)
                for point in sorted(components, key=lambda point: -point.worth)
                if point.words
            ]
        return (*reasons, f"{_format_seconds(link.first.apart(link.second))} apart")

    def _format_component(self, point: ScoreComponent, link: PairScore) -> str:
        if point.words is not _TEXTS:
            return " ".join(map(str, point.words))
        weight = self._statistics.rarity.weight
        best = sorted(link.first.terms & link.second.terms, key=lambda term: (-weight[term], term))[:3]
        return f"both texts say {', '.join(best)}"

    def _distance(self, alert: AlertFeatures, other_alert: AlertFeatures) -> float:
        """Return the seconds between two alerts; one that comes while the other's incident still grows is near."""
        distance = alert.apart(other_alert)
        if alert.alert.source != other_alert.alert.source:
            distance = max(0.0, distance - self._skew)
        if alert.incident is other_alert.incident:
            return distance
        new, old = (alert, other_alert) if alert.incident is None else (other_alert, alert)
        return min(distance, max(self._growing_seconds, new.at - old.active_until)) if new.at > old.at else distance

    def _relation(self, alert: AlertFeatures, other_alert: AlertFeatures) -> ServiceRelation | None:
        pair = (alert.service, other_alert.service)
        if not alert.service or not other_alert.service or alert.service == other_alert.service:
            return None
        if pair not in self._relations:
            self._relations[pair] = self._topology.relation(*pair)
        return self._relations[pair]

    def _components(self, alert: AlertFeatures, other_alert: AlertFeatures, distance: float) -> list[ScoreComponent]:
        """Return all score components; ties come first, because they cancel penalties."""
        points = [
            *self._services(alert, other_alert),
            *self._labels(alert, other_alert),
            *self._concepts(alert, other_alert),
        ]
        tied = any(point.worth >= STRONG_TIE for point in points)
        similarity = self._statistics.text_similarity(alert, other_alert)
        same_service = bool(alert.service) and alert.service == other_alert.service
        telling = ELSEWHERE if (same_service or not tied) and _is_elsewhere(alert, other_alert) else 1.0
        if similarity:
            worth = telling * TEXT * similarity
            points.append(ScoreComponent(worth, _TEXTS if worth >= MIN_SHOWN_SCORE else ()))
        if alert.group and alert.group == other_alert.group:
            points.append(self._group(alert))
        if alert.name == other_alert.name:
            worth = telling * SAME_NAME * self._statistics.name_weight(alert.name)
            points.append(ScoreComponent(worth, ("same alert", alert.name)))
            if (crowd := self._crowd(alert, other_alert, similarity)) is not None:
                points.append(crowd)
                tied = True
        if not tied:
            points += self._unrelated_penalties(alert, other_alert)
        points.append(ScoreComponent(self._time_bonus(distance)))
        return points

    def _crowd(self, alert: AlertFeatures, other_alert: AlertFeatures, similarity: float) -> ScoreComponent | None:
        """Return what it is worth that many services or hosts fire the same alert at once; None if few do."""
        crowd = self._statistics.crowd_size(alert, other_alert)
        if crowd < self._rules.crowd or self._has_other_cause(alert, other_alert):
            return None
        if similarity < SIMILAR_TEXTS and (alert.terms or other_alert.terms):
            return None
        return ScoreComponent(CROWD, (crowd, "services or hosts fire", alert.name, "at once"))

    def _has_other_cause(self, alert: AlertFeatures, other_alert: AlertFeatures) -> bool:
        """Return whether a machine, rack or volume that only one of them shares with others explains its alert."""
        return any(
            sort_of(key) in ("machine", "site")
            and key in other_alert.labels
            and other_alert.labels[key] != value
            and (self._statistics.is_shared((key, value)) or self._statistics.is_shared((key, other_alert.labels[key])))
            for key, value in alert.labels.items()
        )

    def _services(self, alert: AlertFeatures, other_alert: AlertFeatures) -> Iterator[ScoreComponent]:
        if alert.service and alert.service == other_alert.service:
            yield ScoreComponent(SAME_SERVICE, ("same service", alert.service))
            return
        if tie := self._relation(alert, other_alert):
            yield ScoreComponent((ONE_STEP if tie.hops == 1 else TWO_STEPS) * min(1.0, tie.strength), (tie.reason,))
        for naming_alert, named_alert in ((alert, other_alert), (other_alert, alert)):
            if key := _label_that_names(naming_alert, named_alert):
                yield ScoreComponent(
                    LABEL_NAMES, ("the label", key, "names", named_alert.service or named_alert.subject)
                )
                return
        for naming_alert, named_alert in ((alert, other_alert), (other_alert, alert)):
            if shared_names := named_alert.names & naming_alert.every_term - naming_alert.names:
                yield _text_names_component(
                    min(shared_names, key=lambda name: (not _is_sure(name, naming_alert), name)), naming_alert
                )
                return
        for host in sorted(alert.remote_hosts & other_alert.remote_hosts)[:1]:
            yield ScoreComponent(LABELS["needed"] * self._statistics.term_weight(host), ("both call", host))

    def _labels(self, alert: AlertFeatures, other_alert: AlertFeatures) -> Iterator[ScoreComponent]:
        remaining = MOST_LABELS
        other_labels = other_alert.labels
        for key, value in alert.labels.items():
            other_value = other_labels.get(key)
            if other_value == value:
                worth = self._label_score(key, value)
                if key == "site" and alert.is_silent and other_alert.is_silent:
                    worth *= SILENT_SITE
                worth = min(remaining, worth)
                remaining -= worth
                yield ScoreComponent(worth, ("same", key, value) if worth >= MIN_SHOWN_SCORE else ())
            elif other_value is not None and key in LOCATION_PENALTY:
                yield ScoreComponent(LOCATION_PENALTY[key], ("other", f"{key}:", value, "and", other_value))

    def _label_score(self, key: str, value: str) -> float:
        """Return the score of a shared label, cached."""
        worth = self._label_scores.get((key, value))
        if worth is None:
            worth = self._label_scores[key, value] = LABELS[sort_of(key)] * self._statistics.label_weight(key, value)
        return worth

    def _concepts(self, alert: AlertFeatures, other_alert: AlertFeatures) -> Iterator[ScoreComponent]:
        if alert.concepts and other_alert.concepts:
            for name in sorted(alert.concepts & other_alert.concepts):
                yield ScoreComponent(CONCEPTS[name], ("both mention", name))

    def _group(self, alert: AlertFeatures) -> ScoreComponent:
        return ScoreComponent(GROUP * self._statistics.group_weight(alert.group), (_GROUPS,))

    def _unrelated_penalties(self, alert: AlertFeatures, other_alert: AlertFeatures) -> Iterator[ScoreComponent]:
        if alert.subject and other_alert.subject and alert.subject != other_alert.subject:
            yield ScoreComponent(UNRELATED_PENALTY, ("nothing known relates", alert.subject, "to", other_alert.subject))
        namespaces = (alert.labels.get("namespace"), other_alert.labels.get("namespace"))
        if all(namespaces) and namespaces[0] != namespaces[1]:
            yield ScoreComponent(NAMESPACE_PENALTY)

    def _time_bonus(self, apart: float) -> float:
        return next((worth for within, worth in self._steps if apart <= within), 0.0)


def _text_names_component(name: str, teller: AlertFeatures) -> ScoreComponent:
    return ScoreComponent(TEXT_NAMES if _is_sure(name, teller) else TEXT_WORD, ("the text names", name))


def _is_sure(name: str, teller: AlertFeatures) -> bool:
    """Return whether a term is certainly a name: not a plain word, or called or needed in the text."""
    return not name.isalpha() or name in teller.called


def _label_that_names(naming_alert: AlertFeatures, named_alert: AlertFeatures) -> str | None:
    name = named_alert.service or named_alert.subject
    if not name or name == naming_alert.subject or name not in naming_alert.values:
        return None
    return next(
        (
            key
            for key, value in naming_alert.labels.items()
            if canonical_service(value) == name and named_alert.labels.get(key) != value
        ),
        None,
    )


def _is_other_environment(alert: AlertFeatures, other_alert: AlertFeatures) -> bool:
    return alert.environment != other_alert.environment and bool(alert.environment and other_alert.environment)


def _is_elsewhere(alert: AlertFeatures, other_alert: AlertFeatures) -> bool:
    return any(
        (place := alert.labels.get(key)) and (other_place := other_alert.labels.get(key)) and place != other_place
        for key in ("cluster", "region")
    )


def _spreads(alert: AlertFeatures, other_alert: AlertFeatures) -> bool:
    if alert.service or other_alert.service:
        return alert.service != other_alert.service
    return alert.subject != other_alert.subject


def _format_seconds(apart: float) -> str:
    seconds = round(apart)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
