"""How much speaks for two alerts being one outage, and in which words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from onrecall.grouping.labels import Sort, sort_of
from onrecall.grouping.pairings import Pairings
from onrecall.grouping.planned import How
from onrecall.grouping.rules import Rules
from onrecall.grouping.seen import Seen
from onrecall.grouping.surroundings import Surroundings
from onrecall.grouping.topology import Topology

SAME_SERVICE, ONE_STEP, TWO_STEPS = 0.5, 0.4, 0.3
LABEL_NAMES, TEXT_NAMES = 0.4, 0.35
SAME_NAME, TEXT, CONCEPT, CROWD, GROUP = 0.2, 0.25, 0.3, 0.1, 0.25
LABELS: Mapping[Sort, float] = {"broad": 0.1, "namespace": 0.15, "machine": 0.4, "needed": 0.35, "other": 0.2}
MOST_LABELS = 0.5
TOGETHER, SOON, LATER = 0.15, 0.1, 0.05
UNTIED = -0.25
ELSEWHERE: Mapping[str, float] = {"cluster": -0.25, "region": -0.15, "zone": -0.1}
OTHER_NAMESPACE = -0.1
ALIKE = 0.4
"""From here on texts say the same, but for what each is about."""
TYING = 0.3
"""Whatever is worth so much ties what two alerts are about."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that speaks for or against, and its words for people (none where it goes without saying)."""

    worth: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Two alerts that belong together, and why."""

    how: How
    one: Seen
    other: Seen
    score: float | None
    by_dependency: bool = False


class Linker:
    """Judges pairs of alerts by the alerts around them, what is declared, and what people did by hand."""

    def __init__(self, around: Surroundings, topology: Topology, pairings: Pairings, rules: Rules) -> None:
        self._around = around
        self._topology = topology
        self._pairings = pairings
        self._rules = rules

    def link(self, one: Seen, other: Seen) -> Link | None:
        """The link between two alerts; None where they don't belong together."""
        apart = self._apart(one, other)
        if apart > self._rules.window or (
            one.environment and other.environment and one.environment != other.environment
        ):
            return None
        if (said := self._pairings.say(one.kind, other.kind)) is not None:
            return Link("paired", one, other, None) if said else None
        if one.group and one.group == other.group and "{" not in one.group:
            return Link("sender", one, other, None)
        points = tuple(self._points(one, other))
        score = min(1.0, sum(point.worth for point in points))
        if score < self._rules.threshold:
            return None
        by_group = one.group and one.group == other.group and score - self._group(one).worth < self._rules.threshold
        depends = one.service != other.service and bool(self._topology.tie(one.service, other.service))
        return Link("sender" if by_group else "score", one, other, round(score, 4), depends)

    def reasons(self, link: Link, seen_from: Seen) -> tuple[str, ...]:
        """Why, in plain words, for the one of both that is being placed."""
        other = link.other if link.one is seen_from else link.one
        with_ = f"with {other.alert.title[:80]!r}" + (f" of {other.service}" if other.service else "")
        said = {
            "key": "the same alert",
            "sender": "its sender groups them",
            "paired": "people put such alerts together",
        }.get(link.how)
        points = (
            () if link.score is None else sorted(self._points(link.one, link.other), key=lambda point: -point.worth)
        )
        told = [point.reason for point in points if point.reason]
        return (with_, *([said] if said and said not in told else []), *told)

    def _apart(self, one: Seen, other: Seen) -> timedelta:
        """The time between two alerts; one that comes while the other's incident still grows is near it."""
        apart = abs(one.at - other.at)
        if one.alert.source != other.alert.source:
            apart = max(timedelta(), apart - self._rules.skew)
        for new, old in ((one, other), (other, one)):
            if old.incident and not new.incident and new.at > old.at:
                apart = min(apart, max(self._rules.burst * 5, new.at - old.active_until))
        return apart

    def _points(self, one: Seen, other: Seen) -> Iterator[Point]:
        concepts = (Point(CONCEPT, f"both speak of {name}") for name in sorted(one.concepts & other.concepts))
        tied = False
        for point in (*self._services(one, other), *self._labels(one, other), *concepts):
            tied = tied or point.worth >= TYING
            yield point
        alike = self._around.alike(one, other)
        if alike:
            yield Point(TEXT * alike, self._shared_words(one, other) if alike >= 0.2 else "")
        if one.group and one.group == other.group:
            yield self._group(one)
        crowded = False
        if one.name == other.name:
            yield Point(SAME_NAME * self._around.telling_name(one.name), f"same alert {one.name}")
            crowd = self._around.crowd(one, other)
            crowded = crowd >= self._rules.crowd and (alike >= ALIKE or not (one.terms or other.terms))
            if crowded:
                yield Point(CROWD, f"{crowd} services or hosts fire {one.name} at once")
        if one.subject and other.subject and one.subject != other.subject and not tied and not crowded:
            yield Point(UNTIED, f"nothing known ties {one.subject} to {other.subject}")
        spaces = {one.labels.get("namespace"), other.labels.get("namespace")} - {None}
        if not tied and len(spaces) > 1:
            yield Point(OTHER_NAMESPACE)
        yield self._time(one, other)

    def _group(self, one: Seen) -> Point:
        return Point(GROUP * self._around.telling_group(one.group), "its sender groups them")

    def _services(self, one: Seen, other: Seen) -> Iterator[Point]:
        if not one.service or not other.service:
            yield from self._named(one, other)
        elif one.service == other.service:
            yield Point(SAME_SERVICE, f"same service {one.service}")
        elif tie := self._topology.tie(one.service, other.service):
            yield Point((ONE_STEP if tie.hops == 1 else TWO_STEPS) * min(1.0, tie.strength), tie.reason)
            yield from self._named(one, other)
        else:
            yield from self._named(one, other)

    def _named(self, one: Seen, other: Seen) -> Iterator[Point]:
        for teller, told in ((one, other), (other, one)):
            name = told.service or told.subject
            if name and name != teller.subject:
                key = next((key for key, value in teller.labels.items() if value == name), None)
                if key and told.labels.get(key) != name:
                    yield Point(LABEL_NAMES, f"its label {key} names {name}")
                    return
        for teller, told in ((one, other), (other, one)):
            if named := told.names & teller.every_term - teller.names:
                yield Point(TEXT_NAMES, f"one's text names {min(named)}")
                return

    def _labels(self, one: Seen, other: Seen) -> Iterator[Point]:
        left = MOST_LABELS
        for key, value in one.labels.items():
            theirs = other.labels.get(key)
            if theirs == value:
                worth = min(left, LABELS[sort_of(key)] * self._around.telling(key, value))
                left -= worth
                yield Point(worth, f"same {key} {value}" if worth >= 0.02 else "")
            elif theirs is not None and key in ELSEWHERE:
                yield Point(ELSEWHERE[key], f"other {key}: {value} and {theirs}")

    def _time(self, one: Seen, other: Seen) -> Point:
        apart = self._apart(one, other)
        reason = f"{_spoken(abs(one.at - other.at))} apart"
        if apart <= self._rules.burst:
            return Point(TOGETHER, reason)
        if apart <= self._rules.burst * 2.5:
            return Point(SOON, reason)
        return Point(LATER if apart <= self._rules.burst * 7.5 else 0.0, reason)

    def _shared_words(self, one: Seen, other: Seen) -> str:
        weight = self._around.rarity.weight
        best = sorted(one.terms & other.terms, key=lambda term: (-weight[term], term))[:3]
        return f"both texts say {', '.join(best)}"


def _spoken(apart: timedelta) -> str:
    seconds = round(apart.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
