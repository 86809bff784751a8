"""Against a real Apache Kafka: many messages, two processes, one of them killed, and every alert once in effect."""

import json
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from confluent_kafka import Producer
from sqlalchemy import func, select

from intake.payloads import alert, body
from onrecall.kafka.connection import Connection
from onrecall.kafka.health import health
from onrecall.storage import Storage
from onrecall.storage.tables import alerts

from .broker import Broker, NotHere, running
from .process import process
from .running import committed, until

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]  # one broker serves all of them

MESSAGES = int(os.environ.get("ONRECALL_TESTS_KAFKA_MESSAGES", "20000"))
"""A hundred thousand take a minute or two, so by default it is fewer."""
PARTITIONS = 8
TOLD_TWICE = 50
"""Each so many, an alert is told again."""
POISON = 1000
"""Each so many, a record can't be read."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    try:
        with running(tmp_path_factory.mktemp("kafka")) as running_broker:
            yield running_broker
    except NotHere as reason:
        pytest.skip(str(reason))


def fill(broker: Broker, topic: str, numbers: range) -> int:
    """Write alerts of these numbers; how many records that are."""
    producer = Producer({"bootstrap.servers": broker.address, "linger.ms": 50, "compression.type": "lz4"})
    records = 0
    for n in numbers:
        bodies = [body(alert(n))] * (2 if n % TOLD_TWICE == 0 else 1) + ([b"poison %d" % n] if n % POISON == 0 else [])
        for record_body in bodies:
            producer.produce(topic, record_body, str(n % 101))
            producer.poll(0)
        records += len(bodies)
        if n % 20_000 == 0:
            producer.flush()
    assert producer.flush(60) == 0
    return records


def stored(url: str) -> tuple[int, int, int]:
    """How many alerts are stored, how many different ones, and how many rejected parts."""
    store = Storage.open(url)
    with store._database.read() as connection:
        rows, keys = connection.execute(select(func.count(), func.count(alerts.c.key.distinct()))).one()
    rejected = store.health.counts().get("rejected")
    left_out = sum(1 for row in store.archive.dump() if row["table"] == "rejected") if rejected is None else rejected
    store.close()
    return rows, keys, left_out


@pytest.mark.timeout(900)
def test_two_processes_one_killed_and_every_alert_once_in_effect(broker: Broker, store_url: str, tmp_path: Path):
    topic = f"alerts-{secrets.token_hex(4)}"  # folders of tests that passed are removed, and their names come again
    broker.make(topic, PARTITIONS)
    first = fill(broker, topic, range(MESSAGES // 2))
    chosen = {
        "KAFKA_BROKERS": broker.address,
        "KAFKA_TOPICS": f"{topic}=alertmanager",
        "DATABASE_URL": store_url,
        "KAFKA_GROUP": topic,
    }
    with process(tmp_path / "one", **chosen) as killed, process(tmp_path / "two", **chosen) as two:
        two.until("assigned")
        killed.until("kept")
        with ThreadPoolExecutor(1) as beside:
            second_half = beside.submit(fill, broker, topic, range(MESSAGES // 2, MESSAGES))
            until(lambda: committed(broker.address, topic, topic) > first)
            killed.kill()
            before = committed(broker.address, topic, topic)
            records = first + second_half.result()
        assert before < records, "it was killed when all was over"
        until(lambda: not two.running or committed(broker.address, topic, topic) == records, 600)
        assert two.end() == 0
        assert two.total("records") < records, "the one that was killed did nothing"
    assert stored(store_url) == (MESSAGES, MESSAGES, len(range(0, MESSAGES, POISON)))


def test_with_login(broker: Broker, tmp_path: Path):
    broker.make("guarded", 1)
    chosen = {
        "KAFKA_BROKERS": broker.login, "KAFKA_TOPICS": "guarded=generic",
        "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USERNAME": "onrecall",
    }  # fmt: skip
    with process(tmp_path / "right", **chosen, KAFKA_SASL_PASSWORD="s3cret") as allowed:
        allowed.until("assigned")
        assert allowed.end() == 0
    with process(tmp_path / "wrong", **chosen, KAFKA_SASL_PASSWORD="wr0ng") as two:
        assert two.ended() == 77
        complaint = two.complaint()
        assert "the brokers refuse the login" in complaint
        assert "wr0ng" not in complaint + json.dumps(two.lines)


def test_doctor_names_what_is_missing(broker: Broker):
    broker.make("there", 2)
    part = health(Connection(broker.address, "g", {"there": None, "elsewhere": None}))
    assert (part.state, part.detail) == ("degraded", "1 broker, group g; no topic elsewhere, or not for this user")
    part = health(Connection(broker.address, "g", {"there": None}))
    assert (part.state, part.detail) == ("ok", "1 broker, group g; 0 records of there to read")


def test_a_topic_that_comes_later_is_read(broker: Broker, tmp_path: Path):
    chosen = {"KAFKA_BROKERS": broker.address, "KAFKA_TOPICS": "later=generic"}
    with process(tmp_path, **chosen) as running_process:
        assert running_process.until("trouble")["topics"] == ["later"]
        broker.make("later", 1)
        producer = Producer({"bootstrap.servers": broker.address})
        producer.produce("later", b'{"title": "Disk is full"}')
        assert producer.flush(30) == 0
        running_process.until("kept")
        assert running_process.end() == 0
