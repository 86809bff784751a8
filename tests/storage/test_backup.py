"""The backup: the whole store under its own numbers, out and in again, also over to the other database."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from onrecall.domain.access import Key, generate_key, hash_key, parse_key_id
from onrecall.domain.errors import Conflict, Invalid
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import ModelCall, Storage
from onrecall.storage.backup import BACKED_UP_TABLES, TRANSIENT_TABLES
from onrecall.storage.outbox import PendingMessage
from onrecall.storage.tables import metadata
from onrecall.storage.usage import UsageLimits

from .given import NOON, at, entry, incident, passage
from .test_archive import filled


@pytest.fixture(params=["sqlite", "memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """An empty store beside the first, also of the other database."""
    urls = {"memory": "sqlite://", "sqlite": f"sqlite:///{tmp_path / 'other.db'}"}
    opened = Storage.open(urls.get(request.param) or request.getfixturevalue("blank_postgres_url"))
    yield opened
    opened.close()


@pytest.fixture
def full(store: Storage) -> Storage:
    """A store in which everything has happened, also what belongs to one installation alone."""
    filled(store)
    keys = [key("ann") for _ in range(3)]
    store.keys.add(keys[0])
    store.keys.replace(keys[0].id, keys[1], at(60))
    store.keys.replace(keys[1].id, keys[2], at(90))
    after = store.outbox.position("webhook")
    assert store.outbox.enqueue(
        "webhook", after, after + 1, [PendingMessage("INC-9", 9, "opened", {"a": 1}, {"b": 2})], NOON
    )
    call = ModelCall("rec-1", "draft", "groq", "small", "5e884898da28")
    store.usage.reserve(call, 0.1 + 0.2, UsageLimits(20, 5.0), NOON)
    store.audit.record("key refused", detail={"reason": "ü"})
    return store


def key(name: str) -> Key:
    token = generate_key()
    return Key(id=parse_key_id(token), name=name, hash=hash_key(token), role="admin", created_at=NOON)


def through_json(store: Storage) -> list[dict[str, Any]]:
    return [json.loads(json.dumps(row)) for row in store.backups.rows()]


def all_rows(store: Storage) -> list[dict[str, Any]]:
    """All that is not the audit, which grows by a row when something is restored."""
    return [row for row in store.backups.rows() if not row["table"].startswith("audit")]


def test_out_and_in_gives_the_same_store(full: Storage, target: Storage) -> None:
    rows = through_json(full)
    counts = target.backups.restore(rows, {"sha256": "abc"})
    assert sum(counts.values()) == len(rows) - 1
    assert all_rows(target) == all_rows(full)
    assert target.health.check() == ()
    assert target.keys.all() == full.keys.all()
    assert target.outbox.page() == full.outbox.page()
    assert target.events.feed() == full.events.feed()
    before, after = full.audit.page(), target.audit.page()
    assert after.items[1:] == before.items[: len(after.items) - 1]
    assert after.items[0].what == "backup restored"
    assert dict(after.items[0].detail) == {"sha256": "abc", "replaced": None}
    assert target.audit.verify((before.items[0].seq, before.items[0].hash)) == (before.items[0].seq + 1, ())
    opened = [opened_store.incidents.open(incident(), [passage("next")], NOON)[0].id for opened_store in (full, target)]
    assert opened[0] == opened[1]
    assert target.health.check() == ()


@pytest.mark.postgres
def test_postgres_finds_what_was_restored(full: Storage, blank_postgres_url: str) -> None:
    target = Storage.open(blank_postgres_url)
    target.backups.restore(through_json(full), {})
    astray = {
        "passage_words": "select count(*) from passages p left join passage_words t using (id) where t.id is null",
        "passage_vectors": "select count(*) from passages p left join passage_vectors t using (id)"
        " where t.id is null and p.vector is not null",
    }
    with target._database.read() as connection:
        assert {name: connection.scalar(text(query)) for name, query in astray.items()} == dict.fromkeys(astray, 0)
        assert connection.scalar(text("select count(*) from passage_vectors")) == 1
    target.close()


def test_no_table_is_forgotten() -> None:
    assert metadata.tables.keys() == {table.name for table in (*BACKED_UP_TABLES, *TRANSIENT_TABLES)}, (
        "a new table belongs into the backup, unless what it holds is gone in seconds"
    )


def test_a_store_in_use_is_not_overwritten(full: Storage, target: Storage) -> None:
    target.records.save([entry(incident("MINE"), passage("mine"))], NOON)
    before = through_json(target)
    with pytest.raises(Conflict, match="not empty"):
        target.backups.restore(through_json(full), {})
    assert through_json(target) == before


def test_replacing_leaves_nothing_of_the_old_store_and_says_what_it_was(full: Storage, target: Storage) -> None:
    target.records.save([entry(incident(f"MINE-{n}"), passage("mine", terms=(9,))) for n in range(40)], NOON)
    target.keys.add(key("bob"))
    last = target.audit.page(limit=1).items[0]
    target.backups.restore(through_json(full), {}, replace=True)
    passing = {"changes", "counters"}  # a change log goes on, so that an index hears of everything
    assert [row for row in all_rows(target) if row["table"] not in passing] == [
        row for row in all_rows(full) if row["table"] not in passing
    ]
    assert target.health.check() == ()
    assert target.audit.verify()[1] == ()
    detail = target.audit.page(limit=1).items[0].detail
    assert detail["replaced"] == {"audit_seq": last.seq, "audit_hash": last.hash}


def test_an_index_that_runs_hears_of_a_restore(full: Storage, target: Storage) -> None:
    target.records.save([entry(incident(f"MINE-{n}"), passage("mine", terms=(9, n))) for n in range(40)], NOON)
    index = LocalIndex(target.passages, None)
    index.refresh()
    target.backups.restore(through_json(full), {}, replace=True)
    index.refresh()
    anew = LocalIndex(target.passages, None)
    anew.refresh()
    assert len(index._state) == len(anew._state) == target.health.counts()["passages"]


def test_a_backup_under_writers_is_of_one_moment(store: Storage, target: Storage) -> None:
    store.records.save([entry(incident(f"X-{n}"), passage("a", terms=(1, n))) for n in range(1200)], NOON)
    stop = threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            store.records.save([entry(incident(f"Y-{n}"), passage("b", terms=(2, n)))], NOON)

    writer = threading.Thread(target=write)
    rows = store.backups.rows()
    backed_up = [next(rows) for _ in range(20)]
    writer.start()
    backed_up += list(rows)
    stop.set()
    writer.join()
    assert store.health.counts()["incidents"] > 1200, "somebody wrote meanwhile"
    target.backups.restore([json.loads(json.dumps(row)) for row in backed_up], {})
    assert target.health.check() == ()
    assert target.health.counts()["incidents"] == target.health.counts()["events"] == 1200
    assert target.audit.verify()[1] == ()


@pytest.mark.parametrize(
    ("table", "values", "says"),
    [
        ("backup", {"table": "archive"}, "not a backup of a store"),
        ("backup", {"schema": 999}, "newer OnRecall"),
        ("incidents", {"table": "users"}, "no table 'users'"),
        ("incidents", {"title": None}, "title is missing"),
        ("incidents", {"colour": "red"}, "no 'colour'"),
        ("resolutions", {"incident": "nobody"}, "contradict the rest"),
        ("changes", {"seq": 2**63}, "seq is not valid"),
        ("model_calls", {"reserved_usd": "much"}, "reserved_usd is not valid"),
        ("audit", {"at": "yesterday"}, "at is not valid"),
    ],
)
def test_what_is_wrong_in_it_changes_nothing(full: Storage, table: str, values: dict[str, object], says: str) -> None:
    rows = through_json(full)
    n = next(n for n, row in enumerate(rows) if row["table"] == table)
    before = through_json(full)
    with pytest.raises(Invalid, match=says):
        full.backups.restore([*rows[:n], rows[n] | values, *rows[n + 1 :]], {}, replace=True)
    assert through_json(full) == before
