"""Example records step aside for anybody's own, in whatever order both come, and are removed without a trace."""

from typing import Any

import pytest

from onrecall.domain.document import Document
from onrecall.domain.errors import NotFound
from onrecall.domain.evidence import StepExecution
from onrecall.domain.incident import IncidentLink
from onrecall.storage import Storage

from .given import NOON, at, entry, incident, outcome, passage, recommendation, resolution

STEP = StepExecution("scale", "worked", at(60))


def example(name: str, **more: Any) -> Any:
    return incident(name, source="example", source_id=name, title=f"Example {name}", **more)


def own(name: str, **more: Any) -> Any:
    return incident(name, source="recallops", source_id=name, title=f"Own {name}", **more)


def paper(text: str, source: str | None) -> Document:
    return Document("RB-1", "Pool", text, source=source)


def save(store: Storage, *records: Any) -> list[str]:
    entries = [entry(record, passage(f"text of {record.title}", terms=(1, 2)), performed=(STEP,)) for record in records]
    return [result.state for result in store.records.save(entries, NOON)]


def dumped(store: Storage) -> list[str]:
    return sorted(str(row) for row in store.archive.dump())


EXAMPLES = (
    example("INC-1", resolution=resolution(), status="resolved"),
    example("INC-2", resolution=resolution(), links=(IncidentLink("recurrence", "INC-1"),)),
)
OWN = own("INC-1", resolution=resolution("Own cause"))


@pytest.mark.parametrize("order", ["examples first", "own first", "both at once"])
def test_both_are_kept_in_any_order_and_again_nothing_changes(store: Storage, order: str) -> None:
    batches: list[tuple[Any, ...]] = {
        "examples first": [EXAMPLES, (OWN,)],
        "own first": [(OWN,), EXAMPLES],
        "both at once": [(*EXAMPLES, OWN)],
    }[order]
    for batch in batches:
        assert set(save(store, *batch)) == {"created"}
    assert (store.incidents.get("INC-1").title, store.incidents.get("INC-1").source) == ("Own INC-1", "recallops")
    aside = store.incidents.get("example:INC-1")
    assert (aside.title, aside.source_id, aside.resolution) == ("Example INC-1", "INC-1", resolution())
    assert store.incidents.get("INC-2").links == (IncidentLink("recurrence", "example:INC-1"),)
    for owner, text in (("INC-1", "text of Own INC-1"), ("example:INC-1", "text of Example INC-1")):
        assert [
            stored_passage.text
            for _, stored_passage in store.passages.of_owners([("incident", owner)])["incident", owner]
        ] == [text]
    assert store.health.check() == ()
    before = dumped(store)
    for batch in (*batches, EXAMPLES, (OWN,)):
        assert set(save(store, *batch)) == {"unchanged"}
        assert store.records.unchanged(batch) == [True] * len(batch)
    assert dumped(store) == before


def test_whatever_referred_to_the_example_refers_to_it_still(store: Storage) -> None:
    save(store, *EXAMPLES, own("OPS-7"))
    store.incidents.link("OPS-7", IncidentLink("recurrence", "INC-1"), at(70))
    store.recommendations.save(recommendation("rec-1", "OPS-7", cites="INC-1"), ["look", "restart"])
    store.recommendations.save(recommendation("rec-2", "INC-1"), ["look", "restart"])
    event_count = len(store.events.timeline("INC-1"))
    save(store, OWN)
    assert store.incidents.get("OPS-7").links == (IncidentLink("recurrence", "example:INC-1"),)
    answer = store.recommendations.get("rec-1")
    assert answer.evidence[0].id == answer.steps[0].citation.id == "example:INC-1"
    assert store.recommendations.newest("example:INC-1").incident == "example:INC-1"
    assert store.recommendations.newest("INC-1") is None
    assert len(store.events.timeline("example:INC-1")) == event_count
    (tied,) = [event.detail for event in store.events.timeline("OPS-7") if event.type == "linked"]
    assert tied["incident"] == "example:INC-1"
    assert store.step_executions.track_records(["scale"])["scale"].worked == 3
    assert [event.type for event in store.events.timeline("INC-1")] == ["opened", "resolved"]


def test_an_incident_that_is_opened_makes_an_example_step_aside_too(store: Storage) -> None:
    save(store, *EXAMPLES)
    opened, new = store.incidents.open(own("INC-1"), [passage("now")], NOON)
    assert (opened.title, new) == ("Own INC-1", True)
    assert store.incidents.get("example:INC-1").title == "Example INC-1"
    assert store.incidents.open(own("INC-1"), [passage("now")], NOON)[1] is False


def test_a_record_that_cannot_be_stored_moves_nothing(store: Storage) -> None:
    save(store, *EXAMPLES)
    assert save(store, own("INC-1", description="half \ud800 of a character")) == ["rejected"]
    assert store.incidents.get("INC-1").title == "Example INC-1"


def test_an_archive_of_own_incidents_goes_into_a_store_with_examples(store: Storage) -> None:
    with_own = Storage.open("sqlite://")
    save(with_own, OWN)
    rows = list(with_own.archive.dump())
    with_own.close()
    save(store, *EXAMPLES)
    store.archive.load(rows)
    assert store.incidents.get("INC-1").title == "Own INC-1"
    assert store.incidents.get("example:INC-1").title == "Example INC-1"


@pytest.mark.parametrize("own_first", [True, False])
def test_an_own_document_wins_over_the_example_of_its_name(store: Storage, own_first: bool) -> None:
    own, shipped = paper("# Mine", "runbooks/pool.md"), paper("# Shipped", "example")
    for added in (own, shipped) if own_first else (shipped, own):
        save(store, added)
    assert store.documents.get("RB-1").text == "# Mine"
    if own_first:
        assert store.documents.get("example:RB-1").text == "# Shipped"
        assert save(store, shipped) == ["unchanged"]
        assert store.records.unchanged([shipped]) == [True]


def test_examples_are_removed_with_all_that_is_told_of_them_and_own_records_stay(store: Storage) -> None:
    save(store, OWN, own("OPS-7"))
    before = dumped(store)
    save(store, *EXAMPLES, example("INC-9"), paper("# Shipped", "example"))
    store.recommendations.save(recommendation("rec-2", "INC-9", cites="INC-2"), ["look", "restart"])
    store.outcomes.save(outcome(recommendation="rec-2"), [StepExecution("look", "worked", at(10))], at(10))
    store.incidents.link("OPS-7", IncidentLink("recurrence", "INC-2"), at(70))
    assert store.examples.stored().ids == {"example:INC-1", "INC-2", "INC-9", "RB-1"}
    assert not store.examples.stored().alone
    removed = store.examples.remove()
    assert (removed.incidents, removed.documents) == (3, 1)
    for name in ("example:INC-1", "INC-2", "INC-9"):
        with pytest.raises(NotFound):
            store.incidents.get(name)
    with pytest.raises(NotFound):
        store.documents.get("RB-1")
    assert store.incidents.get("OPS-7").links == ()
    assert store.health.check() == ()
    remaining = [row for row in dumped(store) if "linked" not in row and "'counters'" not in row]
    assert remaining == [row for row in before if "'counters'" not in row]
    assert store.examples.remove().incidents == 0
    assert store.examples.stored().ids == frozenset()


def test_a_store_of_examples_alone_says_so(store: Storage) -> None:
    assert store.examples.stored().alone
    save(store, *EXAMPLES)
    assert store.examples.stored().alone
    save(store, OWN)
    assert not store.examples.stored().alone
