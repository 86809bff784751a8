"""The audit: told with each change, and nothing in it can be changed, taken away or moved unnoticed."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from onrecall.domain.access import Key
from onrecall.domain.alert import Alert
from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict
from onrecall.domain.incident import Incident
from onrecall.storage import IngestBatch, ModelCall, PreparedRecord, Storage, UsageLimits
from onrecall.storage.audit import acting_as
from onrecall.storage.database import Database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def busy(store: Storage, count: int = 6) -> None:
    for n in range(count):
        store.incidents.open(Incident(f"INC-{n}", f"it broke {n}", started_at=NOON), (), NOON)


def audit_trail(store: Storage) -> list[tuple[str, str | None, str | None]]:
    return [(row.what, row.about, row.who) for row in reversed(store.audit.page(limit=200).items)]


def test_each_change_is_told_once_by_whom(store: Storage):
    with acting_as("ann"):
        busy(store, 1)
        busy(store, 1)  # the same again
        store.incidents.acknowledge("INC-0", NOON, "bob")
        store.documents.put(Document("run", "Run", "do"), (), NOON)
        store.documents.put(Document("run", "Run", "do"), (), NOON)
        store.documents.delete("run")
    ring = store.keys
    ring.add(Key("abcdefgh", "ann", "0" * 64, "viewer", NOON))
    ring.used("abcdefgh", NOON)
    ring.used("abcdefgh", NOON)
    ring.replace("abcdefgh", Key("ijklmnop", "ann", "1" * 64, "viewer", NOON), NOON + timedelta(days=1))
    ring.revoke("ijklmnop", NOON)
    ring.revoke("ijklmnop", NOON)
    store.usage.reserve(ModelCall("rec", "draft", "groq", "m", "hash"), None, UsageLimits(10, None), NOON)
    store.records.save([PreparedRecord(Incident(f"OLD-{n}", f"old {n}", started_at=NOON)) for n in range(30)], NOON)
    assert audit_trail(store) == [
        ("incident changed", "INC-0", "ann"),
        ("incident changed", "INC-0", "bob"),
        ("document put", "run", "ann"),
        ("document deleted", "run", "ann"),
        ("key created", "abcdefgh", None),
        ("key used", "abcdefgh", None),
        ("key replaced", "abcdefgh", None),
        ("key revoked", "ijklmnop", None),
        ("model called", "rec", None),
        ("incident changed", None, None),
    ]
    detail = store.audit.page(limit=1).items[0].detail
    assert detail["count"] == 30
    assert len(detail["ids"]) == 20
    assert detail["events"] == {"opened": 30}
    assert store.audit.verify() == (10, ())


def test_intake_is_told_once_for_what_came_together(store: Storage):
    alerts = [Alert("prometheus", f"k{n}", f"it fires {n}", NOON) for n in range(50)]
    arrivals = [IngestBatch("prometheus", tuple(alerts)), IngestBatch("prometheus", tuple(alerts[:1]))]
    store.ingest.store(arrivals, NOON)
    store.ingest.store(arrivals, NOON)
    assert audit_trail(store) == [("alerts received", "prometheus", None)]


def test_what_was_not_kept_is_not_told(store: Storage):
    busy(store, 1)
    with pytest.raises(Conflict):
        store.incidents.open(Incident("INC-0", "something else", started_at=NOON), (), NOON)
    assert len(audit_trail(store)) == 1
    assert store.audit.verify() == (1, ())


@pytest.mark.parametrize(
    ("deed", "found"),
    [
        ("update audit set who = 'mallory' where seq = 3", "row 3 was changed"),
        ("update audit set detail = '{\"count\": 0}' where seq = 3", "row 3 was changed"),
        ("update audit set hash = 'x' where seq = 3", "row 3 was changed"),
        ("delete from audit where seq = 3", "row 3 is gone"),
        ("delete from audit where seq in (2, 3)", "rows 2 to 3 are gone"),
        ("delete from audit where seq = 1", "row 1 is gone"),
        ("delete from audit where seq = 6", "the head names row 6"),
        ("delete from audit", "the head names row 6"),
        ("delete from audit_head", "the head names no row"),
        ("update audit set seq = case seq when 2 then -4 else -2 end where seq in (2, 4)", "rows"),
    ],
)
def test_a_row_that_was_changed_removed_or_moved_is_found(store: Storage, store_url: str, deed: str, found: str):
    busy(store)
    assert store.audit.verify() == (6, ())
    database = Database(store_url)
    with database.write() as connection:
        connection.execute(text(deed.replace(": 0", "\\: 0")))
        if "case" in deed:
            connection.execute(text("update audit set seq = -seq where seq < 0"))
    database.close()
    _, wrong = store.audit.verify()
    if "case" in deed:
        assert {"row 2 was changed", "row 4 was changed"} <= set(wrong)
    else:
        assert any(found in problem for problem in wrong), wrong


def test_a_tail_cut_off_with_its_head_is_found_by_what_was_noted(store: Storage, store_url: str):
    busy(store)
    rows = {row.seq: row.hash for row in store.audit.page().items}
    database = Database(store_url)
    with database.write() as connection:
        connection.execute(text("delete from audit where seq > 4"))
        connection.execute(text("update audit_head set seq = 4, hash = :hash"), {"hash": rows[4]})
    database.close()
    assert store.audit.verify() == (4, ()), "the chain alone can't know"
    assert store.audit.verify((4, rows[4])) == (4, ())
    for noted in ((6, rows[6]), (4, rows[6])):
        count, wrong = store.audit.verify(noted)
        assert (count, len(wrong)) == (4, 1)
        assert f"row {noted[0]} does not exist with the recorded hash" in wrong[0]


def test_pages_go_through_all_of_it(store: Storage):
    busy(store, 5)
    first = store.audit.page(limit=2)
    second = store.audit.page(cursor=first.next_cursor, limit=3)
    assert [row.seq for row in (*first.items, *second.items)] == [5, 4, 3, 2, 1]
    assert second.next_cursor is None
    assert store.audit.page(action="key created").items == ()


def test_a_copy_begins_a_chain_of_its_own(store: Storage):
    busy(store, 2)
    rows = [json.loads(json.dumps(row)) for row in store.archive.dump()]
    assert not any(str(row["table"]).startswith("audit") for row in rows)
    copy = Storage.open("sqlite://")
    copy.archive.load(rows)
    assert audit_trail(copy) == [("archive loaded", None, None)]
    copy.close()
