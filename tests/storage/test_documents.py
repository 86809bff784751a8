"""Documents: exact ids, and honest absence."""

from dataclasses import replace

import pytest

from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, NotFound
from onrecall.storage import Storage

from .given import NOON, at, entry, incident, passage, recommendation

RUNBOOK = Document(
    "run/pool.md", "Pool", "# Pool\n\nLook.\n", labels={"team": "db"}, service="auth", source="https://x/y"
)
BODY = passage("Look.", "body", terms=(1, 2))


def test_putting_getting_and_putting_again(store: Storage) -> None:
    assert store.documents.put(RUNBOOK, [BODY], NOON) == "created"
    assert store.documents.get("run/pool.md") == RUNBOOK
    assert store.records.unchanged([RUNBOOK]) == [True]
    assert store.documents.put(RUNBOOK, [BODY], NOON) == "unchanged"
    changed = replace(RUNBOOK, text="# Pool\n", kind="rca", dated=at(5))
    assert store.records.unchanged([changed]) == [False]
    assert store.documents.put(changed, [], NOON) == "updated"
    assert store.documents.get("run/pool.md") == changed
    assert store.passages.of_owners([("document", "run/pool.md")]) == {}


def test_saving_with_incidents(store: Storage) -> None:
    assert [result.state for result in store.records.save([entry(RUNBOOK, BODY), entry(RUNBOOK)], NOON)] == [
        "created",
        "unchanged",
    ]
    (owned,) = store.passages.of_owners([("document", "run/pool.md")]).values()
    assert [(stored_passage.kind, stored_passage.owner) for _, stored_passage in owned] == [("document", "run/pool.md")]


def test_a_document_needs_an_id(store: Storage) -> None:
    with pytest.raises(Invalid, match="no id"):
        store.documents.put(replace(RUNBOOK, id=""), [], NOON)


def test_deleting_keeps_the_answers_that_cited_it(store: Storage) -> None:
    store.documents.put(RUNBOOK, [BODY], NOON)
    answer = recommendation()
    store.recommendations.save(answer, [])
    store.documents.delete("run/pool.md")
    assert store.recommendations.get("rec-1") == answer
    assert store.health.counts()["passages"] == 0
    assert store.passages.term_statistics([1, 2]).df == {}
    with pytest.raises(NotFound, match=r"run/pool\.md"):
        store.documents.get("run/pool.md")
    with pytest.raises(NotFound):
        store.documents.delete("run/pool.md")
    assert store.documents.put(RUNBOOK, [BODY], NOON) == "created"


def test_listing(store: Storage) -> None:
    for name, kind, service in (("b", "runbook", "auth"), ("a", "rca", "auth"), ("c", "runbook", None)):
        store.documents.put(Document(name, name, "x", kind, service), [], NOON)
    first = store.documents.page(limit=2)
    assert [document.id for document in first.items] == ["a", "b"]
    store.documents.put(Document("aa", "late", "x"), [], NOON)
    second = store.documents.page(limit=2, cursor=first.next_cursor)
    assert ([document.id for document in second.items], second.next_cursor) == (["c"], None)
    assert [document.id for document in store.documents.page(kind="runbook", service="auth").items] == ["b"]
    store.records.save([entry(incident("X-1")), entry(incident("X-2"))], NOON)
    with pytest.raises(Invalid, match="another list"):
        store.documents.page(cursor=store.incidents.page(limit=1).next_cursor)


def test_what_is_dated_later_was_unknown(store: Storage) -> None:
    store.documents.put(replace(RUNBOOK, dated=at(10)), [], NOON)
    store.documents.put(replace(RUNBOOK, id="always"), [], NOON)
    ids = [("document", "run/pool.md"), ("document", "always")]
    assert set(store.records.get(ids, at(5))) == {("document", "always")}
    assert set(store.records.get(ids, at(10))) == set(ids) == set(store.records.get(ids))


def test_the_same_document_twice_in_one_batch(store: Storage) -> None:
    first, second = Document("run/pool.md", "Pool", "one"), Document("run/pool.md", "Pool", "two")
    saved = store.records.save([entry(first, passage("one", "body")), entry(second, passage("two", "body"))], at(0))
    assert [result.state for result in saved] == ["created", "updated"]
    assert store.documents.get("run/pool.md").text == "two"
    (owned,) = store.passages.of_owners([("document", "run/pool.md")]).values()
    assert [stored_passage.text for _, stored_passage in owned] == ["two"]
