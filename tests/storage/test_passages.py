"""Passages: the change log that indexes follow, and term statistics that are exact."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from example_counts import example_count
from onrecall.domain.document import Document
from onrecall.domain.passage import Passage
from onrecall.storage import PassageLogEntry, Storage

from .given import NOON, at, entry, incident, packed, passage, resolution


def follow(store: Storage, index: dict[int, PassageLogEntry], after: int, page: int = 3) -> int:
    """Apply the changes after a number, as an index does; returns the number it has seen."""
    while changes := store.passages.changes(after, page):
        assert [change.seq for change in changes] == sorted(change.seq for change in changes)
        assert changes[0].seq > after
        for change in changes:
            if change.op == "add":
                index[change.id] = change
            else:
                index.pop(change.id, None)
        after = changes[-1].seq
    return after


def test_every_field_comes_back(store: Storage) -> None:
    complete = Passage(
        "", "incident", "body", 3, "naïve ☃", 17, "Über", at(1), packed(7, 7, 2**32 - 1), b"\0\1\xff", "minilm"
    )
    store.records.save([entry(incident("X-1", service="auth", labels={"a": "b"}), complete)], NOON)
    (change,) = store.passages.changes(0, 10)
    assert change == PassageLogEntry(1, "add", change.id, replace(complete, owner="X-1"), "auth", {"a": "b"})
    assert store.passages.get([change.id, 999]) == {change.id: change.passage}
    assert store.passages.of_owners([("incident", "X-1"), ("document", "X-1")]) == {
        ("incident", "X-1"): [(change.id, change.passage)]
    }


def test_an_index_that_follows_has_what_there_is(store: Storage) -> None:
    index: dict[int, PassageLogEntry] = {}
    store.records.save(
        [entry(incident("X-1"), passage("a"), passage("b", n=1)), entry(incident("X-2"), passage("c"))], NOON
    )
    seq = follow(store, index, 0)
    assert seq == store.passages.last_seq()
    store.incidents.resolve(
        "X-1", resolution(), [passage("a"), passage("b", n=1), passage("r", "resolution")], [], [], at(60)
    )
    store.documents.put(Document("d", "D", "x"), [passage("d", "body")], NOON)
    seq = follow(store, index, seq)
    assert {change.passage.text for change in index.values()} == set("abcrd")
    store.incidents.reopen("X-1", [passage("a"), passage("B", n=1)], at(70))
    store.documents.delete("d")
    follow(store, index, seq)
    assert {change.passage.text for change in index.values()} == set("acB")
    late: dict[int, PassageLogEntry] = {}
    follow(store, late, 0)
    assert late == index, "who starts late sees the same"


def test_what_stays_as_it_was_keeps_its_number(store: Storage) -> None:
    store.records.save([entry(incident("X-1"), passage("a"))], NOON)
    (before,) = store.passages.changes(0, 10)
    store.incidents.resolve("X-1", resolution(), [passage("a"), passage("r", "resolution")], [], [], at(60))
    assert [change.id for change in store.passages.changes(before.seq, 10)] == [before.id + 1]


def test_another_service_or_label_is_a_change_of_every_passage(store: Storage) -> None:
    imported = incident("X-1", service="auth")
    store.records.save([entry(imported, passage("a"))], NOON)
    (before,) = store.passages.changes(0, 10)
    store.records.save([entry(replace(imported, service="web"), passage("a"))], NOON)
    removed, new = store.passages.changes(before.seq, 10)
    assert (removed.op, removed.id, removed.passage) == ("remove", before.id, None)
    assert (new.op, new.service, new.passage) == ("add", "web", before.passage)


def test_numbers_are_never_used_again(store: Storage) -> None:
    store.documents.put(Document("d", "D", "x"), [passage("d", "body")], NOON)
    (first,) = store.passages.changes(0, 10)
    store.documents.delete("d")
    last = store.passages.last_seq()
    store.documents.put(Document("d", "D", "x"), [passage("d", "body")], NOON)
    (new,) = store.passages.changes(last, 10)
    assert new.id > first.id


def test_passages_as_of_a_time(store: Storage) -> None:
    dated_passages = [passage("a", known_from=at(0)), passage("b", n=1), passage("r", "resolution", known_from=at(60))]
    store.records.save([entry(incident("X-1"), *dated_passages)], NOON)

    def texts(minutes: float | None) -> list[str]:
        as_of = None if minutes is None else at(minutes)
        return [
            visible.text
            for _, visible in store.passages.of_owners([("incident", "X-1")], as_of).get(("incident", "X-1"), [])
        ]

    assert texts(30) == ["a", "b"]
    assert texts(60) == texts(None) == ["a", "b", "r"]
    assert texts(-1) == ["b"]


@settings(
    max_examples=example_count(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C"]),
            st.lists(st.lists(st.sampled_from([1, 2, 3, 2**31, 2**32 - 1]), max_size=300), max_size=3),
        ),
        max_size=6,
    )
)
def test_statistics_are_exact_whatever_happens(store: Storage, puts: list[tuple[str, list[list[int]]]]) -> None:
    for document in store.documents.page().items:
        store.documents.delete(document.id)
    for turn, (name, pages) in enumerate(puts):
        new_passages = [passage(f"{turn}", "body", n, tuple(words[:255])) for n, words in enumerate(pages)]
        store.documents.put(Document(name, f"{turn}", "x"), new_passages, NOON)
    now = dict(puts)
    counted = Counter(term for pages in now.values() for words in pages for term in set(words[:255]))
    statistics = store.passages.term_statistics([1, 2, 3, 2**31, 2**32 - 1, 77])
    assert statistics.df == dict(counted)
    assert statistics.documents == sum(map(len, now.values()))
    assert statistics.total_length == sum(len(words[:255]) for pages in now.values() for words in pages)
    assert store.health.check() == ()


def test_many_terms_and_many_things_fit_a_statement(store: Storage) -> None:
    words = tuple(range(1200))
    store.records.save([entry(incident(f"X-{n}"), passage("a", terms=words)) for n in range(3)], NOON)
    assert store.passages.term_statistics(range(2000)).df == dict.fromkeys(words, 3)
    assert len(store.records.get(("incident", f"X-{n}") for n in range(2000))) == 3


def test_check_sees_what_is_wrong(store: Storage) -> None:
    store.records.save([entry(incident("X-1"), passage("a", terms=(1, 2)))], NOON)
    with store._database.write() as connection:
        connection.exec_driver_sql(
            "insert into terms values (2, 5) on conflict (term) do update set passages = excluded.passages"
        )
        connection.exec_driver_sql("update counters set value = 9 where name = 'length'")
        connection.exec_driver_sql("delete from changes")
        connection.exec_driver_sql("update passages set owner = 'X-2'")
    assert store.health.check() == (
        "1 passage belongs to no incident",
        "1 passage is missing from the change log, so no index knows them",
        "the total of length is 9 and should be 2",
        "1 term has a wrong count",
    )


@pytest.mark.parametrize("terms", [b"1", b"123456"])
def test_terms_that_are_not_pairs_are_refused(store: Storage, terms: bytes) -> None:
    (saved,) = store.records.save([entry(incident("X-1"), replace(passage("a"), terms=terms))], NOON)
    assert (saved.state, saved.field) == ("rejected", "passages.0.terms")
