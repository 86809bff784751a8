"""The kinds of words in a step: things, qualities, names, verbs of state, verbs that change something, unknown ones."""

import re
from collections.abc import Callable

from onrecall.recommendation.risk.prose.deeds import is_change_verb
from onrecall.recommendation.risk.prose.english import verb_list, word_list

_NOUN = re.compile(r"[a-z]{2,}(?:tion|sion|ment|ness|ity|ance|ence|ship|ism|ology|graph|ware|time|rate)s?")
"""Words that are nouns by their ending."""
_NUMBER = re.compile(r"[\d.,:%+x×/–-]+(?:[a-z]{1,3}|%)?")
_NAME = re.compile(r"[A-Za-z0-9‹<$#@~/.%][\w./@%:=*<>‹›#$~+,–-]*")
_SIGNS_OF_A_NAME = re.compile(r"[\d_./@%:=*<>‹›#$~]|[a-z][A-Z]|[A-Z]{2}")


def _is_listed(*sections: str) -> Callable[[str], bool]:
    return lambda word: any(word in word_list(section) for section in sections)


_KINDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("determiner", _is_listed("determiners")),
    ("preposition", _is_listed("prepositions")),
    ("instrument", _is_listed("instruments")),
    ("auxiliary", _is_listed("auxiliaries")),
    ("question", _is_listed("questions")),
    ("thing", lambda word: word.removesuffix("'s") in word_list("things")),
    ("quality", _is_listed("qualities")),
    ("thing", _is_listed("people")),
    ("manner", lambda word: word in word_list("manner") or (word.endswith("ly") and len(word) > 4)),
    ("number", lambda word: _NUMBER.fullmatch(word) is not None),
    ("loss", _is_listed("losses")),
    ("state", lambda word: word in verb_list("states")),
    ("deed", is_change_verb),
    ("thing", lambda word: _NOUN.fullmatch(word) is not None),
    ("look", lambda word: word in verb_list("looking")),
)
"""The kinds, in the order in which they are tried."""


def kind_of(token: str, *, first: bool) -> str:
    """The kind of a word as it was written; `first` where a capital letter says nothing."""
    if token.startswith("«"):
        return "quote"
    word = token.lower().replace("’", "'")
    kind = next((kind for kind, fits in _KINDS if fits(word)), None)
    return kind or ("name" if _is_name(token, first=first) else "unknown")


def _is_name(token: str, *, first: bool) -> bool:
    """Whether a token names something: it has digits, signs or capitals inside."""
    if not _NAME.fullmatch(token) or len(token) < 2:
        return False
    return _SIGNS_OF_A_NAME.search(token) is not None or "-" in token or (token[0].isupper() and not first)
