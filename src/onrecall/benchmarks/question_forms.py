"""The same question as people in a hurry put it: terse, misspelt, as a bare name. Made the same way every time."""

import hashlib
import random
import re

from onrecall.retrieval.tokenizer import STOP_WORDS

TERSE_WORDS = 5
"""Words that are left of a terse question."""
TYPO_SHARE = 0.25
"""Share of the longer words that get a typo."""
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]+|\d+")
_LONG_WORD = re.compile(r"[A-Za-z]{5,}")


def terse(text: str) -> str:
    """The first few words that say something, in lower case, as one types into a chat."""
    words = [word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS]
    return " ".join(words[:TERSE_WORDS])


def misspelt(text: str) -> str:
    """A quarter of the longer words with two letters swapped, one left out or one doubled."""
    draws = _random(text)
    return _LONG_WORD.sub(lambda match: _typo(match[0], draws) if draws.random() < TYPO_SHARE else match[0], text)


def bare_name(text: str) -> str:
    """The words run together in CamelCase, as alerts are named."""
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", text))


def _typo(word: str, draws: random.Random) -> str:
    place = draws.randrange(1, len(word) - 1)
    kind = draws.randrange(3)
    if kind == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    return word[:place] + word[place] + word[place:]


def _random(text: str) -> random.Random:
    return random.Random(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())  # noqa: S311 (typos)
