"""Discriminating observations: what to check to tell one cause from another."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from onrecall.domain.evidence import Evidence
from onrecall.domain.situation import Situation
from onrecall.recommendation.actions import extract_actions
from onrecall.recommendation.causes import Hypothesis, cause_text
from onrecall.recommendation.instance_values import mark_source_values, mask_instance_values
from onrecall.recommendation.risk.classify import classify
from onrecall.recommendation.sanitize import clean, sentence
from onrecall.recommendation.text_similarity import MAX_READ_LENGTH, extract_stems

MAX_OBSERVATIONS = 3
"""Maximum number of observations for one cause."""
_MAX_LENGTH = 160
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


def discriminating_observations(
    hypothesis: Hypothesis, rival_observations: "ObservationSet", situation: Situation
) -> tuple[str, ...]:
    """Return sentences on what the evidence of a cause shows and that of its rivals does not."""
    observations: dict[str, None] = {}
    for piece in hypothesis.evidence:
        for observation in _observations(piece, rival_observations, situation, hypothesis.name):
            observations.setdefault(observation)
            if len(observations) == MAX_OBSERVATIONS:
                return tuple(observations)
    return tuple(observations)


class ObservationSet:
    """The text, words and action keys of the evidence of some causes."""

    def __init__(self, causes: Iterable[Hypothesis]) -> None:
        evidence = [piece for cause in causes for piece in cause.evidence]
        texts = [_evidence_text(piece) for piece in evidence]
        self._text = "\n".join(map(_normalize, texts))
        self._words = frozenset[str]().union(*map(_word_set, texts))
        self.keys = frozenset(action.key for piece in evidence for action in extract_actions(piece))

    def says(self, observed: str) -> bool:
        """Return whether the evidence contains this text, or each of its words somewhere."""
        return (
            _normalize(observed) in self._text
            or frozenset(extract_stems(mask_instance_values(observed))) <= self._words
        )


def _observations(
    evidence: Evidence, rival_observations: ObservationSet, situation: Situation, cause: str
) -> Iterator[str]:
    if evidence.incident is None:
        return
    points_to = f"points to {cause}"
    reported = _normalize(situation.text)
    for observed in _error_signs(evidence.incident.text):
        if not rival_observations.says(observed):
            marked, _ = mark_source_values(observed, evidence.incident, situation)
            where = "was reported and" if _normalize(observed) in reported else "in the log"
            yield f"`{marked}` {where} {points_to} ({evidence.id})"
    for action in extract_actions(evidence):
        if (
            action.command
            and action.key not in rival_observations.keys
            and classify(action.command).risk == "read_only"
        ):
            marked, _ = mark_source_values(action.text, evidence.incident, situation)
            check = f"the check “{sentence(marked, _MAX_LENGTH)}” ({action.citation.id}, line {action.citation.line})"
            yield f"{check} {points_to} if it has the same result"


@lru_cache(maxsize=512)
def _error_signs(text: str) -> tuple[str, ...]:
    """Return the signs in a text, cached: the same incident is evidence many times."""
    return tuple(_find_signs(text))


def _find_signs(text: str) -> Iterator[str]:
    """Yield error messages, quoted words and error codes of an opening text, the most specific first."""
    cleaned = clean(text[:MAX_READ_LENGTH])
    lines = [_STAMP.sub("", line[: 2 * _MAX_LENGTH]).strip() for line in cleaned.splitlines()[1:]]
    for line in lines:
        if match := _ERROR.search(line):
            yield sentence(match["said"].replace("`", "'"), _MAX_LENGTH)
    for match in _SPAN.finditer(cleaned):
        yield match[1].strip()
    for match in _CODE.finditer(cleaned):
        yield match[0]


@lru_cache(maxsize=1024)
def _normalize(text: str) -> str:
    return " ".join(mask_instance_values(text[:MAX_READ_LENGTH]).casefold().split())


@lru_cache(maxsize=512)
def _word_set(text: str) -> frozenset[str]:
    return frozenset(extract_stems(text))


def _evidence_text(evidence: Evidence) -> str:
    return f"{evidence.title}\n{evidence.incident.text if evidence.incident else ''}\n{cause_text(evidence)}"
