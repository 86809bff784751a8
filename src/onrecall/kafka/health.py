"""Check for `doctor`: whether the brokers answer and have the topics, and how many records wait."""

from typing import TYPE_CHECKING

from onrecall.bootstrap.status import ComponentStatus
from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Invalid
from onrecall.kafka.connection import REACH_SECONDS, Connection, check_library

if TYPE_CHECKING:
    from confluent_kafka import Consumer

NAME = "kafka"


def health(connection: Connection) -> ComponentStatus:
    """Ask the brokers as the user and group of `onrecall kafka`."""
    try:
        check_library()
    except Invalid as error:
        return ComponentStatus(name=NAME, state="down", detail=str(error))
    from confluent_kafka import Consumer, KafkaException  # noqa: PLC0415 - it is an extra

    consumer = Consumer(connection.consumer() | {"log_level": 0})
    try:
        return _ask_brokers(consumer, connection)
    except KafkaException as error:
        return ComponentStatus(name=NAME, state="down", detail=f"{connection.brokers}: {error.args[0].str()}")
    finally:
        consumer.close()


def check_topics(consumer: "Consumer", connection: Connection) -> tuple[int, list[str]]:
    """Return the number of brokers, and our topics that are missing or not visible to this user."""
    metadata = consumer.list_topics(timeout=REACH_SECONDS)
    topics = [*connection.topics, *([connection.publish] if connection.publish else [])]
    available = {name for name, topic in metadata.topics.items() if topic.error is None}
    return len(metadata.brokers), [name for name in topics if name not in available]


def _ask_brokers(consumer: "Consumer", connection: Connection) -> ComponentStatus:
    brokers, missing_topics = check_topics(consumer, connection)
    summary = f"{count_noun(brokers, 'broker')}, group {connection.group}"
    if missing_topics:
        return ComponentStatus(
            name=NAME, state="degraded", detail=f"{summary}; no topic {', '.join(missing_topics)}, or not for this user"
        )
    waiting = sum(_waiting(consumer, topic) for topic in connection.topics)
    return ComponentStatus(
        name=NAME,
        state="ok",
        detail=f"{summary}; {count_noun(waiting, 'record')} of {', '.join(connection.topics)} to read",
    )


def _waiting(consumer: "Consumer", topic: str) -> int:
    """Return how many records the group has not consumed yet."""
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - it is an extra

    numbers = consumer.list_topics(topic, timeout=REACH_SECONDS).topics[topic].partitions
    places = [TopicPartition(topic, number) for number in numbers]
    waiting = 0
    for place in consumer.committed(places, timeout=REACH_SECONDS):
        low, high = consumer.get_watermark_offsets(place, timeout=REACH_SECONDS) or (0, 0)
        waiting += high - max(low, place.offset)
    return waiting
