"""Storms end to end: alerts as senders tell them go in, incidents and answers come out, on both databases."""

import random
from datetime import timedelta

import pytest
from storming import answers, ended, house, incidents, later, only, play, tell
from stormy import START, alert, storm

from onrecall.domain.alert import Alert, ChangeEvent
from onrecall.domain.incident import Incident, Resolution
from onrecall.pipeline import IncidentService
from onrecall.storage import Storage


@pytest.fixture
def memory(store: Storage, clock) -> IncidentService:
    return house(store, clock)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_is_one_incident_with_one_answer(memory, clock, seed):
    told = storm() * 3
    order = random.Random(seed)
    minutes: list[list[Alert]] = []
    for third in range(3):
        part = told[third * 500 : (third + 1) * 500]
        if third:
            order.shuffle(part)
        minutes += [part[n : n + 25] for n in range(0, 500, 25)]
    play(memory, clock, minutes[:20], 60)
    play(memory, clock, minutes[20:], 60)
    later(memory, clock, minutes=3)
    found = only(memory)
    assert len(memory.store.alerts.of_incident(found.id)) == 500
    assert 1 <= len(answers(memory, found.id)) <= 4
    assert found.severity == "high"
    assert found.labels == {"cluster": "eu-1"}
    assert found.environment == "production"
    assert found.service is None
    assert found.title == "HighLatency on shop-database"
    assert found.description.count("\n- ") == 20
    assert memory.store.alerts.waiting(10) == ()
    assert memory.store.health.check() == ()


def test_two_unrelated_outages_are_two_incidents(memory, clock):
    ours = storm(60)
    theirs = [
        alert(f"b{i}", f"warehouse-{i % 3}", name="BatchLate", environment="lab", labels={"alertname": "BatchLate", "team": "bi"})
        for i in range(3)
    ]  # fmt: skip
    mixed = [*ours, *theirs]
    random.Random(3).shuffle(mixed)
    play(memory, clock, [mixed[n : n + 20] for n in range(0, len(mixed), 20)], 30)
    later(memory, clock, seconds=10)
    outages = {
        frozenset(one.alert.key[0] for one in memory.store.alerts.of_incident(found.id)) for found in incidents(memory)
    }
    assert frozenset("a") in outages
    assert frozenset("ab") not in outages
    assert len([found for found in incidents(memory) if found.environment == "production"]) == 1


def test_the_first_answer_waits_until_the_burst_is_in(memory, clock):
    tell(memory, alert("a", "shop-database"))
    memory.work()
    found = only(memory)
    clock.forward(seconds=2)
    tell(memory, alert("b", "shop-orders", at=START + timedelta(seconds=2)))
    memory.work()
    assert answers(memory, found.id) == []
    clock.forward(seconds=1)
    memory.work()
    assert len(answers(memory, found.id)) == 1
    assert "HighLatency on shop-orders" in only(memory).description


def test_an_answer_is_refreshed_only_for_something_new_and_not_too_often(memory, clock):
    tell(memory, alert("a", "shop-database"))
    later(memory, clock, seconds=0)
    later(memory, clock, seconds=3)
    found = only(memory)

    def told(*alerts: Alert, after: float) -> int:
        clock.forward(seconds=after)
        tell(memory, *alerts)
        memory.work()
        later(memory, clock, seconds=3)
        return len(answers(memory, found.id))

    assert told(alert("a2", "shop-database", at=clock()), after=60) == 1  # the same kind
    assert told(alert("b", "shop-orders", at=clock()), after=1) == 2
    assert told(alert("c", "shop-cart", at=clock()), after=1) == 2  # too soon
    later(memory, clock, seconds=60)
    assert len(answers(memory, found.id)) == 3
    worse = alert("a", "shop-database", severity="critical")
    assert told(worse, after=60) >= 3
    assert only(memory).severity == "critical"


def test_a_change_shortly_before_is_told_with_it(memory, clock):
    tell(memory, alert("a", "shop-database"))
    memory.work()
    later(memory, clock, seconds=3)
    found = only(memory)
    first = memory.store.recommendations.newest(found.id)
    at = START - timedelta(minutes=6)
    tell(memory, ChangeEvent("github", "d1", "database 4.2 to production", at, "deployment", "shop-database"))
    tell(memory, ChangeEvent("github", "d2", "mail 1.1", at, "deployment", "elsewhere"))
    later(memory, clock, seconds=60)
    later(memory, clock, seconds=3)
    second = memory.store.recommendations.newest(found.id)
    assert first.id != second.id
    later(memory, clock, seconds=90)
    assert memory.store.recommendations.newest(found.id).id == second.id


def test_an_incident_ends_with_its_alerts_and_waits_for_a_cause(memory, clock):
    a, b = alert("a", "shop-database"), alert("b", "shop-orders")
    tell(memory, a, b)
    later(memory, clock, seconds=10)
    over = clock.forward(minutes=10)
    tell(memory, ended(a, over))
    later(memory, clock, minutes=30)
    assert only(memory).status == "open"
    last = clock()
    tell(memory, ended(b, last))
    later(memory, clock, seconds=0)
    later(memory, clock, seconds=299)
    assert only(memory).status == "open"
    later(memory, clock, seconds=1)
    found = only(memory)
    assert (found.status, found.resolved_at, found.resolution) == ("resolved", last, None)
    resolved = memory.resolve(found.id, Resolution("the disk was full", clock()))
    assert resolved.resolution


def test_flapping_reopens_the_incident_and_opens_no_other(memory, clock):
    a = alert("a", "shop-database")
    tell(memory, a)
    later(memory, clock, seconds=5)
    for _ in range(3):
        over = clock.forward(minutes=1)
        tell(memory, ended(a, over))
        later(memory, clock, seconds=0)
        later(memory, clock, minutes=6)
        assert only(memory).status == "resolved"
        a = alert("a", "shop-database", at=clock.forward(minutes=3), told_at=clock())
        tell(memory, a)
        later(memory, clock, seconds=1)
        assert only(memory).status == "open"
    types = [event.type for event in memory.store.events.timeline(only(memory).id)]
    assert types.count("reopened") == 3
    assert len(memory.store.alerts.of_incident(only(memory).id)) == 4


def test_what_a_person_resolved_is_not_reopened_by_an_alert(memory, clock):
    a = alert("a", "shop-database")
    tell(memory, a)
    later(memory, clock, seconds=5)
    found = only(memory)
    memory.resolve(found.id, Resolution("the disk was full", clock.forward(minutes=1)))
    tell(memory, ended(a, clock()))
    later(memory, clock, seconds=5)
    tell(memory, alert("a", "shop-database", at=clock.forward(minutes=2)))
    later(memory, clock, seconds=5)
    assert len(incidents(memory)) == 2
    assert memory.store.incidents.get(found.id).resolution


def test_resolved_before_firing_ends_right(memory, clock):
    a = alert("a", "shop-database", told_at=START)
    tell(memory, ended(a, START + timedelta(seconds=30)))
    later(memory, clock, seconds=1)
    tell(memory, a)
    later(memory, clock, minutes=10)
    assert all(found.status == "resolved" for found in incidents(memory))
    assert all(
        one.alert.status == "resolved"
        for found in incidents(memory)
        for one in memory.store.alerts.of_incident(found.id)
    )


def test_what_fired_and_ended_while_no_worker_ran_is_an_incident_that_is_over(memory, clock):
    a = alert("a", "shop-database")
    tell(memory, a)
    tell(memory, ended(a, clock.forward(minutes=2)))
    later(memory, clock, seconds=0)
    later(memory, clock, minutes=5)
    assert only(memory).status == "resolved"
    assert len(answers(memory, only(memory).id)) == 1


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_wrong_makes_no_incident_of_the_future(memory, clock, hours):
    off = START + timedelta(hours=hours)
    a = alert("a", "shop-database", at=off)
    tell(memory, a)
    later(memory, clock, seconds=5)
    found = only(memory)
    assert found.started_at == min(off, START)
    tell(memory, ended(a, off + timedelta(minutes=1)))
    later(memory, clock, seconds=0)
    later(memory, clock, minutes=5)
    over = only(memory)
    assert over.status == "resolved"
    assert found.started_at <= over.resolved_at <= clock()
    memory.resolve(found.id, Resolution("the clock was wrong", clock()))


def test_what_a_person_opened_keeps_its_words_and_its_end(memory, clock):
    memory.open(Incident("MINE", "Checkout fails", START, service="shop-database", environment="production"))
    later(memory, clock, seconds=1)
    a = alert("a", "shop-database", at=clock())
    tell(memory, a)
    later(memory, clock, seconds=5)
    found = only(memory)
    assert (found.id, found.title, found.description) == ("MINE", "Checkout fails", "")
    assert len(answers(memory, "MINE")) == 1
    later(memory, clock, seconds=60)
    assert len(answers(memory, "MINE")) == 2
    tell(memory, ended(a, clock()))
    later(memory, clock, seconds=0)
    later(memory, clock, minutes=30)
    assert only(memory).status == "open"
    _, created = memory.open(
        Incident("MINE", "Checkout fails", START, service="shop-database", environment="production")
    )
    assert not created
