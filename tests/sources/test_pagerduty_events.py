"""PagerDuty's Events API v2, received."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.alert import Acknowledgement
from onrecall.domain.errors import Invalid
from onrecall.sources import SOURCES, WebhookRequest
from sources.golden import NOW, body, only_signal, read

AT = datetime(2015, 7, 17, 8, 42, 58, 315000, UTC)


def parse(payload, source="pagerduty-events", now=NOW):
    return SOURCES[source].parse(WebhookRequest(json.dumps(payload).encode()), now)


def test_trigger():
    alert = only_signal("pagerduty-events", "trigger")
    assert (alert.key, alert.title, alert.status) == ("samplekeyhere", "Example alert on host1.example.com", "firing")
    assert (alert.starts_at, alert.told_at, alert.starts_known) == (AT, AT, False)
    assert (alert.severity, alert.service) == ("info", "postgres")
    assert alert.labels == {
        "source": "monitoringtool:cloudvendor:central-region-dc-01:852559987:cluster/api-stats-prod-003",
        "component": "postgres", "group": "prod-datapipe", "class": "deploy", "client": "Sample Monitoring Service",
    }  # fmt: skip
    assert alert.annotations == {"ping time": "1500ms", "load avg": "0.75"}
    assert alert.description == "ping time: 1500ms\nload avg: 0.75"
    assert alert.links == ("https://example.com/", "https://monitoring.example.com")


def test_details_that_identify_something_are_labels():
    alert = only_signal("pagerduty-events", "trigger_least")
    assert (alert.service, alert.environment, alert.severity) == ("orders-db", "production", "critical")
    assert alert.labels["error_type"] == "disk_full"
    assert "alertname = DiskFull" in alert.description
    assert (alert.starts_at, alert.starts_known, alert.told_at) == (NOW, False, None)


def test_without_a_dedup_key_the_content_is_the_identity():
    key = only_signal("pagerduty-events", "trigger_without_dedup_key").key
    assert key == only_signal("pagerduty-events", "trigger_without_dedup_key", NOW + timedelta(hours=1)).key
    payload = json.loads(body("pagerduty-events", "trigger_without_dedup_key"))
    payload["payload"]["source"] = "elsewhere"
    assert parse(payload).signals[0].key != key


def test_acknowledge_and_resolve():
    assert only_signal("pagerduty-events", "acknowledge") == Acknowledgement(
        "pagerduty-events", "dedupkeyhere", NOW, None
    )
    alert = only_signal("pagerduty-events", "resolve")
    assert (alert.key, alert.title, alert.status, alert.ends_at) == ("dedupkeyhere", "dedupkeyhere", "resolved", None)
    assert (alert.starts_at, alert.starts_known) == (NOW, False)


def test_a_key_that_was_shortened_is_found_again_by_either_form():
    long = {"event_action": "resolve", "dedup_key": "ж" * 255}
    key = parse(long).signals[0].key
    assert key != "ж" * 255
    assert parse({**long, "dedup_key": key}).signals[0].key == key


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"event_action": "resolve"}, "dedup_key"),
        ({"event_action": "acknowledge"}, "dedup_key"),
        ({"event_action": "trigger"}, "payload.summary"),
        ({"event_action": "trigger", "payload": 5}, "payload.summary"),
        ({"event_action": "trigger", "payload": {"summary": "x", "timestamp": "soon"}}, "payload.timestamp"),
        ({"event_action": "explode"}, "event_action"),
        ({}, "event_action"),
    ],
)
def test_what_is_wrong_is_named_and_the_routing_key_is_not_kept(payload, field):
    parsed = parse({**payload, "routing_key": "0123456789abcdef0123456789abcdef"})
    assert parsed.signals == ()
    assert [part.field for part in parsed.malformed] == [field]
    assert json.loads(parsed.malformed[0].raw) == payload


def test_no_signal_holds_the_routing_key():
    for name in ("trigger", "trigger_least", "acknowledge", "resolve"):
        assert "routingkeyhere" not in repr(read("pagerduty-events", name))
    assert "samplekeyhere" not in repr(read("pagerduty-changes", "build"))


@pytest.mark.parametrize("payload", [[], None, "x"])
def test_what_is_no_event_is_refused(payload):
    for source in ("pagerduty-events", "pagerduty-changes"):
        with pytest.raises(Invalid):
            parse(payload, source)


def test_a_change():
    change = only_signal("pagerduty-changes", "build")
    assert change.title == "Build Success: Increase snapshot create timeout to 30 seconds"
    assert (change.at, change.kind) == (datetime(2020, 7, 17, 8, 42, 58, 315000, UTC), "deployment")
    assert change.labels["build_number"] == "2"
    assert change.links == ("https://acme.pagerduty.dev/build/2",)
    assert change.key == only_signal("pagerduty-changes", "build", NOW + timedelta(days=1)).key


def test_a_change_without_a_time_is_one_for_ten_minutes():
    change = only_signal("pagerduty-changes", "flag_untimed")
    assert (change.at, change.kind, change.service, change.environment) == (
        NOW,
        "configuration",
        "checkout",
        "production",
    )
    assert change.key == only_signal("pagerduty-changes", "flag_untimed", NOW + timedelta(minutes=9)).key
    assert change.key != only_signal("pagerduty-changes", "flag_untimed", NOW + timedelta(minutes=11)).key


@pytest.mark.parametrize(
    ("title", "kind"),
    [("Deployed checkout 1.4.2", "deployment"), ("Released v3", "deployment"), ("Rolled back orders", "deployment"),
     ("Rollout finished", "deployment"), ("New config for nginx", "configuration"), ("Rebuilding trust", "other"),
     ("terraform apply", "configuration"), ("Meeting moved", "other")],
)  # fmt: skip
def test_kinds_of_changes(title, kind):
    assert parse({"payload": {"summary": title}}, "pagerduty-changes").signals[0].kind == kind
