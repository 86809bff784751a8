"""CloudEvents: three ways of writing one event, and what it may carry."""

import json
from datetime import UTC, datetime

import pytest

from onrecall.domain.errors import Invalid
from onrecall.sources import SOURCES, WebhookRequest
from sources.golden import NOW, bodies, body, only_signal, read

RULE = "https://monitoring.example.com/rules/7"
AT = datetime(2018, 4, 5, 17, 31, tzinfo=UTC)
HEADERS = {
    "ce-specversion": "1.0", "ce-id": "A234-1234-1234", "ce-source": RULE, "ce-type": "com.example.alert.firing",
    "ce-subject": "disk-full/db-1", "ce-time": "2018-04-05T17:31:00Z", "content-type": "application/json; charset=utf-8",
}  # fmt: skip


def test_an_event_in_one_piece():
    alert = only_signal("cloudevents", "structured_alert")
    assert (alert.key, alert.title) == (f"{RULE} disk-full/db-1", "Disk almost full on db-1")
    assert (alert.service, alert.severity, alert.status) == ("orders-db", "critical", "firing")
    assert (alert.starts_at, alert.told_at, alert.starts_known) == (AT, AT, False)
    assert alert.labels["event_type"] == "com.example.alert.firing"


def test_an_event_in_headers_is_the_same():
    said = json.loads(body("cloudevents", "structured_alert"))["data"]
    parsed = SOURCES["cloudevents"].parse(WebhookRequest(json.dumps(said).encode(), HEADERS), NOW)
    assert parsed.signals == (only_signal("cloudevents", "structured_alert"),)


def test_headers_are_percent_encoded():
    headers = HEADERS | {"ce-subject": "Euro%20%E2%82%AC", "content-type": "text/plain"}
    (alert,) = (
        SOURCES["cloudevents"].parse(WebhookRequest("Kasse zählt falsch\nseit gestern".encode(), headers), NOW).signals
    )
    assert alert.key == f"{RULE} Euro €"
    assert (alert.title, alert.description) == ("Kasse zählt falsch", "Kasse zählt falsch\nseit gestern")


def test_an_event_without_a_body():
    (alert,) = SOURCES["cloudevents"].parse(WebhookRequest(b"", HEADERS), NOW).signals
    assert alert.title == "com.example.alert.firing: disk-full/db-1"
    assert only_signal("cloudevents", "structured_no_data").title == "com.example.backup.failed: /mycontext"


def test_the_type_says_that_it_is_over():
    over = only_signal("cloudevents", "structured_base64")
    assert (over.key, over.status) == (only_signal("cloudevents", "structured_alert").key, "resolved")
    assert over.ends_at == datetime(2018, 4, 5, 18, tzinfo=UTC)


def test_a_batch():
    first, second = read("cloudevents", "batch").signals
    assert (first.title, first.key) == ("CPU high", "/mycontext/4 cpu")
    assert (second.title, second.key) == ("Memory is short", "/mycontext/9 C234-1234-1235")


def test_a_broken_event_does_not_keep_out_the_others():
    batch = json.loads(body("cloudevents", "batch"))
    del batch[0]["id"]
    parsed = SOURCES["cloudevents"].parse(WebhookRequest(json.dumps([*batch, 7]).encode()), NOW)
    assert len(parsed.signals) == 1
    assert [(part.where, part.field) for part in parsed.malformed] == [("body[0]", "id"), ("body[2]", "body[2]")]
    mended = json.loads(parsed.malformed[0].raw) | {"id": "B234-1234-1234"}
    assert len(SOURCES["cloudevents"].parse(WebhookRequest(json.dumps(mended).encode()), NOW).signals) == 1


CARRIED = ["alertmanager", "grafana", "pagerduty", "opsgenie", "sentry", "datadog", "rootly", "github", "anomaly"]


@pytest.mark.parametrize("sender", CARRIED)
def test_the_payload_of_another_sender_is_read_as_theirs(sender):
    for said in bodies(sender):
        event = {"specversion": "1.0", "id": "1", "source": "/bus", "type": "t", "data": json.loads(said)}
        theirs = SOURCES[sender].parse(WebhookRequest(said), NOW)
        ours = SOURCES["cloudevents"].parse(WebhookRequest(json.dumps(event).encode()), NOW)
        assert [(type(one), one.key) for one in ours.signals] == [(type(one), one.key) for one in theirs.signals]
        assert all(one.source == "cloudevents" for one in ours.signals)
        assert ours.documents == theirs.documents


def test_an_alarm_of_cloudwatch_but_no_confirmation():
    assert only_signal("cloudevents", "structured_sns").key.startswith("arn:aws:cloudwatch:")
    event = {"specversion": "1.0", "id": "1", "source": "/bus", "type": "t"}
    event["data"] = {
        "AlarmName": "a",
        "NewStateValue": "OK",
        **json.loads(body("cloudwatch", "subscription_confirmation")),
    }
    assert SOURCES["cloudevents"].parse(WebhookRequest(json.dumps(event).encode()), NOW).confirmation is None


def test_a_part_of_another_sender_that_is_broken_can_be_tried_again():
    data = {"alerts": [{"status": "firing", "labels": 7}], "groupKey": "g", "version": "4"}
    event = {"specversion": "1.0", "id": "1", "source": "/bus", "type": "t", "data": data}
    (part,) = SOURCES["cloudevents"].parse(WebhookRequest(json.dumps(event).encode()), NOW).malformed
    mended = json.loads(part.raw)
    mended["data"]["alerts"][0]["labels"] = {"alertname": "X"}
    mended["data"]["groupKey"] = "g"
    assert len(SOURCES["cloudevents"].parse(WebhookRequest(json.dumps(mended).encode()), NOW).signals) == 1


@pytest.mark.parametrize("missing", ["id", "source", "type", "specversion"])
def test_what_an_event_needs(missing):
    said = json.loads(body("cloudevents", "structured_alert"))
    del said[missing]
    with pytest.raises(Invalid, match=missing):
        SOURCES["cloudevents"].parse(WebhookRequest(json.dumps(said).encode()), NOW)


def test_base64_that_is_none():
    said = json.loads(body("cloudevents", "structured_base64")) | {"data_base64": "%%%"}
    (part,) = SOURCES["cloudevents"].parse(WebhookRequest(json.dumps(said).encode()), NOW).malformed
    assert part.field == "data_base64"
