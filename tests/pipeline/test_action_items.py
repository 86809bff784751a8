"""Action items: taken over from postmortems, changed by people, listed by due date; on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from storming import house

from onrecall.domain.action_item import ActionEdit
from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.domain.incident import ActionItem, Incident, Resolution
from onrecall.domain.issue_form import LONGEST_LINK, IssueForm
from onrecall.importers.postmortem.clock import parse_due_day
from onrecall.pipeline.action_items import ActionSelection, NewAction
from onrecall.pipeline.recurrences import FamilyFilter, find_recurrences
from onrecall.storage import Storage, paging
from onrecall.storage.examples import namespaced

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.fixture
def memory(store, clock):
    return house(store, clock)


def report(number=1, *items, service="mail", source="jira"):
    """An incident that a postmortem describes."""
    started = START + timedelta(days=number)
    return Incident(
        f"P-{number}",
        f"Mail queue stands still, time {number}",
        started,
        service=service,
        status="resolved",
        resolved_at=started + timedelta(hours=2),
        source=source,
        source_id=f"P-{number}",
        resolution=Resolution("Disk full", started + timedelta(hours=2), "disk-full", provenance="imported"),
        document=f"pm/{number}.md",
        action_items=items,
    )


def rows(memory, incident="P-1"):
    return [(action.number, action.text, action.state) for action in memory.store.action_items.of_incident(incident)]


def test_a_postmortem_brings_its_items_and_later_imports_leave_edited_ones_alone(memory):
    first = (
        ActionItem("Watch the disk", "mira", "in progress", 7, "2026-02-01"),
        ActionItem("Rotate  logs", None, "done", 8),
        ActionItem("Buy disks", None, "cancelled", 9),
    )
    memory.import_history([report(1, *first)])
    assert rows(memory) == [(1, "Watch the disk", "open"), (2, "Rotate logs", "done"), (3, "Buy disks", "dropped")]
    watch = memory.store.action_items.get("P-1", 1)
    assert (watch.owner, watch.due, watch.created_at, watch.imported) == ("mira", date(2026, 2, 1), None, True)

    memory.actions.edit("P-1", 1, ActionEdit(text="Watch every disk", state="done"), "Noor")
    memory.actions.add("P-1", NewAction("Ask the vendor"))
    second = (ActionItem("Page earlier"), replace(first[1], state="open"), first[0], ActionItem("ask the VENDOR"))
    memory.import_history([report(1, *second)])
    assert rows(memory) == [
        (1, "Watch every disk", "done"),
        (2, "Rotate logs", "open"),
        (3, "Buy disks", "dropped"),
        (4, "Ask the vendor", "open"),
        (5, "Page earlier", "open"),
    ]
    before = memory.store.action_items.of_incident("P-1")
    memory.import_history([report(1, *second)])
    assert memory.store.action_items.of_incident("P-1") == before


def test_adding_and_editing_twice_changes_nothing_the_second_time(memory):
    memory.import_history([report()])
    added, is_new = memory.actions.add("P-1", NewAction(" Page\n earlier ", "dana", "2026-03-01"), "Dana")
    assert is_new
    assert added.action.text == "Page earlier"
    assert memory.actions.add("P-1", NewAction("page earlier")) == (added, False)
    for _ in range(2):
        memory.actions.edit("P-1", 1, ActionEdit(state="done"), "Noor")
    changes = [event for event in memory.store.events.timeline("P-1") if event.type.startswith("action_")]
    assert [(event.type, event.by) for event in changes] == [("action_added", "Dana"), ("action_changed", "Noor")]
    assert changes[1].detail["to"] == {"state": "done"}
    closed = memory.store.action_items.get("P-1", 1).closed_at
    assert closed is not None
    assert memory.actions.edit("P-1", 1, ActionEdit(state="open")).action.closed_at is None


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (ActionEdit(text=" \n "), "text"),
        (ActionEdit(text="x" * 2001), "text"),
        (ActionEdit(owner="o" * 201), "owner"),
        (ActionEdit(due="tomorrow"), "due"),
        (ActionEdit(due="2026-02-30"), "due"),
        (ActionEdit(due="20260228"), "due"),
        (ActionEdit(due="2026-W09-6"), "due"),
        (ActionEdit(url="javascript:alert(1)"), "url"),
        (ActionEdit(url="https://me:pass@tracker.example/1"), "url"),
        (ActionEdit(url="https://tracker.example/<b>"), "url"),
    ],
)
def test_what_is_no_text_date_or_address_is_refused_and_nothing_changes(memory, edit, field):
    memory.import_history([report(1, ActionItem("Page earlier"))])
    before = memory.store.action_items.get("P-1", 1)
    with pytest.raises(Invalid) as error:
        memory.actions.edit("P-1", 1, edit)
    assert error.value.field == field
    assert memory.store.action_items.get("P-1", 1) == before


def test_secrets_are_not_stored_and_unknown_incidents_and_numbers_are_not_found(memory):
    memory.import_history([report()])
    added, _ = memory.actions.add("P-1", NewAction("Rotate password=hunter2secret9 of the relay"))
    assert "hunter2secret9" not in added.action.text
    with pytest.raises(NotFound):
        memory.actions.add("P-9", NewAction("x"))
    for number in (0, 2, 2**40):
        with pytest.raises(NotFound):
            memory.actions.edit("P-1", number, ActionEdit(state="done"))


def test_a_merged_incident_takes_no_new_items(memory):
    names = [memory.open_once(Incident("", title, START))[0].id for title in ("Mail is slow", "Mail stands still")]
    memory.link(names[1], "merged", names[0])
    with pytest.raises(Conflict):
        memory.actions.add(names[1], NewAction("Page earlier"))


def test_the_list_starts_with_what_is_due_first_and_pages_without_gaps(memory, clock):
    memory.import_history([report(1), report(2, service="web"), report(10)])
    today = memory.actions.today()
    for incident, text, owner, days in (
        ("P-1", "late", "mira", -3),
        ("P-10", "undated", "", None),
        ("P-2", "today", "noor", 0),
        ("P-2", "soon", "", 5),
        ("P-10", "very late", "noor", -30),
    ):
        due = "" if days is None else (today + timedelta(days=days)).isoformat()
        memory.actions.add(incident, NewAction(text, owner, due))

    def texts(limit=100, **selection):
        listed, cursor = [], None
        while True:
            page = memory.actions.page(ActionSelection(**selection), limit, cursor)
            listed += [item.action.text for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return listed

    assert texts() == texts(limit=1) == texts(limit=2) == ["very late", "late", "today", "soon", "undated"]
    assert texts(overdue=True) == ["very late", "late"]
    assert texts(owner="noor") == ["very late", "today"]
    assert texts(service="web") == ["today", "soon"]
    memory.actions.edit("P-10", 2, ActionEdit(state="dropped"))
    assert texts(overdue=True) == ["late"]
    assert texts(state="dropped") == ["very late"]
    assert texts(state=None) == ["very late", "late", "today", "soon", "undated"]
    assert memory.actions.count(ActionSelection()) == 4
    assert memory.store.action_items.owners() == ("mira", "noor")


@pytest.mark.parametrize(
    ("incident", "number"), [("P-1", str(2**31)), ("P-1", str(2**63 - 1)), ("P-1", "9" * 30), ("\ud800", "1")]
)
def test_a_cursor_with_what_no_row_can_hold_is_refused(memory, incident, number):
    with pytest.raises(Invalid, match="cursor"):
        memory.actions.page(ActionSelection(), 5, paging.encode_cursor(("2026-01-01", incident, number)))


def test_removed_and_renamed_incidents_take_their_items_along(memory):
    example = report(1, ActionItem("Page earlier"), source="example")
    memory.import_history([example])
    memory.import_history([replace(report(1, ActionItem("Alert on the queue")), source="opsgenie")])
    assert rows(memory) == [(1, "Alert on the queue", "open")]
    assert rows(memory, namespaced("P-1")) == [(1, "Page earlier", "open")]
    memory.remove_examples()
    assert memory.actions.count(ActionSelection(state=None)) == 1


def test_a_draft_lists_them_so_that_an_import_reads_the_same_back(memory):
    memory.import_history([report(1, ActionItem("Watch the disk", "mira", "done", 3, "2026-02-01"))])
    memory.actions.add("P-1", NewAction("Page earlier", "noor", "2026-03-05"))
    memory.actions.add("P-1", NewAction("Buy disks"))
    memory.actions.edit("P-1", 3, ActionEdit(state="dropped"))
    draft = memory.draft_postmortem("P-1")
    items = draft.partition("## Action items\n\n")[2].splitlines()
    assert items == [
        "- [x] Watch the disk (owner: mira) (due: 2026-02-01)",
        "- [ ] Page earlier (owner: noor) (due: 2026-03-05)",
        "- [ ] Buy disks (status: cancelled)",
    ]


def test_recurrences_show_the_state_set_here_and_what_people_added(memory):
    memory.import_history([report(1), report(2)])
    memory.actions.add("P-1", NewAction("Alert on the queue", "mira"))
    memory.actions.add("P-2", NewAction("Buy disks"))
    memory.actions.add("P-2", NewAction("Sell disks"))
    memory.actions.edit("P-1", 1, ActionEdit(state="done"))
    memory.actions.edit("P-2", 2, ActionEdit(state="dropped"))
    (family,) = find_recurrences(memory.store, memory.now(), FamilyFilter()).families
    assert [(action.incident, action.text, action.state) for action in family.tracked] == [
        ("P-2", "Buy disks", "open"),
        ("P-1", "Alert on the queue", "done"),
    ]


def test_an_archive_of_an_earlier_schema_brings_its_items_along(memory):
    memory.import_history([report(1, ActionItem("Watch the disk", "mira"))])
    archived = [row for row in memory.store.archive.dump() if row["table"] != "action_items"]
    archived[0] = archived[0] | {"schema": 32}
    backed_up = [row for row in memory.store.backups.rows() if row["table"] != "action_items"]
    backed_up[0] = backed_up[0] | {"schema": 32}
    for load, taken in (("archive", archived), ("backups", backed_up)):
        other = Storage.open("sqlite://")
        if load == "archive":
            other.archive.load(taken)
        else:
            other.backups.restore(taken, {})
        assert other.action_items.of_incident("P-1") == memory.store.action_items.of_incident("P-1")
        other.close()


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-12-24", "2026-12-24"),
        ("24.12.2026", "2026-12-24"),
        ("December 24, 2026", "2026-12-24"),
        ("24th Dec 2026", "2026-12-24"),
        ("03/04/2026", None),
        ("24.12.26", None),
        ("Q3 2026", None),
        ("Dec 24", None),
        ("Smarch 3, 2026", None),
        ("31.02.2026", None),
        ("3 août 2026", "2026-08-03"),
        ("1er juillet 2026", "2026-07-01"),
        ("Freitag, 2. Oktober 2026", "2026-10-02"),
        ("9 de octubre de 2026", "2026-10-09"),
        ("2026年10月2日", "2026-10-02"),
        ("20261002", "2026-10-02"),
        ("13/10/2026", "2026-10-13"),
        ("Decision 3 2026", None),
        ("Decade 3, 2026", None),
        ("3 Marching 2026", None),
        ("after 2026-10-02", None),
    ],
)
def test_a_due_date_counts_if_it_is_one_day_without_doubt(written, day):
    assert parse_due_day(written) == day


def test_a_link_to_the_form_is_filled_in_and_never_too_long():
    form = IssueForm("https://tracker.example/new?a={title}&b={body}")
    assert form.problem() is None
    assert form.link("50 % & more", "x\ny") == "https://tracker.example/new?a=50%20%25%20%26%20more&b=x%0Ay"
    assert form.link("{body}", "n") == "https://tracker.example/new?a=%7Bbody%7D&b=n"
    long = form.link("t", "ü" * 5000)
    assert LONGEST_LINK - 100 < len(long) <= LONGEST_LINK
    assert not long.endswith("%")
    assert len(form.link("ü" * 2000, "x")) <= LONGEST_LINK
    twice = IssueForm("https://tracker.example/new?a={title}&b={body}&c={body}")
    assert LONGEST_LINK - 100 < len(twice.link("t", "ü" * 5000)) <= LONGEST_LINK


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("https://tracker.example/new", "no {title}"),
        ("https://tracker.example/{title}/{name}", "{name}"),
        ("tracker.example/{title}", "not an address"),
    ],
)
def test_a_form_without_its_gaps_is_refused(template, words):
    assert words in IssueForm(template).problem()


@pytest.mark.parametrize(
    ("former", "item"),
    [
        ("rotate the key — priya — 2026-10-01", ActionItem("rotate the key", "priya", None, 7, "2026-10-01")),
        ("Gil: add a canary", ActionItem("add a canary", "Gil", None, 7)),
        ("Add alert, Kim", ActionItem("Add alert — by Q3", "Kim", None, 7)),
        ("Fix retries", ActionItem("Fix retries by next sprint", None, None, 7)),
        ("Zertifikat tauschen (bis 12. Oktober 2026)", ActionItem("Zertifikat tauschen", None, None, 7, "2026-10-12")),
        (
            "Contrat (responsable : Élodie, échéance : 30 juin 2026)",
            ActionItem("Contrat", "Élodie", None, 7, "2026-06-30"),
        ),
        ("監視を追加（担当：鈴木、期限：2026年7月10日）", ActionItem("監視を追加", "鈴木", None, 7, "2026-07-10")),
        ("Pager à 90 % — Zuständig: Lou", ActionItem("Pager à 90 %", "Lou", None, 7)),
    ],
)
def test_an_item_whose_owner_or_date_is_now_told_apart_is_updated_and_not_added_again(memory, former, item):
    memory.import_history([report(1, ActionItem(former, None, None, 7))])
    memory.import_history([report(1, item)])
    memory.import_history([report(1, item)])
    assert rows(memory) == [(1, item.text, "open")]
    assert memory.store.action_items.get("P-1", 1).owner == item.owner


def test_an_item_with_another_number_is_another_one(memory):
    memory.import_history([report(1, ActionItem("Upgrade to Node 18", None, None, 7))])
    memory.import_history([report(1, ActionItem("Upgrade to Node", None, None, 7))])
    assert len(rows(memory)) == 2


@pytest.mark.parametrize(
    "former", ["Zertifikat tauschen bis 13. Oktober 2026", "Zertifikat tauschen auf allen zwölf Servern in Rom"]
)
def test_an_item_with_another_date_or_more_words_is_another_one(memory, former):
    memory.import_history([report(1, ActionItem(former, None, None, 7))])
    memory.import_history([report(1, ActionItem("Zertifikat tauschen", None, None, 7, "2026-10-12"))])
    assert len(rows(memory)) == 2


@pytest.mark.parametrize("edited", [True, False])
def test_an_item_that_says_more_or_that_a_person_edited_is_another_one(memory, edited):
    former = "Gil: add a canary" if edited else "add a canary to the mail relay"
    memory.import_history([report(1, ActionItem(former, None, None, 7))])
    if edited:
        memory.actions.edit("P-1", 1, ActionEdit(owner="Noor"), "Noor")
    memory.import_history([report(1, ActionItem("add a canary", "Gil", None, 7))])
    assert [text for _, text, _ in rows(memory)] == [former, "add a canary"]
