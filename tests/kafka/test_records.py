"""Whose format a record has, and what is kept of one that can't be read."""

import base64
import hashlib

import pytest

from onrecall.domain.errors import Invalid, NotFound
from onrecall.kafka import records
from onrecall.kafka.records import MAX_RECORD_BYTES, ConsumedRecord

pytestmark = pytest.mark.kafka

TOPICS = {"alerts": "alertmanager", "mixed": None}


class Message:
    """What the client hands out, as far as it is looked at."""

    def __init__(self, value=b"{}", headers=None, topic="alerts"):
        self._value, self._headers, self._topic = value, headers, topic

    def value(self):
        return self._value

    def headers(self):
        return self._headers

    def topic(self):
        return self._topic

    def partition(self):
        return 3

    def offset(self):
        return 1042


def record(value=b"{}", headers=None, topic="alerts") -> ConsumedRecord:
    return records.from_message(Message(value, headers, topic))


@pytest.mark.parametrize(
    ("headers", "topic", "source"),
    [
        (None, "alerts", "alertmanager"),
        ([("onrecall-source", b"grafana")], "alerts", "grafana"),
        ([("OnRecall-Source", b" grafana ")], "mixed", "grafana"),
        ([("ce_specversion", b"1.0")], "alerts", "cloudevents"),
        ([("content-type", b"application/cloudevents+json; charset=utf-8")], "mixed", "cloudevents"),
        ([("content-type", b"application/cloudevents-batch+json")], "mixed", "cloudevents"),
        ([("content-type", b"application/json")], "alerts", "alertmanager"),
        ([("ce_specversion", b"1.0"), ("onrecall-source", b"generic")], "alerts", "generic"),
        ([("onrecall-source", None)], "alerts", "alertmanager"),
    ],
)
def test_whose_format(headers, topic, source):
    assert records.source_of(record(headers=headers, topic=topic), TOPICS) == source


def test_nobody_knows_whose_format():
    with pytest.raises(
        Invalid, match="give the record a header `onrecall-source`, or write ONRECALL_KAFKA_TOPICS=mixed=<sender>"
    ):
        records.source_of(record(topic="mixed"), TOPICS)


def test_headers_of_cloudevents_are_as_in_http_where_they_are_percent_encoded():
    consumed = record(headers=[("ce_specversion", b"1.0"), ("ce_subject", "100% full €".encode())])
    assert consumed.headers == {"ce-specversion": "1.0", "ce-subject": "100%25 full €"}


def test_hostile_headers():
    many = [(f"h{n}", b"\xff" * 100_000) for n in range(1000)]
    headers = record(headers=many).headers
    assert len(headers) == records.MAX_HEADERS
    assert max(map(len, headers.values())) <= records.MAX_HEADER_BYTES


def test_a_tombstone_says_nothing_but_an_event_may_be_all_headers():
    assert record(value=None).empty
    assert record(value=b"").empty
    assert not record(value=None, headers=[("ce_specversion", b"1.0")]).empty


def test_what_is_kept_of_text_and_bytes():
    assert records.to_rejected_part(record("grün".encode()), Invalid("no", "body")).raw == "grün"
    raw = b"\xff\xfe\x00 garbage"
    assert (
        records.to_rejected_part(record(raw), Invalid("no", "body")).raw == "base64:" + base64.b64encode(raw).decode()
    )


def test_a_secret_among_bytes_is_kept_as_text_so_that_it_can_be_redacted():
    secret = "password=hunter2-Xy9"
    for raw in (b"\xff" + secret.encode(), secret.encode("utf-16")):
        assert secret in records.to_rejected_part(record(raw), Invalid("no", "body")).raw


def test_of_what_is_too_large_the_beginning_is_kept():
    body = b"x" * (MAX_RECORD_BYTES + 1)
    with pytest.raises(Invalid, match="4,194,305 bytes; at most 4,194,304"):
        records.to_webhook_request(record(body))
    raw = records.to_rejected_part(record(body), Invalid("no", "body")).raw
    assert len(raw) < records.KEPT_BYTES + 200
    assert hashlib.sha256(body).hexdigest() in raw


def test_the_place_is_said():
    malformed = records.to_rejected_part(record(), NotFound("there is no sender 'x'"))
    assert (malformed.where, malformed.field) == ("alerts[3]@1042", "onrecall-source")
