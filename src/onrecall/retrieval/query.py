"""A situation as recall asks for it: its headline, what it says, what names it exactly, and where it happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onrecall.domain.situation import Situation
from onrecall.retrieval import log_templates, signatures, synonyms, tokenizer
from onrecall.retrieval.record_ids import strip_ticket_ids
from onrecall.retrieval.situation_parser import ParsedText, parse_text

MAX_WORDS = 600
"""Words of a situation that are compared."""
EMBEDDED_WORDS = 80
"""Words whose meaning is compared; more cost time and add nothing."""
HEADLINE_WORDS = 40
HEADLINE_WEIGHT = 2
"""How often a word of the headline counts."""
LISTING_WEIGHT = 0.3
"""How often a term counts that stands in a list alone: lists repeat what every system writes."""
SYNONYM_WEIGHT = 0.5
"""How often a term counts that only another name of what was said has."""


@dataclass(frozen=True, slots=True)
class QuerySynonym:
    """Another name of something the situation mentions."""

    original: str
    original_terms: frozenset[int]
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
    """Synonyms that the situation itself does not use."""
    codes: Mapping[int, str]
    """Error codes and exceptions, by their term's number."""
    templates: frozenset[str]
    """Templates of its error lines."""
    service: str | None
    labels: Mapping[str, str]
    corrections: Mapping[str, str] = field(default_factory=dict)
    """Misspelt words that are read as words the memory has."""


def parse_situation(situation: Situation) -> Query:
    """Parse a situation into the query that is compared with records."""
    parsed = parse_text(strip_ticket_ids(situation.text, situation.exclude))
    headline = _headline(parsed)
    own = _truncate_words("\n".join(dict.fromkeys([*parsed.headlines, *parsed.prose, *parsed.errors])), MAX_WORDS)
    text = _truncate_words("\n".join([own, *parsed.listing]), MAX_WORDS)
    weights, spelled, sequence = _weigh_terms(headline, own, text[len(own) :])
    query_synonyms = _missing_synonyms(sequence, spelled)
    return Query(
        headline=headline,
        text=text,
        meaning=tuple(filter(str.strip, dict.fromkeys((_embedding_input(text), _embedding_input(headline))))),
        weights={
            **dict.fromkeys((term for synonym in query_synonyms for term in synonym.terms), SYNONYM_WEIGHT),
            **weights,
        },
        spelled=spelled,
        other_names=query_synonyms,
        codes={tokenizer.term_id(term): written for term, written in signatures.find_codes(text).items()},
        templates=signatures.extract_templates(parsed.errors),
        service=situation.service or parsed.service,
        labels={**parsed.labels, **situation.labels},
    )


def _embedding_input(text: str) -> str:
    return tokenizer.split_names(_truncate_words(log_templates.mask_variables(text, " "), EMBEDDED_WORDS)).strip()


def _headline(parsed: ParsedText) -> str:
    """What it is about: the title that was given, else the first line, else the deepest error."""
    if parsed.headlines:
        return _truncate_words(" ".join(parsed.headlines[:2]), HEADLINE_WORDS)
    return _truncate_words(next(iter((*parsed.prose, *parsed.errors)), ""), HEADLINE_WORDS)


def _weigh_terms(headline: str, own: str, listing: str) -> tuple[dict[int, float], dict[int, str], list[str]]:
    """How much each term counts, the word it was made of, and the terms in the order they stand.

    Terms count as often as they stand in the text without its lists; one that only lists have counts once, and less.
    """
    weights: dict[int, float] = {}
    spelled: dict[int, str] = {}
    sequence: list[str] = []
    for part, weight in ((own, 1), (headline, HEADLINE_WEIGHT - 1)):
        for term, word in tokenizer.tokens_with_source(part):
            number = tokenizer.term_id(term)
            weights[number] = weights.get(number, 0) + weight
            spelled.setdefault(number, word)
            sequence.append(term)
    for term, word in tokenizer.tokens_with_source(listing):
        number = tokenizer.term_id(term)
        weights.setdefault(number, LISTING_WEIGHT)
        spelled.setdefault(number, word)
        sequence.append(term)
    return weights, spelled, sequence


def _missing_synonyms(sequence: Sequence[str], spelled: Mapping[int, str]) -> tuple[QuerySynonym, ...]:
    """Return synonyms of its terms that the situation does not use already."""
    candidates = (
        QuerySynonym(synonym.original, _term_ids(synonym.original_terms), synonym.name, _term_ids(synonym.terms))
        for synonym in synonyms.find_synonyms(sequence)
    )
    return tuple(synonym for synonym in candidates if not synonym.terms <= spelled.keys())


def _term_ids(term_list: Sequence[str]) -> frozenset[int]:
    return frozenset(map(tokenizer.term_id, term_list))


def _truncate_words(text: str, words: int) -> str:
    """The first words, lines kept."""
    lines: list[str] = []
    for line in text.split("\n"):
        parts = line.split()
        lines.append(line if len(parts) <= words else " ".join(parts[:words]))
        words -= len(parts)
        if words <= 0:
            break
    return "\n".join(lines)
