"""What no database could keep is refused by both, with the field's name."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, Invalid, NotFound, Unavailable
from onrecall.domain.evidence import StepExecution
from onrecall.domain.incident import Incident, IncidentLink, ResolutionStep
from onrecall.storage import Storage, validation

from .given import NOON, at, entry, incident, outcome, passage, recommendation, resolution

NAIVE = datetime(2026, 3, 1, 12)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("thing", "field"),
    [
        (incident("X-1", title="a\0b"), "title"),
        (incident("X\0"), "id"),
        (incident("X-1", description="\ud800"), "description"),
        (incident("X-1", labels={"a": "\0"}), "labels.a"),
        (incident("X-1", labels={"a\0": "b"}), "labels"),
        (incident("X-1", resolution=resolution("\0")), "resolution.root_cause"),
        (incident("X-1", resolution=resolution(steps=(ResolutionStep("a", "\0"),))), "resolution.steps.0.command"),
        (incident("X-1", links=(IncidentLink("recurrence", "\0"),)), "links.0.incident"),
        (replace(incident("X-1"), started_at=NAIVE), "started_at"),
        (replace(incident("X-1"), resolved_at=NAIVE), "resolved_at"),
        (replace(incident("X-1"), started_at=datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))), "started_at"),
        (incident("X" * 601), "id"),
        (incident("X-1", service="ü" * 301), "service"),
        (incident("X-1", source_id="X" * 601), "source_id"),
        (Document("d", "D", "a\0"), "text"),
        (Document("d", "D", "a", dated=NAIVE), "dated"),
    ],
)
def test_things(store: Storage, thing: Incident | Document, field: str) -> None:
    assert store.records.unchanged([thing]) == [False]
    (saved,) = store.records.save([entry(thing)], NOON)
    assert (saved.state, saved.field) == ("rejected", field)
    keep = store.incidents.open if isinstance(thing, Incident) else store.documents.put
    with pytest.raises(Invalid) as refused:
        keep(thing, [], NOON)
    assert refused.value.field == field
    assert store.health.counts()["incidents"] == store.health.counts()["documents"] == 0


def test_everything_else(store: Storage) -> None:
    store.records.save([entry(incident("X-1"))], NOON)
    store.recommendations.save(recommendation(about="X-1"), [])
    refused = [
        ("passages.0.text", lambda: store.incidents.open(incident(), [passage("\0")], NOON)),
        ("passages.0.heading", lambda: store.incidents.open(incident(), [passage("a", heading="\0")], NOON)),
        ("passages.0.known_from", lambda: store.incidents.open(incident(), [passage("a", known_from=NAIVE)], NOON)),
        ("now", lambda: store.records.save([], NAIVE)),
        ("as_of", lambda: store.incidents.get("X-1", NAIVE)),
        ("as_of", lambda: store.step_executions.track_records([], NAIVE)),
        ("since", lambda: store.incidents.page(since=NAIVE)),
        ("q", lambda: store.incidents.page(q="\0")),
        ("service", lambda: store.incidents.page(service="\0")),
        ("at", lambda: store.incidents.acknowledge("X-1", NAIVE)),
        ("by", lambda: store.incidents.reopen("X-1", [], NOON, "\0")),
        ("at", lambda: store.incidents.resolve("X-1", replace(resolution(), at=NAIVE), [], [], [], NOON)),
        ("resolution.by", lambda: store.incidents.resolve("X-1", resolution(by="\0"), [], [], [], NOON)),
        (
            "performed.0.key",
            lambda: store.incidents.resolve("X-1", resolution(), [], [StepExecution("\0", "worked", NOON)], [], NOON),
        ),
        ("performed.0.at", lambda: store.outcomes.save(outcome(), [StepExecution("a", "worked", NAIVE)], NOON)),
        ("outcome.note", lambda: store.outcomes.save(outcome(note="\0"), [], NOON)),
        ("by", lambda: store.outcomes.save(outcome(by="b" * 601), [], NOON)),
        ("verdict_reason", lambda: store.recommendations.save(replace(recommendation(), verdict_reason="\0"), [])),
        ("created_at", lambda: store.recommendations.save(replace(recommendation(), created_at=NAIVE), [])),
        ("step_keys.0", lambda: store.recommendations.save(recommendation("rec-2"), ["\0"])),
    ]
    before = list(store.archive.dump())
    for field, act in refused:
        with pytest.raises(Invalid) as error:
            act()
        assert error.value.field == field
        assert field in str(error.value)
    assert list(store.archive.dump()) == before


def test_what_can_never_be_there_is_simply_not_there(store: Storage) -> None:
    for name in ("a\0", "\ud800"):
        assert store.records.get([("incident", name), ("document", name)]) == {}
        assert store.passages.of_owners([("incident", name)]) == {}
        assert store.step_executions.track_records([name]) == store.outcomes.track_records([name]) == {}
        assert store.recommendations.newest(name) is None
        assert store.recommendations.of_incident(name) == store.outcomes.of_recommendation(name) == ()
        for ask in (
            store.incidents.get,
            store.events.timeline,
            store.incidents.resolutions,
            store.documents.get,
            store.documents.delete,
            store.recommendations.get,
        ):
            with pytest.raises(NotFound):
                ask(name)


def test_moments_keep_their_instant(store: Storage) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    stored_incident = replace(incident("X-1"), started_at=datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=east))
    store.records.save([entry(stored_incident)], NOON)
    stored = store.incidents.get("X-1")
    assert stored.started_at == stored_incident.started_at
    assert stored.started_at.tzinfo is UTC
    assert store.records.unchanged([stored, stored_incident]) == [True, True]


def test_urls_that_are_none() -> None:
    for url in ("nonsense", "mysql://x/y", "", "sqlite:///x?timeout=soon"):
        with pytest.raises(Invalid) as refused:
            Storage.open(url)
        assert refused.value.field == "database_url"


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("shopping list\n" * 100)
    with pytest.raises(Invalid, match="not a database"):
        Storage.open(f"sqlite:///{path}")


def test_a_place_that_can_not_be_opened(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="can't be used"):
        Storage.open(f"sqlite:///{tmp_path}")
    (tmp_path / "file").touch()
    with pytest.raises(Invalid, match="can't be made"):
        Storage.open(f"sqlite:///{tmp_path / 'file' / 'x.db'}")


def test_a_folder_is_made_for_the_file(tmp_path: Path) -> None:
    Storage.open(f"sqlite:///{tmp_path / 'a' / 'b' / 'x.db'}").close()
    assert (tmp_path / "a" / "b" / "x.db").is_file()


@pytest.mark.postgres
def test_a_server_that_does_not_answer() -> None:
    with pytest.raises(Unavailable, match="does not answer") as refused:
        Storage.open("postgresql://nobody:secret@127.0.0.1:1/none")
    assert "secret" not in str(refused.value)
    assert refused.value.retry


def test_a_conflict_names_what_contradicts(store: Storage) -> None:
    store.incidents.open(incident("X-1"), [], NOON)
    with pytest.raises(Conflict, match="from api; this one is from jira"):
        store.incidents.open(incident("X-1", source="jira"), [], at(1))


@pytest.mark.parametrize("title", ["plain", "naïve café", "\U0001f525 on fire", "a \\u0000 that is only written so"])
def test_a_digest_is_that_of_the_plain_content(title: str) -> None:
    record = incident("X-1", title=title, labels={"zone": "a", "a": "b"}, resolution=resolution("cause"))
    plain = validation.to_storable(replace(record, id=""))
    del plain["resolution"]["cause_origin"]  # how the cause came about is no content
    content = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    assert validation.content_hash(record) == hashlib.sha256(content.encode()).hexdigest()
    taken_over = replace(record, resolution=replace(resolution("cause"), cause_origin="taken_over"))
    assert validation.content_hash(taken_over) == validation.content_hash(record)
