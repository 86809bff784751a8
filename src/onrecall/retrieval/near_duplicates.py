"""Near duplicates: what happens again and again opens with the same words but for ids, times and numbers.

Pages are no near duplicates, however alike they read: each was written about a subject of its own.
"""

from functools import cached_property

from onrecall.domain.incident import Incident
from onrecall.retrieval.explanation import Record
from onrecall.retrieval.log_templates import mask_line
from onrecall.retrieval.scoring import normalize_words
from onrecall.retrieval.tokenizer import UNSPACED, character_pairs

MAX_CHARACTERS = 1_500
"""Characters of a description that are compared."""
MIN_TEXT, MIN_TITLE = 0.6, 0.5
"""Jaccard similarity of the words of two openings, and of their titles, from which they are near duplicates.

The title names the fault: alerts on two faults may share all other words.
"""


class Opening:
    """What an incident said when it opened, as far as it would say so again. Words are read when they are needed."""

    def __init__(self, title: str, description: str = "", service: str | None = None) -> None:
        self._title, self._description, self.service = title, description, service

    @cached_property
    def title_words(self) -> frozenset[str]:
        """The words of the title."""
        return _lasting_words(self._title)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of title and description."""
        return self.title_words | _lasting_words(self._description[:MAX_CHARACTERS])

    def is_near_duplicate(self, other: "Opening") -> bool:
        """Return whether both say the same, of one service as far as both name one."""
        if self.service and other.service and self.service != other.service:
            return False
        titles = _jaccard(self.title_words, other.title_words)
        return titles >= MIN_TITLE and _jaccard(self.words, other.words) >= MIN_TEXT


def read_opening(record: Record) -> Opening | None:
    """Return the opening of an incident; None for any other record."""
    return Opening(record.title, record.description, record.service) if isinstance(record, Incident) else None


def _lasting_words(text: str) -> frozenset[str]:
    """Return the words without what changes from one occurrence to the next; unspaced writing by pairs."""
    words = normalize_words(" ".join(mask_line(line, " ") for line in text.splitlines())).split()
    return frozenset(part for word in words for part in (character_pairs(word) if UNSPACED.search(word) else (word,)))


def _jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    shared = len(first & second)
    return shared / max(len(first) + len(second) - shared, 1)
