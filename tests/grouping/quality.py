"""How well a way of grouping does on labelled scenarios: pairwise precision and recall, beside two plain ways."""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from onrecall.grouping import ServiceGraph
from onrecall.grouping.background import Background, PastAlert
from onrecall.grouping.features import extract_features

from .board import Board, Episode, episode
from .labelled import Scenario

Groups = Mapping[Episode, str]
Way = Callable[[Scenario], Groups]


@dataclass(frozen=True)
class Quality:
    right: int
    together: int
    wanted: int
    exact: int
    scenarios: int

    @property
    def precision(self) -> float:
        return self.right / self.together if self.together else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 1.0

    @property
    def row(self) -> str:
        f1 = 2 * self.precision * self.recall / (self.precision + self.recall)
        return f"{self.precision:.3f} | {self.recall:.3f} | {f1:.3f} | {self.exact} of {self.scenarios}"


def wanted(scenario: Scenario) -> Groups:
    return {episode(one.alert): one.group for one in scenario.heard}


def learned(scenario: Scenario) -> Background:
    """What was heard before, each alert in an incident of its own."""
    return Background(PastAlert(extract_features(alert), f"before {n}") for n, alert in enumerate(scenario.history))


def at_once(scenario: Scenario) -> Groups:
    """All alerts in one batch."""
    board = Board(scenario.topology, background=learned(scenario))
    last = max(one.at for one in scenario.heard)
    board.hear([one.alert for one in scenario.heard], last)
    return board.groups()


def streamed(scenario: Scenario, seed: int = 0, topology: ServiceGraph | None = None) -> Groups:
    """In batches of random sizes as they come in, each told when it fires."""
    board = Board(scenario.topology if topology is None else topology, background=learned(scenario))
    chance = random.Random(f"{scenario.name} {seed}")
    left = list(scenario.heard)
    while left:
        batch, left = left[: (n := chance.randint(1, 6))], left[n:]
        board.hear([one.alert for one in batch], batch[-1].at)
    return board.groups()


def undeclared(scenario: Scenario) -> Groups:
    """Streamed, without any declared topology."""
    return streamed(scenario, topology=ServiceGraph())


def by_name_and_service(scenario: Scenario) -> Groups:
    return {episode(one.alert): f"{one.alert.labels['alertname']} {one.alert.service}" for one in scenario.heard}


def by_five_minutes(scenario: Scenario) -> Groups:
    """An alert joins the group whose last alert came less than five minutes ago."""
    groups: dict[Episode, str] = {}
    number, last = 0, None
    for one in scenario.heard:
        if last is not None and one.at - last > timedelta(minutes=5):
            number += 1
        last = one.at
        groups[episode(one.alert)] = str(number)
    return groups


WAYS: Mapping[str, Way] = {
    "OnRecall, streamed": streamed,
    "OnRecall, in one batch": at_once,
    "OnRecall, streamed, nothing declared": undeclared,
    "alert name + service": by_name_and_service,
    "5-minute window": by_five_minutes,
}


def measure(scenarios: Iterable[Scenario], way: Way) -> Quality:
    right = together = asked = exact = n = 0
    for one in scenarios:
        found, want = way(one), wanted(one)
        a, b = _pairs(found), _pairs(want)
        n += 1
        right, together, asked, exact = right + len(a & b), together + len(a), asked + len(b), exact + (a == b)
    return Quality(right, together, asked, exact, n)


def _pairs(groups: Groups) -> set[tuple[Episode, Episode]]:
    return {(a, b) for a, b in itertools.combinations(sorted(groups), 2) if groups[a] == groups[b]}


def overlaid(scenarios: Sequence[Scenario]) -> Iterator[Scenario]:
    """Each scenario at the same time as two others that name none of its services: two outages at once."""
    for step in (3, 11):
        for n, one in enumerate(scenarios):
            other = scenarios[(n + step) % len(scenarios)]
            if not _services(one) & _services(other) and not wanted(one).keys() & wanted(other).keys():
                yield _overlaid(one, other)


def _overlaid(one: Scenario, other: Scenario) -> Scenario:
    heard = [replace(heard, group=f"{side.name} {heard.group}") for side in (one, other) for heard in side.heard]
    a, b = one.topology, other.topology
    both = ServiceGraph({**a.needs, **b.needs}, {**a.needed_by, **b.needed_by})
    return Scenario(f"{one.name} and {other.name}", both, tuple(sorted(heard, key=lambda heard: heard.at)))


def _services(scenario: Scenario) -> set[str]:
    return {heard.alert.service for heard in scenario.heard if heard.alert.service}
