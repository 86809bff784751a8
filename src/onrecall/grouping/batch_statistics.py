"""What the alerts at hand have in common: how much a shared label tells, and where many fire the same alert."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from onrecall.grouping.background import NOTHING_BEFORE, Background
from onrecall.grouping.features import AlertFeatures
from onrecall.grouping.labels import Sort, sort_of
from onrecall.grouping.words import WordRarity

BACKGROUND: Mapping[Sort, int] = {"broad": 3, "namespace": 10, "machine": 1000, "needed": 1000, "other": 100}
"""How many alerts elsewhere are taken for granted when it is judged how telling a label is: few for one that many
alerts share in any company, many for one that is hardly ever shared by chance."""
_NAMES = 30


class BatchStatistics:
    """The alerts of a batch and of the open incidents, counted."""

    def __init__(
        self, all_: Sequence[AlertFeatures], burst: timedelta, background: Background = NOTHING_BEFORE
    ) -> None:
        self._background = background
        self.rarity = WordRarity((one.terms for one in all_), background.term)
        self.totals = {id(one): self.rarity.total(one.terms) for one in all_}
        self._n = len(all_)
        self._labels = Counter(item for one in all_ for item in one.labels.items())
        self._names = Counter(one.name for one in all_)
        self._groups = Counter(one.group for one in all_ if one.group)
        self._crowds = _crowds(all_, burst.total_seconds())

    def telling(self, key: str, value: str) -> float:
        """How much a shared label tells, 0..1: little when most alerts at hand, or unrelated ones, share it."""
        at_hand = 1 - self._labels[key, value] / (self._n + BACKGROUND[sort_of(key)])
        return at_hand * self._background.label(key, value)

    def shared(self, item: tuple[str, str]) -> bool:
        """Whether several alerts carry this label with this value."""
        return self._labels[item] > 1

    def rarest(self, one: AlertFeatures, most: int) -> tuple[str, ...]:
        """The rarest terms of an alert that others have too."""
        counts = self.rarity.counts
        shared = (term for term in one.terms if counts[term] > 1)
        return tuple(sorted(shared, key=lambda term: (counts[term], term))[:most])

    def telling_name(self, name: str) -> float:
        """How much a shared name of the alert tells."""
        return 1 - self._names[name] / (self._n + _NAMES)

    def telling_group(self, group: str) -> float:
        """How much it tells that a sender's route holds both."""
        return 1 - self._groups[group] / (self._n + BACKGROUND["namespace"])

    def alike(self, one: AlertFeatures, other: AlertFeatures) -> float:
        """How alike two texts are, 0..1, by the rare terms that they share."""
        both = self.rarity.total(one.terms & other.terms)
        if not both:  # nothing in common, or only words that unrelated alerts share
            return 0.0
        return both / (self.totals[id(one)] + self.totals[id(other)] - both)

    def crowd(self, one: AlertFeatures, other: AlertFeatures) -> int:
        """How many subjects fire the alert that both are, in one burst around the one that has fewer around it."""
        return min(self._crowds.get(id(one), 1), self._crowds.get(id(other), 1))


def _crowds(all_: Iterable[AlertFeatures], burst: float) -> dict[int, int]:
    blocks: dict[tuple[str, str], list[AlertFeatures]] = defaultdict(list)
    for one in all_:
        if one.subject:
            blocks[one.name, one.environment].append(one)
    found: dict[int, int] = {}
    for block in blocks.values():
        found.update(_around(sorted(block, key=lambda one: one.at), burst))
    return found


def _around(block: Sequence[AlertFeatures], burst: float) -> dict[int, int]:
    """For each alert of one name, how many subjects fire it within a burst before or after: by two moving ends."""
    times = [one.at for one in block]
    inside: Counter[str] = Counter()
    first = after = 0
    found: dict[int, int] = {}
    for one in block:
        start, end = bisect_left(times, one.at - burst), bisect_right(times, one.at + burst)
        for entering in block[after:end]:
            inside[entering.subject] += 1
        for leaving in block[first:start]:
            inside[leaving.subject] -= 1
            if not inside[leaving.subject]:
                del inside[leaving.subject]
        first, after = start, end
        found[id(one)] = len(inside)
    return found
