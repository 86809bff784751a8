"""A person resolves an incident while its alert goes on firing: a later report of it is told anew, once; on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from storming import ended, house, incidents, later, only, tell
from stormy import START, alert

from onrecall.domain.incident import Resolution
from onrecall.pipeline import IncidentService
from onrecall.storage import Storage

FIRING = alert("pump", "shop-stock", description="pressure is low")


@pytest.fixture
def memory(store: Storage, clock) -> IncidentService:
    return house(store, clock)


def resolve(memory, clock, incident):
    memory.resolve(incident.id, Resolution(root_cause="a stuck valve", at=clock(), by="kim"))


def resolved_while_firing(memory, clock):
    """The incident of the alert, resolved by a person ten minutes after it began."""
    tell(memory, FIRING)
    later(memory, clock, minutes=10)
    first = only(memory)
    resolve(memory, clock, first)
    return first


def newest(memory):
    return max(incidents(memory), key=lambda incident: incident.started_at)


def test_a_report_hours_later_opens_one_incident_that_says_so(memory, clock):
    first = resolved_while_firing(memory, clock)
    for _ in range(3):
        later(memory, clock, hours=4)
        tell(memory, FIRING, FIRING)
        later(memory, clock, seconds=5)
        assert len(incidents(memory)) == 2
    second = newest(memory)
    assert (second.status, [link.incident for link in second.links]) == ("open", [first.id])
    assert second.description.startswith(f"Still firing since {first.id} was resolved.")
    assert second.started_at > memory.store.incidents.get(first.id).resolved_at
    (placed,) = memory.store.alerts.of_incident(second.id)
    assert placed.joined["reasons"][0] == f"it still fires since {first.id} was resolved by a person"
    assert placed.alert.continues == first.id
    (before,) = memory.store.alerts.of_incident(first.id)
    assert before.alert.starts_at == START
    assert memory.store.incidents.get(first.id).status == "resolved"


def test_a_report_soon_after_the_resolution_opens_nothing(memory, clock):
    resolved_while_firing(memory, clock)
    later(memory, clock, minutes=29)
    tell(memory, FIRING)
    later(memory, clock, seconds=5)
    tell(memory, replace(FIRING, told_at=START + timedelta(minutes=11)))
    later(memory, clock, hours=3)
    tell(memory, replace(FIRING, told_at=START + timedelta(minutes=12)))  # sent long ago, and late on its way
    later(memory, clock, seconds=5)
    assert len(incidents(memory)) == 1


@pytest.mark.parametrize("known", [True, False])
def test_its_end_ends_both(memory, clock, known):
    told = replace(FIRING, starts_known=known)
    tell(memory, told)
    later(memory, clock, minutes=10)
    resolve(memory, clock, only(memory))
    later(memory, clock, hours=4)
    tell(memory, told)
    later(memory, clock, seconds=5)
    tell(memory, ended(told, clock.forward(minutes=20)))
    later(memory, clock, seconds=1)
    later(memory, clock, minutes=6)
    assert {incident.status for incident in incidents(memory)} == {"resolved"}
    assert {row.alert.status for incident in incidents(memory) for row in memory.store.alerts.of_incident(incident.id)} == {"resolved"}  # fmt: skip
    tell(memory, ended(told, clock()))
    later(memory, clock, hours=1)
    assert len(incidents(memory)) == 2


def test_resolved_again_while_it_fires_it_is_told_again(memory, clock):
    resolved_while_firing(memory, clock)
    later(memory, clock, hours=4)
    tell(memory, FIRING)
    later(memory, clock, seconds=5)
    second = newest(memory)
    resolve(memory, clock, second)
    later(memory, clock, hours=4)
    tell(memory, FIRING)
    later(memory, clock, seconds=5)
    third = newest(memory)
    assert len(incidents(memory)) == 3
    assert [link.incident for link in third.links] == [second.id]


def test_what_alerts_resolved_by_themselves_is_not_told_again(memory, clock):
    tell(memory, FIRING)
    later(memory, clock, minutes=10)
    tell(memory, ended(FIRING, clock()))
    later(memory, clock, minutes=10)
    later(memory, clock, hours=4)
    tell(memory, ended(FIRING, START + timedelta(minutes=10)))
    later(memory, clock, seconds=5)
    assert only(memory).status == "resolved"
