"""Kinds of custom payloads: names that stand elsewhere, ends said in words, lists inside, alerts told apart without keys."""

import base64
import json
from datetime import UTC, datetime

import pytest

from onrecall.domain.alert import Alert
from onrecall.sources import SOURCES, WebhookRequest

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def read(body, source="generic/shed"):
    """The alerts of a body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    parsed = SOURCES.find(source).parse(WebhookRequest(raw), NOW)
    assert not parsed.malformed, parsed.malformed
    return [signal for signal in parsed.signals if isinstance(signal, Alert)]


@pytest.mark.parametrize(
    ("title", "text", "status"),
    [
        ("RESOLVED Pump 3", "Pump 3", "resolved"),
        ("Monitor is UP: Pump 3", "Pump 3", "resolved"),
        ("Monitor is DOWN: Pump 3", "Pump 3", "firing"),
        ("Incident resolved: Pump 3", "Pump 3", "resolved"),
        ("Resolved in 4m 12s: Pump 3", "Pump 3", "resolved"),
        ("Updated problem in 2m: Pump 3", "Pump 3", "firing"),
        ("[Recovered after 3 min] Pump 3", "Pump 3", "resolved"),
        ("**Problem:** Pump 3", "Pump 3", "firing"),
        ("Fwd: [RESOLVED] Pump 3", "Pump 3", "resolved"),
        (":white_check_mark: Resolved: Pump 3", "Pump 3", "resolved"),
        ("[north] [RESOLVED] Pump 3", "[north] Pump 3", "resolved"),
        ("<b>Pump 3</b>", "Pump 3", "firing"),
        ("<https://x.example/1|Pump 3>", "Pump 3", "firing"),
        ("Pump 3 has recovered", "Pump 3 has recovered", "resolved"),
        ("Pump 3 is back online", "Pump 3 is back online", "resolved"),
        ("Host name of pump 3 cannot be resolved", "Host name of pump 3 cannot be resolved", "firing"),
        ("Pump 3 has not recovered", "Pump 3 has not recovered", "firing"),
        ("2 of 3 pumps recovered", "2 of 3 pumps recovered", "firing"),
        ("Check valve of pump 3", "Check valve of pump 3", "firing"),
    ],
)
def test_the_state_that_a_title_tells(title, text, status):
    (alert,) = read({"title": title, "key": "p3"})
    assert (alert.title, alert.status) == (text, status)


@pytest.mark.parametrize(
    ("fields", "severity"),
    [({"title": "[P2] Pump"}, "high"), ({"title": "CRITICAL: Pump"}, "critical"), ({"title": "Pump", "tags": ["severity:warning"]}, "medium"),
     ({"title": "Pump", "alert_type": "critical"}, "critical"), ({"title": "Pump of P2"}, "unknown")],
)  # fmt: skip
def test_a_severity_in_the_title_or_the_labels(fields, severity):
    (alert,) = read({"key": "p", **fields})
    assert alert.severity == severity


def test_alerts_without_a_key_are_told_apart_by_where_they_are():
    bodies = [
        {"title": "Late", "environment": "north"},
        {"title": "Late", "environment": "south"},
        {"title": "Late", "labels": {"topic": "eggs"}},
        {"title": "Late", "labels": {"topic": "milk"}},
        {"title": "Late", "target": "https://a.example"},
        {"title": "Late", "target": "https://b.example"},
    ]
    assert len({read(body)[0].key for body in bodies}) == len(bodies)
    (end,) = read({"title": "Late", "environment": "south", "status": "ok"})
    assert (end.status, end.key) == ("resolved", read(bodies[1])[0].key)


@pytest.mark.parametrize(
    "body",
    [{"status": "success", "data": {"alerts": [{"labels": {"alertname": "Silo full"}, "state": "firing"}]}},
     {"monitor": {"name": "Silo full"}, "results": [{"hits": 4}], "trigger": {"severity": "1"}},
     {"event": "x.errored", "data": {"jobName": "Silo full", "runStatus": "Errored"}},
     {"fault": {"title": "Silo full", "resolved": False}},
     {"label": "Silo full", "message": "timeout", "event": "down"},
     {"check": "Silo full", "description": "above 90", "status": "critical"}],
)  # fmt: skip
def test_the_name_stands_elsewhere(body):
    (alert,) = read(body)
    assert (alert.title, alert.status) == ("Silo full", "firing")


def test_an_event_without_any_name_is_called_by_its_kind_if_it_says_where():
    (alert,) = read({"type": "brokenLinksFoundNotification", "site": {"url": "https://farm.example"}})
    assert alert.title == "Broken links found notification"
    parsed = SOURCES.find("generic/shed").parse(WebhookRequest(b'{"type": "brokenLinksFound", "n": 4}'), NOW)
    assert parsed.malformed


def test_a_message_inside_a_text_or_a_push():
    inner = {"title": "Silo full", "key": "s"}
    pushed = {"subscription": "projects/p/subscriptions/s", "message": {"data": base64.b64encode(json.dumps(inner).encode()).decode()}}  # fmt: skip
    for body in (json.dumps(json.dumps(inner)).encode(), pushed):
        assert read(body)[0].title == "Silo full"


def test_a_date_and_a_clock_without_marks_is_no_count():
    for told in ("20261120081500", 20261120081500):
        (alert,) = read({"title": "Silo", "key": "s", "started_at": told})
        assert alert.starts_at == datetime(2026, 11, 20, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "purpose"),
    [({"title": "Silo full", "test": True}, "test"), ({"title": "Silo full", "test": "silo-4"}, "incident"),
     ({"title": "Webhook test"}, "test"), ({"title": "Hello from Acme, this is a test"}, "test"),
     ({"title": "Move of silo 4", "maintenance": {"id": 3}}, "planned"),
     ({"title": "Maintenance of silo 4", "type": "maintenance", "status": "in progress"}, "planned"),
     ({"title": "Maintenance job of silo 4 failed", "status": "failed"}, "incident"),
     ({"title": "Backup completed successfully"}, "informational"), ({"title": "Certificate of farm.example was renewed"}, "informational"),
     ({"title": "Backup not completed successfully"}, "incident"), ({"title": "Backup completed successfully", "severity": "high"}, "incident")],
)  # fmt: skip
def test_what_is_no_incident(fields, purpose):
    (alert,) = read({"key": "k", **fields})
    assert alert.purpose == purpose


def test_a_title_that_only_adds_the_state_to_the_name_is_the_name():
    told = {"title": 'Check "Mill door" has failed', "checkName": "Mill door", "checkId": "m"}
    assert read(told)[0].title == "Mill door"
    assert read({**told, "title": "Mill door: hinge broke"})[0].title == "Mill door: hinge broke"


def test_tags_with_spaces_and_as_pairs():
    for tags in ("service=mill env=north", [["service", "mill"], ["env", "north"]]):
        (alert,) = read({"title": "Mill", "key": "m", "tags": tags})
        assert (alert.service, alert.environment) == ("mill", "north")


def test_zabbix_by_its_default_subject_and_message():
    told = [
        {"subject": f"{state}: Fan of sw-4", "message": f"Problem started at 08:00:00 on 2026.11.20\r\nHost: sw-4\r\nSeverity: High\r\nOriginal problem ID: 77{more}"}
        for state, more in (("Problem", ""), ("Resolved in 9m 1s", "\r\n"))
    ]  # fmt: skip
    first, last = (read(body, "zabbix")[0] for body in told)
    assert (first.key, first.title, first.severity, first.status) == ("77", "Fan of sw-4", "high", "firing")
    assert first.starts_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert (last.key, last.status) == ("77", "resolved")


def test_the_health_of_an_azure_resource_ends_what_it_began():
    def told(state, operation):
        log = {"eventSource": "ResourceHealth", "operationName": operation, "resourceId": "/s/vm-4", "eventTimestamp": "2026-11-20T08:00:00Z"}  # fmt: skip
        return {
            "data": {"context": {"activityLog": {**log, "properties": {"title": "vm-4", "currentHealthStatus": state}}}}
        }

    begun, over = (read(told(*words), "azure-monitor")[0] for words in (("Unavailable", "Activated"), ("Available", "Resolved")))  # fmt: skip
    assert (begun.status, over.status, begun.key) == ("firing", "resolved", over.key)


def test_a_custom_notification_of_nagios_tells_the_state_it_has():
    body = {"NOTIFICATIONTYPE": "CUSTOM", "HOSTNAME": "silo-4", "SERVICEDESC": "scale"}
    states = [read({**body, "SERVICESTATE": state}, "nagios")[0].status for state in ("OK", "CRITICAL")]
    assert states == ["resolved", "firing"]
