"""Statistics of the current alerts: the weight of a shared label, and how many subjects fire the same alert."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from onrecall.grouping.background import NOTHING_BEFORE, Background
from onrecall.grouping.features import AlertFeatures
from onrecall.grouping.labels import Sort, sort_of
from onrecall.grouping.words import WordRarity

BACKGROUND: Mapping[Sort, int] = {
    "broad": 3,
    "namespace": 10,
    "site": 1000,
    "machine": 1000,
    "needed": 1000,
    "other": 100,
}
"""How many alerts elsewhere are taken for granted when it is judged how telling a label is: few for one that many
alerts share in any company, many for one that is hardly ever shared by chance."""
_NAMES = 30


class BatchStatistics:
    """Counts over the alerts of a batch and of the open incidents."""

    def __init__(
        self, alerts: Sequence[AlertFeatures], burst: timedelta, background: Background = NOTHING_BEFORE
    ) -> None:
        self._background = background
        self.rarity = WordRarity((alert.terms for alert in alerts), background.term)
        self.totals = {id(alert): self.rarity.total(alert.terms) for alert in alerts}
        self._n = len(alerts)
        self._labels = Counter(item for alert in alerts for item in alert.labels.items())
        self._names = Counter(alert.name for alert in alerts)
        self._groups = Counter(alert.group for alert in alerts if alert.group)
        self._crowds = _crowds(alerts, burst.total_seconds())

    def label_weight(self, key: str, value: str) -> float:
        """Return the weight of a shared label, 0..1: low if most current or unrelated past alerts share it."""
        at_hand = 1 - self._labels[key, value] / (self._n + BACKGROUND[sort_of(key)])
        return at_hand * self._background.label(key, value)

    def term_weight(self, term: str) -> float:
        """Return the weight of a shared word, 0..1: low if unrelated past alerts share it."""
        return self._background.term(term)

    def is_shared(self, item: tuple[str, str]) -> bool:
        """Return whether several alerts have this label with this value."""
        return self._labels[item] > 1

    def rarest_terms(self, alert: AlertFeatures, most: int) -> tuple[str, ...]:
        """Return the rarest terms that an alert shares with others."""
        counts = self.rarity.counts
        shared = (term for term in alert.terms if counts[term] > 1)
        return tuple(sorted(shared, key=lambda term: (counts[term], term))[:most])

    def name_weight(self, name: str) -> float:
        """Return the weight of a shared alert name."""
        return 1 - self._names[name] / (self._n + _NAMES)

    def group_weight(self, group: str) -> float:
        """Return the weight of a shared group of the sender."""
        return 1 - self._groups[group] / (self._n + BACKGROUND["namespace"])

    def text_similarity(self, alert: AlertFeatures, other_alert: AlertFeatures) -> float:
        """Return the similarity of two texts, 0..1, by the rare terms that they share."""
        shared_weight = self.rarity.total(alert.terms & other_alert.terms)
        if not shared_weight:  # nothing in common, or only words that unrelated alerts share
            return 0.0
        return shared_weight / (self.totals[id(alert)] + self.totals[id(other_alert)] - shared_weight)

    def crowd_size(self, alert: AlertFeatures, other_alert: AlertFeatures) -> int:
        """Return how many subjects fire the same alert in a burst around either alert, whichever is fewer."""
        return min(self._crowds.get(id(alert), 1), self._crowds.get(id(other_alert), 1))


def _crowds(alerts: Iterable[AlertFeatures], burst: float) -> dict[int, int]:
    blocks: dict[tuple[str, str], list[AlertFeatures]] = defaultdict(list)
    for alert in alerts:
        if alert.subject:
            blocks[alert.name, alert.environment].append(alert)
    crowd_by_alert: dict[int, int] = {}
    for block in blocks.values():
        crowd_by_alert.update(_around(sorted(block, key=lambda alert: alert.at), burst))
    return crowd_by_alert


def _around(block: Sequence[AlertFeatures], burst: float) -> dict[int, int]:
    """Count for each alert of a name the subjects that fire it within one burst of it, with a sliding window."""
    times = [alert.at for alert in block]
    inside: Counter[str] = Counter()
    window_start = window_end = 0
    crowd_by_alert: dict[int, int] = {}
    for alert in block:
        start, end = bisect_left(times, alert.at - burst), bisect_right(times, alert.at + burst)
        for entering in block[window_end:end]:
            inside[entering.subject] += 1
        for leaving in block[window_start:start]:
            inside[leaving.subject] -= 1
            if not inside[leaving.subject]:
                del inside[leaving.subject]
        window_start, window_end = start, end
        crowd_by_alert[id(alert)] = len(inside)
    return crowd_by_alert
