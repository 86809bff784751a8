"""A process of `onrecall kafka` without the process: a thread that takes in, and what it says."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, Producer, TopicPartition
from sqlalchemy import select

from onrecall.cli.kafka import consume
from onrecall.cli.kafka_status import StatusPrinter
from onrecall.kafka.connection import Connection
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage
from onrecall.storage.tables import alerts

PATIENCE = 60


class RecordedStatus(StatusPrinter):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__(as_json=True)
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str, message: str, **facts: Any) -> None:
        super().__call__(event, message, **facts)
        self.lines.append((event, {"message": message, **facts}))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [facts for line_event, facts in list(self.lines) if line_event == event]


class Running:
    """One member of the group."""

    def __init__(self, memory: IncidentService, connection: Connection) -> None:
        self.said = RecordedStatus()
        self.failed: Exception | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(memory, connection))
        self._thread.start()

    def _run(self, memory: IncidentService, connection: Connection) -> None:
        try:
            consume(memory, connection, self.said, self._ending)
        except Exception as error:  # noqa: BLE001 - it is raised where the test waits
            self.failed = error

    @property
    def partitions(self) -> set[str]:
        """What it has by what it said."""
        assigned: set[str] = set()
        for event, facts in list(self.said.lines):
            if event == "assigned":
                assigned |= set(facts["partitions"])
            elif event in ("revoked", "lost"):
                assigned -= set(facts["partitions"])
        return assigned

    def end(self) -> None:
        self._ending.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "it does not end"
        if self.failed:
            raise self.failed


@contextmanager
def running(memory: IncidentService, connection: Connection) -> Iterator[Running]:
    started = Running(memory, connection)
    try:
        yield started
    finally:
        started.end()


@contextmanager
def remembering(url: str) -> Iterator[IncidentService]:
    """A memory that goes by words alone."""
    with closing(Storage.open(url)) as store:
        yield IncidentService(
            Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: datetime.now(UTC))
        )


def until(arrived: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not arrived():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.05)


def send(brokers: str, topic: str, *values: bytes | None, key: str | None = None, headers: Any = None) -> None:
    """Write records; those with one key stay in order."""
    producer = Producer({"bootstrap.servers": brokers, "linger.ms": 20, "message.max.bytes": 10_000_000})
    for value in values:
        producer.produce(topic, value, key, headers=headers)
        producer.poll(0)
    assert producer.flush(PATIENCE) == 0


def committed(brokers: str, group: str, topic: str) -> int:
    """How many records of a topic the group has said to be done with."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": group})
    try:
        numbers = consumer.list_topics(topic, timeout=60).topics[topic].partitions
        places = consumer.committed([TopicPartition(topic, number) for number in numbers], timeout=60)
        return sum(max(0, partition.offset) for partition in places)
    finally:
        consumer.close()


def statuses(store: Storage) -> dict[str, str]:
    """The alerts that are stored: status by key."""
    with store._database.read() as connection:
        return {row.key: row.status for row in connection.execute(select(alerts.c.key, alerts.c.status))}


def written(brokers: str, topic: str) -> list[Message]:
    """Every record of a topic, each partition in order."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "reader", "enable.partition.eof": True})
    try:
        numbers = consumer.list_topics(topic, timeout=60).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in numbers])
        messages, ended = [], 0
        while ended < len(numbers):
            for message in consumer.consume(100, 1):
                if message.error():
                    assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                    ended += 1
                else:
                    messages.append(message)
        return messages
    finally:
        consumer.close()
