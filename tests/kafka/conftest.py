"""A Kafka that librdkafka plays by itself: the protocol is real, the brokers are threads of the tests."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from onrecall.kafka.connection import Connection
from onrecall.pipeline import IncidentService

from .running import remembering

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def cluster() -> Producer:
    """A client that plays the brokers for as long as it lives."""
    return Producer({"test.mock.num.brokers": 3, "bootstrap.servers": "none", "log_level": 0})


@pytest.fixture(scope="session")
def brokers(cluster: Producer) -> str:
    """Where three brokers are; topics are there as soon as somebody asks for them, with four partitions."""
    members = cluster.list_topics(timeout=60).brokers.values()
    return ",".join(f"{member.host}:{member.port}" for member in members)


@pytest.fixture
def topic(brokers: str) -> str:
    """A topic of its own."""
    return f"alerts-{next(NUMBERS)}"


@pytest.fixture
def connection(brokers: str, topic: str) -> Connection:
    """How to get there."""
    return Connection(brokers, f"group-of-{topic}", {topic: "alertmanager"})


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store that gives up soon when it is locked."""
    return f"sqlite:///{tmp_path / 'onrecall.db'}?timeout=0.3"


@pytest.fixture
def memory(url: str) -> Iterator[IncidentService]:
    """The memory."""
    with remembering(url) as opened:
        yield opened
