"""Taking in, against brokers that speak the protocol: order, poison, a store that is away, partitions that go."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from intake.payloads import alert, body
from onrecall.kafka.connection import Connection
from onrecall.kafka.records import MAX_RECORD_BYTES
from onrecall.pipeline import IncidentService
from onrecall.sources import WebhookRequest

from .running import committed, remembering, running, send, statuses, until

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka brokers")]  # one worker plays all brokers

ANOMALY = json.dumps({"error_type": "database_timeout", "spike_percentage": 450, "service_name": "orders"}).encode()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """The store is another's meanwhile."""
    path = url.removeprefix("sqlite:///").partition("?")[0]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("begin immediate")
    try:
        yield
    finally:
        connection.execute("rollback")
        connection.close()


def test_what_is_there_comes_in_once_and_the_brokers_hear_so(
    memory: IncidentService, connection: Connection, topic: str
):
    send(connection.brokers, topic, *(body(alert(n)) for n in range(1200)))
    with running(memory, connection) as consumer:
        until(lambda: len(statuses(memory.store)) == 1200)
    assert committed(connection.brokers, connection.group, topic) == 1200
    assert sum(facts["accepted"] for facts in consumer.said.of("kept")) == 1200
    with running(memory, connection) as again:
        send(connection.brokers, topic, body(alert(7)))
        until(lambda: committed(connection.brokers, connection.group, topic) == 1201)
    assert [(facts["records"], facts["duplicate"]) for facts in again.said.of("kept")] == [(1, 1)]


def test_what_was_not_committed_comes_again_and_changes_nothing(
    memory: IncidentService, connection: Connection, topic: str
):
    send(connection.brokers, topic, *(body(alert(n)) for n in range(20)))
    for group, new in (("first", 20), ("second", 0)):
        with running(memory, replace(connection, group=f"{group}-{topic}")) as consumer:
            until(lambda group_id=f"{group}-{topic}": committed(connection.brokers, group_id, topic) == 20)
        assert sum(facts["accepted"] for facts in consumer.said.of("kept")) == new
    assert len(statuses(memory.store)) == 20


def test_formats_by_topic_and_by_header(memory: IncidentService, connection: Connection, topic: str):
    connection = replace(connection, topics={topic: None, f"{topic}-anomalies": "anomaly"})
    send(connection.brokers, f"{topic}-anomalies", ANOMALY)
    send(connection.brokers, topic, b'{"title": "Disk is full"}', headers=[("onrecall-source", b"generic")])
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/bus",
        "type": "disk.full",
        "data": {"message": "disk 100% full"},
    }
    send(
        connection.brokers,
        topic,
        json.dumps(event).encode(),
        headers=[("content-type", b"application/cloudevents+json")],
    )
    headers = {f"ce_{name}": event[name].encode() for name in ("specversion", "source", "type")}
    binary = {**headers, "ce_id": b"2", "ce_subject": b"cpu 100%", "content-type": b"application/json"}
    send(connection.brokers, topic, json.dumps(event["data"]).encode(), headers=list(binary.items()))
    send(connection.brokers, topic, None)
    with running(memory, connection):
        until(lambda: committed(connection.brokers, connection.group, topic) == 4)
        until(lambda: len(memory.store.alerts.waiting(10)) == 4)
    sources = sorted(stored_alert.alert.source for stored_alert in memory.store.alerts.waiting(10))
    assert sources == ["anomaly", "cloudevents", "cloudevents", "generic"]
    assert any("cpu 100%" in stored_alert.alert.key for stored_alert in memory.store.alerts.waiting(10))
    assert memory.store.rejected.page().items == ()


def test_poison_is_kept_with_the_reason_and_what_follows_comes_in(
    memory: IncidentService, connection: Connection, topic: str
):
    poison = [
        b"\xff\xfe\x00",
        b"not json, password=hunter2-Xy9",
        b"[]",
        b"{" * 100_000,
        b"x" * (MAX_RECORD_BYTES + 1),
        b'"\\ud800"',
    ]
    for n, record in enumerate(poison):
        send(connection.brokers, topic, record, body(alert(n)), key="same")
    send(connection.brokers, topic, b"{}", key="same", headers=[("onrecall-source", b"no\0body" * 100)])
    mixed = notification_with_a_bad_part()
    send(connection.brokers, topic, mixed, key="same")
    with running(memory, connection) as consumer:
        until(lambda: committed(connection.brokers, connection.group, topic) == 2 * len(poison) + 2)
    assert len(statuses(memory.store)) == len(poison) + 1
    rejected_parts = memory.store.rejected.page(limit=50).items
    assert len(rejected_parts) == len(poison) + 2
    assert all(part.message and part.where for part in rejected_parts)
    assert all(part.where.startswith(f"{topic}[") for part in rejected_parts)
    raw = " ".join(part.raw for part in rejected_parts)
    assert "base64://4A" in raw
    assert "hunter2" not in raw + str(consumer.said.lines)
    assert any(part.source == "kafka" and "there is no source" in part.message for part in rejected_parts)
    assert len(consumer.said.of("rejected")) == len(rejected_parts)


def notification_with_a_bad_part() -> bytes:
    notification = json.loads(body(alert(100), alert(101)))
    notification["alerts"][0]["startsAt"] = "noon"
    return json.dumps(notification).encode()


def test_a_record_that_nobody_foresaw_is_found_and_rejected(url: str, connection: Connection, topic: str, caplog):
    with remembering(url) as memory:
        store = memory.store
        with store._database.write() as transaction:
            transaction.exec_driver_sql(
                "create trigger unforeseen before insert on alerts when new.key = '0000000000000025' "
                "begin select raise(abort, 'unforeseen'); end"
            )
        send(connection.brokers, topic, *(body(alert(n)) for n in range(64)), key="same")
        with running(memory, connection):
            until(lambda: committed(connection.brokers, connection.group, topic) == 64)
        assert len(statuses(store)) == 63
        (part,) = store.rejected.page().items
        assert (part.where.split("@")[1], part.message) == ("37", "it cannot be stored: IntegrityError")
    assert "unforeseen" in caplog.text


def test_records_of_a_partition_are_taken_in_in_order(memory: IncidentService, connection: Connection, topic: str):
    bodies = []
    for n in range(300):
        minutes = n // 3
        bodies.append(body(alert(n % 3, "firing" if n % 2 else "resolved", minutes=minutes)))
    send(connection.brokers, topic, *bodies, key="same")
    with running(memory, connection):
        until(lambda: committed(connection.brokers, connection.group, topic) == 300)
    with remembering("sqlite://") as reference:
        for record_body in bodies:
            reference.receive("alertmanager", [WebhookRequest(record_body)])
        assert statuses(reference.store) == statuses(memory.store)


def test_a_store_that_is_away_is_waited_for_and_nothing_is_dropped(
    url: str, memory: IncidentService, connection: Connection, topic: str
):
    send(connection.brokers, topic, *(body(alert(n)) for n in range(40)))
    with running(memory, connection) as consumer:
        with locked(url):
            until(lambda: len(consumer.said.of("waiting")) >= 2)
            assert committed(connection.brokers, connection.group, topic) == 0
            assert consumer.partitions, "it stays a member of the group"
            send(connection.brokers, topic, *(body(alert(n)) for n in range(40, 60)))
            waits = len(consumer.said.of("waiting"))
            until(lambda: len(consumer.said.of("waiting")) > waits)
            assert len({facts["held"] for facts in consumer.said.of("waiting")}) == 1, (
                "nothing more is fetched meanwhile"
            )
        until(lambda: committed(connection.brokers, connection.group, topic) == 60)
    first, second = (facts["seconds"] for facts in consumer.said.of("waiting")[:2])
    assert second > first
    assert len(statuses(memory.store)) == 60
    assert consumer.said.of("resumed")


def test_told_to_end_while_the_store_is_away_leaves_it_for_the_next(
    url: str, memory: IncidentService, connection: Connection, topic: str
):
    send(connection.brokers, topic, *(body(alert(n)) for n in range(10)))
    with locked(url), running(memory, connection) as consumer:
        until(lambda: consumer.said.of("waiting"))
    assert committed(connection.brokers, connection.group, topic) == 0
    with running(memory, connection):
        until(lambda: committed(connection.brokers, connection.group, topic) == 10)
    assert len(statuses(memory.store)) == 10


def test_another_member_gets_its_share_and_nothing_comes_twice(
    url: str, memory: IncidentService, connection: Connection, topic: str
):
    send(connection.brokers, topic, *(body(alert(n)) for n in range(3000)))
    with (
        running(memory, connection) as first,
        remembering(url.partition("?")[0]) as also,
        running(also, connection) as two,
    ):
        until(lambda: two.partitions and first.partitions)
        send(connection.brokers, topic, *(body(alert(n)) for n in range(3000, 4000)))
        until(lambda: committed(connection.brokers, connection.group, topic) == 4000)
        assert len(first.partitions) == len(two.partitions) == 2
        assert not first.partitions & two.partitions
        assert not first.said.of("lost")
    assert len(statuses(memory.store)) == 4000
    counts = first.said.of("kept") + two.said.of("kept")
    assert sum(facts["accepted"] for facts in counts) == 4000
    assert sum(facts["records"] for facts in counts) <= 4000 + 1000, "what is in hand is committed before others get it"


def test_partitions_that_go_while_the_store_is_away_go_with_what_was_in_hand_and_are_read_when_they_come_back(
    url, memory: IncidentService, connection: Connection, topic: str
):
    send(connection.brokers, topic, *(body(alert(n)) for n in range(400)))
    with running(memory, connection) as first_member:
        with ExitStack() as elsewhere:
            with locked(url):
                until(lambda: first_member.said.of("waiting"))
                two = elsewhere.enter_context(running(elsewhere.enter_context(remembering(url)), connection))
                until(lambda: two.partitions)
                assert any("left to other processes" in facts["message"] for facts in first_member.said.of("trouble"))
            until(lambda: committed(connection.brokers, connection.group, topic) == 400, 180)
        for n in range(400, 420):
            send(connection.brokers, topic, body(alert(n)), key=str(n))
        until(lambda: committed(connection.brokers, connection.group, topic) == 420)
    assert len(statuses(memory.store)) == 420
    read = sum(facts["records"] for consumer in (first_member, two) for facts in consumer.said.of("kept"))
    assert read == 420, "what was let go comes from the brokers again"


def test_a_document_that_comes_by_kafka_is_a_suggestion(memory: IncidentService, connection: Connection, topic: str):
    document = {
        "event": {"type": "incident_post_mortem.published", "issued_at": "2026-01-02T10:00:00Z"},
        "data": {
            "id": "pm-7",
            "title": "Orders answered 500",
            "status": "published",
            "content": "<h1>Fix</h1><p>Ran <code>DROP TABLE orders</code>; resolved.</p>",
        },
    }
    connection = replace(connection, topics={topic: "rootly"})
    send(connection.brokers, topic, json.dumps(document).encode(), json.dumps(document).encode())
    with running(memory, connection):
        until(lambda: committed(connection.brokers, connection.group, topic) == 2)
    (suggested,) = memory.store.suggestions.page().items
    assert (suggested.kind, suggested.by, suggested.title) == ("document", "rootly", "Orders answered 500")
    assert memory.store.documents.page().items == ()
