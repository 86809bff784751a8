"""PagerDuty's V3 webhooks."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from onrecall.domain.alert import Acknowledgement, Alert, Note
from onrecall.domain.errors import Forbidden, Invalid
from onrecall.sources import SOURCES, WebhookRequest
from onrecall.sources.pagerduty import verify
from sources.golden import NOW, body, only_signal, read

CREATED = datetime(2020, 4, 9, 15, 16, 27, tzinfo=UTC)
SECRET = "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK"
SIGNATURE = "0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd"
"""Of PagerDuty's own Go client: its test's secret, body and signature."""


def parse(event):
    return SOURCES["pagerduty"].parse(WebhookRequest(json.dumps({"event": event}).encode()), NOW)


def test_a_triggered_incident():
    alert = only_signal("pagerduty", "incident_triggered")
    assert (alert.key, alert.title, alert.status) == ("PGR0VU2", "A little bump in the road", "firing")
    assert (alert.starts_at, alert.starts_known, alert.told_at) == (CREATED, True, CREATED)
    assert (alert.service, alert.severity) == ("API Service", "critical")
    assert alert.labels == {
        "urgency": "high", "priority": "P1", "team": "Engineering", "incident_type": "major_incident",
        "incident_key": "d3640fbd41094207a1c11e58e46b1662",
    }  # fmt: skip
    assert alert.links == ("https://acme.pagerduty.com/incidents/PGR0VU2",)


@pytest.mark.parametrize(
    "event",
    ["reassigned", "escalated", "delegated", "priority_updated", "reopened", "unacknowledged", "service_updated"],
)
def test_what_moves_an_incident_tells_its_state(event):
    alert = only_signal("pagerduty", f"incident_{event}")
    assert isinstance(alert, Alert)
    assert (alert.key, alert.starts_at, alert.status, alert.ends_at) == ("PGR0VU2", CREATED, "firing", None)
    assert alert.told_at > CREATED


def test_resolved():
    alert = only_signal("pagerduty", "incident_resolved")
    assert (alert.status, alert.ends_at) == ("resolved", datetime(2020, 10, 2, 18, 50, tzinfo=UTC))


def test_acknowledged():
    alert, acknowledged = read("pagerduty", "incident_acknowledged").signals
    assert alert.status == "firing"
    at = datetime(2020, 4, 9, 15, 18, tzinfo=UTC)
    assert acknowledged == Acknowledgement("pagerduty", "PGR0VU2", at, "Tenex Engineer")


def test_a_note_and_a_status_update_are_notes_of_their_own_ids():
    at = datetime(2020, 10, 2, 18, 45, 22, 169000, UTC)
    note = Note("pagerduty", "PGR0VU2", "P2LA89X", "Fixed by raising the connection pool to 50 and restarting checkout",
                at, "Tenex Engineer")  # fmt: skip
    assert only_signal("pagerduty", "incident_annotated") == note
    text = "A fix for this incident is being developed"
    assert only_signal("pagerduty", "incident_status_update_published") == replace(
        note, id="status_update/P2LA89X", text=text
    )


@pytest.mark.parametrize(
    "event",
    ["service_updated", "pagey_ping", "incident_responder_added", "incident_responder_replied", "incident_role_assigned",
     "incident_custom_field_values_updated", "incident_workflow_started", "incident_task_created",
     "incident_action_invocation_created", "incident_conference_bridge_updated"],
)  # fmt: skip
def test_other_events_are_heard_and_say_nothing(event):
    parsed = read("pagerduty", event)
    assert parsed.signals == parsed.malformed == ()


def test_events_nobody_knows_yet_are_tolerated():
    assert parse({"event_type": "incident.dreamt_of", "data": {"type": "dream"}}).malformed == ()
    assert parse({}).signals == ()


def test_without_a_creation_time_only_the_trigger_knows_the_start():
    payload = json.loads(body("pagerduty", "incident_triggered"))["event"]
    del payload["data"]["created_at"]
    (alert,) = parse(payload).signals
    assert (alert.starts_at, alert.starts_known) == (CREATED, True)
    late = only_signal("pagerduty", "signed")
    assert (late.starts_at, late.starts_known) == (NOW, False)


@pytest.mark.parametrize(("field", "at"), [("title", "data"), ("id", "data")])
def test_an_incident_that_lacks_what_is_needed_is_kept_as_rejected_and_not_refused(field, at):
    """Three refusals in a row and PagerDuty stops sending for a day."""
    payload = json.loads(body("pagerduty", "incident_triggered"))["event"]
    del payload[at][field]
    parsed = parse(payload)
    assert parsed.signals == ()
    assert parsed.malformed[0].field == f"event.data.{field}"
    assert json.loads(parsed.malformed[0].raw) == {"event": payload}


@pytest.mark.parametrize("payload", [b"[]", b"{}", b'{"event": 5}', b'{"messages": []}', b"\xff"])
def test_what_is_no_event_is_refused(payload):
    with pytest.raises(Invalid) as error:
        SOURCES["pagerduty"].parse(WebhookRequest(payload), NOW)
    assert error.value.field in ("body", "event")


def signed(header, payload=None):
    return WebhookRequest(payload or body("pagerduty", "signed"), {"x-pagerduty-signature": header})


@pytest.mark.parametrize(
    "header",
    [
        f"v1={SIGNATURE}",
        f"v1={'0' * 64},v1={SIGNATURE}",
        f"v1={SIGNATURE}, v1={'0' * 64}",
        f"v2=x,v1={SIGNATURE.upper()}",
    ],
)
def test_a_signed_event(header):
    verify(signed(header), [SECRET], NOW)
    verify(signed(header), ["the next one", SECRET], NOW)


@pytest.mark.parametrize(
    "delivery",
    [
        signed(SIGNATURE),
        signed(f"v2={SIGNATURE}"),
        signed("v1="),
        signed(""),
        signed("v1=7020c8a7ec668a9b7012bc3dd82e483394b038f4230acc6785efbf2a7d8bcaf5"),
        signed(f"v1={SIGNATURE}", body("pagerduty", "signed") + b"\n"),
        signed(",".join([f"v1={'0' * 64}"] * 1000 + [f"v1={SIGNATURE}"])),
        WebhookRequest(body("pagerduty", "signed")),
    ],
)
def test_anything_else_is_forbidden(delivery):
    with pytest.raises(Forbidden):
        verify(delivery, [SECRET], NOW)
