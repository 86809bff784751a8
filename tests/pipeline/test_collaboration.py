"""Who works on an incident and what people write, on both databases."""

import pytest

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.domain.incident_edit import IncidentEdit


@pytest.fixture
def incident(memory, clock):
    opened, _ = memory.open(Incident(id="", title="Ledger export stalls", started_at=clock(), service="ledger"))
    return opened.id


def test_an_import_takes_nobody_off_an_incident(memory, clock, incident):
    memory.collaboration.assign(incident, "Noor", "Dana")
    stored = memory.store.incidents.get(incident)
    described = Incident(
        id=incident, title="Ledger export stalls, second report", started_at=stored.started_at, service="ledger"
    )
    memory.import_history([described])
    assert memory.store.incidents.get(incident).assignee == "Noor"


def test_a_name_that_is_too_long_is_refused_by_every_way_in(memory, incident):
    for assign in (
        lambda: memory.collaboration.assign(incident, "n" * 201),
        lambda: memory.collaboration.edit(incident, IncidentEdit(assignee="n" * 201)),
    ):
        with pytest.raises(Invalid, match="at most 200") as caught:
            assign()
        assert caught.value.field == "assignee"
    assert memory.store.incidents.get(incident).assignee is None


def test_the_same_record_is_unchanged_after_it_was_assigned(memory, clock):
    record = Incident(id="LED-1", title="Spool is full", started_at=clock(), service="ledger")
    assert memory.import_history([record]).created == 1
    memory.collaboration.assign("LED-1", "Noor")
    again = memory.import_history([record])
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)


def test_a_note_is_stored_with_the_incident_and_moves_with_a_merge(memory, clock, incident):
    other, _ = memory.open(Incident(id="", title="Ledger is read-only", started_at=clock(), service="ledger"))
    memory.collaboration.write_note(incident, "The spool is at 99 %", "Dana")
    memory.manual_grouping.merge(incident, other.id, "Dana")
    assert [(note.by, note.text) for note in memory.store.notes.of_incident(other.id)] == [
        ("Dana", "The spool is at 99 %")
    ]


def test_two_people_may_write_the_same_words(memory, incident):
    written = [memory.collaboration.write_note(incident, "Looking.", who) for who in ("Dana", "Noor", "Dana")]
    assert [is_new for _, is_new in written] == [True, True, False]
    assert len(memory.store.notes.of_incident(incident)) == 2


def test_a_name_that_no_database_can_store_is_refused(memory, incident):
    with pytest.raises(Invalid, match="NUL"):
        memory.collaboration.assign(incident, "No\0or")
    assert memory.store.incidents.get(incident).assignee is None


def test_people_are_named_once_in_the_order_of_their_names(memory, clock, incident):
    memory.collaboration.assign(incident, "noor")
    other, _ = memory.open(Incident(id="", title="Ledger is read-only", started_at=clock()))
    memory.collaboration.assign(other.id, "Dana")
    assert memory.collaboration.people() == ("Dana", "noor")


def test_who_works_on_it_is_not_said_of_an_earlier_time(memory, clock, incident):
    memory.collaboration.assign(incident, "Noor")
    assert memory.store.incidents.get(incident, as_of=clock()).assignee is None


def test_an_archive_carries_assignments_and_notes(memory, incident):
    memory.collaboration.assign(incident, "Noor")
    memory.collaboration.write_note(incident, "Drained it")
    rows = list(memory.store.archive.dump())
    (row,) = [row for row in rows if row["table"] == "incidents" and row["id"] == incident]
    assert row["assignee"] == "Noor"
    assert [row["text"] for row in rows if row["table"] == "notes"] == ["Drained it"]
