"""A clause of a step in words."""

import re
from dataclasses import dataclass
from functools import cache

from onrecall.recommendation.risk.prose.deeds import is_change_verb
from onrecall.recommendation.risk.prose.english import verb_forms, verb_list, word_list, word_rows
from onrecall.recommendation.risk.prose.word_kinds import kind_of

CODE = "CODE"
"""Stands for code in backticks, which is judged by itself."""
OBJECTS = frozenset(["it", "them", "him", "her"])
_SUBJECTS = frozenset(["we", "i", "you", "they", "it", "he", "she", "to"])
_QUOTES = "\"'“”\u2018\u2019"
_TOKEN = re.compile(r"\"[^\"]*\"|“[^”]*”|\u2018[^\u2019]*\u2019|'[^']{2,}'|\S+")
_EDGES = ".,;:!?()[]{}<>*_" + _QUOTES
_OF_A_LIST = frozenset(
    ["thing", "name", "quote", "number", "quality", "determiner", "preposition", "instrument", "manner"]
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause: its words in small letters from its verb on, and each as it was written.

    What stood in quotes is one token, `«…»`; code in backticks is the token `CODE`.
    """

    text: str
    words: tuple[str, ...]
    tokens: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> "Clause":
        """A clause without the fillers before its verb: "then please", "we"."""
        tokens = [token for token in (_strip(piece) for piece in _TOKEN.findall(text)) if token]
        while tokens and (tokens[0].lower() in word_list("manner") or tokens[0].lower() in _SUBJECTS):
            tokens.pop(0)
        return cls(text, tuple(token.lower() for token in tokens), tuple(tokens))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kind of each word."""
        return tuple(kind_of(token, first=place == 0) for place, token in enumerate(self.tokens))

    def looks(self) -> bool:
        """Whether its verb is one of looking or telling."""
        head = self.words[0]
        if head in verb_list("looking") or head in verb_list("telling") or self.states_to_ensure() is not None:
            return True
        if "back" in self.words[1:3]:
            return False
        return any(head in verbs and not objects.isdisjoint(self.words[1:6]) for verbs, objects in _objects_by_verb())

    def states_to_ensure(self) -> frozenset[str] | None:
        """Where its verb asks for a state, as "make sure" does: the states that are only looked at."""
        return next((states for heads, states in _states_by_verb() if self.words[0] in heads), None)

    def is_list_of_things(self) -> bool:
        """Whether it only goes on with a list: known things and names, no verb."""
        if any(word in OBJECTS or (is_change_verb(word) and word not in word_list("things")) for word in self.words):
            return False
        kinds = [kind_of(token, first=False) for token in self.tokens]
        if len(self.words) == 1 and is_change_verb(self.words[0]) and self.words[0] in word_list("both"):
            return False
        if self.words and self.words[0] in word_list("both") and len(kinds) > 1:
            is_list = kinds[1] == "preposition" or self.words[1] in word_list("measures")
            if not is_list:
                return False
        return _OF_A_LIST.issuperset(kinds) and not {"thing", "name"}.isdisjoint(kinds)

    def goes_on_telling(self) -> bool:
        """Whether it only says how a thing is: "its size is plausible", or asks why."""
        kinds = [kind_of(token, first=False) for token in self.tokens]
        if kinds == ["question"]:
            return True
        tells = kinds[:1] == ["determiner"] and "auxiliary" in kinds and "thing" in kinds
        return tells and _OF_A_LIST.union(["auxiliary"]).issuperset(kinds) and not any(map(is_change_verb, self.words))


def _strip(piece: str) -> str:
    if piece[0] in _QUOTES and " " in piece:
        return f"«{piece.strip(_QUOTES)}»"
    return piece if piece.startswith("-") else piece.strip(_EDGES)


@cache
def _objects_by_verb() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    rows = [line.partition(" | ") for line in word_rows("taking")]
    return tuple(
        (frozenset(form for verb in verbs.split() for form in verb_forms(verb)), frozenset(objects.split()))
        for verbs, _, objects in rows
    )


@cache
def _states_by_verb() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    rows = [line.partition(" | ") for line in word_rows("ensuring")]
    return tuple((frozenset(heads.split()), frozenset(states.split())) for heads, _, states in rows)
