"""Every index behind a real store, on both databases: the same life of incidents, the same answers."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest
from passage_log import MODEL, vector
from sqlalchemy import Engine, event
from sqlalchemy import text as sql

from onrecall.domain.document import Document
from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.passage import Passage
from onrecall.retrieval import tokenizer
from onrecall.retrieval.index import Index, VisibilityFilter
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.postgres_index import PostgresIndex
from onrecall.storage import PreparedRecord, Storage
from opensearch.cluster_index import in_cluster

ALL = VisibilityFilter()
SUGGESTIONS = VisibilityFilter(kind="suggestion")
WORDS = ["disk", "full", "timeout", "pool", "certificate", "oomkilled", "checkout", "kafka"]
NOW = datetime(2024, 6, 1, tzinfo=UTC)
INCIDENT = Incident("INC-1", "Disk full", NOW, service="checkout", labels={"env": "prod"})


def passages(owner: str, kind: EvidenceKind, **parts: tuple[str, datetime | None]) -> tuple[Passage, ...]:
    return tuple(
        Passage(
            owner,
            kind,
            part,
            0,
            text,
            1,
            None,
            since,
            tokenizer.pack(tokenizer.count_terms(text)),
            vector(text).astype("<f2").tobytes(),
            MODEL,
        )
        for part, (text, since) in parts.items()
    )


def owners(store: Storage, index: Index, text: str, visible: VisibilityFilter = ALL) -> list[tuple[str, str]]:
    index.refresh()
    weights: Mapping[int, float] = dict.fromkeys(tokenizer.count_terms(text), 1.0)
    by_words, by_meaning = index.words(weights, visible, 10), index.meaning(vector(text), visible, 10)
    stored = store.passages.get(by_words)
    assert set(by_words) <= set(by_meaning)
    return [(stored[number].owner, stored[number].part) for number in by_words]


NODE = (pytest.mark.opensearch, pytest.mark.xdist_group("opensearch"))


@pytest.fixture(params=["local", "postgres", pytest.param("opensearch", marks=NODE)])
def index(request: pytest.FixtureRequest, store: Storage, tmp_path: Path) -> Iterator[Index]:
    if request.param == "opensearch":
        with closing(in_cluster(request.getfixturevalue("opensearch"), store, MODEL, 64)) as index:
            yield index
        return
    yield beside_store(request.param, store, tmp_path)


def beside_store(kind: str, store: Storage, folder: Path) -> Index:
    if kind == "local":
        return LocalIndex(store.passages, MODEL, folder / "index")
    if store.dialect != "postgresql":
        pytest.skip("this index is PostgreSQL's own")
    return PostgresIndex(store.search(MODEL, 64))


def test_an_incident_through_its_life(store: Storage, index: Index) -> None:
    opening = passages("INC-1", "incident", opening=("disk full on node", NOW))
    incident, _ = store.incidents.open(INCIDENT, opening, NOW)
    assert owners(store, index, "disk") == [("INC-1", "opening")]

    later = NOW + timedelta(hours=1)
    resolution = Resolution("journal logs", later)
    opening_and_resolution = (*opening, *passages("INC-1", "incident", resolution=("journal logs vacuumed", later)))
    store.incidents.resolve(incident.id, resolution, opening_and_resolution, (), (), later)
    assert owners(store, index, "journal") == [("INC-1", "resolution")]
    assert owners(store, index, "journal", VisibilityFilter(as_of=NOW)) == []
    assert owners(
        store, index, "disk journal", VisibilityFilter(service="checkout", labels={"env": "prod"}, kind="incident")
    )
    assert owners(store, index, "disk", VisibilityFilter(exclude=frozenset({"INC-1"}))) == []

    store.incidents.reopen(incident.id, opening, later)
    assert owners(store, index, "journal") == []
    assert owners(store, index, "disk") == [("INC-1", "opening")]


def test_another_service_is_seen_by_the_filter(store: Storage, index: Index) -> None:
    text = passages("r", "document", body=("disk full", None))
    document = Document("r", "Disk", "disk full", service="checkout")
    store.documents.put(document, text, NOW)
    assert owners(store, index, "disk", VisibilityFilter(service="checkout")) == [("r", "body")]
    store.documents.put(Document("r", "Disk", "disk full", service="search"), text, NOW)
    assert owners(store, index, "disk", VisibilityFilter(service="checkout")) == []
    assert owners(store, index, "disk", VisibilityFilter(service="search")) == [("r", "body")]
    store.documents.delete("r")
    assert owners(store, index, "disk") == []


def test_what_another_process_wrote_is_found(store: Storage, index: Index, store_url: str) -> None:
    second_store = Storage.open(store_url)
    document = Document("r", "Disk", "disk full")
    second_store.records.save([PreparedRecord(document, passages("r", "document", body=("disk full", None)))], NOW)
    second_store.close()
    assert owners(store, index, "disk") == [("r", "body")]


def filled(store: Storage, count: int = 400) -> list[str]:
    """A store of documents of a few words each, about half of them of one service."""
    random = np.random.default_rng(5)
    texts = [" ".join(random.choice(WORDS, random.integers(2, 9))) for _ in range(count)]
    store.records.save(
        [
            PreparedRecord(
                Document(
                    f"d{n}", "", text, service=f"s{n % 2}", labels={"team": f"t{n % 5}"}, dated=NOW + timedelta(n)
                ),
                passages(f"d{n}", "document", body=(text, NOW + timedelta(n))),
            )
            for n, text in enumerate(texts)
        ],
        NOW,
    )
    return texts


VIEWS = [
    ALL,
    VisibilityFilter(service="s1"),
    VisibilityFilter(labels={"team": "t3"}),
    VisibilityFilter(as_of=NOW + timedelta(100)),
    VisibilityFilter(kind="incident"),
    VisibilityFilter("document", "s0", {"team": "t2"}, NOW + timedelta(300), frozenset({"d2", "d12"})),
]


def test_both_see_the_same(store: Storage, index: Index) -> None:
    texts = filled(store)
    index.refresh()
    for visible in VIEWS:
        may = {
            f"d{n}"
            for n in range(len(texts))
            if visible.kind != "incident"
            and visible.service in (None, f"s{n % 2}")
            and visible.labels.get("team") in (None, f"t{n % 5}")
            and (visible.as_of is None or NOW + timedelta(n) <= visible.as_of)
            and f"d{n}" not in visible.exclude
        }
        weights: Mapping[int, float] = dict.fromkeys(tokenizer.count_terms("kafka pool"), 1.0)
        having = {f"d{n}" for n, text in enumerate(texts) if {"kafka", "pool"} & set(text.split())}
        by_words = store.passages.get(index.words(weights, visible, 1_000)).values()
        assert {passage.owner for passage in by_words} == may & having
        by_meaning = store.passages.get(index.meaning(vector("kafka"), visible, 1_000)).values()
        assert {passage.owner for passage in by_meaning} == may


def test_the_best_come_first(store: Storage, index: Index) -> None:
    texts = filled(store)
    vectors = np.array([vector(text) for text in texts])
    index.refresh()
    for question in ("disk full", "kafka", "certificate pool timeout"):
        best = np.argsort(-(vectors @ vector(question)), kind="stable")[:10]
        near = store.passages.get(index.meaning(vector(question), ALL, 60)).values()
        assert {f"d{n}" for n in best} <= {passage.owner for passage in near}
        weights: Mapping[int, float] = dict.fromkeys(tokenizer.count_terms(question), 1.0)
        first = store.passages.get(index.words(weights, ALL, 5))
        assert all(set(question.split()) <= set(passage.text.split()) for passage in first.values())


@pytest.mark.postgres
def test_a_term_everywhere_costs_no_more_than_the_budget(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.dialect != "postgresql":
        pytest.skip("the budget is PostgreSQL's")
    monkeypatch.setattr("onrecall.storage.postgres_search.BUDGET", 50)
    texts = filled(store)
    index = PostgresIndex(store.search(MODEL, 64))
    weights: Mapping[int, float] = dict.fromkeys(tokenizer.count_terms("kafka"), 1.0)
    assert len(index.words(weights, ALL, 1_000)) == 50 < sum("kafka" in text for text in texts)
    assert index.words({}, ALL, 10) == index.words({12345: 1.0}, ALL, 10) == []


@pytest.mark.postgres
def test_a_frequent_word_of_old_passages_alone_is_found(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.dialect != "postgresql":
        pytest.skip("the budget is PostgreSQL's")
    monkeypatch.setattr("onrecall.storage.postgres_search.BUDGET", 50)
    texts = filled(store)
    with store._database.write() as connection:  # many more came after them
        connection.execute(sql("update counters set value = 100000 where name = 'passage'"))
    index = PostgresIndex(store.search(MODEL, 64))
    weights: Mapping[int, float] = dict.fromkeys(tokenizer.count_terms("kafka"), 1.0)
    assert sum("kafka" in words for words in texts) > 50
    assert len(index.words(weights, ALL, 10)) == 10


@pytest.mark.postgres
def test_each_side_of_a_question_asks_the_server_twice(store: Storage) -> None:
    """One statement that reads the postings of its words, and one that looks up which of the best it may see."""
    if store.dialect != "postgresql":
        pytest.skip("round trips are to a server")
    filled(store, 30)
    index = PostgresIndex(store.search(MODEL, 64))
    statements: list[str] = []

    def note(*details: object) -> None:
        statements.append(str(details[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert index.words(dict.fromkeys(tokenizer.count_terms("kafka pool"), 1.0), SUGGESTIONS, 10) == []
        asked_by_words = len(statements)
        assert index.meaning(vector("kafka"), ALL, 10)
        asked = len(statements)
        assert 0 < len(index.words(dict.fromkeys(tokenizer.count_terms("kafka pool"), 1.0), ALL, 100)) < 100
        asked_without_filter = len(statements) - asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert asked_by_words == asked_without_filter == 2
    assert asked <= 5


@pytest.mark.postgres
def test_passages_of_an_older_schema_are_added(store: Storage, store_url: str) -> None:
    if store.dialect != "postgresql":
        pytest.skip("the tables are PostgreSQL's")
    filled(store, 30)
    with psycopg.connect(store_url) as connection:
        connection.execute("truncate passage_words, passage_vectors")
    index = PostgresIndex(store.search(MODEL, 64))
    assert len(index.meaning(vector("kafka"), ALL, 100)) == 30
    assert len(PostgresIndex(store.search("it's :another", 384)).meaning(vector("kafka"), ALL, 100)) == 0
    assert index.words(dict.fromkeys(tokenizer.count_terms("kafka disk pool"), 1.0), ALL, 100)
