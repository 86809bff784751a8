"""Whether a question is about another thing than what is on record again and again: repetitions show what stays."""

from collections.abc import Sequence

from onrecall.domain.evidence import Evidence
from onrecall.domain.situation import Situation
from onrecall.recommendation.text_similarity import extract_stems


def has_other_subject(situation: Situation, precedent: Evidence, evidence: Sequence[Evidence]) -> bool:
    """Return whether a question has other words in place of one that all near duplicates have in their titles.

    What is on record once does not tell which of its words are constant.
    """
    same = [precedent, *(other for other in evidence if other.id in precedent.near_duplicates)]
    if len(same) == 1:
        return False
    titles = [_words(piece.title) for piece in same]
    missing = frozenset.intersection(*titles) - _words(situation.text)
    descriptions = (_words(piece.incident.description) for piece in same if piece.incident)
    return bool(missing and _words(situation.text.partition("\n")[0]).difference(*titles, *descriptions))


def _words(text: str) -> frozenset[str]:
    """Return the stems of words, without numbers and the single letters that ids fall apart into."""
    return frozenset(stem for stem in extract_stems(text) if stem.isalpha() and (len(stem) > 1 or not stem.isascii()))
