"""What no database could keep is refused by both, with the field's name."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from onrecall.domain.errors import Conflict, Invalid, NotFound, Unavailable
from onrecall.domain.incident import Document, Incident, IncidentLink, ResolutionStep, StepExecution
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
    assert store.unchanged([thing]) == [False]
    (saved,) = store.save([entry(thing)], NOON)
    assert (saved.state, saved.field) == ("rejected", field)
    keep = store.open_incident if isinstance(thing, Incident) else store.put_document
    with pytest.raises(Invalid) as refused:
        keep(thing, [], NOON)
    assert refused.value.field == field
    assert store.counts()["incidents"] == store.counts()["documents"] == 0


def test_everything_else(store: Storage) -> None:
    store.save([entry(incident("X-1"))], NOON)
    store.save_recommendation(recommendation(about="X-1"), [])
    refused = [
        ("passages.0.text", lambda: store.open_incident(incident(), [passage("\0")], NOON)),
        ("passages.0.heading", lambda: store.open_incident(incident(), [passage("a", heading="\0")], NOON)),
        ("passages.0.known_from", lambda: store.open_incident(incident(), [passage("a", known_from=NAIVE)], NOON)),
        ("now", lambda: store.save([], NAIVE)),
        ("as_of", lambda: store.incident("X-1", NAIVE)),
        ("as_of", lambda: store.step_records([], NAIVE)),
        ("since", lambda: store.incidents(since=NAIVE)),
        ("q", lambda: store.incidents(q="\0")),
        ("service", lambda: store.incidents(service="\0")),
        ("at", lambda: store.acknowledge("X-1", NAIVE)),
        ("by", lambda: store.reopen("X-1", [], NOON, "\0")),
        ("at", lambda: store.resolve("X-1", replace(resolution(), at=NAIVE), [], [], [], NOON)),
        ("resolution.by", lambda: store.resolve("X-1", resolution(by="\0"), [], [], [], NOON)),
        (
            "performed.0.key",
            lambda: store.resolve("X-1", resolution(), [], [StepExecution("\0", "worked", NOON)], [], NOON),
        ),
        ("performed.0.at", lambda: store.rate(outcome(), [StepExecution("a", "worked", NAIVE)], NOON)),
        ("outcome.note", lambda: store.rate(outcome(note="\0"), [], NOON)),
        ("by", lambda: store.rate(outcome(by="b" * 601), [], NOON)),
        ("verdict_reason", lambda: store.save_recommendation(replace(recommendation(), verdict_reason="\0"), [])),
        ("created_at", lambda: store.save_recommendation(replace(recommendation(), created_at=NAIVE), [])),
        ("step_keys.0", lambda: store.save_recommendation(recommendation("rec-2"), ["\0"])),
    ]
    before = list(store.dump())
    for field, act in refused:
        with pytest.raises(Invalid) as error:
            act()
        assert error.value.field == field
        assert field in str(error.value)
    assert list(store.dump()) == before


def test_what_can_never_be_there_is_simply_not_there(store: Storage) -> None:
    for name in ("a\0", "\ud800"):
        assert store.get_records([("incident", name), ("document", name)]) == {}
        assert store.passages_of([("incident", name)]) == {}
        assert store.step_records([name]) == store.evidence_records([name]) == {}
        assert store.newest_recommendation(name) is None
        assert store.recommendations(name) == store.outcomes(name) == ()
        for ask in (
            store.incident,
            store.timeline,
            store.resolutions,
            store.document,
            store.delete_document,
            store.recommendation,
        ):
            with pytest.raises(NotFound):
                ask(name)


def test_moments_keep_their_instant(store: Storage) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    stored_incident = replace(incident("X-1"), started_at=datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=east))
    store.save([entry(stored_incident)], NOON)
    stored = store.incident("X-1")
    assert stored.started_at == stored_incident.started_at
    assert stored.started_at.tzinfo is UTC
    assert store.unchanged([stored, stored_incident]) == [True, True]


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
    store.open_incident(incident("X-1"), [], NOON)
    with pytest.raises(Conflict, match="from api; this one is from jira"):
        store.open_incident(incident("X-1", source="jira"), [], at(1))


@pytest.mark.parametrize("title", ["plain", "naïve café", "\U0001f525 on fire", "a \\u0000 that is only written so"])
def test_a_digest_is_that_of_the_plain_content(title: str) -> None:
    record = incident("X-1", title=title, labels={"zone": "a", "a": "b"}, resolution=resolution("cause"))
    plain = validation.to_storable(replace(record, id=""))
    del plain["resolution"]["cause_origin"]  # how the cause came about is no content
    content = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    assert validation.content_hash(record) == hashlib.sha256(content.encode()).hexdigest()
    taken_over = replace(record, resolution=replace(resolution("cause"), cause_origin="taken_over"))
    assert validation.content_hash(taken_over) == validation.content_hash(record)
