"""What people do about storms: at the senders, and by hand; on both databases."""

from datetime import timedelta

import pytest
from storming import ended, house, incidents, later, only, tell
from stormy import START, alert

from onrecall.domain.alert import Acknowledgement, Note
from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.situation import make_situation
from onrecall.pipeline import IncidentService
from onrecall.pipeline.auto_resolve import suggested_cause
from onrecall.storage import Storage


@pytest.fixture
def memory(store: Storage, clock) -> IncidentService:
    return house(store, clock)


def test_acknowledgements_and_notes_reach_the_incident_once(memory, clock):
    a = alert("a", "shop-database")
    note = Note("alertmanager", "a", "n1", "looking at the disk", START, "ada")
    tell(memory, Acknowledgement("alertmanager", "a", START, "ada"), note)
    later(memory, clock, seconds=1)
    tell(memory, a)
    later(memory, clock, seconds=5)
    tell(memory, Acknowledgement("alertmanager", "a", START, "ada"), note)
    later(memory, clock, seconds=5)
    found = only(memory)
    assert (found.status, found.acknowledged_at) == ("acknowledged", START)
    events = [(event.type, event.by) for event in memory.store.events.timeline(found.id)]
    assert events.count(("acknowledged", "ada")) == 1
    assert events.count(("noted", "ada")) == 1
    told = next(one for one in memory.store.notes.of_incident(found.id) if one.type == "note")
    memory.store.grouping.apply_note(told, found.id, clock())  # another worker, a little later
    assert len(memory.store.events.timeline(found.id)) == len(events)


@pytest.mark.parametrize("after_the_end", [False, True])
def test_a_note_that_states_the_fix_is_suggested_in_its_authors_name(memory, clock, after_the_end):
    a = alert("a", "shop-database")
    tell(memory, a)
    later(memory, clock, seconds=5)
    tell(memory, ended(a, clock.forward(minutes=5)))
    later(memory, clock, seconds=1)
    text = (
        "Root cause: disk filled by logs, token=ghp_0123456789abcdefghijABCDEFGHIJ012345\nResolution: Deleted old logs"
    )
    note = Note("alertmanager", "a", "n1", text, clock(), "ada")
    if after_the_end:
        later(memory, clock, minutes=6)
        assert only(memory).resolution is None
    tell(memory, note)
    later(memory, clock, minutes=6)
    found = only(memory)
    assert (found.status, found.resolution) == ("resolved", None)
    (suggested,) = memory.store.suggestions.pending(found.id)
    said = suggested.resolution
    assert (suggested.by, said.provenance, said.by) == ("ada", "suggested", "ada")
    assert said.root_cause.startswith("disk filled by logs")
    assert "ghp_" not in said.root_cause
    assert [step.text for step in said.steps] == ["Deleted old logs"]
    asked = make_situation("shop-database HighLatency disk filled by logs")
    assert memory.recall(asked)[0].resolution is None
    memory.suggestions.confirm(suggested.id, "kim")
    learned = memory.store.incidents.get(found.id).resolution
    assert (learned.provenance, learned.by, learned.steps) == ("human", "kim", said.steps)
    assert memory.recall(asked)[0].resolution == learned


@pytest.mark.parametrize(
    "text",
    [
        "is it the deploy?",
        "Restarted the pods, did not help",
        "Not resolved yet, restarted orders",
        "we should have rolled back",
        "ticket OPS-12",
        "Trying a restart",
        "Restarted orders, not fixed yet",
        "Rolled back the deploy, is it resolved?",
    ],
)
def test_a_note_that_does_not_state_it_is_only_suggested(memory, clock, text):
    a = alert("a", "shop-database")
    tell(memory, a)
    later(memory, clock, seconds=5)
    tell(memory, ended(a, clock()), Note("alertmanager", "a", "n1", text, clock(), "ada"))
    later(memory, clock, seconds=1)
    assert suggested_cause(only(memory), memory.store.notes.of_incident(only(memory).id)) is None  # it is not over yet
    later(memory, clock, minutes=6)
    found = only(memory)
    assert (found.status, found.resolution) == ("resolved", None)
    assert suggested_cause(found, memory.store.notes.of_incident(found.id)).text == text
    assert [suggested.text for suggested in memory.store.suggestions.pending(found.id)] == [text]


# by hand


def apart(memory: IncidentService, clock, day: int = 0) -> tuple[Incident, Incident]:
    """Two incidents that nothing ties to each other."""
    at = START + timedelta(days=day)
    clock.at = at
    tell(memory, alert(f"a{day}", "shop-database", at=at))
    tell(memory, alert(f"z{day}", "billing", name="JobLate", at=at, labels={"alertname": "JobLate"}))
    later(memory, clock, seconds=5)
    found = sorted((one for one in incidents(memory) if one.started_at >= at), key=lambda one: one.title)
    first, second = found
    return first, second


def test_a_merge_is_done_shown_and_remembered(memory, clock):
    shop, job = apart(memory, clock)
    merged = memory.manual_grouping.merge(job.id, shop.id, "ada")
    assert merged.id == shop.id
    assert {one.alert.key for one in memory.store.alerts.of_incident(shop.id)} == {"a0", "z0"}
    gone = memory.store.incidents.get(job.id)
    assert gone.status == "resolved"
    assert [(link.kind, link.incident) for link in gone.links] == [("merged", shop.id)]
    assert "JobLate on billing" in merged.description
    memory.manual_grouping.merge(job.id, shop.id, "ada")  # twice changes nothing
    assert [(e.type, e.by) for e in memory.store.events.timeline(job.id)].count(("merged", "ada")) == 1
    with pytest.raises(Conflict, match="merged into"):
        memory.resolve(job.id, Resolution("x", clock()))
    with pytest.raises(Conflict, match="merged into"):
        memory.reopen(job.id)
    clock.at = START + timedelta(days=9)
    tell(memory, alert("a9", "shop-database", at=clock()))
    tell(memory, alert("z9", "billing", name="JobLate", at=clock(), labels={"alertname": "JobLate"}))
    later(memory, clock, seconds=5)
    (next_storm,) = (one for one in incidents(memory) if one.started_at >= START + timedelta(days=9))
    assert len(memory.store.alerts.of_incident(next_storm.id)) == 2
    assert memory.store.health.check() == ()


def test_a_split_is_remembered_and_the_last_word_counts(memory, clock):
    tell(memory, alert("a", "shop-database"), alert("b", "shop-orders"))
    later(memory, clock, seconds=5)
    found = only(memory)
    numbers = {one.alert.key: one.id for one in memory.store.alerts.of_incident(found.id)}
    part = memory.manual_grouping.split(found.id, [numbers["b"]], "ada")
    assert part.title == "HighLatency on shop-orders"
    assert "shop-orders" not in memory.store.incidents.get(found.id).description
    assert [one.alert.key for one in memory.store.alerts.of_incident(part.id)] == ["b"]
    clock.at = START + timedelta(days=9)
    tell(memory, alert("a", "shop-database", at=clock()), alert("b", "shop-orders", at=clock()))
    later(memory, clock, seconds=5)
    recent = [one for one in incidents(memory) if one.started_at >= clock() - timedelta(hours=1)]
    old = {one.id for one in (found, part)}
    kept_apart = recent or [one for one in incidents(memory) if one.id in old]
    assert len(kept_apart) == 2
    one, two = sorted(kept_apart, key=lambda one: one.id)
    memory.manual_grouping.merge(two.id, one.id, "ada")
    clock.at = START + timedelta(days=20)
    for name in {one.id for one in incidents(memory) if one.status != "resolved"}:
        memory.resolve(name, Resolution("over", clock()))
    tell(memory, alert("a7", "shop-database", at=clock()), alert("b7", "shop-orders", at=clock()))
    later(memory, clock, seconds=5)
    assert len([one for one in incidents(memory) if one.started_at >= clock() - timedelta(hours=1)]) == 1


def test_a_merge_can_be_undone(memory, clock):
    shop, job = apart(memory, clock)
    memory.manual_grouping.merge(job.id, shop.id)
    back = memory.manual_grouping.unmerge(shop.id, job.id)
    assert (back.id, back.status, back.links) == (job.id, "open", ())
    assert back.title == job.title
    assert [one.alert.key for one in memory.store.alerts.of_incident(job.id)] == ["z0"]
    assert [one.alert.key for one in memory.store.alerts.of_incident(shop.id)] == ["a0"]
    assert memory.store.incidents.get(shop.id).description == shop.description
    with pytest.raises(Invalid, match="not merged"):
        memory.manual_grouping.unmerge(shop.id, job.id)


@pytest.mark.parametrize(
    ("do", "error"),
    [
        (lambda hands, one, two: hands.merge(one, one), Invalid),
        (lambda hands, one, two: hands.split(one, []), Invalid),
        (lambda hands, one, two: hands.split(one, [987]), Invalid),
        (lambda hands, one, two: hands.unmerge(one, two), Invalid),
        (lambda hands, one, two: hands.merge("INC-99", two), NotFound),
    ],
)
def test_what_makes_no_sense_is_refused(memory, clock, do, error):
    one, two = apart(memory, clock)
    with pytest.raises(error):
        do(memory.manual_grouping, one.id, two.id)
    (whole,) = memory.store.alerts.of_incident(one.id)
    with pytest.raises(Invalid, match="leave at least one"):
        memory.manual_grouping.split(one.id, [whole.id])
