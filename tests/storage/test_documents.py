"""Documents: exact ids, and honest absence."""

from dataclasses import replace

import pytest

from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.incident import Document
from onrecall.storage import Storage

from .given import NOON, at, entry, incident, passage, recommendation

RUNBOOK = Document(
    "run/pool.md", "Pool", "# Pool\n\nLook.\n", labels={"team": "db"}, service="auth", source="https://x/y"
)
BODY = passage("Look.", "body", terms=(1, 2))


def test_putting_getting_and_putting_again(store: Storage) -> None:
    assert store.put_document(RUNBOOK, [BODY], NOON) == "created"
    assert store.document("run/pool.md") == RUNBOOK
    assert store.unchanged([RUNBOOK]) == [True]
    assert store.put_document(RUNBOOK, [BODY], NOON) == "unchanged"
    changed = replace(RUNBOOK, text="# Pool\n", kind="rca", dated=at(5))
    assert store.unchanged([changed]) == [False]
    assert store.put_document(changed, [], NOON) == "updated"
    assert store.document("run/pool.md") == changed
    assert store.passages_of([("document", "run/pool.md")]) == {}


def test_saving_with_incidents(store: Storage) -> None:
    assert [result.state for result in store.save([entry(RUNBOOK, BODY), entry(RUNBOOK)], NOON)] == [
        "created",
        "unchanged",
    ]
    (owned,) = store.passages_of([("document", "run/pool.md")]).values()
    assert [(stored_passage.kind, stored_passage.owner) for _, stored_passage in owned] == [("document", "run/pool.md")]


def test_a_document_needs_an_id(store: Storage) -> None:
    with pytest.raises(Invalid, match="no id"):
        store.put_document(replace(RUNBOOK, id=""), [], NOON)


def test_deleting_keeps_the_answers_that_cited_it(store: Storage) -> None:
    store.put_document(RUNBOOK, [BODY], NOON)
    answer = recommendation()
    store.save_recommendation(answer, [])
    store.delete_document("run/pool.md")
    assert store.recommendation("rec-1") == answer
    assert store.counts()["passages"] == 0
    assert store.term_statistics([1, 2]).df == {}
    with pytest.raises(NotFound, match=r"run/pool\.md"):
        store.document("run/pool.md")
    with pytest.raises(NotFound):
        store.delete_document("run/pool.md")
    assert store.put_document(RUNBOOK, [BODY], NOON) == "created"


def test_listing(store: Storage) -> None:
    for name, kind, service in (("b", "runbook", "auth"), ("a", "rca", "auth"), ("c", "runbook", None)):
        store.put_document(Document(name, name, "x", kind, service), [], NOON)
    first = store.documents(limit=2)
    assert [document.id for document in first.items] == ["a", "b"]
    store.put_document(Document("aa", "late", "x"), [], NOON)
    second = store.documents(limit=2, cursor=first.next_cursor)
    assert ([document.id for document in second.items], second.next_cursor) == (["c"], None)
    assert [document.id for document in store.documents(kind="runbook", service="auth").items] == ["b"]
    store.save([entry(incident("X-1")), entry(incident("X-2"))], NOON)
    with pytest.raises(Invalid, match="another list"):
        store.documents(cursor=store.incidents(limit=1).next_cursor)


def test_what_is_dated_later_was_unknown(store: Storage) -> None:
    store.put_document(replace(RUNBOOK, dated=at(10)), [], NOON)
    store.put_document(replace(RUNBOOK, id="always"), [], NOON)
    ids = [("document", "run/pool.md"), ("document", "always")]
    assert set(store.get_records(ids, at(5))) == {("document", "always")}
    assert set(store.get_records(ids, at(10))) == set(ids) == set(store.get_records(ids))


def test_the_same_document_twice_in_one_batch(store: Storage) -> None:
    first, second = Document("run/pool.md", "Pool", "one"), Document("run/pool.md", "Pool", "two")
    saved = store.save([entry(first, passage("one", "body")), entry(second, passage("two", "body"))], at(0))
    assert [result.state for result in saved] == ["created", "updated"]
    assert store.document("run/pool.md").text == "two"
    (owned,) = store.passages_of([("document", "run/pool.md")]).values()
    assert [stored_passage.text for _, stored_passage in owned] == ["two"]
