"""Cause labels: their normalized form, and whether a document is about one by its title."""

import re

from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident

MIN_WORDS = 2
"""A label of one word, such as `network`, says too little to recognise a document by."""
MIN_SHARED_LETTERS = 4
ENDING = 4
"""Letters at the end of a word that may differ: exhausted, exhaustion."""

_SEPARATORS = re.compile(r"[\W_]+")
_WORD = re.compile(r"[a-z0-9]+")


def normalized_cause(incident: Incident) -> str:
    """Return the normalized label of a confirmed cause, otherwise an empty string."""
    resolution = incident.resolution
    return normalize_label(resolution.cause) if resolution and resolution.cause and resolution.confirmed else ""


def normalize_label(text: str) -> str:
    """Normalize case, blanks and punctuation: `Connection_Pool exhaustion` equals `connection-pool-exhaustion`."""
    return _SEPARATORS.sub(" ", text.casefold()).strip()


def is_about_cause(evidence: Evidence, label: str | None) -> bool:
    """Return whether evidence is a document, not an incident, whose title names a cause."""
    return evidence.document is not None and names_cause(evidence.title, label)


def names_cause(title: str, label: str | None) -> bool:
    """Return whether a title has every word of a cause's label, whatever their endings."""
    label_words = _WORD.findall((label or "").lower())
    title_words = _WORD.findall(title.lower())
    return len(label_words) >= MIN_WORDS and all(
        any(_is_same_word(wanted, word) for word in title_words) for wanted in label_words
    )


def _is_same_word(first: str, second: str) -> bool:
    if first == second:
        return True
    stem = max(MIN_SHARED_LETTERS, min(len(first), len(second)) - ENDING)
    is_long_enough = min(len(first), len(second)) >= MIN_SHARED_LETTERS
    close_in_length = abs(len(first) - len(second)) <= ENDING
    return is_long_enough and close_in_length and first[:stem] == second[:stem]
