"""Settings: topics of Kafka that alerts come from and recommendations go to."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings


class KafkaSettings(BaseSettings):
    """Topics of Kafka that alerts come from and recommendations go to."""

    kafka_brokers: str | None = Field(default=None, description="Kafka brokers: `host:port`, separated by commas.")
    kafka_group: str = Field(default="onrecall", min_length=1, description="Consumer group of all `kafka` processes.")
    kafka_topics: str | None = Field(
        default=None,
        description="Topics, each with the sender whose format its records have: `alerts=alertmanager,mixed`.",
    )
    kafka_publish: str | None = Field(default=None, description="Topic to publish recommendations to.")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="Protocol of the connection to the brokers."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="Mechanism of the login."
    )
    kafka_sasl_username: str | None = Field(default=None, description="User name for the brokers.")
    kafka_sasl_password: SecretStr | None = Field(default=None, description="Password of that user.")
    kafka_ssl_ca: Path | None = Field(default=None, description="CA certificates for verifying the brokers.")
    kafka_ssl_certificate: Path | None = Field(default=None, description="Client certificate.")
    kafka_ssl_key: Path | None = Field(default=None, description="Its private key.")

    @field_validator("kafka_topics")
    @classmethod
    def _are_kafka_topics(cls, value: str | None) -> str | None:
        _parse_kafka_topics(value)
        return value

    @field_validator("kafka_publish")
    @classmethod
    def _is_kafka_topic(cls, value: str | None) -> str | None:
        return value if value is None else _check_kafka_topic(value)

    @property
    def source_by_topic(self) -> Mapping[str, str | None]:
        """Kafka's topics with the source of their records, or None if each record names it."""
        return _parse_kafka_topics(self.kafka_topics)


def _parse_kafka_topics(value: str | None) -> Mapping[str, str | None]:
    topics: dict[str, str | None] = {}
    for part in value.split(",") if value else ():
        topic, equals, sender = (word.strip() for word in part.partition("="))
        if equals and not sender:
            raise ValueError(f"{topic}= names no sender; write {topic}=alertmanager, or {topic} if its records name it")
        if _check_kafka_topic(topic) in topics:
            raise ValueError(f"{topic} appears twice")
        topics[topic] = sender or None
    return topics


def _check_kafka_topic(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", name) or name in (".", ".."):
        raise ValueError(f"{name!r} is not a valid topic; use letters, digits, dots, underscores and hyphens")
    return name
