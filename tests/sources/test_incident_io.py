"""Alert events as incident.io's HTTP source takes them."""

import json

from onrecall.sources import SOURCES, WebhookRequest
from sources.golden import NOW, only_signal


def test_firing():
    alert = only_signal("incident-io", "alert_firing")
    assert (alert.key, alert.status) == ("4293868629", "firing")
    assert alert.title == "*errors.withMessage: PG::Error failed to connect"
    assert (alert.starts_at, alert.starts_known) == (NOW, False)
    assert (alert.service, alert.severity) == ("hello.world.com", "critical")
    assert alert.labels == {
        "service": "hello.world.com", "team": "my-team", "severity": "P1", "error_type": "timeout", "deep.region": "eu-west-1",
    }  # fmt: skip
    assert alert.links == ("https://www.my-alerting-platform.com/alerts/my-alert-123",)


def test_resolved():
    alert = only_signal("incident-io", "alert_resolved")
    assert (alert.key, alert.status, alert.ends_at) == ("4293868629", "resolved", None)


def test_without_a_key_title_and_link_are_the_identity():
    assert (
        only_signal("incident-io", "least").key
        == only_signal("incident-io", "least").key
        != only_signal("incident-io", "alert_firing").key
    )


def test_what_is_wrong_is_named():
    parsed = SOURCES["incident-io"].parse(WebhookRequest(json.dumps({"status": "firing"}).encode()), NOW)
    assert (parsed.signals, [part.field for part in parsed.malformed]) == ((), ["title"])


def test_a_word_that_nobody_knows_fires_and_is_told():
    said = {"title": "x", "status": "wobbly", "deduplication_key": "k"}
    (alert,) = SOURCES["incident-io"].parse(WebhookRequest(json.dumps(said).encode()), NOW).signals
    assert alert.status == "firing"
    assert "`status` is 'wobbly'" in alert.problems[0]
