"""What unrelated alerts have in common anyway, learned from those before: such labels and words tie nothing."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import NamedTuple

from onrecall.grouping.features import AlertFeatures
from onrecall.grouping.labels import sort_of

MIN_PAST_ALERTS = 8
"""So many unrelated alerts must have come before anything is learned from them."""
STEEP = 3.0
"""A label or word that one in so many unrelated alerts has tells nothing any more."""
GENTLE = 1.0
"""Likewise of machines and of what several need: where there are few, much happens on each."""
_LASTING = frozenset({"machine", "needed"})


class PastAlert(NamedTuple):
    """An alert that came before, and the incident that it was in."""

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
        """Returns how much it tells that two alerts share a label, 0..1; 1 where too little came before to say."""
        return self._weight((key, value), GENTLE if sort_of(key) in _LASTING else STEEP)

    def term(self, term: str) -> float:
        """Returns how much it tells that two texts share a word, 0..1; 1 where too little came before to say."""
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
