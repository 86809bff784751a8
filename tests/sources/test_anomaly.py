"""Anomalies as RAG of Fire streams them: measured numbers and a kind of fault, and nothing made up."""

import json

import pytest

from onrecall.sources import WebhookRequest, anomaly
from sources.golden import NOW, only_signal


def read(said):
    return anomaly.parse(WebhookRequest(json.dumps(said).encode()), NOW)


def test_an_anomaly():
    alert = only_signal("anomaly", "database_timeout")
    assert alert.title == "database_timeout +450 % in orders (db_latency_ms)"
    assert alert.values == {"spike_percent": 450.0, "baseline": 40.0, "current": 220.0, "window_minutes": 5.0}
    assert alert.labels == {
        "error_type": "database_timeout",
        "service": "orders",
        "metric": "db_latency_ms",
        "tenant": "acme",
    }
    assert alert.service == "orders"
    assert "node: db-1" in alert.description
    assert not alert.starts_known
    assert alert.severity == "unknown"  # a percentage is no severity


def test_the_least_that_is_needed():
    alert = only_signal("anomaly", "kafka_consumer_lag")
    assert (alert.title, alert.values) == ("kafka_consumer_lag +320 %", {"spike_percent": 320.0})
    assert alert.description == ""


def test_the_same_anomaly_again_is_the_same_alert():
    again = read(
        {"error_type": "memory_leak", "service_name": "search", "metric_name": "rss_bytes", "spike_percentage": 12}
    )
    assert again.signals[0].key == only_signal("anomaly", "memory_leak").key
    other = read(
        {"error_type": "memory_leak", "service_name": "index", "metric_name": "rss_bytes", "spike_percentage": 12}
    )
    assert other.signals[0].key != again.signals[0].key


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"spike_percentage": 1}, "error_type"),
        ({"error_type": "x"}, "spike_percentage"),
        ({"error_type": "x", "spike_percentage": -0.5}, "spike_percentage"),
        ({"error_type": "x", "spike_percentage": "much"}, "spike_percentage"),
        ({"error_type": "x", "spike_percentage": True}, "spike_percentage"),
        ({"error_type": {"a": 1}, "spike_percentage": 1}, "error_type"),
    ],
)
def test_what_is_wrong_is_kept_with_its_field(said, field):
    (part,) = read(said).malformed
    assert part.field == field
    (listed,) = read([said]).malformed
    assert (listed.where, listed.field) == ("anomalies[0]", field)


def test_a_list_and_its_end():
    good = {"error_type": "x", "spike_percentage": 1}
    parsed = read({"anomalies": [good, {**good, "status": "recovered"}, 7]})
    assert [one.status for one in parsed.signals] == ["firing", "resolved"]
    assert len(parsed.malformed) == 1
