"""What OpenSearch is sent: terms, filters and names, checked without a node."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from passage_log import MODEL, Changed, Log, passage, vector

from onrecall.domain.term_impacts import impacts
from onrecall.retrieval import tokenizer
from onrecall.retrieval.index import VisibilityFilter
from onrecall.retrieval.opensearch import documents, queries

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


def document_of(change: Changed, model: str | None = MODEL, dimensions: int = 64) -> dict:
    (action,) = documents.bulk_actions([change], model, dimensions)
    return action["_source"]


def test_no_word_of_a_passage_leaves_the_database():
    log = Log()
    log.add(passage("INC-9", "payroll exploded payroll"), "billing", {"env": "prod"})
    document = document_of(log.entries[0])
    tokens = document["terms"].split()
    counted = tokenizer.count_terms("payroll exploded payroll")
    terms, counts = np.array(list(counted)), np.array(list(counted.values()), float)
    own = impacts(counts, np.full(len(counts), counts.sum()))
    assert sorted(tokens) == sorted(f"{term:x}|{impact}" for term, impact in zip(terms, own, strict=True))
    assert "payroll" not in json.dumps(document)
    assert "exploded" not in json.dumps(document)


def test_a_removal_and_an_addition_carry_their_place_in_the_log():
    log = Log()
    number = log.add(passage("INC-9", "disk"))
    log.remove(number)
    log.add(passage("INC-10", "queue"))
    removal, addition = documents.bulk_actions(log.entries, MODEL, 64)
    assert (removal["_op_type"], removal["version"], removal["version_type"]) == ("delete", 2, "external")
    assert (addition["_op_type"], addition["version"], addition["_id"]) == ("index", 3, "2")


def test_only_comparable_vectors_are_sent():
    log = Log()
    log.add(passage("INC-9", "disk full"))
    change = log.entries[0]
    assert np.allclose(document_of(change)["vector"], vector("disk full"), atol=1e-3)
    assert "vector" not in document_of(change, "another model")
    assert "vector" not in document_of(change, MODEL, 32)
    assert "vector" not in document_of(change, MODEL, 0)
    broken = replace(passage("INC-10", "disk"), vector=np.full(64, np.nan, "<f2").tobytes())
    assert "vector" not in document_of(Changed(2, "add", 2, broken))


def test_labels_that_only_look_the_same_differ():
    assert documents.label_keyword("a", "b=c") != documents.label_keyword("a=b", "c")
    assert documents.label_keyword("a", "b") == documents.label_keyword("a", "b")


def test_names_that_opensearch_would_refuse_become_digests():
    long = "x" * 40_000
    assert len(documents.keyword(long)) < 100
    assert documents.keyword(long) != documents.keyword(long + "x")
    assert documents.keyword("a\x00b") != documents.keyword("ab")
    assert documents.keyword("\ud800").startswith("sha256:")
    assert documents.keyword("checkout-api é") == "checkout-api é"


def test_a_time_is_exact_to_the_microsecond():
    assert documents.microseconds(NOON + timedelta(microseconds=1)) - documents.microseconds(NOON) == 1
    assert documents.microseconds(None) < documents.microseconds(datetime(1, 1, 1, tzinfo=UTC))


def test_another_model_or_length_gets_an_index_of_its_own():
    prints = {documents.fingerprint(model, size) for model, size in (("m", 64), ("m", 65), ("n", 64), (None, 0))}
    assert len(prints) == 4


def test_an_enormous_question_is_split_and_keeps_all_its_terms():
    terms = dict.fromkeys(range(2000), 0.3) | {7_000: 2.0}
    bodies = queries.words_queries(terms, VisibilityFilter(exclude=frozenset(f"d{n}" for n in range(25_000))), 10)
    clauses = bodies[0]["query"]["bool"]
    assert clauses["should"][0] == {"term": {"terms": {"value": "1b58", "boost": 2.0}}}
    assert [len(body["query"]["bool"]["should"]) for body in bodies] == [900, 900, 201]
    assert [body["size"] for body in bodies] == [40, 40, 40]
    assert sum(len(clause["terms"]["owner"]) for clause in clauses["must_not"] if "terms" in clause) == 25_000


def test_suggestions_are_only_seen_by_who_looks_for_them():
    hidden = {"term": {"kind": "suggestion"}}
    assert hidden in queries.visible_clauses(VisibilityFilter())["must_not"]
    assert queries.visible_clauses(VisibilityFilter(kind="suggestion")) == {"filter": [hidden]}
