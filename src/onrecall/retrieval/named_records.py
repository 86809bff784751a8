"""Records that a question names: by id, by their key in the tool they come from, or by the label `incident_id`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from onrecall.domain.incident import Owner, Situation
from onrecall.retrieval import tokenizer
from onrecall.retrieval.index import Index, VisibilityFilter
from onrecall.retrieval.record_ids import find_id_candidates
from onrecall.retrieval.retrieval_store import RetrievalStore

ID_LABEL = "incident_id"
"""The label that sources and exports give the id of an incident in."""
MOST_BY_LABEL = 3
"""Words of one question that are looked for in that label: each of them asks the index."""


def find_named(store: RetrievalStore, index: Index, situation: Situation) -> Mapping[Owner, str]:
    """Return the records that a situation names, each with the word as it is written there.

    One look-up finds ids and keys; a text without words that look like one costs nothing.
    """
    words = find_id_candidates(situation.text)
    if not words:
        return {}
    spellings = {spelling: word for word in words for spelling in (word.upper(), word)}
    owners = store.records.named(list(spellings), situation.as_of)
    named = {owner: spellings[spelling] for spelling, owner in owners.items()}
    matched = frozenset(named.values())
    unknown = (word for word in words if word not in matched)
    return {**dict(_find_labelled(store, index, situation, unknown)), **named}


def _find_labelled(
    store: RetrievalStore, index: Index, situation: Situation, words: Iterable[str]
) -> Iterator[tuple[Owner, str]]:
    visible = VisibilityFilter(as_of=situation.as_of, exclude=situation.exclude)
    for word in list(words)[:MOST_BY_LABEL]:
        terms = dict.fromkeys(map(tokenizer.term_id, tokenizer.tokenize(word)), 1.0)
        numbers = index.words(terms, replace(visible, labels={ID_LABEL: word}), 1)
        for owner in store.passages.features(numbers, situation.as_of) if numbers else ():
            yield owner, word
