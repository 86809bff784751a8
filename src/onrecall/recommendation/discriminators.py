"""Observations: what to look at to tell one cause from another."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from onrecall.domain.incident import Evidence, Situation
from onrecall.recommendation.actions import extract_actions
from onrecall.recommendation.causes import Hypothesis, cause_of
from onrecall.recommendation.instance_values import mask, old_values
from onrecall.recommendation.risk.classify import classify
from onrecall.recommendation.sanitize import clean, sentence
from onrecall.recommendation.text_similarity import LIMIT, words

MOST = 3
"""Observations for one cause."""
_LONGEST = 160
_ERROR = re.compile(
    r"(?P<said>\b(?:FATAL|PANIC|ERROR|CRITICAL|SEVERE|E\d{4})\b.*|\b[\w.]*(?:Exception|Error)\b.*"
    r"|.*\b(?:refused|denied|timed? ?out|expired|exceeded|exhausted|unreachable|no such|not found|too many|cannot"
    r"|failed)\b.*)"
)
_CODE = re.compile(
    r"\b(?:[A-Z]{2,}-\d{3,6}|SQLSTATE[ =]\w{5}|E[A-Z]{4,}|[A-Z]{3,}_[A-Z_]{3,}|HTTP \d{3}"
    r"|(?:[A-Z]+[a-z]+){3,}|[A-Z]+[a-z]*(?:Error|Exception|Killed|Timeout|Exceeded|Failed|BackOff))\b"
)
_SPAN = re.compile(r"`([^`\n]{4,160})`")
_STAMP = re.compile(r"^\W*(?:\d{4}[-/]\d\d[-/]\d\d[T ][\d:.,]+\S*|\d\d:\d\d:\d\d\S*)\s*(?:\[[^\]]{1,80}\]\s*)?")


def tell_apart(hypothesis: Hypothesis, theirs: "ObservationSet", situation: Situation) -> tuple[str, ...]:
    """What stands in the evidence of a cause and nowhere in that of its rivals, in sentences."""
    found: dict[str, None] = {}
    for one in hypothesis.evidence:
        for said in _observations(one, theirs, situation, hypothesis.name):
            found.setdefault(said)
            if len(found) == MOST:
                return tuple(found)
    return tuple(found)


class ObservationSet:
    """All that the evidence of some causes says, to ask whether something stands in it."""

    def __init__(self, causes: Iterable[Hypothesis]) -> None:
        evidence = [one for cause in causes for one in cause.evidence]
        said = [_all(one) for one in evidence]
        self._text = "\n".join(map(_plain, said))
        self._words = frozenset[str]().union(*map(_words, said))
        self.keys = frozenset(deed.key for one in evidence for deed in extract_actions(one))

    def says(self, observed: str) -> bool:
        """Whether it says this, or each of its words somewhere."""
        return _plain(observed) in self._text or frozenset(words(mask(observed))) <= self._words


def _observations(evidence: Evidence, theirs: ObservationSet, situation: Situation, cause: str) -> Iterator[str]:
    if evidence.incident is None:
        return
    speaks_for = f"speaks for {cause}"
    reported = _plain(situation.text)
    for observed in _signs(evidence.incident.text):
        if not theirs.says(observed):
            shown, _ = old_values(observed, evidence.incident, situation)
            where = "is in what was reported and" if _plain(observed) in reported else "in the log"
            yield f"`{shown}` {where} ({evidence.id}) {speaks_for}"
    for deed in extract_actions(evidence):
        if deed.command and deed.key not in theirs.keys and classify(deed.command).risk == "read_only":
            shown, _ = old_values(deed.text, evidence.incident, situation)
            check = f"the check “{sentence(shown, _LONGEST)}” ({deed.citation.id}, line {deed.citation.line})"
            yield f"{check}, when it finds the same, {speaks_for}"


@lru_cache(maxsize=512)
def _signs(text: str) -> tuple[str, ...]:
    """They are asked for as often as an incident is evidence."""
    return tuple(_found(text))


def _found(text: str) -> Iterator[str]:
    """Error messages, quoted words and error codes of an opening text, the most telling first."""
    cleaned = clean(text[:LIMIT])
    lines = [_STAMP.sub("", line[: 2 * _LONGEST]).strip() for line in cleaned.splitlines()[1:]]
    for line in lines:
        if found := _ERROR.search(line):
            yield sentence(found["said"].replace("`", "'"), _LONGEST)
    for found in _SPAN.finditer(cleaned):
        yield found[1].strip()
    for found in _CODE.finditer(cleaned):
        yield found[0]


@lru_cache(maxsize=1024)
def _plain(text: str) -> str:
    return " ".join(mask(text[:LIMIT]).casefold().split())


@lru_cache(maxsize=512)
def _words(text: str) -> frozenset[str]:
    return frozenset(words(text))


def _all(evidence: Evidence) -> str:
    return f"{evidence.title}\n{evidence.incident.text if evidence.incident else ''}\n{cause_of(evidence)}"
