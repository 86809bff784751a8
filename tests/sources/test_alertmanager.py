"""Alertmanager, and Prometheus speaking to us as to one."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.errors import Invalid
from onrecall.sources import SOURCES, WebhookRequest, alertmanager
from sources.golden import NOW, body, only_signal, read

START = datetime(2026, 11, 21, 9, 30, 0, 123456, UTC)


def parse(source, payload, now=NOW):
    return SOURCES[source].parse(WebhookRequest(json.dumps(payload).encode()), now)


def changed(name, **fields):
    """The first alert of a payload with other fields; None takes one away."""
    payload = json.loads(body("alertmanager", name))
    payload["alerts"] = payload["alerts"][:1]
    payload["alerts"][0].update(fields)
    for field in [field for field, value in fields.items() if value is None]:
        del payload["alerts"][0][field]
    return payload


def test_a_firing_notification():
    first, second = read("alertmanager", "firing").signals
    assert (first.source, first.key, first.status) == ("alertmanager", "5ef77f1f8a3ecfe8", "firing")
    assert first.title == "HighErrorRate: 5xx above 5% on checkout"
    assert first.description.startswith("checkout answers 7.3%")
    assert (first.starts_at, first.starts_known, first.ends_at, first.told_at) == (START, True, None, None)
    assert (first.service, first.environment, first.severity) == ("checkout", "production", "high")
    assert first.labels["instance"] == "10.0.0.1:8080"
    assert first.annotations["runbook_url"] == first.links[0] == "https://runbooks.example/checkout/5xx"
    assert first.links[1] == "http://prometheus.example:9090/graph?g0.expr=rate"
    assert first.values == {"value": 7.3}
    assert first.group == second.group == '{}/{severity="page"}:{alertname="HighErrorRate", cluster="eu-1"}'
    assert second.key == "a1f4dc2f0a9f0e11"


def test_resolved_is_the_same_episode_with_an_end():
    firing, resolved = read("alertmanager", "firing").signals[0], only_signal("alertmanager", "resolved")
    assert (resolved.key, resolved.starts_at) == (firing.key, firing.starts_at)
    assert (resolved.status, resolved.ends_at) == ("resolved", datetime(2026, 11, 21, 9, 45, 30, tzinfo=UTC))


def test_fields_of_newer_releases_are_tolerated_and_each_alert_has_its_own_status():
    assert [alert.status for alert in read("alertmanager", "newest").signals] == ["resolved", "firing"]


def test_a_group_of_everything_is_no_group_and_the_exporter_is_not_the_service():
    alert = only_signal("alertmanager", "watchdog_ungrouped")
    assert alert.group is None
    assert alert.service == "api"


def test_without_a_start_it_is_when_we_heard_of_it():
    for start in (None, "0001-01-01T00:00:00Z"):
        (alert,) = parse("alertmanager", changed("firing", startsAt=start)).signals
        assert (alert.starts_at, alert.starts_known) == (NOW, False)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [({"startsAt": "yesterday"}, "startsAt"), ({"endsAt": "later"}, "endsAt"), ({"status": "pending"}, "status"),
     ({"labels": ["x"]}, "labels"), ({"labels": None, "fingerprint": None}, "labels"), ({"annotations": "x"}, "annotations")],
)  # fmt: skip
def test_a_part_that_is_wrong_is_named_and_the_rest_goes_in(fields, wrong):
    payload = changed("firing", **fields)
    payload["alerts"].append(json.loads(body("alertmanager", "firing"))["alerts"][1])
    parsed = parse("alertmanager", payload)
    assert [alert.key for alert in parsed.signals] == ["a1f4dc2f0a9f0e11"]
    assert [(part.where, part.field) for part in parsed.malformed] == [("alerts[0]", wrong)]
    again = SOURCES["alertmanager"].parse(WebhookRequest(parsed.malformed[0].raw.encode()), NOW)
    assert [part.field for part in again.malformed] == [wrong]


@pytest.mark.parametrize("payload", [[], {}, {"alerts": {}}, {"alerts": None}, 5, None, {"version": "4"}])
def test_what_is_no_notification_is_refused(payload):
    with pytest.raises(Invalid) as error:
        parse("alertmanager", payload)
    assert error.value.field in ("body", "alerts")


def test_fingerprints_are_alertmanagers_own():
    """The vectors of prometheus/common's own test."""
    assert int(alertmanager.fingerprint({}), 16) == 14695981039346656037
    known = alertmanager.fingerprint({"name": "garland, briggs", "fear": "love is not enough"})
    assert int(known, 16) == 5799056148416392346


def test_without_a_fingerprint_the_labels_are_the_identity():
    first, same = (parse("alertmanager", changed("firing", fingerprint=None)).signals[0].key for _ in range(2))
    other = parse("alertmanager", changed("firing", fingerprint=None, labels={"alertname": "Other"})).signals[0].key
    assert first == same != other


def test_prometheus_fires_resends_and_resolves_one_episode():
    firing = only_signal("prometheus", "firing")
    resent = only_signal("prometheus", "firing", NOW + timedelta(minutes=1))
    resolved = only_signal("prometheus", "resolved")
    assert (firing.status, firing.ends_at, firing.severity) == ("firing", None, "critical")
    assert firing == resent
    assert (resolved.status, resolved.key, resolved.starts_at) == ("resolved", firing.key, firing.starts_at)
    assert resolved.ends_at == datetime(2026, 11, 21, 9, 45, 0, 123000, UTC)


def test_prometheus_clock_may_be_a_little_ahead_when_an_alert_ends():
    payload = json.loads(body("prometheus", "resolved"))
    payload[0]["endsAt"] = (NOW + timedelta(seconds=10)).isoformat()
    assert parse("prometheus", payload).signals[0].status == "resolved"


def test_the_least_that_prometheus_may_say():
    alert = only_signal("prometheus", "least")
    assert (alert.title, alert.starts_at, alert.starts_known) == (
        "test-alert: this is a test alert used for demo purposes", NOW, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "annotations", "title"),
    [
        ({"alertname": "DiskFull"}, {}, "DiskFull"),
        ({"alertname": "DiskFull"}, {"summary": "diskfull on db-1"}, "diskfull on db-1"),
        ({}, {"message": "a\nb"}, "a b"),
        ({"alertname": "DatasourceError", "rulename": "Latency"}, {}, "Latency (DatasourceError)"),
        ({}, {}, None),
    ],
)
def test_titles(labels, annotations, title):
    assert alertmanager.build_title(labels, annotations) == title
