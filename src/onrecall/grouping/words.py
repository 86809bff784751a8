"""The distinguishing words of an alert, and how rare each is among the current alerts."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from onrecall.domain.service_names import canonical_service

MOST_TERMS = 60
"""Most terms of one alert that are compared."""
_LONGEST = 4_000
"""Most characters of one text that are read."""
_TERM = re.compile(r"[a-z][a-z0-9]*(?:[._-]+[a-z0-9]+)*")
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a above after all an and answer answers any are as at be been below by can critical down error errors fail "
        "failed failing fails failure firing for from had has have high in into is it its last less low minute minutes "
        "more most no not of on or over per ratio rate requests second seconds service services since some than that "
        "the this time to triggered under up value very warning was were which while will with",
    )
)
_VERSION = re.compile(r"v\d+(?:[._-]\w+)*|sha\d+\b.*|[0-9a-f]*\d[0-9a-f]*[a-f][0-9a-f]*")
"""Words for a build, which alerts of one release share whatever is wrong."""
_CUE = re.compile(
    r"\b(?:call(?:s|ed|ing)?|connect(?:s|ed|ing|ions?)?|requests?|time(?:d\s)?outs?|wait(?:s|ing)?|dial(?:s|ing)?|"
    r"reach(?:es|ed|ing)?|upstream|behind|depend(?:s|ing|ency)?|backend|host|needs?|refused|unreachable|unavailable)"
    r"\W+(?:(?:to|from|for|by|of|on|the|service|host|upstream)\W+){0,3}"
)
"""Cue words: a term that follows is the name of something called or needed."""
CONCEPTS: Mapping[str, re.Pattern[str]] = {
    "name resolution": re.compile(
        r"\bdns|coredns|servfail|nxdomain|no such host|unknown host|getaddrinfo|eai_again|enotfound|name resolution"
        r"|resolver\b|\blookup \S{1,200} on \S{1,60}:53\b|could not resolve|name or service not known"
    ),
    "certificates": re.compile(r"x509|\bcertificates?\b|\btls\b|\bssl\b|sslcert"),
}
"""Widespread faults, whose symptoms are worded differently from the cause."""
_SILENCE = re.compile(
    r"\bunreachable\b|\boffline\b|\b(?:does|do|is|did) ?n[o']t (?:answer|respond|reply|reachable)"
    r"|\bhost down\b|\bdevice down\b"
    r"|\bno (?:answer|reply|response|route)\b|\brequest timed out\b|\b(?:lost 100|100 ?%? (?:packet )?loss)|\bis gone\b"
)
"""What monitors say of a machine that they cannot reach."""
_HOST = r"(?P<host>[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,24})(?![\w.-]*\()"
_REMOTE = re.compile(
    rf"\b(?:from|to|by|via|against|host|upstream|(?:call|reach|connect|dial|resolv|query|fetch)\w*)\s(?:tcp\s)?{_HOST}\b"
    rf"|\b(?:get|post|put|patch|delete|head)\s[\"']?https?://{_HOST.replace('<host>', '<linked>')}\b"
)
_FILE = re.compile(r".*\.(?:py|go|js|ts|rb|java|php|cs|sh|log|json|ya?ml|md|txt|csv|html?|xml|conf|sql|so|local)")


def fold_case(text: str) -> str:
    """Case-fold a text, and truncate it."""
    return text[:_LONGEST].casefold()


def extract_terms(text: str, own: Iterable[str] = ()) -> frozenset[str]:
    """Extract the distinguishing terms of a folded text, without numbers, stop words and the alert's own names."""
    leave = _STOP_WORDS | {name for name in own if name}
    terms: dict[str, None] = {}
    for term in _TERM.findall(text):
        if len(term) > 2 and term not in leave and not _VERSION.fullmatch(term):
            terms[term] = None
            if len(terms) == MOST_TERMS:
                break
    return frozenset(terms)


def canonical_terms(text: str) -> frozenset[str]:
    """Return all terms of a folded text in canonical spelling, and all pairs of adjacent ones."""
    names = [canonical_service(term) for term in _TERM.findall(text)[: 2 * MOST_TERMS]]
    return frozenset((*names, *(f"{name}-{next_name}" for name, next_name in itertools.pairwise(names))))


def called_terms(text: str) -> frozenset[str]:
    """Return the terms of a folded text that are called or needed, by the cue words before them."""
    return frozenset(_cued_terms(text))


def _cued_terms(text: str) -> Iterator[str]:
    for cue in _CUE.finditer(text):
        if following := _TERM.match(text, cue.end()):
            yield canonical_service(following[0])


def find_concepts(text: str) -> frozenset[str]:
    """Return the widespread faults that a folded text mentions."""
    return frozenset(name for name, pattern in CONCEPTS.items() if pattern.search(text))


def says_silent(text: str) -> bool:
    """Return whether a folded text says that a machine does not answer."""
    return bool(_SILENCE.search(text))


def remote_hosts(text: str) -> frozenset[str]:
    """Return the full host names that a folded text says were called, without addresses that it merely links to."""
    hosts = (match["host"] or match["linked"] for match in _REMOTE.finditer(text))
    return frozenset(host for host in hosts if not _FILE.fullmatch(host))


class WordRarity:
    """The weight of each term: by how few current alerts have it, and by its weight among past ones."""

    def __init__(self, texts: Iterable[frozenset[str]], telling: Callable[[str], float] = lambda _: 1.0) -> None:
        self.counts: Counter[str] = Counter()
        n = 0
        for text in texts:
            self.counts.update(text)
            n += 1
        most = math.log(n + 50)
        self.weight = {term: telling(term) * (most - math.log(count + 1)) for term, count in self.counts.items()}

    def total(self, text: frozenset[str]) -> float:
        """Return the total weight of the terms of a text."""
        return math.fsum(self.weight[term] for term in text)
