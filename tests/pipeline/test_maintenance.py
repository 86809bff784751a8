"""Maintenance windows: alerts of what they name open no incident while one is on, and what still fires then does."""

from datetime import UTC, datetime, timedelta

import pytest
from storming import incidents, later, tell

from onrecall.domain.alert import Alert
from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.domain.maintenance import MaintenanceWindow
from onrecall.pipeline.maintenance import MaintenanceRequest

START = datetime(2026, 6, 1, 8, tzinfo=UTC)


def bakery(at, status="firing", service="oven_control", key="k1", **labels):
    ends_at = at if status == "resolved" else None
    return Alert("alertmanager", key, "Oven is cold", at, status, service=service, labels=labels, ends_at=ends_at)


def window(memory, hours=2.0, **chosen):
    chosen.setdefault("service", "Oven Control")
    return memory.maintenance.add(MaintenanceRequest(memory.now() + timedelta(hours=hours), **chosen))


def aside(memory):
    return memory.store.grouping.set_aside("planned", None, None, 50).items


def test_alerts_of_the_service_open_nothing_and_are_listed_with_the_reason(memory, clock):
    made = window(memory, reason="the thermostat is replaced", by="ida")
    tell(memory, bakery(clock()), bakery(clock(), service="till", key="k2"))
    later(memory, clock, seconds=30)
    (incident,) = incidents(memory)
    assert incident.service == "till"
    (kept,) = aside(memory)
    assert kept.alert.service == "oven_control"
    assert kept.joined["window"] == made.id
    assert "the thermostat is replaced" in kept.joined["reasons"][0]


def test_what_still_fires_at_the_end_opens_an_incident_then(memory, clock):
    window(memory, hours=1)
    tell(memory, bakery(clock()), bakery(clock(), key="k2", status="resolved"))
    later(memory, clock, minutes=59)
    assert incidents(memory) == ()
    later(memory, clock, minutes=2)
    (incident,) = incidents(memory)
    assert [one.alert.key for one in memory.store.alerts.of_incident(incident.id)] == ["k1"]
    assert [one.alert.key for one in aside(memory)] == ["k2"]


def test_a_window_that_is_ended_early_lets_go_at_once(memory, clock):
    made = window(memory)
    tell(memory, bakery(clock()))
    later(memory, clock, minutes=5)
    ended = memory.maintenance.end(made.id, "ida")
    assert (ended.ends_at, ended.ended_by) == (clock(), "ida")
    later(memory, clock, seconds=5)
    assert len(incidents(memory)) == 1
    with pytest.raises(Conflict):
        memory.maintenance.end(made.id)
    with pytest.raises(NotFound):
        memory.maintenance.end("mw-none")


def test_an_alert_of_two_windows_waits_for_the_later_one(memory, clock):
    window(memory, hours=1)
    window(memory, hours=3)
    tell(memory, bakery(clock()))
    later(memory, clock, minutes=65)
    assert incidents(memory) == ()
    later(memory, clock, hours=2)
    assert len(incidents(memory)) == 1


def test_labels_must_all_fit(memory, clock):
    window(memory, service=None, labels={"plant": "north", "line": "2"})
    fits = bakery(clock(), plant="north", line="2")
    tell(memory, fits, bakery(clock(), key="k2", plant="north"))
    later(memory, clock, seconds=30)
    (incident,) = incidents(memory)
    assert [one.alert.key for one in memory.store.alerts.of_incident(incident.id)] == ["k2"]
    assert [one.alert.key for one in aside(memory)] == ["k1"]


def test_an_incident_that_was_open_before_goes_on(memory, clock):
    tell(memory, bakery(clock()))
    later(memory, clock, seconds=30)
    window(memory)
    tell(memory, bakery(START, status="resolved"))
    later(memory, clock, seconds=1)
    later(memory, clock, minutes=6)
    (incident,) = incidents(memory)
    assert incident.status == "resolved"
    assert aside(memory) == ()


def test_one_that_is_to_come_does_nothing_yet(memory, clock):
    window(memory, starts_at=clock() + timedelta(hours=1))
    tell(memory, bakery(clock()))
    later(memory, clock, seconds=30)
    assert len(incidents(memory)) == 1


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"service": None}, "service"),
        ({"service": " - "}, "service"),
        ({"starts_at": START + timedelta(hours=9)}, "ends_at"),
        ({"hours": -1, "starts_at": START - timedelta(hours=3)}, "ends_at"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(memory, chosen, field):
    with pytest.raises(Invalid) as error:
        window(memory, **chosen)
    assert error.value.field == field
    assert memory.maintenance.list(50, past=True) == ()


def test_windows_are_listed_while_they_matter_and_kept_after(memory, clock):
    made = window(memory, hours=1, labels={"token": "password=hunter2hunter2"})
    assert "hunter2" not in repr(memory.maintenance.list(50))
    clock.forward(hours=2)
    assert memory.maintenance.list(50) == ()
    (kept,) = memory.maintenance.list(50, past=True)
    assert (kept.id, kept.state(clock())) == (made.id, "over")


def test_the_state_of_a_window():
    span = MaintenanceWindow("mw-1", START, START + timedelta(hours=1), "till")
    times = (START - timedelta(minutes=1), START, START + timedelta(hours=1))
    assert [span.state(at) for at in times] == ["scheduled", "active", "over"]
