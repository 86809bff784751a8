"""Similarity of texts by the stems of their words, without stopwords."""

import re

import Stemmer

MAX_READ_LENGTH = 20_000
"""Characters of a text that are read for its words."""

_TOKEN = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_STOPWORDS = frozenset(
    re.findall(
        r"\w+",
        """
    a about after again all also an and any are as at be because been before being but by can cannot could did do
    does due during each every for from had has have he her his how i if in into is it its itself more most no not
    of off on once one only or other our out over own s same she should so some such t than that the their them then
    there these they this those through to too under until up very was we were what when where which while who why
    will with would you your
        """,
    )
)


def extract_stems(text: str) -> list[str]:
    """Return the stems of a text's words in order: identifiers are split, stopwords are left out."""
    pieces = [piece.lower() for piece in _TOKEN.findall(text[:MAX_READ_LENGTH])]
    return stem_words([piece for piece in pieces if piece not in _STOPWORDS])


def stem_words(lowered: list[str]) -> list[str]:
    """Return the English stems. A stemmer is not thread-safe, so each call creates its own."""
    stemmed: list[str] = Stemmer.Stemmer("english").stemWords(lowered)
    return stemmed


def jaccard_similarity(first: frozenset[str], second: frozenset[str]) -> float:
    """Return the Jaccard similarity of two sets of words, 0..1."""
    union = first | second
    return len(first & second) / len(union) if union else 0.0


def normalize_label(name: str) -> str:
    """Return a name without case, blanks and punctuation: `Kube Pod Crash-Looping` gives `kubepodcrashlooping`."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
