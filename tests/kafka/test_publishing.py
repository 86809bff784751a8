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
from .running import Heard, until, written

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def recommend(memory: IncidentService, name: str, description: str = "") -> str:
    """Open an incident and answer it; the id of the answer."""
    memory.open(Incident(name, f"Pool of {name} is exhausted", NOON, description, service="orders"))
    return memory.recommend(name).id


def publisher(memory: IncidentService, brokers: str, topic: str, **more: object) -> tuple[Publisher, Heard]:
    connection, said = Connection(brokers, "g", {}, topic), Heard()
    return Publisher(memory, lambda: Producer(connection.producer() | {"log_level": 0, **more}), topic, said), said


@pytest.fixture
def begun(memory: IncidentService, brokers: str, topic: str) -> Iterator[tuple[Publisher, Heard]]:
    """A publisher that has looked once, so that what comes now is its to publish."""
    recommend(memory, "BEFORE")
    one, said = publisher(memory, brokers, topic)
    one.round()
    yield one, said
    one.stop()


def test_what_is_recommended_from_now_on_goes_out(memory: IncidentService, brokers: str, topic: str, begun):
    one, said = begun
    made = [recommend(memory, f"INC-{n}") for n in range(3)]
    one.start()
    until(lambda: sum(told["recommendations"] for told in said.of("published")) == 3)
    found = written(brokers, topic)
    assert {message.key().decode() for message in found} == {"INC-0", "INC-1", "INC-2"}
    values = {message.key().decode(): json.loads(message.value()) for message in found}
    assert values["INC-1"]["incident"]["title"] == "Pool of INC-1 is exhausted"
    assert values["INC-1"]["recommendation"]["id"] == made[1]
    headers = dict(next(message for message in found if message.key() == b"INC-1").headers())
    assert headers["onrecall-recommendation"].decode() == made[1]
    assert headers["onrecall-verdict"].decode() == values["INC-1"]["recommendation"]["verdict"]
    assert headers["content-type"] == b"application/json"
    assert int(headers["onrecall-event"]) > 0


def test_nothing_is_written_twice_by_another_look(memory: IncidentService, brokers: str, topic: str, begun):
    one, _ = begun
    recommend(memory, "INC-1")
    assert one.round() > 0
    assert one.round() == 0
    assert len(written(brokers, topic)) == 1


def test_brokers_that_are_away_lose_nothing(memory: IncidentService, topic: str, brokers: str, begun):
    one, _ = begun
    one.stop()
    made = recommend(memory, "INC-1")
    away, _ = publisher(memory, "127.0.0.1:9", topic, **{"message.timeout.ms": 500})
    with pytest.raises(Unavailable, match=topic):
        away.round()
    away.stop()
    back, _ = publisher(memory, brokers, topic)
    back.round()
    back.stop()
    assert [dict(message.headers())["onrecall-recommendation"].decode() for message in written(brokers, topic)] == [
        made
    ]


def test_one_that_is_never_taken_does_not_stand_before_the_next(
    memory: IncidentService, brokers: str, topic: str, begun
):
    begun[0].stop()
    one, said = publisher(memory, brokers, topic, **{"message.max.bytes": 4000})
    recommend(memory, "LARGE", "the pool has no free connection\n" * 300)
    recommend(memory, "SMALL")
    one.round()
    one.stop()
    assert [message.key() for message in written(brokers, topic)] == [b"SMALL"]
    assert len(said.of("refused")) == 1
    assert topic in said.of("refused")[0]["message"]


def test_only_one_process_writes_at_a_time(memory: IncidentService, brokers: str, topic: str, begun):
    one, _ = begun
    other, _ = publisher(memory, brokers, topic)
    recommend(memory, "INC-1")
    assert other.round() == 0
    one.stop()
    assert other.round() > 0
    other.stop()
    assert len(written(brokers, topic)) == 1


def test_a_process_that_is_killed_again_and_again_loses_none(
    memory: IncidentService, brokers: str, topic: str, url: str, tmp_path: Path, begun
):
    begun[0].stop()
    chosen = {"KAFKA_BROKERS": brokers, "KAFKA_PUBLISH": topic, "DATABASE_URL": url.partition("?")[0]}
    made = []
    for n in range(2):
        made += [recommend(memory, f"INC-{n}-{m}") for m in range(5)]
        with process(tmp_path, **chosen) as one:
            said = one.until("published")
            made += [recommend(memory, f"INC-{n}-{m}") for m in range(5, 10)]
            assert said["topic"] == topic
            one.kill()
    with process(tmp_path, **chosen) as last:
        until(
            lambda: (
                {dict(one.headers())["onrecall-recommendation"].decode() for one in written(brokers, topic)}
                == set(made)
            )
        )
        assert last.end() == 0
