"""The archive: out, in again, and over to the other database."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from onrecall.domain.action_item import TrackedAction
from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, Invalid
from onrecall.domain.evidence import StepExecution
from onrecall.domain.incident import IncidentLink
from onrecall.storage import Storage
from onrecall.storage.archive import ARCHIVED_TABLES
from onrecall.storage.tables import metadata

from .given import NOON, at, entry, incident, outcome, passage, recommendation, resolution


@pytest.fixture
def full(store: Storage) -> Storage:
    """A store in which everything has happened once."""
    return filled(store)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """Its archive."""
    store = Storage.open("sqlite://")
    archived = through_json(filled(store))
    store.close()
    return archived


def filled(store: Storage) -> Storage:
    store.records.save(
        [
            entry(
                incident("INC-9", -1000, source="jira", source_id="1"),
                passage("old", terms=(1, 2), vector=b"\0\1", model="m"),
            ),
            entry(
                incident("X-2", resolution=resolution()),
                passage("two"),
                performed=(StepExecution("scale", "worked", at(60)),),
            ),
            entry(Document("run/pool.md", "Pool", "# Pool", dated=at(-5000)), passage("Pool", "body", terms=(2, 3))),
        ],
        NOON,
    )
    opened, _ = store.incidents.open(incident(labels={"ü": "ß"}), [passage("new", terms=(3,))], NOON)
    store.incidents.acknowledge(opened.id, at(2), "bob")
    store.recommendations.save(recommendation("rec-1", opened.id), ["look", "restart"])
    store.recommendations.save(recommendation("rec-0", opened.id), ["look", "restart"])
    store.recommendations.save(recommendation("rec-1", opened.id), ["look", "restart"])
    store.outcomes.save(outcome(), [StepExecution("look", "worked", at(10))], at(10))
    store.outcomes.save(outcome("did_not_help", 20), [StepExecution("look", "did_not_help", at(20))], at(20))
    store.incidents.resolve(
        opened.id, resolution("first"), [passage("new")], [StepExecution("restart", "worked", at(60))], [], at(60)
    )
    ties = [IncidentLink("recurrence", "INC-9")]
    store.incidents.resolve(
        opened.id, resolution("second", 70), [passage("new"), passage("r", "resolution")], [], ties, at(70)
    )
    store.incidents.reopen(opened.id, [passage("new", terms=(3, 4))], at(80), "ann")
    store.action_items.add(TrackedAction(opened.id, 0, "Alert at 80 %", owner="ann", due=date(2026, 4, 1)), at(90))
    store.incidents.open(incident(), [], NOON)
    return store


@pytest.fixture(params=["sqlite", "memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """An empty store beside the first, also of the other database."""
    if request.param == "memory":
        url = "sqlite://"
    elif request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'other.db'}"
    else:
        url = request.getfixturevalue("blank_postgres_url")
    opened = Storage.open(url)
    yield opened
    opened.close()


def through_json(store: Storage) -> list[dict[str, Any]]:
    return [json.loads(json.dumps(row)) for row in store.archive.dump()]


def test_out_and_in_gives_the_same_store(full: Storage, target: Storage) -> None:
    rows = through_json(full)
    assert sum(target.archive.load(rows).values()) == len(rows) - 2
    assert list(target.archive.dump()) == rows
    assert target.health.counts() == full.health.counts()
    assert target.health.check() == ()
    for stored_incident in full.incidents.page().items:
        assert target.incidents.get(stored_incident.id) == stored_incident
        assert target.incidents.get(stored_incident.id, at(75)) == full.incidents.get(stored_incident.id, at(75))
        assert target.incidents.resolutions(stored_incident.id) == full.incidents.resolutions(stored_incident.id)
        assert target.recommendations.of_incident(stored_incident.id) == full.recommendations.of_incident(
            stored_incident.id
        )
        assert target.events.timeline(stored_incident.id) == full.events.timeline(stored_incident.id)
        assert target.action_items.of_incident(stored_incident.id) == full.action_items.of_incident(stored_incident.id)
    assert target.documents.page() == full.documents.page()
    assert target.events.feed() == full.events.feed()
    assert target.incidents.due(10) == full.incidents.due(10)
    keys, when = ["look", "restart", "scale"], [None, at(15), at(65), at(75)]
    assert [target.step_executions.track_records(keys, moment) for moment in when] == [
        full.step_executions.track_records(keys, one) for one in when
    ]
    assert [target.outcomes.track_records(["INC-9"], moment) for moment in when] == [
        full.outcomes.track_records(["INC-9"], moment) for moment in when
    ]
    assert target.passages.term_statistics(range(9)) == full.passages.term_statistics(range(9))
    texts = [change.passage for change in full.passages.changes(0, 100) if change.passage]
    assert {repr(change.passage) for change in target.passages.changes(0, 100)} == set(map(repr, texts))
    assert target.incidents.open(incident(), [], NOON)[0].id == full.incidents.open(incident(), [], NOON)[0].id


def test_no_table_is_forgotten() -> None:
    left_out = metadata.tables.keys() - {table.name for table in ARCHIVED_TABLES}
    staged = {"reindexing", "staged_owners", "staged_passages"}
    at_home = {
        "api_keys",
        "tickets",
    }  # an export is for moving and for others to read: hashes of keys are nobody else's business
    not_archived = {
        "cursors"
    }  # how far readers came with the events of this store; where rows go in, events are numbered anew
    not_archived |= {
        "channels",
        "threads",
        "deliveries",
        "notices",
    }  # what was told to whom: a copy must neither tell it again nor rewrite it
    not_archived |= {
        "model_calls"
    }  # what was spent, and on what account: of no use to another installation, and not its to count
    not_archived |= {
        "audit",
        "audit_head",
        "erased_audit_rows",
        "document_shares",
    }  # who did what here; a copy begins a chain of its own, with the row that it was loaded
    not_archived |= {"people", "push_subscriptions", "sessions", "sign_ins"}  # who signs in here, and on which devices
    not_archived |= {"mirrored", "pulled"}  # what this installation has in a bank elsewhere, and took from there
    not_archived |= {"senders", "heartbeats", "backtests"}  # who was heard here, and what was run here
    packed = {"recurrence_days", "recurrence_changes"}  # packed from the incidents; loading them marks their days
    assert left_out == {"counters", "terms", "term_runs", "changes"} | packed | staged | at_home | not_archived, (
        "a new table belongs into the archive, unless it follows from others"
    )


def test_loading_twice_changes_nothing(full: Storage) -> None:
    rows = through_json(full)
    assert sum(full.archive.load(rows).values()) == 0
    assert list(full.archive.dump()) == rows


def test_loading_adds_what_is_missing(full: Storage, target: Storage) -> None:
    target.records.save([entry(incident("MINE", -9), passage("mine", terms=(2,)))], NOON)
    target.archive.load(through_json(full))
    assert {stored_incident.id for stored_incident in target.incidents.page().items} == {
        stored_incident.id for stored_incident in full.incidents.page().items
    } | {"MINE"}
    assert target.health.check() == ()
    assert [event.incident for event in target.events.feed(limit=2)] == ["MINE", "INC-9"]


def test_a_contradiction_stops_the_load_as_a_whole(full: Storage, target: Storage) -> None:
    target.records.save([entry(incident("X-2", title="Something else"))], NOON)
    before = list(target.archive.dump())
    with pytest.raises(Conflict, match=r"incidents X-2: .*title.* differ from the stored row"):
        target.archive.load(through_json(full))
    assert list(target.archive.dump()) == before


def test_a_taken_natural_key_is_a_contradiction(full: Storage, target: Storage) -> None:
    target.records.save([entry(incident("OTHER", source="jira", source_id="1"))], NOON)
    with pytest.raises(Conflict, match=r"rows \d+ to \d+ \(incidents\) contradict"):
        target.archive.load(through_json(full))


def test_what_is_waiting_does_not_contradict(full: Storage, target: Storage) -> None:
    rows = through_json(full)
    target.archive.load(rows)
    waiting = next(name for name in target.incidents.due(10))
    target.recommendations.save(replace(recommendation("rec-9"), incident=waiting), [])
    assert sum(target.archive.load(rows).values()) == 0


def spoiled(rows: list[dict[str, Any]], table: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows with the first one of a table changed."""
    n = next(n for n, row in enumerate(rows) if row["table"] == table)
    return [*rows[:n], rows[n] | values, *rows[n + 1 :]]


@pytest.mark.parametrize(
    ("table", "values", "says"),
    [
        ("archive", {"schema": 999}, "newer OnRecall"),
        ("archive", {"schema": "1"}, "not an archive"),
        ("incidents", {"table": "users"}, "no table 'users'"),
        ("incidents", {"title": None}, r"row 3 \(incidents\): title is missing"),
        ("incidents", {"title": "a\0"}, "title contains a NUL"),
        ("incidents", {"title": 5}, "title is not valid"),
        ("incidents", {"id": "X" * 601}, "longer than 600"),
        ("incidents", {"status": "closed"}, "status is not valid"),
        ("incidents", {"started_at": "yesterday"}, "started_at is not valid"),
        ("incidents", {"started_at": "2026-01-01T00:00:00"}, "no time zone"),
        ("incidents", {"waiting": 1}, "waiting is not valid"),
        ("incidents", {"labels": {"a": 1}}, "labels is not valid"),
        ("incidents", {"colour": "red"}, "no 'colour'"),
        ("resolutions", {"version": -1}, "version is not valid"),
        ("resolutions", {"steps": [{"no": 1}]}, "steps is not valid"),
        ("resolutions", {"incident": "X-9"}, "contradict what is here"),
        ("recommendations", {"body": {}}, "body is not valid"),
        ("performed", {"outcome": "maybe"}, "outcome is not valid"),
        ("passages", {"vector": "%%"}, "vector is not valid"),
        ("passages", {"terms": base64.b64encode(b"1").decode()}, "take five each"),
        ("counters", {"value": 2**40}, "only the number of the last incident"),
    ],
)
def test_a_spoiled_archive_is_refused(
    rows: list[dict[str, Any]], table: str, values: dict[str, Any], says: str
) -> None:
    target = Storage.open("sqlite://")
    with pytest.raises((Invalid, Conflict), match=says):
        target.archive.load(spoiled(rows, table, values))
    assert target.health.counts()["incidents"] == target.health.counts()["passages"] == 0
    target.close()


def test_an_empty_archive_is_none(store: Storage) -> None:
    with pytest.raises(Invalid, match="not an archive"):
        store.archive.load([])


def test_the_store_can_be_used_while_it_is_dumped(store: Storage) -> None:
    store.records.save([entry(incident(f"X-{n}")) for n in range(3)], NOON)
    rows = store.archive.dump()
    dumped_rows = [next(rows), next(rows), next(rows)]
    store.records.save([entry(incident("X-9"))], NOON)
    dumped_rows += list(rows)
    assert sum(row["table"] == "incidents" for row in dumped_rows) == 3, "what came later is not in it"
