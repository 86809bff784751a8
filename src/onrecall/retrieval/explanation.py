"""Why something was recalled, and what differs: plain sentences from what the scorer saw."""

from collections.abc import Iterable, Mapping, Sequence

from onrecall.domain.incident import Document, Incident
from onrecall.domain.suggestion import Suggestion
from onrecall.retrieval.query import Query
from onrecall.retrieval.scoring import TermWeights

SHOWN = 6
"""Terms named in one sentence."""
TELLING = 0.25
"""A term is worth naming when it says at least this share of what the most telling one says."""


ALIKE = 0.5
"""Sentences nearer than this mean much the same to the sentence model."""

Thing = Incident | Document | Suggestion


def telling(query: Query, rarity: TermWeights) -> tuple[int, ...]:
    """The terms of a situation that are worth naming, most telling first."""
    says = {term: rarity.idf[term] * query.weights[term] for term in query.spelled}
    least = TELLING * max(says.values(), default=0.0)
    ranked = sorted(says, key=lambda term: (-says[term], query.spelled[term]))
    return tuple(term for term in ranked if says[term] >= least)


def why(
    query: Query, thing: Thing, has: frozenset[int], worth: Sequence[int], nearness: float | None
) -> tuple[str, ...]:
    """What both have, most telling first, then what differs; `worth` are the terms worth naming, in order."""
    errors = [written for term, written in query.codes.items() if term in has]
    near = nearness is not None and nearness >= ALIKE
    return (
        *([f"same error: {', '.join(errors[:SHOWN])}"] if errors else []),
        *_shared_place(query, thing),
        *_shared_words(query, has, worth),
        *_other_names(query, has),
        *([f"alike in meaning ({nearness:.2f})"] if near else []),
        *_differences(query, thing, has, worth),
    )


def place(query: Query, thing: Thing) -> float:
    """How much of where the situation is, its service and labels, is the same, 0..1."""
    service, labels = same_place(query, thing)
    asked = len(query.labels) + bool(query.service)
    return (service + len(labels)) / asked if asked else 0.0


def same_place(query: Query, thing: Thing) -> tuple[bool, Mapping[str, str]]:
    """Whether the service is the same, and which labels are."""
    service = bool(query.service and thing.service and query.service.casefold() == thing.service.casefold())
    return service, {name: value for name, value in thing.labels.items() if query.labels.get(name) == value}


def _shared_place(query: Query, thing: Thing) -> list[str]:
    service, labels = same_place(query, thing)
    named = ", ".join(f"{name}={value}" for name, value in sorted(labels.items())[:SHOWN])
    return [*([f"same service: {thing.service}"] if service else []), *([f"same labels: {named}"] if named else [])]


def _shared_words(query: Query, has: frozenset[int], worth: Sequence[int]) -> list[str]:
    shared = _named(query, (term for term in worth if term in has))
    return [f"both say: {', '.join(shared)}"] if shared else []


def _other_names(query: Query, has: frozenset[int]) -> list[str]:
    found = [f"{one.name} for {one.said}" for one in query.other_names if one.terms <= has]
    return [f"by another name: {', '.join(found[:SHOWN])}"] if found else []


def _differences(query: Query, thing: Thing, has: frozenset[int], worth: Sequence[int]) -> list[str]:
    found = []
    service, _ = same_place(query, thing)
    if query.service and thing.service and not service:
        found.append(f"differs: service {thing.service}, not {query.service}")
    other = [
        f"{name}={value}, not {query.labels[name]}"
        for name, value in sorted(thing.labels.items())
        if name in query.labels and query.labels[name] != value
    ]
    if other:
        found.append(f"differs: {'; '.join(other[:3])}")
    absent_codes = [written for term, written in query.codes.items() if term not in has]
    if absent_codes:
        found.append(f"differs: it does not name {', '.join(absent_codes[:3])}")
    there = has.union(query.codes, *(one.said_terms for one in query.other_names if one.terms <= has))
    missing = _named(query, (term for term in worth if term not in there))
    if missing:
        found.append(f"not in it: {', '.join(missing[:4])}")
    return found


def _named(query: Query, terms: Iterable[int]) -> list[str]:
    """The first few words, each spelling once; part of a longer word already named is left out."""
    named: list[str] = []
    for term in terms:
        word = query.spelled[term]
        if len(word) > 1 and not any(word.casefold() in other.casefold() for other in named):
            named.append(word)
            if len(named) == SHOWN:
                break
    return named
