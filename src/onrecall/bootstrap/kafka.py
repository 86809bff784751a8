"""The Kafka connection, as the settings say."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from onrecall.bootstrap.sources import source_catalog
from onrecall.bootstrap.status import ComponentStatus
from onrecall.domain.errors import Invalid
from onrecall.kafka.connection import Connection
from onrecall.kafka.health import health
from onrecall.settings import Settings

CERTIFICATES = {
    "ssl.ca.location": "kafka_ssl_ca",
    "ssl.certificate.location": "kafka_ssl_certificate",
    "ssl.key.location": "kafka_ssl_key",
}


def kafka_connection(chosen: Settings) -> Connection | None:
    """Read the Kafka connection; None if none is configured."""
    if chosen.kafka_brokers is None:
        return None
    topics, publish = chosen.source_by_topic, chosen.kafka_publish
    sources = source_catalog(chosen)
    for topic, sender in topics.items():
        if sender is not None and sender not in sources:
            names = ", ".join(sources)
            raise Invalid(f"ONRECALL_KAFKA_TOPICS: {topic}={sender}: unknown sender; choose from {names}", topic)
    if not topics and publish is None:
        raise Invalid("ONRECALL_KAFKA_TOPICS: name the topics to consume, such as alerts=alertmanager", "topics")
    if publish in topics:
        raise Invalid(f"ONRECALL_KAFKA_PUBLISH: {publish} is read as well; recommendations need a topic of their own")
    return Connection(chosen.kafka_brokers, chosen.kafka_group, topics, publish, _security(chosen))


def kafka_checks(chosen: Settings) -> Sequence[Callable[[], ComponentStatus]]:
    """Return the check of the brokers for `doctor`, if Kafka is configured. It asks the brokers."""
    connection = kafka_connection(chosen)
    return [] if connection is None else [lambda: health(connection)]


def _security(chosen: Settings) -> Mapping[str, str]:
    """Return encryption and login as librdkafka options."""
    protocol = chosen.kafka_security_protocol
    options: dict[str, str] = {"security.protocol": protocol}
    for name, setting in CERTIFICATES.items():
        path: Path | None = getattr(chosen, setting)
        if path is not None:
            options[name] = _certificate(path, "ONRECALL_" + setting.upper(), protocol)
    if protocol.startswith("SASL"):
        return options | _login(chosen, protocol)
    if chosen.kafka_sasl_username or chosen.kafka_sasl_password:
        raise Invalid(
            f"ONRECALL_KAFKA_SECURITY_PROTOCOL: {protocol} has no login; write SASL_SSL, or leave out "
            "ONRECALL_KAFKA_SASL_USERNAME and ONRECALL_KAFKA_SASL_PASSWORD",
            "kafka_security_protocol",
        )
    return options


def _login(chosen: Settings, protocol: str) -> dict[str, str]:
    user, password = chosen.kafka_sasl_username, chosen.kafka_sasl_password
    if not (user and password):
        missing = "PASSWORD" if user else "USERNAME"
        raise Invalid(f"ONRECALL_KAFKA_SASL_{missing}: {protocol} needs it", f"kafka_sasl_{missing.lower()}")
    login = {"sasl.username": user, "sasl.password": password.get_secret_value()}
    return login | {"sasl.mechanisms": chosen.kafka_sasl_mechanism}


def _certificate(path: Path, variable: str, protocol: str) -> str:
    if not path.is_file():
        raise Invalid(f"{variable}: {path} is not a file", variable.lower())
    if not protocol.endswith("SSL"):
        raise Invalid(f"{variable}: {protocol} has no certificates; write SSL or SASL_SSL", variable.lower())
    return str(path)
