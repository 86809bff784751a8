"""What goes with an incident that is removed, and what follows one that gets another id."""

import pytest

from onrecall.domain.errors import NotFound
from onrecall.domain.suggestion import Suggestion
from onrecall.storage import Storage
from onrecall.storage.cause_families import DecidedFamily
from onrecall.storage.notices import NewNotice, NoticePost

from .given import NOON, at, entry, incident, passage, recommendation, resolution


def suggestion(name: str, about: str) -> Suggestion:
    return Suggestion(
        name, "resolution", "rootly", "rootly: Ann", NOON, "Kiln", "Relit it", None, about, resolution("cold")
    )


def save(store: Storage, name: str, source: str) -> None:
    kiln = incident(name, source=source, source_id=name, title=f"Kiln {source}", resolution=resolution("cold"))
    assert [saved.state for saved in store.records.save([entry(kiln, passage("kiln", terms=(1,)))], NOON)] == [
        "created"
    ]


def test_a_suggestion_and_an_announced_answer_do_not_keep_an_incident(store: Storage) -> None:
    save(store, "KILN-1", "bank")
    store.suggestions.add(suggestion("sug-1", "KILN-1"), [passage("relit", terms=(1,))], NOON)
    answer = recommendation("rec-1", "KILN-1")
    store.recommendations.save(answer, ["look", "restart"])
    store.outbox.enqueue_notice(NoticePost(NewNotice("ntf-1", "slack", "Kiln", "Look", decision="rec-1"), {}), NOON)
    store.memory_banks.remove("kilns", (), ["KILN-1"])
    with pytest.raises(NotFound):
        store.incidents.get("KILN-1")
    with pytest.raises(NotFound):
        store.suggestions.get("sug-1")
    assert store.notices.get("ntf-1").decision is None
    assert store.passages.of_owners([("suggestion", "sug-1")]) == {}
    assert store.health.check() == ()


def test_examples_with_suggestions_are_removed(store: Storage) -> None:
    save(store, "KILN-1", "example")
    store.suggestions.add(suggestion("sug-1", "KILN-1"), [passage("relit", terms=(1,))], NOON)
    assert store.examples.remove().incidents == 1
    assert store.health.check() == ()


def test_a_suggestion_and_a_cause_label_follow_the_example_that_steps_aside(store: Storage) -> None:
    save(store, "KILN-1", "example")
    store.suggestions.add(suggestion("sug-1", "KILN-1"), [passage("relit", terms=(1,))], NOON)
    store.cause_families.decide([DecidedFamily("fam-1", "cold-kiln", "confirmed", ("KILN-1",), None, at(90))])
    save(store, "KILN-1", "recallops")
    assert store.suggestions.get("sug-1").incident == "example:KILN-1"
    (family,) = store.cause_families.all()
    assert family.incidents == ("example:KILN-1",)
    assert store.incidents.get("KILN-1").resolution.cause is None
    assert store.health.check() == ()
