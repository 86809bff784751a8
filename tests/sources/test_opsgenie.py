"""Opsgenie and Jira Service Management."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.alert import Acknowledgement, Alert, Note
from onrecall.domain.errors import Invalid
from onrecall.sources import SOURCES, WebhookRequest
from sources.golden import NOW, body, only_signal, read

CREATED = datetime(2015, 1, 5, 10, 3, 11, 104000, UTC)


def parse(payload):
    return SOURCES["opsgenie"].parse(WebhookRequest(json.dumps(payload).encode()), NOW)


def near(found, *moment):
    return abs(found - datetime(*moment, tzinfo=UTC)) < timedelta(milliseconds=1)


def test_create():
    alert = only_signal("opsgenie", "create")
    assert (alert.key, alert.title, alert.status) == ("aliastest", "queue is not drained", "firing")
    assert (alert.starts_at, alert.starts_known) == (CREATED, True)
    assert near(alert.told_at, 2015, 1, 5, 10, 3, 13, 166002)
    assert (alert.service, alert.environment, alert.severity) == ("checkout", "production", "high")
    assert alert.labels == {
        "tags": "tag1", "env": "production", "source": "fili@ifountain.com", "priority": "P2", "service": "checkout",
        "error_type": "timeout",
    }  # fmt: skip
    assert alert.annotations == {"runbook": "https://runbooks.example/checkout", "note to self": "free text"}
    assert alert.links == ("https://runbooks.example/checkout",)
    assert alert.description == "checkout answers 502\nupstream timed out"


@pytest.mark.parametrize("action", ["unacknowledge", "add_tags", "escalate", "update_priority", "test_action"])
def test_other_actions_tell_the_alerts_state(action):
    alert = only_signal("opsgenie", action)
    assert isinstance(alert, Alert)
    assert (alert.key, alert.starts_at, alert.status) == ("aliastest", CREATED, "firing")
    assert alert.severity == ("critical" if action == "update_priority" else "unknown")


def test_acknowledge():
    alert, acknowledged = read("opsgenie", "acknowledge").signals
    assert acknowledged == Acknowledgement("opsgenie", "aliastest", alert.told_at, "fili@ifountain.com")


def test_a_note_is_kept_once():
    alert, note = read("opsgenie", "add_note").signals
    assert alert.status == "firing"
    assert note == Note("opsgenie", "aliastest", "052652ac-5d1c-464a-812a-7dd18bbfba8c/1420452240000000000",
                        "rolled back checkout to 1.4.1", alert.told_at, "fili@ifountain.com")  # fmt: skip


def test_close_ends_the_episode_and_its_note_is_heard():
    alert, note = read("opsgenie", "close").signals
    assert (alert.status, alert.ends_at) == ("resolved", alert.told_at)
    assert near(alert.ends_at, 2015, 1, 5, 10, 5)
    assert note.text == "closed: pool was too small"
    assert only_signal("opsgenie", "delete").status == "resolved"


def test_an_alert_as_the_api_creates_it():
    alert, note = read("opsgenie", "create_alert_api").signals
    assert alert.key == "DatabaseConnectionFailure_DatabaseServer1"
    assert (alert.starts_at, alert.starts_known, alert.told_at) == (NOW, False, None)
    assert (alert.severity, alert.service) == ("critical", "orders")
    assert alert.labels["tags"] == "OverwriteQuietHours, Critical"
    assert (note.key, note.text, note.by) == (alert.key, "seen twice today", "Monitoring")


def test_without_an_alias_the_content_is_the_identity():
    first, same, other = (parse({"message": said}).signals[0].key for said in ("down", "down", "up"))
    assert first == same != other


def test_without_an_alias_the_webhooks_id_is_the_identity():
    payload = json.loads(body("opsgenie", "create"))
    del payload["alert"]["alias"]
    assert parse(payload).signals[0].key == "052652ac-5d1c-464a-812a-7dd18bbfba8c"


@pytest.mark.parametrize(
    ("payload", "field"),
    [({"action": "Create"}, "alert"), ({"alert": {"alertId": "1"}}, "action"), ({"action": "Create", "alert": {}}, "alert.alertId"),
     ({"action": "Create", "alert": {"alertId": "1", "createdAt": "soon"}}, "createdAt")],
)  # fmt: skip
def test_what_is_wrong_is_named(payload, field):
    parsed = parse(payload)
    assert (parsed.signals, [part.field for part in parsed.malformed]) == ((), [field])


@pytest.mark.parametrize("payload", [[], {}, {"message": " "}])
def test_what_is_no_alert_is_refused(payload):
    with pytest.raises(Invalid):
        parse(payload)
