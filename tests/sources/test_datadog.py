"""Datadog: the template of the documentation, and what it sends without one."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onrecall.domain.errors import Invalid
from onrecall.sources import WebhookRequest, datadog
from sources.golden import NOW, body, only_signal

GUIDE = Path(__file__).parents[2] / "docs/sources.md"


def changed(name, **fields):
    said = json.loads(body("datadog", name)) | fields
    (alert,) = datadog.parse(WebhookRequest(json.dumps(said).encode()), NOW).signals
    return alert


def test_a_monitor_that_triggers_and_recovers():
    fires, over = only_signal("datadog", "triggered"), only_signal("datadog", "recovered")
    assert fires.key == over.key == "1234 availability-zone:us-east-1a,role:computing-node"
    assert fires.title == over.title == "Host is Down"
    assert (fires.status, over.status) == ("firing", "resolved")
    assert over.ends_at == datetime(2014, 7, 29, 19, 47, 52, tzinfo=UTC)
    assert fires.starts_at == datetime(2014, 7, 29, 19, 37, 52, tzinfo=UTC)
    assert not fires.starts_known  # `date` is that of the event, also of a renotification
    assert (fires.service, fires.environment, fires.severity) == ("auth", "prod", "critical")
    assert fires.labels["host"] == "ip-012345"
    assert fires.group == "9bd4ac313a4d1e8fae2482df7b77628"
    assert len(fires.links) == 2
    assert "%%%" not in fires.description


def test_variables_without_a_value_are_nothing():
    alert = only_signal("datadog", "warn_log_monitor")
    assert alert.key == "77"
    assert "$" not in repr(alert)
    assert alert.severity == "medium"
    assert len(alert.links) == 1
    assert "login failed for user" in alert.description


@pytest.mark.parametrize("unset", ["$ALERT_PRIORITY", " $ALERT_PRIORITY ", "$TAGS[team]", "", "null"])
def test_a_literal_variable_is_null(unset):
    alert = changed("triggered", priority=unset, type=unset)
    assert alert.severity == "unknown"
    assert "priority" not in alert.labels


@pytest.mark.parametrize("text", ["$5 were lost", "costs $ALERT", "$alert_id"])
def test_a_dollar_in_a_sentence_is_a_dollar(text):
    assert text in changed("triggered", text=text).description or text == "$ALERT"


@pytest.mark.parametrize(
    ("transition", "status"),
    [("Triggered", "firing"), ("Re-Triggered", "firing"), ("No Data", "firing"), ("Re-No Data", "firing"),
     ("Warn", "firing"), ("Re-Warn", "firing"), ("Renotify", "firing"), ("Recovered", "resolved"), ("Null", "firing")],
)  # fmt: skip
def test_transitions(transition, status):
    assert changed("triggered", transition=transition).status == status


def test_scopes_in_another_order_are_the_same_alert():
    assert changed("triggered", scope="b:2,a:1").key == changed("triggered", scope="a:1, b:2").key


def test_without_a_template_an_event_is_known_by_its_title():
    alert = only_signal("datadog", "default_payload")
    assert (alert.title, alert.status, alert.description) == ("[Memory Alert]", "firing", "host does not answer")
    over = changed("default_payload", title="[Recovered] [Memory Alert]", id="99")
    assert (over.key, over.status) == (alert.key, "resolved")


def test_an_incident():
    alert = only_signal("datadog", "incident")
    assert (alert.key, alert.title, alert.severity) == ("incident:204", "Checkout is slow", "high")
    assert changed("incident", incident_status="resolved").status == "resolved"


def test_a_body_of_somebody_else_is_invalid():
    with pytest.raises(Invalid, match="template"):
        datadog.parse(WebhookRequest(b'{"hello": 1}'), NOW)


def test_the_template_of_the_guide_is_read():
    section = GUIDE.read_text(encoding="utf-8").split("## Datadog")[1].split("\n## ")[0]
    template = json.loads(re.search(r"```json\n(.*?)```", section, re.DOTALL)[1])
    golden = json.loads(body("datadog", "triggered"))
    assert set(template) == set(golden)
    assert all(value.startswith("$") for value in template.values())
    assert datadog.parse(
        WebhookRequest(json.dumps(template).encode()), NOW
    ).malformed  # nothing has a value: nothing is said
