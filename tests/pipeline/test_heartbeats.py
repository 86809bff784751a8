"""The dead man's switch: a heartbeat that stays away raises an alert; one that comes ends it."""

import json
from datetime import timedelta

import pytest
from storming import incidents, later

from onrecall.domain.errors import NotFound
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.sources import WebhookRequest


def beat(memory, name="Watchdog", status="firing", **labels):
    alert = {
        "status": status,
        "labels": {"alertname": name, "cluster": "harbour"} | labels,
        "annotations": {},
        "startsAt": "2026-06-01T07:00:00Z",
        "endsAt": "2026-06-01T09:00:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
    }
    body = json.dumps({"version": "4", "groupKey": "{}", "receiver": "r", "alerts": [alert]})
    memory.ingester.store_batches([memory.ingester.read("alertmanager", WebhookRequest(body.encode()))])


def beats(memory, clock, count=3, **apart):
    for _ in range(count):
        beat(memory)
        later(memory, clock, **apart)


def test_it_is_missed_after_three_times_its_usual_gap_and_over_when_it_is_back(memory, clock):
    beats(memory, clock, 4, minutes=4)
    later(memory, clock, minutes=7)
    assert incidents(memory) == ()
    later(memory, clock, minutes=2)
    (incident,) = incidents(memory)
    assert (incident.status, incident.severity) == ("open", "critical")
    assert "Watchdog" in incident.title
    assert incident.labels["cluster"] == "harbour"
    later(memory, clock, minutes=30)
    assert len(memory.store.alerts.of_incident(incident.id)) == 1
    beat(memory)
    later(memory, clock, seconds=1)
    later(memory, clock, minutes=6)
    assert incidents(memory)[0].status == "resolved"
    assert memory.store.heartbeats.all()[0].missing_since is None


def test_the_time_that_it_was_away_is_no_rhythm(memory, clock):
    beats(memory, clock, 4, minutes=2)
    later(memory, clock, hours=5)
    beat(memory)
    later(memory, clock, seconds=1)
    assert memory.store.heartbeats.all()[0].usual < timedelta(minutes=3)


def test_before_its_rhythm_is_known_it_has_half_a_day(memory, clock):
    beat(memory)
    beat(memory)  # a pair of servers sends each twice
    later(memory, clock, hours=11)
    assert incidents(memory) == ()
    later(memory, clock, hours=2)
    assert len(incidents(memory)) == 1


def test_it_is_missed_at_once_where_its_source_says_that_it_ended(memory, clock):
    beats(memory, clock, 2, minutes=1)
    beat(memory, status="resolved")
    later(memory, clock, seconds=1)
    (incident,) = incidents(memory)
    assert incident.status == "open"


@pytest.mark.parametrize(("name", "status"), [("InfoInhibitor", "firing"), ("Watchdog", "resolved")])
def test_what_is_not_always_there_is_not_missed(memory, clock, name, status):
    beat(memory, name, status)
    later(memory, clock, days=3)
    assert incidents(memory) == ()
    assert memory.store.heartbeats.all() == ()


def test_while_we_were_off_we_heard_nobody(memory, clock, store):
    beats(memory, clock, 4, minutes=1)
    clock.forward(hours=8)
    after = IncidentService(Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), clock))
    later(after, clock, minutes=4)
    assert incidents(after) == ()
    later(after, clock, minutes=3)
    assert len(incidents(after)) == 1


@pytest.mark.parametrize(
    ("patience", "missed"), [({"alertmanager": timedelta(hours=1)}, 1), ({"default": timedelta(0)}, 0)]
)
def test_the_operator_says_how_long_it_may_stay_away(store, clock, patience, missed):
    parts = Dependencies(
        store, Retriever(store, None, LocalIndex(store.passages, None)), clock, heartbeat_patience=patience
    )
    memory = IncidentService(parts)
    beats(memory, clock, 4, minutes=1)
    later(memory, clock, minutes=50)
    assert incidents(memory) == ()
    later(memory, clock, minutes=20)
    assert len(incidents(memory)) == missed


def test_one_that_is_forgotten_is_missed_no_more(memory, clock):
    beats(memory, clock, 3, minutes=1)
    later(memory, clock, hours=1)
    (heartbeat,) = memory.store.heartbeats.all()
    assert heartbeat.missing_since is not None
    memory.ingester.switch.forget(heartbeat.source, heartbeat.key)
    later(memory, clock, seconds=1)
    later(memory, clock, minutes=6)
    assert incidents(memory)[0].status == "resolved"
    with pytest.raises(NotFound):
        memory.ingester.switch.forget(heartbeat.source, heartbeat.key)
