"""Diagnostic checks: what was looked at, without changing anything, before the fix; and which of them are the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from onrecall.domain.evidence import Evidence
from onrecall.recommendation.actions import EvidenceAction, extract_actions
from onrecall.recommendation.imperative import to_imperative
from onrecall.recommendation.instance_values import mask_instance_values
from onrecall.recommendation.risk.prose.english import verb_list
from onrecall.recommendation.step_keys import step_key
from onrecall.recommendation.steps import action_risk
from onrecall.recommendation.text_similarity import extract_stems, jaccard_similarity

SAME_CHECK_SIMILARITY = 0.6
"""Minimum word overlap (Jaccard) at which two commands, or two texts without one, look at the same."""


@dataclass(frozen=True, slots=True)
class CheckForm:
    """What a check is compared by: its key, and its words without hosts, ids and numbers."""

    key: str
    words: frozenset[str]

    @classmethod
    def of(cls, text: str, command: str | None) -> "CheckForm":
        """Return the form of an action: the words of its command, else of its text."""
        return cls(step_key(text, command), _words(command or text))

    def same(self, other: "CheckForm") -> bool:
        """Return whether both look at the same."""
        return self.key == other.key or jaccard_similarity(self.words, other.words) >= SAME_CHECK_SIMILARITY


def diagnostic_actions(evidence: Evidence) -> tuple[EvidenceAction, ...]:
    """Return the checks of a piece of evidence, in its order: what comes after the first change that worked is none.

    A look after the fix confirms the fix and tells no causes apart. What failed in between fixed nothing.
    """
    return tuple(_before_fix(evidence))


def only_looks(text: str, command: str | None) -> bool:
    """Return whether an action that changes nothing looks at something: by a command, or by its first word."""
    verb = next(iter(to_imperative(text).casefold().split()), "")
    return bool(command) or verb in verb_list("looking")


def _before_fix(evidence: Evidence) -> Iterator[EvidenceAction]:
    for action in extract_actions(evidence):
        if action_risk(action) != "read_only":
            if not action.failed:
                return
        elif only_looks(action.text, action.command):
            yield action


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(extract_stems(mask_instance_values(text)))
