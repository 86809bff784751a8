"""Labels and words that unrelated alerts share anyway, learned from past alerts: they link nothing."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import NamedTuple

from onrecall.grouping.features import AlertFeatures
from onrecall.grouping.labels import sort_of

MIN_PAST_ALERTS = 8
"""Unrelated past alerts needed before anything is learned."""
STEEP = 3.0
"""A label or word shared by one in this many unrelated alerts carries no weight."""
GENTLE = 1.0
"""The same for machines and shared dependencies: where there are few, much happens on each."""
_LASTING = frozenset({"machine", "needed"})


class PastAlert(NamedTuple):
    """A past alert and its incident."""

    alert: AlertFeatures
    incident: str | None


class Background:
    """How common labels and words are among unrelated alerts: those of other services in other incidents."""

    def __init__(self, before: Iterable[PastAlert] = ()) -> None:
        self._subjects: dict[Hashable, set[str]] = defaultdict(set)
        self._incidents: dict[Hashable, set[str]] = defaultdict(set)
        every: tuple[set[str], set[str]] = (set(), set())
        for alert, incident in before:
            if alert.subject:
                self._count(alert, incident or alert.subject, every)
        self._total = min(map(len, every))

    def label(self, key: str, value: str) -> float:
        """Return the weight of a shared label, 0..1; 1 if there is too little history."""
        return self._weight((key, value), GENTLE if sort_of(key) in _LASTING else STEEP)

    def term(self, term: str) -> float:
        """Return the weight of a shared word, 0..1; 1 if there is too little history."""
        return self._weight(term, STEEP)

    def _count(self, alert: AlertFeatures, incident: str, every: tuple[set[str], set[str]]) -> None:
        every[0].add(alert.subject)
        every[1].add(incident)
        items: list[Hashable] = [*alert.labels.items(), *alert.terms]
        for item in items:
            self._subjects[item].add(alert.subject)
            self._incidents[item].add(incident)

    def _weight(self, item: Hashable, steep: float) -> float:
        if self._total < MIN_PAST_ALERTS or item not in self._subjects:
            return 1.0
        unrelated = min(len(self._subjects[item]), len(self._incidents[item])) - 1
        return max(0.0, 1.0 - steep * unrelated / self._total)


NOTHING_BEFORE = Background()
