"""Connecting to the brokers: librdkafka's configuration, and what its errors mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onrecall.domain.errors import Forbidden, Invalid, OnRecallError, Unavailable
from onrecall.domain.optional_packages import missing_extra

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

NOT_INSTALLED = missing_extra("Kafka", "kafka")
REACH_SECONDS = 10.0
"""How long the brokers may take to answer at the start."""
SESSION_MS = 10_000
"""After this long without a heartbeat, a process's partitions go to the others."""
METADATA_REFRESH_MS = 10_000
"""How often new topics and partitions are looked for."""
PREFETCH_KB = 16 * 1024
"""The most that is prefetched: memory is not durable, the topic is."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The brokers, the topics to read, and the topic to write."""

    brokers: str
    group: str
    topics: Mapping[str, str | None]
    """Topics and the source of their records; None if each record names it in a header."""
    publish: str | None = None
    """The topic for recommendations."""
    security: Mapping[str, str] = field(default_factory=dict, repr=False)
    """librdkafka's settings for encryption and login."""

    def client(self) -> dict[str, Any]:
        """Return the configuration of every client."""
        return {"bootstrap.servers": self.brokers, "client.id": "onrecall", **self.security}

    def consumer(self) -> dict[str, Any]:
        """Return the consumer's configuration: offsets are committed only once the database has the records."""
        return self.client() | {
            "group.id": self.group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": SESSION_MS,
            "queued.max.messages.kbytes": PREFETCH_KB,
            "fetch.max.bytes": PREFETCH_KB * 1024,
            "topic.metadata.refresh.interval.ms": METADATA_REFRESH_MS,
        }

    def producer(self) -> dict[str, Any]:
        """Return the producer's configuration: delivered means replicated, in order."""
        return self.client() | {"acks": "all", "enable.idempotence": True, "message.timeout.ms": 30_000}


def check_library() -> None:
    """Raise Invalid if the extra is not installed."""
    try:
        import confluent_kafka  # noqa: F401, PLC0415 - it is an extra
    except ImportError as error:
        raise Invalid(NOT_INSTALLED, "kafka") from error


def fatal_error(error: "KafkaError") -> OnRecallError | None:
    """Return the error that ends the process (login, permission, fatal); None for errors that pass."""
    from confluent_kafka import KafkaError  # noqa: PLC0415 - it is an extra

    detail = f"{error.str()} ({error.name()})"
    if error.code() in (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED):  # noqa: SLF001
        return Forbidden(f"the brokers refuse the login: {detail}; check ONRECALL_KAFKA_SASL_… and …_SSL_…")
    if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        return Forbidden(f"the brokers refuse a topic: {detail}; allow this user to read ONRECALL_KAFKA_TOPICS")
    if error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
        return Forbidden(f"the brokers refuse the group: {detail}; allow this user to use ONRECALL_KAFKA_GROUP")
    return Unavailable(f"the Kafka client cannot continue: {detail}") if error.fatal() else None
