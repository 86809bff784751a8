"""How much speaks for two alerts being one outage, and in which words."""

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
"""For a name that is a plain word and is called by nothing in the text: it may be no name there."""
SAME_NAME, TEXT, CONCEPT, CROWD, GROUP = 0.2, 0.25, 0.3, 0.1, 0.25
LABELS: Mapping[Sort, float] = {"broad": 0.1, "namespace": 0.15, "machine": 0.4, "needed": 0.36, "other": 0.2}
MOST_LABELS = 0.5
TOGETHER, SOON, LATER = 0.15, 0.1, 0.05
UNTIED = -0.25
ELSEWHERE: Mapping[str, float] = {"cluster": -0.25, "region": -0.15, "zone": -0.1}
OTHER_NAMESPACE = -0.1
ALIKE = 0.4
"""From here on texts say the same, but for what each is about."""
TYING = 0.3
"""Components that score at least this much mark two alerts as being about the same thing."""
WORTH_SAYING = 0.02
_GROUPS = "its sender groups them"
_TEXTS = ("both texts say",)


class ScoreComponent(NamedTuple):
    """One thing that speaks for or against; its words are joined only when somebody asks for them."""

    worth: float
    words: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class PairScore:
    """Two alerts that belong together, and why."""

    how: How
    one: AlertFeatures
    other: AlertFeatures
    score: float | None
    by_dependency: bool = False
    spreads: bool = False
    """From one service or machine to another."""


class PairScorer:
    """Judges pairs of alerts by the alerts around them, what is declared, and what people did by hand."""

    def __init__(
        self, around: BatchStatistics, topology: ServiceGraph, pairings: ManualPairings, rules: GroupingRules
    ) -> None:
        self._around = around
        self._topology = topology
        self._pairings = pairings
        self._rules = rules
        self._ties: dict[tuple[str, str], ServiceRelation | None] = {}
        self._worths: dict[tuple[str, str], float] = {}
        self._skew = rules.skew.total_seconds()
        self._window = rules.window.total_seconds()
        burst = rules.burst.total_seconds()
        self._steps = ((burst, TOGETHER), (2.5 * burst, SOON), (7.5 * burst, LATER))
        self._growing = 5 * burst

    def link(self, one: AlertFeatures, other: AlertFeatures) -> PairScore | None:
        """The link between two alerts; None where they don't belong together."""
        apart = self._apart(one, other)
        if apart > self._window or _elsewhere(one, other):
            return None
        if (said := self._pairings.say(one.kind, other.kind)) is not None:
            return PairScore("paired", one, other, None) if said else None
        grouped = bool(one.group) and one.group == other.group
        if grouped and "{" not in one.group:
            return PairScore("sender", one, other, None)
        score = round(min(1.0, sum([point.worth for point in self._points(one, other, apart)])), 4)
        if score < self._rules.threshold:
            return None
        by_group = grouped and score - self._group(one).worth < self._rules.threshold
        if by_group:
            return PairScore("sender", one, other, score)
        return PairScore("score", one, other, score, self._tie(one, other) is not None, _spreads(one, other))

    def reasons(self, link: PairScore, seen_from: AlertFeatures) -> tuple[str, ...]:
        """Why, in plain words, for the one of both that is being placed."""
        other = link.other if link.one is seen_from else link.one
        whose = f" of {other.service}" if other.service else ""
        told = [f"with {other.alert.title[:80]!r}{whose}"]
        if link.score is None:
            told.append(_GROUPS if link.how == "sender" else "people put such alerts together")
        else:
            points = self._points(link.one, link.other, self._apart(link.one, link.other))
            told += [self._say(one, link) for one in sorted(points, key=lambda one: -one.worth) if one.words]
        return (*told, f"{_spoken(link.one.apart(link.other))} apart")

    def _say(self, point: ScoreComponent, link: PairScore) -> str:
        if point.words is not _TEXTS:
            return " ".join(map(str, point.words))
        weight = self._around.rarity.weight
        best = sorted(link.one.terms & link.other.terms, key=lambda term: (-weight[term], term))[:3]
        return f"both texts say {', '.join(best)}"

    def _apart(self, one: AlertFeatures, other: AlertFeatures) -> float:
        """The seconds between two alerts; one that comes while the other's incident still grows is near it."""
        apart = one.apart(other)
        if one.alert.source != other.alert.source:
            apart = max(0.0, apart - self._skew)
        if one.incident is other.incident:
            return apart
        new, old = (one, other) if one.incident is None else (other, one)
        return min(apart, max(self._growing, new.at - old.active_until)) if new.at > old.at else apart

    def _tie(self, one: AlertFeatures, other: AlertFeatures) -> ServiceRelation | None:
        pair = (one.service, other.service)
        if not one.service or not other.service or one.service == other.service:
            return None
        if pair not in self._ties:
            self._ties[pair] = self._topology.tie(*pair)
        return self._ties[pair]

    def _points(self, one: AlertFeatures, other: AlertFeatures, apart: float) -> list[ScoreComponent]:
        """All that speaks for and against; what ties both first, since it takes back what would part them."""
        points = [*self._services(one, other), *self._labels(one, other), *self._concepts(one, other)]
        tied = any(point.worth >= TYING for point in points)
        alike = self._around.alike(one, other)
        if alike:
            points.append(ScoreComponent(TEXT * alike, _TEXTS if TEXT * alike >= WORTH_SAYING else ()))
        if one.group and one.group == other.group:
            points.append(self._group(one))
        if one.name == other.name:
            points.append(ScoreComponent(SAME_NAME * self._around.telling_name(one.name), ("same alert", one.name)))
            crowd = self._around.crowd(one, other)
            if (
                crowd >= self._rules.crowd
                and not self._has_other_cause(one, other)
                and (alike >= ALIKE or not (one.terms or other.terms))
            ):
                points.append(ScoreComponent(CROWD, (crowd, "services or hosts fire", one.name, "at once")))
                tied = True
        if not tied:
            points += self._untied(one, other)
        points.append(ScoreComponent(self._near(apart)))
        return points

    def _has_other_cause(self, one: AlertFeatures, other: AlertFeatures) -> bool:
        """Whether a machine, rack or volume that one shares with others, and the other does not, explains its alert."""
        return any(
            sort_of(key) == "machine"
            and key in other.labels
            and other.labels[key] != value
            and (self._around.shared((key, value)) or self._around.shared((key, other.labels[key])))
            for key, value in one.labels.items()
        )

    def _services(self, one: AlertFeatures, other: AlertFeatures) -> Iterator[ScoreComponent]:
        if one.service and one.service == other.service:
            yield ScoreComponent(SAME_SERVICE, ("same service", one.service))
            return
        if tie := self._tie(one, other):
            yield ScoreComponent((ONE_STEP if tie.hops == 1 else TWO_STEPS) * min(1.0, tie.strength), (tie.reason,))
        for teller, told in ((one, other), (other, one)):
            if key := _label_that_names(teller, told):
                yield ScoreComponent(LABEL_NAMES, ("the label", key, "names", told.service or told.subject))
                return
        for teller, told in ((one, other), (other, one)):
            if named := told.names & teller.every_term - teller.names:
                yield _naming(min(named, key=lambda name: (not _is_sure(name, teller), name)), teller)
                return

    def _labels(self, one: AlertFeatures, other: AlertFeatures) -> Iterator[ScoreComponent]:
        left = MOST_LABELS
        theirs = other.labels
        for key, value in one.labels.items():
            their = theirs.get(key)
            if their == value:
                worth = min(left, self._worth(key, value))
                left -= worth
                yield ScoreComponent(worth, ("same", key, value) if worth >= WORTH_SAYING else ())
            elif their is not None and key in ELSEWHERE:
                yield ScoreComponent(ELSEWHERE[key], ("other", f"{key}:", value, "and", their))

    def _worth(self, key: str, value: str) -> float:
        """What it is worth that two share this label, worked out once."""
        worth = self._worths.get((key, value))
        if worth is None:
            worth = self._worths[key, value] = LABELS[sort_of(key)] * self._around.telling(key, value)
        return worth

    def _concepts(self, one: AlertFeatures, other: AlertFeatures) -> Iterator[ScoreComponent]:
        if one.concepts and other.concepts:
            for name in sorted(one.concepts & other.concepts):
                yield ScoreComponent(CONCEPT, ("both speak of", name))

    def _group(self, one: AlertFeatures) -> ScoreComponent:
        return ScoreComponent(GROUP * self._around.telling_group(one.group), (_GROUPS,))

    def _untied(self, one: AlertFeatures, other: AlertFeatures) -> Iterator[ScoreComponent]:
        if one.subject and other.subject and one.subject != other.subject:
            yield ScoreComponent(UNTIED, ("nothing known ties", one.subject, "to", other.subject))
        spaces = (one.labels.get("namespace"), other.labels.get("namespace"))
        if all(spaces) and spaces[0] != spaces[1]:
            yield ScoreComponent(OTHER_NAMESPACE)

    def _near(self, apart: float) -> float:
        return next((worth for within, worth in self._steps if apart <= within), 0.0)


def _naming(name: str, teller: AlertFeatures) -> ScoreComponent:
    return ScoreComponent(TEXT_NAMES if _is_sure(name, teller) else TEXT_WORD, ("the text names", name))


def _is_sure(name: str, teller: AlertFeatures) -> bool:
    """Whether a term of a text surely is a name: no plain word, or something that is called or needed there."""
    return not name.isalpha() or name in teller.called


def _label_that_names(teller: AlertFeatures, told: AlertFeatures) -> str | None:
    name = told.service or told.subject
    if not name or name == teller.subject or name not in teller.values:
        return None
    return next(
        (
            key
            for key, value in teller.labels.items()
            if canonical_service(value) == name and told.labels.get(key) != value
        ),
        None,
    )


def _elsewhere(one: AlertFeatures, other: AlertFeatures) -> bool:
    return one.environment != other.environment and bool(one.environment and other.environment)


def _spreads(one: AlertFeatures, other: AlertFeatures) -> bool:
    if one.service or other.service:
        return one.service != other.service
    return one.subject != other.subject


def _spoken(apart: float) -> str:
    seconds = round(apart)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
