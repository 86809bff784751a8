"""What is no incident is stored, listed with the reason, and nobody is told; what is over at birth is stored as over."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from storming import answers, incidents, later

from onrecall.domain.errors import Invalid
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.sources import WebhookRequest
from onrecall.storage import paging

SLUICE = {"id": "s-1", "title": "Sluice 4 does not close", "status": "firing", "service": "canal"}


def post(memory, name, body):
    (receipt,) = memory.ingester.store_batches([memory.ingester.read(name, WebhookRequest(json.dumps(body).encode()))])
    memory.grouping.run()
    return receipt


def alertmanager(name, status="firing", **labels):
    at = {
        "startsAt": "2026-06-01T07:59:00Z",
        "endsAt": "2026-06-01T07:59:30Z" if status == "resolved" else "0001-01-01T00:00:00Z",
    }
    alert = {"status": status, "labels": {"alertname": name} | labels, "annotations": {}} | at
    return {"version": "4", "groupKey": "{}", "receiver": "r", "alerts": [alert]}


def aside(memory, purpose=None, source=None):
    return memory.store.alerts.set_aside(purpose, source, None, 50).items


@pytest.mark.parametrize(
    ("name", "body", "purpose"),
    [
        ("alertmanager", alertmanager("Watchdog"), "heartbeat"),
        ("generic/canal", SLUICE | {"title": "[TEST] Sluice 4 does not close"}, "test"),
        ("generic/canal", SLUICE | {"title": "This is a test alert"}, "test"),
        ("statuspage", {"page": {"id": "p"}, "incident": {"id": "i", "name": "Lock 2 is rebuilt", "status": "scheduled", "impact": "maintenance", "scheduled_for": "2026-06-09T08:00:00Z", "created_at": "2026-06-01T07:00:00Z"}}, "planned"),
    ],
)  # fmt: skip
def test_it_opens_no_incident_and_says_why(memory, clock, name, body, purpose):
    receipt = post(memory, name, body)
    assert (receipt.accepted, receipt.rejected) == (1, ())
    later(memory, clock, seconds=30)
    assert incidents(memory) == ()
    (kept,) = aside(memory, purpose)
    assert (kept.alert.purpose, kept.incident) == (purpose, None)
    assert kept.alert.purpose_reason
    assert kept.joined["how"] == purpose
    assert aside(memory, source="nobody") == ()
    heard = memory.store.source_activity.all()[kept.alert.source]
    assert heard.set_aside[purpose].count == 1


def test_a_heartbeat_joins_no_incident_and_names_none(memory, clock):
    body = alertmanager("CanalOverflow", service="canal")
    body["alerts"].append(alertmanager("Watchdog", service="canal")["alerts"][0])
    post(memory, "alertmanager", body)
    later(memory, clock, seconds=30)
    (incident,) = incidents(memory)
    assert "CanalOverflow" in incident.title
    assert [one.alert.labels["alertname"] for one in memory.store.alerts.of_incident(incident.id)] == ["CanalOverflow"]


def test_a_test_is_over_by_itself_and_touches_no_real_alert(memory, clock):
    post(memory, "generic/canal", SLUICE)
    post(memory, "generic/canal", SLUICE | {"title": "[TEST] Sluice 4 does not close"})
    later(memory, clock, minutes=6)
    (test,) = aside(memory, "test")
    assert test.alert.status == "resolved"
    assert test.alert.end_reason
    (incident,) = incidents(memory)
    assert incident.status == "open"


def test_what_is_over_when_it_is_first_heard_of_is_stored_as_over_and_not_answered(memory, clock):
    post(memory, "alertmanager", alertmanager("CanalOverflow", "resolved", service="canal"))
    later(memory, clock, seconds=30)
    (incident,) = incidents(memory)
    assert incident.status == "resolved"
    assert answers(memory, incident.id) == []
    told = {event.type: event.detail for event in memory.store.events.timeline(incident.id)}
    assert list(told) == ["opened", "alerted", "resolved"]
    assert told["alerted"]["first_heard"] == "over"


def test_it_is_opened_when_it_fires_after_all(memory, clock):
    post(memory, "alertmanager", alertmanager("CanalOverflow", "resolved", service="canal"))
    clock.forward(minutes=2)
    again = alertmanager("CanalOverflow", service="canal")
    again["alerts"][0]["startsAt"] = "2026-06-01T08:01:30Z"
    post(memory, "alertmanager", again)
    later(memory, clock, seconds=30)
    assert [one.status for one in incidents(memory)] == ["open"]


def test_alerts_that_nobody_ends_expire_and_take_their_incident_along(memory, clock):
    post(memory, "falco", {"output": "Shell in a container", "priority": "Warning", "rule": "Terminal shell", "time": "2026-06-01T08:00:00Z",
                           "output_fields": {"container.id": "c1", "k8s.pod.name": "weir-1"}, "hostname": "n1"})  # fmt: skip
    later(memory, clock, seconds=30)
    (incident,) = incidents(memory)
    later(memory, clock, hours=30)
    later(memory, clock, minutes=10)
    (alert,) = memory.store.alerts.of_incident(incident.id)
    assert "expired" in alert.alert.end_reason
    assert incidents(memory)[0].status == "resolved"


@pytest.mark.parametrize(("chosen", "hours", "status"), [({"generic/canal": timedelta(hours=1)}, 2, "resolved"), ({"default": timedelta(hours=1)}, 2, "resolved"), ({"default": timedelta(0)}, 400, "open"), ({"falco": timedelta(hours=1)}, 2, "open")])  # fmt: skip
def test_how_long_it_takes_is_the_operators_choice(store, clock, chosen, hours, status):
    memory = IncidentService(
        Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), clock, expiry=chosen)
    )
    post(memory, "generic/canal", {"id": "s-1", "title": "Sluice 4 does not close", "service": "canal"})
    later(memory, clock, seconds=30)
    later(memory, clock, hours=hours)
    later(memory, clock, minutes=10)
    assert [one.status for one in incidents(memory)] == [status]


def test_links_of_alerts_are_the_incidents_too(memory, clock):
    post(
        memory,
        "generic/canal",
        SLUICE
        | {
            "runbook_url": "https://wiki.canal.example/sluice",
            "dashboard": "https://graphs.canal.example/4",
            "url": "javascript:alert(1)",
        },
    )
    (incident,) = incidents(memory)
    assert [(link.kind, link.url) for link in memory.alert_links(incident.id)] == [
        ("runbook", "https://wiki.canal.example/sluice"),
        ("dashboard", "https://graphs.canal.example/4"),
    ]


def test_a_secret_in_what_can_not_be_read_is_not_kept(memory):
    read = memory.ingester.read("zabbix", WebhookRequest(b'{"token": "ghp_0123456789abcdefghijABCDEFGHIJ012345"'))
    memory.ingester.store_batches([replace(read)])
    (part,) = memory.store.rejected.page(None, 10).items
    assert "ghp_" not in part.raw
    assert part.source == "zabbix"


@pytest.mark.parametrize("number", ["9" * 30, str(2**63), "-1", "x", "٣"])
def test_a_cursor_with_a_number_that_no_alert_has_is_refused(memory, number):
    cursor = paging.encode_cursor((memory.now().isoformat(), number))
    with pytest.raises(Invalid, match="cursor"):
        memory.store.alerts.set_aside(None, None, cursor, 5)
