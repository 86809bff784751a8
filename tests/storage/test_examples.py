"""Example records step aside for anybody's own, in whatever order both come, and are removed without a trace."""

from typing import Any

import pytest

from onrecall.domain.errors import NotFound
from onrecall.domain.incident import Document, IncidentLink, StepExecution
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
    return [result.state for result in store.save(entries, NOON)]


def dumped(store: Storage) -> list[str]:
    return sorted(str(row) for row in store.dump())


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
    assert (store.incident("INC-1").title, store.incident("INC-1").source) == ("Own INC-1", "recallops")
    aside = store.incident("example:INC-1")
    assert (aside.title, aside.source_id, aside.resolution) == ("Example INC-1", "INC-1", resolution())
    assert store.incident("INC-2").links == (IncidentLink("recurrence", "example:INC-1"),)
    for owner, text in (("INC-1", "text of Own INC-1"), ("example:INC-1", "text of Example INC-1")):
        assert [
            stored_passage.text for _, stored_passage in store.passages_of([("incident", owner)])["incident", owner]
        ] == [text]
    assert store.check() == ()
    before = dumped(store)
    for batch in (*batches, EXAMPLES, (OWN,)):
        assert set(save(store, *batch)) == {"unchanged"}
        assert store.unchanged(batch) == [True] * len(batch)
    assert dumped(store) == before


def test_whatever_referred_to_the_example_refers_to_it_still(store: Storage) -> None:
    save(store, *EXAMPLES, own("OPS-7"))
    store.link("OPS-7", IncidentLink("recurrence", "INC-1"), at(70))
    store.save_recommendation(recommendation("rec-1", "OPS-7", cites="INC-1"), ["look", "restart"])
    store.save_recommendation(recommendation("rec-2", "INC-1"), ["look", "restart"])
    event_count = len(store.timeline("INC-1"))
    save(store, OWN)
    assert store.incident("OPS-7").links == (IncidentLink("recurrence", "example:INC-1"),)
    answer = store.recommendation("rec-1")
    assert answer.evidence[0].id == answer.steps[0].citation.id == "example:INC-1"
    assert store.newest_recommendation("example:INC-1").incident == "example:INC-1"
    assert store.newest_recommendation("INC-1") is None
    assert len(store.timeline("example:INC-1")) == event_count
    (tied,) = [event.detail for event in store.timeline("OPS-7") if event.type == "linked"]
    assert tied["incident"] == "example:INC-1"
    assert store.step_records(["scale"])["scale"].worked == 3
    assert [event.type for event in store.timeline("INC-1")] == ["opened", "resolved"]


def test_an_incident_that_is_opened_makes_an_example_step_aside_too(store: Storage) -> None:
    save(store, *EXAMPLES)
    opened, new = store.open_incident(own("INC-1"), [passage("now")], NOON)
    assert (opened.title, new) == ("Own INC-1", True)
    assert store.incident("example:INC-1").title == "Example INC-1"
    assert store.open_incident(own("INC-1"), [passage("now")], NOON)[1] is False


def test_a_record_that_cannot_be_stored_moves_nothing(store: Storage) -> None:
    save(store, *EXAMPLES)
    assert save(store, own("INC-1", description="half \ud800 of a character")) == ["rejected"]
    assert store.incident("INC-1").title == "Example INC-1"


def test_an_archive_of_own_incidents_goes_into_a_store_with_examples(store: Storage) -> None:
    with_own = Storage.open("sqlite://")
    save(with_own, OWN)
    rows = list(with_own.dump())
    with_own.close()
    save(store, *EXAMPLES)
    store.load(rows)
    assert store.incident("INC-1").title == "Own INC-1"
    assert store.incident("example:INC-1").title == "Example INC-1"


@pytest.mark.parametrize("own_first", [True, False])
def test_an_own_document_wins_over_the_example_of_its_name(store: Storage, own_first: bool) -> None:
    own, shipped = paper("# Mine", "runbooks/pool.md"), paper("# Shipped", "example")
    for added in (own, shipped) if own_first else (shipped, own):
        save(store, added)
    assert store.document("RB-1").text == "# Mine"
    if own_first:
        assert store.document("example:RB-1").text == "# Shipped"
        assert save(store, shipped) == ["unchanged"]
        assert store.unchanged([shipped]) == [True]


def test_examples_are_removed_with_all_that_is_told_of_them_and_own_records_stay(store: Storage) -> None:
    save(store, OWN, own("OPS-7"))
    before = dumped(store)
    save(store, *EXAMPLES, example("INC-9"), paper("# Shipped", "example"))
    store.save_recommendation(recommendation("rec-2", "INC-9", cites="INC-2"), ["look", "restart"])
    store.rate(outcome(recommendation="rec-2"), [StepExecution("look", "worked", at(10))], at(10))
    store.link("OPS-7", IncidentLink("recurrence", "INC-2"), at(70))
    assert store.example_records().ids == {"example:INC-1", "INC-2", "INC-9", "RB-1"}
    assert not store.example_records().alone
    removed = store.remove_examples()
    assert (removed.incidents, removed.documents) == (3, 1)
    for name in ("example:INC-1", "INC-2", "INC-9"):
        with pytest.raises(NotFound):
            store.incident(name)
    with pytest.raises(NotFound):
        store.document("RB-1")
    assert store.incident("OPS-7").links == ()
    assert store.check() == ()
    remaining = [row for row in dumped(store) if "linked" not in row and "'counters'" not in row]
    assert remaining == [row for row in before if "'counters'" not in row]
    assert store.remove_examples().incidents == 0
    assert store.example_records().ids == frozenset()


def test_a_store_of_examples_alone_says_so(store: Storage) -> None:
    assert store.example_records().alone
    save(store, *EXAMPLES)
    assert store.example_records().alone
    save(store, OWN)
    assert not store.example_records().alone
