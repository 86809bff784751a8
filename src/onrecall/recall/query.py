"""A situation as recall asks for it: its headline, what it says, what names it exactly, and where it happens."""

from collections.abc import Mapping
from dataclasses import dataclass

from onrecall.incident import Situation
from onrecall.recall import loglines, signatures, terms
from onrecall.recall.pasted import Pasted, take_apart

WORDS = 600
"""Words of a situation that are compared."""
EMBEDDED = 80
"""Words whose meaning is compared; more cost time and add nothing."""
HEADLINE = 40
EMPHASIS = 2
"""How often a word of the headline counts."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for."""

    headline: str
    text: str
    """The headline and all else that matters, a piece a line."""
    meaning: tuple[str, ...]
    """What is embedded: the text, and its headline where it says more; names split, log lines masked; nothing blank."""
    weights: Mapping[int, int]
    """How much each term counts, by its number."""
    spelled: Mapping[int, str]
    """The word each term was made of."""
    codes: Mapping[int, str]
    """Error codes and exceptions, by their term's number."""
    templates: frozenset[str]
    """Templates of its error lines."""
    service: str | None
    labels: Mapping[str, str]


def understand(situation: Situation) -> Query:
    """What matters of what somebody told us."""
    pasted = take_apart(situation.text)
    headline = _headline(pasted)
    text = _cut("\n".join(dict.fromkeys([*pasted.headlines, *pasted.prose, *pasted.errors])), WORDS)
    weights, spelled = _weigh(headline, text)
    return Query(
        headline=headline,
        text=text,
        meaning=tuple(filter(str.strip, dict.fromkeys((_meaning(text), _meaning(headline))))),
        weights=weights,
        spelled=spelled,
        codes={terms.number(term): written for term, written in signatures.codes(text).items()},
        templates=signatures.templates(pasted.errors),
        service=situation.service or pasted.service,
        labels={**pasted.labels, **situation.labels},
    )


def _meaning(text: str) -> str:
    return terms.split_names(_cut(loglines.mask(text, " "), EMBEDDED)).strip()


def _headline(pasted: Pasted) -> str:
    """What it is about: the title that was given, else the first line, else the deepest error."""
    if pasted.headlines:
        return _cut(" ".join(pasted.headlines[:2]), HEADLINE)
    return _cut(next(iter((*pasted.prose, *pasted.errors)), ""), HEADLINE)


def _weigh(headline: str, text: str) -> tuple[dict[int, int], dict[int, str]]:
    weights: dict[int, int] = {}
    spelled: dict[int, str] = {}
    for part, weight in ((text, 1), (headline, EMPHASIS - 1)):
        for term, word in terms.spelled(part):
            number = terms.number(term)
            weights[number] = weights.get(number, 0) + weight
            spelled.setdefault(number, word)
    return weights, spelled


def _cut(text: str, words: int) -> str:
    """The first words, lines kept."""
    kept: list[str] = []
    for line in text.split("\n"):
        parts = line.split()
        kept.append(line if len(parts) <= words else " ".join(parts[:words]))
        words -= len(parts)
        if words <= 0:
            break
    return "\n".join(kept)
