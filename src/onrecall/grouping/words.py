"""The words of an alert that can tell it from others, and how rare each is among the alerts at hand."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

MOST_TERMS = 60
"""Terms of one alert that are compared."""
_LONGEST = 4_000
"""Characters of one text that are read."""
_TERM = re.compile(r"[a-z][a-z0-9]*(?:[._-]+[a-z0-9]+)*")
_STOPS = frozenset(
    re.findall(
        r"\w+",
        "a above after all an and answer answers any are as at be been below by can critical down error errors fail "
        "failed failing fails failure firing for from had has have high in into is it its last less low minute minutes "
        "more most no not of on or over per ratio rate requests second seconds service services since some than that "
        "the this time to triggered under up value very warning was were which while will with",
    )
)
CONCEPTS: Mapping[str, re.Pattern[str]] = {
    "name resolution": re.compile(
        r"\bdns|coredns|servfail|nxdomain|no such host|getaddrinfo|eai_again|name resolution|resolver\b"
    ),
    "certificates": re.compile(r"x509|\bcertificates?\b|\btls\b|\bssl\b|sslcert"),
}
"""Faults that show in many services in other words than where they are."""


def folded(text: str) -> str:
    """A text as it is read: without case, and bounded."""
    return text[:_LONGEST].casefold()


def terms(text: str, own: Iterable[str] = ()) -> frozenset[str]:
    """The telling terms of a folded text, without numbers, common words and the alert's own names."""
    leave = _STOPS | {name for name in own if name}
    found: dict[str, None] = {}
    for term in _TERM.findall(text):
        if len(term) > 2 and term not in leave:
            found[term] = None
            if len(found) == MOST_TERMS:
                break
    return frozenset(found)


def concepts(text: str) -> frozenset[str]:
    """Which of the widespread faults a folded text speaks of."""
    return frozenset(name for name, pattern in CONCEPTS.items() if pattern.search(text))


class Rarity:
    """How much each term tells, by how few of the alerts at hand have it."""

    def __init__(self, texts: Iterable[frozenset[str]]) -> None:
        self.counts: Counter[str] = Counter()
        n = 0
        for text in texts:
            self.counts.update(text)
            n += 1
        most = math.log(n + 50)
        self.weight = {term: most - math.log(count + 1) for term, count in self.counts.items()}

    def total(self, text: frozenset[str]) -> float:
        """What all terms of a text tell together."""
        return math.fsum(self.weight[term] for term in text)
