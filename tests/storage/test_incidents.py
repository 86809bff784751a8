"""Incidents: identity, minting, listing, and what was known when."""

from dataclasses import replace

import pytest

from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.domain.incident import IncidentLink
from onrecall.storage import Storage

from .given import NOON, at, entry, incident, passage, resolution


def test_every_field_comes_back(store: Storage) -> None:
    complete = incident(
        "X-1",
        description="two\nlines, naïve ☃",
        service="auth",
        environment="prod",
        severity="critical",
        labels={"region": "eu", "empty": ""},
        acknowledged_at=at(5),
        source="jira",
        source_id="OPS-1",
        resolution=resolution(cause="x", summary="s", provenance="imported", by="ann"),
        status="resolved",
        resolved_at=at(55),
        links=(IncidentLink("recurrence", "X-0"), IncidentLink("duplicate", "A-9")),
    )
    store.records.save([entry(complete)], NOON)
    assert store.incidents.get("X-1") == complete


def test_open_incidents_have_no_resolution_at_all(store: Storage) -> None:
    store.records.save([entry(incident("X-1"))], NOON)
    assert store.incidents.get("X-1").resolution is None
    assert store.incidents.get("X-1").links == ()


def test_ids_are_minted_once_and_after_all_that_were_given(store: Storage) -> None:
    first, created = store.incidents.open(incident(), [], NOON)
    assert (first.id, created) == ("INC-1", True)
    store.records.save([entry(incident("INC-030")), entry(incident("INC-7")), entry(incident("INC-A"))], NOON)
    assert store.incidents.open(incident(), [], NOON)[0].id == "INC-31"
    assert store.incidents.open(incident(), [], NOON)[0].id == "INC-32"


def test_opening_again_is_fine_with_the_same_content_only(store: Storage) -> None:
    opened = incident("X-1", labels={"a": "1", "b": "2"})
    assert store.incidents.open(opened, [], NOON) == (opened, True)
    assert store.incidents.open(replace(opened, labels={"b": "2", "a": "1"}), [], NOON) == (opened, False)
    with pytest.raises(Conflict, match="X-1 already exists"):
        store.incidents.open(replace(opened, title="Another"), [], NOON)
    assert store.incidents.get("X-1") == opened


def test_opening_again_after_it_was_resolved_is_still_the_same_incident(store: Storage) -> None:
    opened, _ = store.incidents.open(incident("X-1"), [], NOON)
    resolved = store.incidents.resolve("X-1", resolution(), [], [], [], at(60))
    assert store.incidents.open(opened, [], NOON) == (resolved, False)
    assert store.incidents.open(resolved, [], NOON) == (resolved, False)


def test_saving_is_an_upsert_by_natural_key(store: Storage) -> None:
    imported = incident("X-1", source="jira", source_id="OPS-1")
    assert store.records.unchanged([imported]) == [False]
    assert [saved.state for saved in store.records.save([entry(imported)], NOON)] == ["created"]
    assert store.records.unchanged([imported]) == [True]
    assert [saved.state for saved in store.records.save([entry(imported)], NOON)] == ["unchanged"]
    nameless = replace(imported, id="", title="Renamed")
    assert [(saved.id, saved.state) for saved in store.records.save([entry(nameless)], NOON)] == [("X-1", "updated")]
    assert store.incidents.get("X-1").title == "Renamed"
    assert store.health.counts()["incidents"] == 1


def test_an_incident_without_an_id_takes_that_of_its_source(store: Storage) -> None:
    jira = incident(source="jira", source_id="17")
    pager = incident(source="pagerduty", source_id="17", title="Other")
    assert [saved.id for saved in store.records.save([entry(jira), entry(pager)], NOON)] == ["17", "pagerduty:17"]
    assert store.records.unchanged([pager, jira]) == [True, True]


def test_an_id_is_never_made_up_on_import(store: Storage) -> None:
    (saved,) = store.records.save([entry(incident())], NOON)
    assert (saved.state, saved.field) == ("rejected", "id")
    assert "neither an id nor a source_id" in str(saved.message)
    assert store.health.counts()["incidents"] == 0


def test_only_the_entry_that_contradicts_is_left_out(store: Storage) -> None:
    store.records.save([entry(incident("X-1", source="jira", source_id="1"))], NOON)
    saved = store.records.save(
        [
            entry(incident("X-2", source="jira")),
            entry(incident("X-1", source="pagerduty")),
            entry(incident("X-1", source="jira", source_id="2")),
            entry(incident("X-3", source="jira", source_id="1")),
            entry(incident("X-4", title="a\0b"), passage("a")),
            entry(incident("X-5"), replace(passage("a"), terms=b"1234")),
            entry(incident("X-6")),
        ],
        NOON,
    )
    assert [result.state for result in saved] == ["created", *["rejected"] * 5, "created"]
    assert [result.field for result in saved] == [None, "id", "id", "id", "title", "passages.0.terms", None]
    assert {stored_incident.id for stored_incident in store.incidents.page().items} == {"X-1", "X-2", "X-6"}
    assert store.health.check() == ()


def test_the_same_incident_twice_in_one_batch(store: Storage) -> None:
    imported = incident("X-1")
    renamed = replace(imported, title="Renamed")
    saved = store.records.save(
        [entry(imported, passage("a")), entry(imported, passage("a")), entry(renamed, passage("b"))], NOON
    )
    assert [result.state for result in saved] == ["created", "unchanged", "updated"]
    assert [
        stored_passage.text for _, stored_passage in store.passages.of_owners([("incident", "X-1")])["incident", "X-1"]
    ] == ["b"]


def test_an_import_never_takes_away_what_was_learned(store: Storage) -> None:
    imported = incident("X-1", description="one line")
    store.records.save([entry(imported, passage("pool"))], NOON)
    store.incidents.acknowledge("X-1", at(1), "bob")
    learned_passages = [passage("pool"), passage("leak", "resolution")]
    learned = store.incidents.resolve(
        "X-1",
        resolution(),
        [replace(learned, line=n * 4 + 1) for n, learned in enumerate(learned_passages)],
        [],
        [],
        at(60),
    )
    edited = replace(imported, description="one line\nand another", severity="high")
    assert store.records.save([entry(edited, passage("pool"))], NOON)[0].state == "updated"
    assert store.incidents.get("X-1") == replace(learned, description=edited.description, severity="high")
    lines = {
        stored_passage.text: stored_passage.line
        for _, stored_passage in store.passages.of_owners([("incident", "X-1")])["incident", "X-1"]
    }
    assert lines == {"pool": 1, "leak": 6}, "the resolution's passages follow the page"
    assert store.records.save([entry(edited)], NOON)[0].state == "unchanged"


def test_an_export_of_what_is_here_changes_nothing(store: Storage) -> None:
    store.records.save([entry(incident("X-1")), entry(incident("X-2", -5))], NOON)
    store.incidents.resolve("X-1", resolution(), [], [], [IncidentLink("recurrence", "X-2")], at(60))
    assert store.records.unchanged([store.incidents.get("X-1")]) == [True]


def test_an_imported_resolution_closes_the_incident(store: Storage) -> None:
    store.records.save([entry(incident("X-1", resolution=resolution(minutes=30)))], NOON)
    assert store.incidents.get("X-1").status == "resolved"
    assert store.incidents.get("X-1").resolved_at == at(30)


def test_acknowledging(store: Storage) -> None:
    store.records.save([entry(incident("X-1"))], NOON)
    assert store.incidents.acknowledge("X-1", at(3), "bob").acknowledged_at == at(3)
    assert store.incidents.acknowledge("X-1", at(9)).acknowledged_at == at(3)
    assert [event.type for event in store.events.timeline("X-1")] == ["opened", "acknowledged"]
    store.incidents.resolve("X-1", resolution(), [], [], [], at(60))
    with pytest.raises(Conflict, match="reopen it first"):
        store.incidents.acknowledge("X-1", at(70))


def test_links_are_tied_once_to_what_exists(store: Storage) -> None:
    store.records.save([entry(incident("X-1")), entry(incident("X-2"))], NOON)
    assert store.incidents.link("X-2", IncidentLink("recurrence", "X-1"), at(5), "ann").links == (
        IncidentLink("recurrence", "X-1"),
    )
    assert store.incidents.link("X-2", IncidentLink("recurrence", "X-1"), at(6)).links == (
        IncidentLink("recurrence", "X-1"),
    )
    with pytest.raises(NotFound, match="X-9"):
        store.incidents.link("X-2", IncidentLink("duplicate", "X-9"), at(5))
    assert store.incidents.get("X-2", as_of=at(4)).links == ()
    assert [event.type for event in store.events.timeline("X-2")] == ["opened", "linked"]


def test_what_is_not_there_is_not_found(store: Storage) -> None:
    for ask in (store.incidents.get, store.incidents.resolutions, store.events.timeline):
        with pytest.raises(NotFound, match="there is no incident X-1"):
            ask("X-1")
    with pytest.raises(NotFound):
        store.incidents.acknowledge("X-1", NOON)
    assert store.recommendations.newest("X-1") is None


@pytest.mark.parametrize("name", ["INC-\0", "INC-\ud800"])
def test_a_name_that_cannot_be_stored_names_nothing(store: Storage, name: str) -> None:
    assert store.records.named([name]) == {}
    assert store.records.with_page_number([name]) == ()


def test_incidents_with_the_number_of_a_page_are_listed_oldest_first(store: Storage) -> None:
    labels = {"incident": "INC-204"}
    pages = [
        entry(incident(f"P-{n}", minutes, document=f"{n}.md", labels=labels)) for n, minutes in enumerate((3, 1, 2))
    ]
    store.records.save([*pages, entry(incident("A-1", labels=labels))], NOON)  # the last one is of no page
    found = store.records.with_page_number(["INC-9", "INC-204"])
    assert found == (("incident", "P-1"), ("incident", "P-2"), ("incident", "P-0"))


def test_filters(store: Storage) -> None:
    store.records.save(
        [
            entry(incident("A", 1, service="auth", severity="high", title="Größe überschritten: 100% of pool_size")),
            entry(incident("B", 2, service="auth", severity="low", description="POOL at 95 percent")),
            entry(incident("C", 3, service="web", severity="high", resolution=resolution())),
        ],
        NOON,
    )

    def ids(**filters: object) -> str:
        return "".join(match.id for match in store.incidents.page(**filters).items)

    assert ids() == "CBA"
    assert ids(service="auth") == "BA"
    assert ids(severity="high") == "CA"
    assert ids(status="resolved") == "C"
    assert ids(since=at(2)) == "CB"
    assert ids(until=at(2)) == "A"
    assert ids(q="POOL") == "CBA"
    assert ids(q="grösse ÜBER") == "A"
    assert ids(q="100% pool_size") == "A"
    assert ids(q="p%l") == ""
    assert ids(q="pool", service="auth", severity="low") == "B"


def test_pages_hold_still_while_incidents_arrive(store: Storage) -> None:
    store.records.save([entry(incident(f"X-{n}", n // 2)) for n in range(7)], NOON)
    listed, cursor = [], None
    for turn in range(4):
        page = store.incidents.page(cursor=cursor, limit=2)
        listed += [item.id for item in page.items]
        cursor = page.next_cursor
        store.records.save([entry(incident(f"NEW-{turn}", 100 + turn))], NOON)
    assert cursor is None
    assert listed == [f"X-{n}" for n in reversed(range(7))]


@pytest.mark.parametrize("cursor", ["", "nonsense!", "e30", "WyJhIl0", "WyJhIiwgImIiXQ", "ü"])
def test_a_cursor_that_was_not_given_out(store: Storage, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor") as refused:
        store.incidents.page(cursor=cursor)
    assert refused.value.field == "cursor"


def test_ids_have_the_same_order_everywhere(store: Storage) -> None:
    names = ["a", "B", "ä", "Z", "_", "b", "1", "😀"]
    store.records.save([entry(incident(name)) for name in names], NOON)
    ordered = sorted(names, key=str.encode, reverse=True)
    assert [item.id for item in store.incidents.page().items] == ordered


def test_limits_are_sane(store: Storage) -> None:
    for limit in (0, -1, 1001):
        with pytest.raises(Invalid, match="limit"):
            store.incidents.page(limit=limit)
    with pytest.raises(Invalid, match="q is 1001"):
        store.incidents.page(q="x" * 1001)


def test_what_was_known_at_a_time(store: Storage) -> None:
    store.records.save([entry(incident("X-1", 0)), entry(incident("X-2", 10))], NOON)
    store.incidents.acknowledge("X-1", at(20))
    store.incidents.resolve("X-1", resolution("first", 30), [], [], [], at(31))
    store.incidents.resolve("X-1", resolution("second", 40), [], [], [], at(41))
    store.incidents.reopen("X-1", [], at(50))
    store.incidents.resolve("X-1", resolution("third", 60), [], [], [], at(61))

    def then(minutes: float) -> tuple[str, str | None]:
        known_incident = store.incidents.get("X-1", as_of=at(minutes))
        return known_incident.status, known_incident.resolution.root_cause if known_incident.resolution else None

    assert [then(minutes) for minutes in (0, 25, 35, 45, 55, 60)] == [
        ("open", None),
        ("acknowledged", None),
        ("resolved", "first"),
        ("resolved", "second"),
        ("acknowledged", None),
        ("resolved", "third"),
    ]
    assert store.incidents.get("X-1", as_of=at(35)).resolved_at == at(30)
    assert store.incidents.get("X-1") == store.incidents.get("X-1", as_of=at(9999))
    with pytest.raises(NotFound, match="as of"):
        store.incidents.get("X-1", as_of=at(-1))
    assert set(store.records.get([("incident", "X-1"), ("incident", "X-2"), ("document", "X-1")], at(5))) == {
        ("incident", "X-1")
    }


def test_what_waits_for_an_answer(store: Storage) -> None:
    store.records.save([entry(replace(incident("OVER", -200), status="resolved"))], NOON)
    store.records.save([entry(incident("OLD", -100))], NOON)
    store.incidents.open(incident("X-2", 2), [], NOON)
    store.incidents.open(incident("X-1", 1), [], NOON)
    assert store.incidents.due(10) == ("OLD", "X-1", "X-2")
    assert store.incidents.due(1) == ("OLD",)
    store.incidents.resolve("X-1", resolution(), [], [], [], at(60))
    assert store.incidents.due(10) == ("OLD", "X-2")
    store.incidents.reopen("X-1", [], at(70))
    assert store.incidents.due(10) == ("OLD", "X-1", "X-2")
