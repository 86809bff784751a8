"""Tell words from random strings by the frequency of their letter pairs."""

import re
from functools import lru_cache

CHUNK = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
"""A word of camelCase, an acronym or a number."""
_SPELLED = re.compile(r"[A-Z][a-z]{2,}|[a-z]{4,}|[A-Z]{4,}")
_FOLLOWERS = {
    "a": "bcdgilmnprstu", "b": "aceijlorsu", "c": "acehiklorstu", "d": "adefilorsu", "e": "acdeflmnprstx",
    "f": "aefilorstu", "g": "aeghilmnorsu", "h": "aeilmortuy", "i": "abcdefglmnoprstv", "j": "adeiopsuw",
    "k": "aeilmnopstu", "l": "adeilostuy", "m": "abeilmopsu", "n": "acdefgiostuv", "o": "bcdglmnoprstuvw",
    "p": "aehiloprstu", "q": "lrsu", "r": "acdeimorstuy", "s": "acehilopstu", "t": "acehilorstuy",
    "u": "abceilmnprst", "v": "aceio", "w": "aehinors", "x": "aceimopty", "y": "abcegilmnoprst", "z": "aeiotu",
}  # fmt: skip
"""Which letters follow which in 2 % of the cases and more, in technical English and the names of programs."""
_PAIRS = frozenset(a + b for a, followers in _FOLLOWERS.items() for b in followers)
_SENSE = 0.58
"""Fewer of its pairs are common in 0.5 % of 4,400 words of eight letters and more, and in 85 % of random ones."""
_SENSE_IN_CAMEL_CASE = 0.75
_SHORTEST_HUMPS = 3.3
"""Letters from one capital to the next, on average, where camelCase is made of words."""


@lru_cache(maxsize=4096)
def is_gibberish(value: str) -> bool:
    """Return whether these are eight or more letters with mostly rare pairs, so not a natural word."""
    value = value.rstrip("0123456789")
    if len(value) < 8 or not value.isascii() or not value.isalpha():
        return False
    jumps = len(value) / len(CHUNK.findall(value)) < _SHORTEST_HUMPS
    return _share_of_pairs(value.lower()) < (_SENSE_IN_CAMEL_CASE if jumps else _SENSE)


def reads_as_words(value: str) -> bool:
    """Return whether most of it is words, as in the name of a class or file."""
    words = [word for word in _SPELLED.findall(value) if _share_of_pairs(word.lower()) >= _SENSE]
    return sum(map(len, words)) > 0.5 * len(value)


def _share_of_pairs(letters: str) -> float:
    """Return the share of a word's letter pairs that are common."""
    return sum(letters[n : n + 2] in _PAIRS for n in range(len(letters) - 1)) / max(1, len(letters) - 1)
