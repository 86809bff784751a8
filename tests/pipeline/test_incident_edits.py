"""What people edit on an incident lasts when its alerts say something else later; on both databases."""

from contextlib import closing

import pytest
from storming import house, later, only, tell
from stormy import alert

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.incident_edit import MOST_TAGS, IncidentEdit
from onrecall.domain.situation import make_situation


@pytest.fixture
def memory(store, clock):
    return house(store, clock)


@pytest.fixture
def storm_id(memory, clock):
    tell(memory, alert("n1", "shop-cart", severity="low"))
    later(memory, clock, seconds=5)
    return only(memory).id


def test_later_alerts_leave_what_a_person_edited_alone(memory, clock, storm_id):
    edit = IncidentEdit("Cart loses items", "basket", "medium", {"cluster": "eu-west", "alertname": None})
    memory.collaboration.edit(storm_id, edit, "Dana")
    tell(memory, alert("n2", "shop-cart", name="HighErrorRate", severity="critical"))
    later(memory, clock, seconds=5)
    incident = only(memory)
    assert len(memory.store.alerts.of_incident(storm_id)) == 2
    assert (incident.title, incident.service, incident.severity) == ("Cart loses items", "basket", "medium")
    assert dict(incident.labels) == {"cluster": "eu-west", "service": "shop-cart"}
    assert "HighErrorRate" in incident.description, "what nobody edited follows the alerts"
    assert incident.edited == ("labels.alertname", "labels.cluster", "service", "severity", "title")


def test_an_edit_of_one_field_leaves_the_others_to_the_alerts(memory, clock, storm_id):
    memory.collaboration.edit(storm_id, IncidentEdit(title="Cart loses items"))
    tell(memory, alert("n2", "shop-cart", name="HighErrorRate", severity="critical"))
    later(memory, clock, seconds=5)
    incident = only(memory)
    assert (incident.title, incident.severity) == ("Cart loses items", "critical")


def test_an_edited_incident_is_recalled_by_its_new_title_and_answered_anew(memory, clock, storm_id):
    memory.recommend(storm_id)
    memory.collaboration.edit(storm_id, IncidentEdit(title="Zebra crossing flickers"))
    _, passage = memory.store.passages.of_owners([("incident", storm_id)])["incident", storm_id][0]
    assert passage.text.startswith("Zebra crossing flickers")
    assert storm_id in memory.store.incidents.due(10)


def test_tags_and_assignee_alone_ask_for_no_new_answer_and_mark_nothing_as_edited(memory, storm_id):
    memory.answer_due()
    waiting = memory.store.incidents.due(10)
    incident = memory.collaboration.edit(storm_id, IncidentEdit(tags=(" vip ", "vip", "eu"), assignee="Noor"))
    assert (incident.tags, incident.assignee, incident.edited) == (("vip", "eu"), "Noor", ())
    assert memory.store.incidents.due(10) == waiting


def test_the_same_edit_again_writes_nothing(memory, storm_id):
    edit = IncidentEdit("Cart loses items", severity="high", labels={"vip": "yes"}, tags=("a",), assignee="Noor")
    memory.collaboration.edit(storm_id, edit, "Dana")
    events = memory.store.events.timeline(storm_id)
    assert [event.type for event in events][-2:] == ["edited", "assigned"]
    assert events[-2].detail["fields"] == ["title", "severity", "labels", "tags"]
    assert events[-2].detail["from"]["severity"] == "low"
    assert events[-2].detail["to"]["labels"] == {"vip": "yes"}
    memory.collaboration.edit(storm_id, edit, "Dana")
    assert memory.store.events.timeline(storm_id) == events


def test_an_edited_record_is_still_known_by_what_was_imported(memory, clock):
    record = Incident(id="CART-9", title="Cart is slow", started_at=clock(), service="cart")
    memory.import_history([record])
    memory.collaboration.edit("CART-9", IncidentEdit(title="Cart is down", tags=("vip",)))
    assert memory.import_history([record]).unchanged == 1
    stored = memory.store.incidents.get("CART-9")
    assert (stored.title, stored.tags) == ("Cart is down", ("vip",))
    assert memory.recall(make_situation("cart is down"))[0].id == "CART-9"


def test_an_archive_carries_edits_to_another_store(memory, storm_id):
    edited = memory.collaboration.edit(storm_id, IncidentEdit(title="Cart loses items", tags=("vip",)))
    (row,) = [row for row in memory.store.archive.dump() if row["table"] == "incidents"]
    assert (row["tags"], row["edited"]) == (["vip"], ["title"])
    with closing(type(memory.store).open("sqlite://")) as other:
        other.archive.load(list(memory.store.archive.dump()))
        assert other.incidents.get(storm_id) == edited


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (IncidentEdit(title="  "), "title"),
        (IncidentEdit(service="s" * 201), "service"),
        (IncidentEdit(labels={" ": "x"}), "labels"),
        (IncidentEdit(labels={"zone": " "}), "labels.zone"),
        (IncidentEdit(tags=("ok", "")), "tags.1"),
        (IncidentEdit(tags=tuple(f"t{n}" for n in range(MOST_TAGS + 1))), "tags"),
    ],
)
def test_a_field_that_can_not_be_so_is_named_and_nothing_is_written(memory, storm_id, edit, field):
    before = memory.store.incidents.get(storm_id)
    with pytest.raises(Invalid) as refused:
        memory.collaboration.edit(storm_id, edit)
    assert refused.value.field == field
    assert memory.store.incidents.get(storm_id) == before


def test_a_secret_that_is_typed_into_an_edit_is_not_stored(memory, storm_id):
    secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
    edit = IncidentEdit(f"login with {secret}", labels={"note": f"use {secret}"}, tags=(secret,), assignee=secret)
    assert "ghp_" not in str(memory.collaboration.edit(storm_id, edit))


def test_the_words_of_a_replaced_title_are_still_found_and_later_alerts_keep_them(memory, clock, storm_id):
    original = only(memory).title
    memory.collaboration.edit(storm_id, IncidentEdit(title="Zebra crossing flickers"))
    memory.collaboration.edit(storm_id, IncidentEdit(title="Zebra crossing dark"))
    assert only(memory).description.startswith(f"Original title: {original}")
    tell(memory, alert("n2", "shop-cart", name="HighErrorRate", severity="critical"))
    later(memory, clock, seconds=5)
    assert only(memory).description.startswith(f"Original title: {original}")
    assert "HighErrorRate" in only(memory).description
    memory.collaboration.edit(storm_id, IncidentEdit(title=original))
    assert "Original title" not in only(memory).description


def test_a_step_that_is_a_command_is_resolved_with_it(memory, storm_id):
    steps = (ResolutionStep("kubectl logs deploy/cart --tail=9"), ResolutionStep("Restarted the cart"))
    stored = memory.resolve(storm_id, Resolution("a leak", memory.now(), steps=steps))
    assert [step.command for step in stored.resolution.steps] == ["kubectl logs deploy/cart --tail=9", None]
