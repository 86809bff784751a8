"""Recommendations to a topic: each at least once, in order, whatever is killed or away."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer

from onrecall.domain.errors import Unavailable
from onrecall.domain.incident import Incident
from onrecall.kafka.connection import Connection
from onrecall.kafka.publisher import Publisher
from onrecall.pipeline import IncidentService

from .process import process
from .running import RecordedStatus, until, written

pytestmark = pytest.mark.kafka

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def recommend(memory: IncidentService, name: str, description: str = "") -> str:
    """Open an incident and answer it; the id of the answer."""
    memory.open(Incident(name, f"Pool of {name} is exhausted", NOON, description, service="orders"))
    return memory.recommend(name).id


def publisher(memory: IncidentService, brokers: str, topic: str, **more: object) -> tuple[Publisher, RecordedStatus]:
    connection, printed = Connection(brokers, "g", {}, topic), RecordedStatus()
    return Publisher(
        memory, lambda: Producer(connection.producer() | {"log_level": 0, **more}), topic, printed
    ), printed


@pytest.fixture
def begun(memory: IncidentService, brokers: str, topic: str) -> Iterator[tuple[Publisher, RecordedStatus]]:
    """A publisher that has looked once, so that what comes now is its to publish."""
    recommend(memory, "BEFORE")
    started, printed = publisher(memory, brokers, topic)
    started.run_once()
    yield started, printed
    started.stop()


def test_what_is_recommended_from_now_on_goes_out(memory: IncidentService, brokers: str, topic: str, begun):
    started, printed = begun
    recommendations = [recommend(memory, f"INC-{n}") for n in range(3)]
    started.start()
    until(lambda: sum(facts["recommendations"] for facts in printed.of("published")) == 3)
    messages = written(brokers, topic)
    assert {message.key().decode() for message in messages} == {"INC-0", "INC-1", "INC-2"}
    values = {message.key().decode(): json.loads(message.value()) for message in messages}
    assert values["INC-1"]["incident"]["title"] == "Pool of INC-1 is exhausted"
    assert values["INC-1"]["recommendation"]["id"] == recommendations[1]
    headers = dict(next(message for message in messages if message.key() == b"INC-1").headers())
    assert headers["onrecall-recommendation"].decode() == recommendations[1]
    assert headers["onrecall-verdict"].decode() == values["INC-1"]["recommendation"]["verdict"]
    assert headers["content-type"] == b"application/json"
    assert int(headers["onrecall-event"]) > 0


def test_nothing_is_written_twice_by_another_look(memory: IncidentService, brokers: str, topic: str, begun):
    started, _ = begun
    recommend(memory, "INC-1")
    assert started.run_once() > 0
    assert started.run_once() == 0
    assert len(written(brokers, topic)) == 1


def test_brokers_that_are_away_lose_nothing(memory: IncidentService, topic: str, brokers: str, begun):
    started, _ = begun
    started.stop()
    recommendation_id = recommend(memory, "INC-1")
    away, _ = publisher(memory, "127.0.0.1:9", topic, **{"message.timeout.ms": 500})
    with pytest.raises(Unavailable, match=topic):
        away.run_once()
    away.stop()
    back, _ = publisher(memory, brokers, topic)
    back.run_once()
    back.stop()
    assert [dict(message.headers())["onrecall-recommendation"].decode() for message in written(brokers, topic)] == [
        recommendation_id
    ]


def test_one_that_is_never_taken_does_not_stand_before_the_next(
    memory: IncidentService, brokers: str, topic: str, begun
):
    begun[0].stop()
    limited, printed = publisher(memory, brokers, topic, **{"message.max.bytes": 4000})
    recommend(memory, "LARGE", "the pool has no free connection\n" * 300)
    recommend(memory, "SMALL")
    limited.run_once()
    limited.stop()
    assert [message.key() for message in written(brokers, topic)] == [b"SMALL"]
    assert len(printed.of("refused")) == 1
    assert topic in printed.of("refused")[0]["message"]


def test_only_one_process_writes_at_a_time(memory: IncidentService, brokers: str, topic: str, begun):
    first, _ = begun
    second, _ = publisher(memory, brokers, topic)
    recommend(memory, "INC-1")
    assert second.run_once() == 0
    first.stop()
    assert second.run_once() > 0
    second.stop()
    assert len(written(brokers, topic)) == 1


def test_a_process_that_is_killed_again_and_again_loses_none(
    memory: IncidentService, brokers: str, topic: str, url: str, tmp_path: Path, begun
):
    begun[0].stop()
    chosen = {"KAFKA_BROKERS": brokers, "KAFKA_PUBLISH": topic, "DATABASE_URL": url.partition("?")[0]}
    recommendations = []
    for n in range(2):
        recommendations += [recommend(memory, f"INC-{n}-{m}") for m in range(5)]
        with process(tmp_path, **chosen) as killed:
            message = killed.until("published")
            recommendations += [recommend(memory, f"INC-{n}-{m}") for m in range(5, 10)]
            assert message["topic"] == topic
            killed.kill()
    with process(tmp_path, **chosen) as last:
        until(
            lambda: (
                {dict(record.headers())["onrecall-recommendation"].decode() for record in written(brokers, topic)}
                == set(recommendations)
            )
        )
        assert last.end() == 0


def test_an_unexpected_error_does_not_end_publishing(memory: IncidentService, brokers: str, topic: str, begun) -> None:
    begun[0].stop()
    failures = [RuntimeError("a mistake")]

    def create_producer() -> Producer:
        if failures:
            raise failures.pop()
        return Producer(Connection(brokers, "g", {}, topic).producer() | {"log_level": 0})

    printed = RecordedStatus()
    started = Publisher(memory, create_producer, topic, printed)
    recommend(memory, "INC-1")
    started.start()
    until(lambda: printed.of("published"))
    started.stop()
    assert [fact["message"] for fact in printed.of("trouble")] == [
        "recommendations wait for 1 s: RuntimeError; the log says why"
    ]
    assert [message.key() for message in written(brokers, topic)] == [b"INC-1"]
