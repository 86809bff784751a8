"""Explain why a record was recalled and how it differs, in sentences built from the scorer's inputs."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from onrecall.domain.document import Document
from onrecall.domain.incident import Incident
from onrecall.domain.suggestion import Suggestion
from onrecall.retrieval import tokenizer
from onrecall.retrieval.query import Query
from onrecall.retrieval.scoring import TermWeights

MAX_LISTED = 6
"""Terms named in one sentence."""
MIN_INFORMATION_SHARE = 0.25
"""Name a term if it carries at least this share of the information of the most informative term."""


SIMILAR_MEANING = 0.5
"""Sentences nearer than this mean much the same to the sentence model."""

Record = Incident | Document | Suggestion


_FUNCTION_WORDS = """
about after again all also an and any are as at be because been before but by can could did do does during each else
even every for from get gets getting goes going got had has have how if in into is it its just like no not now of off on
one only or our out over own same see seems should since so some still such than that the their them then there
these they this those to too until up us very was we were what when where which while who why will with would you your
"""
UNNAMED_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words that say nothing of what broke, and are not named as shared or missing."""


def informative_terms(query: Query, rarity: TermWeights) -> tuple[int, ...]:
    """Return the terms of a situation that are worth naming, most informative first."""
    says = {term: rarity.idf[term] * query.weights[term] for term in query.spelled}
    least = MIN_INFORMATION_SHARE * max(says.values(), default=0.0)
    ranked = sorted(says, key=lambda term: (-says[term], query.spelled[term]))
    return tuple(term for term in ranked if says[term] >= least)


def reasons(
    query: Query, record: Record, present: frozenset[int], informative: Sequence[int], similarity: float | None
) -> tuple[str, ...]:
    """Return what both share, most informative first, then what differs; `informative` are the terms to name."""
    errors = [written for term, written in query.codes.items() if term in present]
    is_similar = similarity is not None and similarity >= SIMILAR_MEANING
    return (
        *([f"same error: {', '.join(errors[:MAX_LISTED])}"] if errors else []),
        *_shared_location(query, record),
        *_shared_words(query, present, informative),
        *_read_corrections(query, present),
        *_matched_synonyms(query, present),
        *([f"similar meaning ({similarity:.2f})"] if is_similar else []),
        *_differences(query, record, present, informative),
    )


def location_overlap(query: Query, record: Record) -> float:
    """Return the share (0..1) of the situation's service and labels that the record has, too."""
    service, labels = matching_location(query, record)
    compared = len(query.labels) + bool(query.service)
    return (service + len(labels)) / compared if compared else 0.0


def matching_location(query: Query, record: Record) -> tuple[bool, Mapping[str, str]]:
    """Return whether the service matches, and the labels that match."""
    service = bool(query.service and record.service and query.service.casefold() == record.service.casefold())
    return service, {name: value for name, value in record.labels.items() if query.labels.get(name) == value}


def _shared_location(query: Query, record: Record) -> list[str]:
    service, labels = matching_location(query, record)
    label_list = ", ".join(f"{name}={value}" for name, value in sorted(labels.items())[:MAX_LISTED])
    return [
        *([f"same service: {record.service}"] if service else []),
        *([f"same labels: {label_list}"] if label_list else []),
    ]


def _shared_words(query: Query, present: frozenset[int], informative: Sequence[int]) -> list[str]:
    shared = _distinct_words(query, (term for term in informative if term in present))
    return [f"both mention: {', '.join(shared)}"] if shared else []


def _read_corrections(query: Query, present: frozenset[int]) -> list[str]:
    """Return which misspelt words were read as words that the record has."""
    words = {query.spelled[term].lower() for term in present if term in query.spelled}
    read = [f"{written} as {word}" for written, word in query.corrections.items() if word in words]
    return [f"read {', '.join(read[:MAX_LISTED])}"] if read else []


def _matched_synonyms(query: Query, present: frozenset[int]) -> list[str]:
    phrases = [f"{synonym.name} for {synonym.original}" for synonym in query.other_names if synonym.terms <= present]
    return [f"synonyms: {', '.join(phrases[:MAX_LISTED])}"] if phrases else []


def _differences(query: Query, record: Record, present: frozenset[int], informative: Sequence[int]) -> list[str]:
    sentences = []
    service, _ = matching_location(query, record)
    if query.service and record.service and not service:
        sentences.append(f"differs: service {record.service}, not {query.service}")
    different = [
        f"{name}={value}, not {query.labels[name]}"
        for name, value in sorted(record.labels.items())
        if name in query.labels and query.labels[name] != value
    ]
    if different:
        sentences.append(f"differs: {'; '.join(different[:3])}")
    absent_codes = [written for term, written in query.codes.items() if term not in present]
    if absent_codes:
        sentences.append(f"differs: it does not name {', '.join(absent_codes[:3])}")
    covered = present.union(
        query.codes, *(synonym.original_terms for synonym in query.other_names if synonym.terms <= present)
    )
    named = {_written_part(query, term).casefold() for term in present if term in query.spelled}
    coded = {query.spelled[term] for term in query.codes if term in query.spelled}
    absent = (term for term in informative if term not in covered and query.spelled[term] not in coded)
    missing = _distinct_words(query, (term for term in absent if _written_part(query, term).casefold() not in named))
    if missing:
        sentences.append(f"not mentioned: {', '.join(missing[:4])}")
    return sentences


def _written_part(query: Query, term: int) -> str:
    """Return what was written of a term: a record that has `memory` need not name `RedisMemoryHigh`."""
    return tokenizer.written_part(query.spelled[term], term)


def _distinct_words(query: Query, terms: Iterable[int]) -> list[str]:
    """Return the first few words without duplicates and without parts of other words among them."""
    words: dict[str, str] = {}
    for word in (_written_part(query, term) for term in terms):
        if len(word) > 1 and word.casefold() not in UNNAMED_WORDS:
            words.setdefault(word.casefold(), word)
    outermost = (word for word in words if not any(word in other for other in words if other != word))
    return [words[word] for word in islice(outermost, MAX_LISTED)]
