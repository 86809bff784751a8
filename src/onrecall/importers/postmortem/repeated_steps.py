"""Drop attempts that a postmortem reports twice, such as once in its chronology and once under "What did not help"."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from onrecall.domain.incident import ResolutionStep
from onrecall.importers.postmortem.deeds import base_verb
from onrecall.importers.postmortem.outcomes import before_outcome

SHARED = 0.6
"""Share of the words of the shorter description that both must have."""
FEWEST = 2
"""Minimum words that both must have."""
MOST_COMPARED = 100
"""Attempts with which each is compared, so that a page of thousands is read in linear time."""
_WORD = re.compile(r"[^\W_][\w.-]*")
_FILLER_WORDS = (
    "a an and at by for from in into it its no of off on once our out some that the them then these this to up was we "
    "were with again also all first just only try both twice"
)
_FILLERS = frozenset(_FILLER_WORDS.split())


def without_repetitions(attempts: Sequence[ResolutionStep], known: Sequence[ResolutionStep]) -> list[ResolutionStep]:
    """Return failed attempts without those that an earlier one, or a failed one of `known`, describes as well.

    Of two descriptions the one with a command stays, in the place of the first.
    """
    failed_before = [step for step in known if step.outcome != "worked"][:MOST_COMPARED]
    distinct: list[ResolutionStep] = []
    for step in attempts:
        if any(describes_same_attempt(step, other) for other in failed_before):
            continue
        first = max(0, len(distinct) - MOST_COMPARED)
        places = range(first, len(distinct))
        place = next((n for n in places if describes_same_attempt(step, distinct[n])), None)
        if place is None:
            distinct.append(step)
        elif step.command and not distinct[place].command:
            distinct[place] = step
    return distinct


def describes_same_attempt(step: ResolutionStep, other: ResolutionStep) -> bool:
    """Return whether two failed steps do the same to the same thing; different commands make different steps."""
    if step.command and other.command:
        return step.command == other.command and step.outcome == other.outcome
    if step.outcome != other.outcome:
        return False
    words, other_words = _stems(step.text), _stems(other.text)
    shared = len(words & other_words)
    return shared >= FEWEST and shared >= SHARED * min(len(words), len(other_words))


@lru_cache(maxsize=1024)
def _stems(text: str) -> frozenset[str]:
    """Return the base forms of the words up to where the outcome is stated; cached, as each is compared with many."""
    return frozenset(_stems_in(text))


def _stems_in(text: str) -> Iterator[str]:
    for word in _WORD.findall(before_outcome(text).casefold()):
        if word not in _FILLERS:
            yield base_verb(word) or word.strip(".-").removesuffix("s")
