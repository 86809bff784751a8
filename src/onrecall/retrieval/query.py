"""A situation as recall asks for it: its headline, what it says, what names it exactly, and where it happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onrecall.domain.incident import Situation
from onrecall.retrieval import log_templates as loglines
from onrecall.retrieval import signatures
from onrecall.retrieval import synonyms as thesaurus
from onrecall.retrieval import tokenizer as terms
from onrecall.retrieval.situation_parser import ParsedText, take_apart

WORDS = 600
"""Words of a situation that are compared."""
EMBEDDED = 80
"""Words whose meaning is compared; more cost time and add nothing."""
HEADLINE = 40
EMPHASIS = 2
"""How often a word of the headline counts."""
LISTED = 0.3
"""How often a term counts that stands in a list alone: lists repeat what every system writes."""
OTHER_NAME = 0.5
"""How often a term counts that only another name of what was said has."""


@dataclass(frozen=True, slots=True)
class QuerySynonym:
    """What something that was said is also called."""

    said: str
    said_terms: frozenset[int]
    name: str
    terms: frozenset[int]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for."""

    headline: str
    text: str
    """The headline and all else that matters, a piece a line."""
    meaning: tuple[str, ...]
    """What is embedded: the text, and its headline where it says more; names split, log lines masked; nothing blank."""
    weights: Mapping[int, float]
    """How much each term counts, by its number."""
    spelled: Mapping[int, str]
    """The word each term was made of; terms of other names alone have none."""
    other_names: tuple[QuerySynonym, ...]
    """Names of what was said that nobody said."""
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
    own = _cut("\n".join(dict.fromkeys([*pasted.headlines, *pasted.prose, *pasted.errors])), WORDS)
    text = _cut("\n".join([own, *pasted.listing]), WORDS)
    weights, spelled, said = _weigh(headline, own, text[len(own) :])
    others = _other_names(said, spelled)
    return Query(
        headline=headline,
        text=text,
        meaning=tuple(filter(str.strip, dict.fromkeys((_meaning(text), _meaning(headline))))),
        weights={**dict.fromkeys((term for one in others for term in one.terms), OTHER_NAME), **weights},
        spelled=spelled,
        other_names=others,
        codes={terms.number(term): written for term, written in signatures.codes(text).items()},
        templates=signatures.templates(pasted.errors),
        service=situation.service or pasted.service,
        labels={**pasted.labels, **situation.labels},
    )


def _meaning(text: str) -> str:
    return terms.split_names(_cut(loglines.mask(text, " "), EMBEDDED)).strip()


def _headline(pasted: ParsedText) -> str:
    """What it is about: the title that was given, else the first line, else the deepest error."""
    if pasted.headlines:
        return _cut(" ".join(pasted.headlines[:2]), HEADLINE)
    return _cut(next(iter((*pasted.prose, *pasted.errors)), ""), HEADLINE)


def _weigh(headline: str, own: str, listing: str) -> tuple[dict[int, float], dict[int, str], list[str]]:
    """How much each term counts, the word it was made of, and the terms in the order they stand.

    Terms count as often as they stand in the text without its lists; one that only lists have counts once, and less.
    """
    weights: dict[int, float] = {}
    spelled: dict[int, str] = {}
    said: list[str] = []
    for part, weight in ((own, 1), (headline, EMPHASIS - 1)):
        for term, word in terms.spelled(part):
            number = terms.number(term)
            weights[number] = weights.get(number, 0) + weight
            spelled.setdefault(number, word)
            said.append(term)
    for term, word in terms.spelled(listing):
        number = terms.number(term)
        weights.setdefault(number, LISTED)
        spelled.setdefault(number, word)
        said.append(term)
    return weights, spelled, said


def _other_names(said: Sequence[str], spelled: Mapping[int, str]) -> tuple[QuerySynonym, ...]:
    """What the situation does not say already."""
    found = (
        QuerySynonym(one.said, _numbers(one.said_terms), one.name, _numbers(one.terms))
        for one in thesaurus.other_names(said)
    )
    return tuple(one for one in found if not one.terms <= spelled.keys())


def _numbers(found: Sequence[str]) -> frozenset[int]:
    return frozenset(map(terms.number, found))


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
