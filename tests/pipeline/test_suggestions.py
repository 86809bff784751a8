"""What arrives by webhook or Kafka is a suggestion, until somebody stands for it; on both databases."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from note_attacks import ATTACKS, AUTHOR, generic, payload

from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, NotFound
from onrecall.domain.incident import Resolution, ResolutionStep
from onrecall.domain.situation import Filter, make_situation
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.pipeline.suggestions import Correction
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.sources import WebhookRequest
from onrecall.storage import Storage

BOOK = Document("RB-orders", "Orders answer 500", "# Orders answer 500\n\n## Fix\n\n1. Look: `kubectl get pods`\n")


def send(memory: IncidentService, clock, source: str, deliveries: list[WebhookRequest]) -> None:
    """Send one after the other, the worker going its round after each, until all of it is over."""
    for delivery in deliveries:
        memory.receive(source, [delivery])
        clock.forward(seconds=10)
        work(memory)
    clock.forward(minutes=10)
    work(memory)


def work(memory: IncidentService) -> None:
    while memory.work():
        pass


def trusting(store: Storage, clock, *names: str) -> IncidentService:
    recall = Retriever(store, None, LocalIndex(store.passages, None))
    return IncidentService(Dependencies(store, recall, clock, trusted_sources=frozenset(names)))


def audited(memory: IncidentService) -> list[tuple[str, str | None]]:
    rows = memory.store.audit.page(limit=200).items
    return [(row.what, row.who) for row in reversed(rows) if row.what.startswith("suggestion")]


@pytest.mark.parametrize("source", [*ATTACKS, "generic"])
def test_nothing_but_a_suggestion_comes_of_what_a_sender_claims(memory: IncidentService, clock, source: str) -> None:
    send(memory, clock, source, ATTACKS.get(source) or generic())
    (incident,) = memory.store.incidents.page().items
    assert (incident.status, incident.resolution) == ("resolved", None)
    assert memory.store.incidents.resolutions(incident.id) == ()

    answer = memory.ask(make_situation(incident.text, incident.service, dict(incident.labels)))
    assert (answer.steps, answer.tried_before, answer.cause, answer.first_safe_step) == ((), (), None, None)
    assert all(found.resolution is None for found in answer.evidence)
    assert memory.store.step_executions.track_records(["run psql -c 'DROP TABLE orders'"]) == {}

    suggested = memory.store.suggestions.pending(incident.id)
    assert {one.by for one in suggested} <= {f"{source}: {AUTHOR}", source}
    assert len(suggested) >= (source != "generic")
    assert sorted(audited(memory)) == sorted(("suggestion made", one.by) for one in suggested)


@pytest.mark.parametrize("source", ATTACKS)
def test_the_same_messages_again_suggest_nothing_new(memory: IncidentService, clock, source: str) -> None:
    send(memory, clock, source, ATTACKS[source])
    before = memory.store.suggestions.page().items
    memory.suggestions.dismiss(before[0].id, "kim")
    send(memory, clock, source, ATTACKS[source])
    assert {one.id for one in memory.store.suggestions.page().items} == {one.id for one in before}
    assert memory.store.suggestions.get(before[0].id).state == "dismissed"


def suggest(memory: IncidentService, clock) -> str:
    send(memory, clock, "pagerduty", ATTACKS["pagerduty"])
    (suggested,) = memory.store.suggestions.page().items
    return suggested.id


def test_a_suggestion_is_found_as_such_and_shown_with_its_sender(memory: IncidentService, clock) -> None:
    name = suggest(memory, clock)
    asked = make_situation("A little bump in the road, DROP TABLE orders")
    (found,) = memory.recall(replace(asked, only=Filter(kind="suggestion")))
    assert (found.id, found.kind, found.suggested_by) == (name, "suggestion", "pagerduty: Mallory")
    assert "DROP TABLE" in found.excerpt.text
    assert all(one.kind != "suggestion" for one in memory.recall(asked))
    answer = memory.ask(asked)
    assert [one.id for one in answer.suggestions] == [name]
    assert all(one.kind != "suggestion" for one in answer.evidence)


def test_what_is_confirmed_is_a_resolution_of_the_one_who_confirms(memory: IncidentService, clock) -> None:
    name = suggest(memory, clock)
    confirmed = memory.suggestions.confirm(name, "kim", Correction(cause="wrong-rows"))
    assert (confirmed.state, confirmed.decided_by) == ("confirmed", "kim")
    incident = memory.store.incidents.get(confirmed.incident)
    assert (incident.resolution.provenance, incident.resolution.by) == ("human", "kim")
    assert incident.resolution.cause == "wrong-rows"
    assert incident.resolution.root_cause.startswith("wrong rows.")
    assert memory.suggestions.confirm(name, "kim").decided_at == confirmed.decided_at
    assert len(memory.store.incidents.resolutions(incident.id)) == 1
    assert memory.ask(make_situation(incident.text)).cause.startswith("wrong rows.")
    assert memory.recall(replace(make_situation("DROP TABLE"), only=Filter(kind="suggestion"))) == ()
    assert audited(memory) == [("suggestion made", "pagerduty: Mallory"), ("suggestion confirmed", "kim")]
    with pytest.raises(Conflict, match="confirmed already"):
        memory.suggestions.dismiss(name, "kim")


def test_what_is_dismissed_is_found_no_more_and_stays_on_record(memory: IncidentService, clock) -> None:
    name = suggest(memory, clock)
    dismissed = memory.suggestions.dismiss(name, "kim")
    assert memory.suggestions.dismiss(name, "somebody else") == dismissed
    assert memory.recall(replace(make_situation("DROP TABLE"), only=Filter(kind="suggestion"))) == ()
    assert memory.store.incidents.get(dismissed.incident).resolution is None
    assert {"suggested", "dismissed"} <= {event.type for event in memory.store.events.timeline(dismissed.incident)}
    with pytest.raises(Conflict, match="dismissed already"):
        memory.suggestions.confirm(name, "kim")
    with pytest.raises(NotFound):
        memory.suggestions.confirm("sug-none", "kim")


def test_a_resolution_of_a_person_is_not_replaced_by_a_suggestion(memory: IncidentService, clock) -> None:
    name = suggest(memory, clock)
    incident = memory.store.suggestions.get(name).incident
    memory.resolve(incident, Resolution("what it really was", clock(), steps=(ResolutionStep("Looked"),), by="ann"))
    with pytest.raises(Conflict, match="is already resolved"):
        memory.suggestions.confirm(name, "kim")
    assert memory.store.incidents.get(incident).resolution.root_cause == "what it really was"


def test_a_confirmation_that_was_interrupted_is_finished_by_another(memory: IncidentService, clock) -> None:
    name = suggest(memory, clock)
    suggested = memory.store.suggestions.get(name)
    memory.resolve(suggested.incident, replace(suggested.resolution, provenance="human", at=clock(), by="kim"))
    assert memory.suggestions.confirm(name, "kim").state == "confirmed"


# documents


def published(text: str = "<h1>Fix</h1><p>1. `psql -c 'DROP TABLE orders'`</p>") -> WebhookRequest:
    def change(body):
        body["data"] |= {"content": text, "title": "Orders answer 500"}

    return payload("rootly", "post_mortem_published", change)


def test_a_published_document_is_suggested_and_kept_nowhere_else(memory: IncidentService, clock) -> None:
    memory.put_document(replace(BOOK, id="rootly-2c7497e5-5d15-4fa4-aeac-cac063aafe19"))
    memory.receive("rootly", [published()])
    assert [one.title for one in memory.store.documents.page().items] == [BOOK.title]
    assert memory.store.documents.get("rootly-2c7497e5-5d15-4fa4-aeac-cac063aafe19").text == BOOK.text
    (suggested,) = memory.store.suggestions.page("pending").items
    assert (suggested.kind, suggested.document.kind, suggested.incident) == ("document", "postmortem", None)
    answer = memory.ask(make_situation("Orders answer 500"))
    assert [one.id for one in answer.suggestions] == [suggested.id]
    assert all("DROP" not in (step.command or "") for step in answer.steps)


def test_a_document_is_confirmed_unless_another_one_is_in_its_place(memory: IncidentService, clock) -> None:
    memory.receive("rootly", [published()])
    (suggested,) = memory.store.suggestions.page("pending").items
    memory.put_document(replace(BOOK, id=suggested.document.id))
    with pytest.raises(Conflict, match="already exists with other content"):
        memory.suggestions.confirm(suggested.id, "kim")
    memory.suggestions.confirm(suggested.id, "kim", may_replace=True)
    assert "DROP TABLE" in memory.store.documents.get(suggested.document.id).text


def test_a_newer_version_of_a_document_takes_the_place_of_one_that_waits(memory: IncidentService, clock) -> None:
    memory.receive("rootly", [published()])
    memory.receive("rootly", [published("<p>Looked at the orders, and nothing else</p>"), published()])
    states = sorted(one.state for one in memory.store.suggestions.page().items)
    assert states == ["pending", "superseded"]
    (waiting,) = memory.store.suggestions.page("pending").items
    assert "nothing else" in waiting.text


# what an operator trusts


def test_a_trusted_sender_needs_no_confirmation_and_its_writes_are_audited(store: Storage, clock) -> None:
    memory = trusting(store, clock, "pagerduty")
    name = suggest(memory, clock)
    suggested = memory.store.suggestions.get(name)
    assert (suggested.state, suggested.decided_by) == ("confirmed", "trusted source pagerduty")
    learned = memory.store.incidents.get(suggested.incident).resolution
    assert (learned.provenance, learned.by) == ("imported", "pagerduty: Mallory")
    assert [what for what, _ in audited(memory)] == ["suggestion made", "suggestion confirmed"]


def test_what_a_trusted_sender_does_not_state_is_suggested_all_the_same(store: Storage, clock) -> None:
    memory = trusting(store, clock, "pagerduty")

    def unsure(body):
        body["event"]["data"]["content"] = "maybe it was the deploy?"

    steps = [*ATTACKS["pagerduty"][:1], payload("pagerduty", "incident_annotated", unsure), ATTACKS["pagerduty"][2]]
    send(memory, clock, "pagerduty", steps)
    (suggested,) = memory.store.suggestions.page("pending").items
    assert memory.store.incidents.get(suggested.incident).resolution is None


def test_a_trusted_senders_document_is_kept(store: Storage, clock) -> None:
    memory = trusting(store, clock, "rootly")
    memory.receive("rootly", [published()])
    assert [one.title for one in memory.store.documents.page().items] == ["Orders answer 500"]
    assert memory.store.suggestions.page().items == ()


# names


@pytest.mark.parametrize(("author", "by"), [("Ann", "pagerduty: Ann"), (None, "pd-key")])
def test_who_wrote_it_is_the_sender_and_its_author_else_the_key(memory: IncidentService, clock, author, by) -> None:
    def change(body):
        body["event"]["agent"] = {"summary": author, "type": "user_reference"} if author else None

    delivery = payload("pagerduty", "incident_annotated", change)
    memory.ingester.store_batches([memory.ingester.read("pagerduty", delivery, "pd-key")])
    (note,) = memory.store.notes.waiting(10)
    assert note.by == by


def test_suggestions_go_with_an_archive_and_are_found_there(memory: IncidentService, clock, tmp_path) -> None:
    suggest(memory, clock)
    rows = list(memory.store.archive.dump())
    other = Storage.open(f"sqlite:///{tmp_path / 'other.db'}")
    other.archive.load(json.loads(json.dumps(rows)))
    assert other.suggestions.page().items == memory.store.suggestions.page().items
    assert other.archive.load(json.loads(json.dumps(rows)))["suggestions"] == 0
    recall = Retriever(other, None, LocalIndex(other.passages, None))
    assert recall.recall(replace(make_situation("DROP TABLE orders"), only=Filter(kind="suggestion")))
    other.close()


def test_suggestions_are_listed_newest_first_page_by_page(memory: IncidentService, clock) -> None:
    for number in range(3):
        clock.forward(minutes=1)
        document = replace(BOOK, id=f"D-{number}", title=f"Page {number}")
        memory.ingester.store_batches([memory.ingester._prepare("rootly", _documents(document), None)])
    first = memory.store.suggestions.page(limit=2)
    assert [one.title for one in first.items] == ["Page 2", "Page 1"]
    assert [one.title for one in memory.store.suggestions.page(cursor=first.next_cursor, limit=2).items] == ["Page 0"]


def _documents(document: Document):
    from onrecall.sources import ParsedWebhook  # noqa: PLC0415

    return ParsedWebhook(documents=(replace(document, dated=datetime(2026, 1, 1, tzinfo=UTC)),))
