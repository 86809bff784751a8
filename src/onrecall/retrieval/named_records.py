"""Records that a question names: by id, by their key in the tool they come from, or by a label."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from onrecall.domain.document import Document
from onrecall.domain.passage import Owner
from onrecall.domain.situation import Situation
from onrecall.retrieval import tokenizer
from onrecall.retrieval.explanation import Record
from onrecall.retrieval.index import Index, VisibilityFilter
from onrecall.retrieval.record_ids import asks_about_records, find_id_candidates, strip_ids
from onrecall.retrieval.retrieval_store import RetrievalStore

ID_LABELS = ("incident_id", "incident")
"""The labels that sources, exports and postmortems give the id of an incident in."""
MOST_BY_LABEL = 1
"""Words of one question that are looked for in these labels: each of them asks the index twice."""


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
    # Words such as `us-east-1` are no ids.
    labels = {value for label, value in situation.labels.items() if label not in ID_LABELS}
    unknown = (word for word in words if word not in matched | labels and word != situation.service)
    return {**dict(_find_labelled(store, index, situation, unknown)), **named}


def asked_words(store: RetrievalStore, situation: Situation, named: Mapping[Owner, str]) -> str:
    """Return the situation's text without the ids it names.

    A question about nothing but a record, such as `what was INC-204`, becomes that record's own words.
    """
    ids = frozenset(named.values())
    if not ids or not asks_about_records(situation.text, ids):
        return strip_ids(situation.text, ids)
    records = store.records.get(named, situation.as_of)
    return strip_ids("\n".join(dict.fromkeys(_words(record) for record in records.values())), ids)


def _words(record: Record) -> str:
    """Return what a document is called, and of an incident what was known when it opened."""
    return record.title if isinstance(record, Document) else record.text


def _find_labelled(
    store: RetrievalStore, index: Index, situation: Situation, words: Iterable[str]
) -> Iterator[tuple[Owner, str]]:
    visible = VisibilityFilter(as_of=situation.as_of, exclude=situation.exclude)
    for word in list(words)[:MOST_BY_LABEL]:
        terms = dict.fromkeys(map(tokenizer.term_id, tokenizer.tokenize(word)), 1.0)
        for label in ID_LABELS:
            numbers = index.words(terms, replace(visible, labels={label: word}), 1)
            for owner in store.passages.features(numbers, situation.as_of) if numbers else ():
                yield owner, word
