"""`onrecall kafka`: consumes alerts and publishes recommendations until it is stopped."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from onrecall.bootstrap import app as wiring
from onrecall.bootstrap.kafka import kafka_connection
from onrecall.cli.arguments import Json
from onrecall.cli.kafka_status import StatusPrinter
from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.kafka.connection import Connection, check_library, fatal_error
from onrecall.kafka.consumer import AlertConsumer
from onrecall.kafka.health import check_topics
from onrecall.kafka.publisher import Publisher
from onrecall.kafka.status import StatusReporter
from onrecall.pipeline import IncidentService

if TYPE_CHECKING:
    from confluent_kafka import Consumer

POLL_SECONDS = 0.5

log = logging.getLogger("onrecall.kafka.client")


def kafka(as_json: Json = False) -> None:
    """Consume alerts from Kafka, in one consumer group, and publish recommendations if a topic is set."""
    chosen = wiring.settings()
    connection = kafka_connection(chosen)
    if connection is None:
        raise Invalid("the brokers are unknown; set ONRECALL_KAFKA_BROKERS, such as localhost:9092", "kafka_brokers")
    check_library()
    report = StatusPrinter(as_json=as_json)
    with _stop_event() as ending, wiring.open_app(chosen) as home:
        run_kafka(home.memory, connection, report, ending)
    report("stopped", "stopped")


def run_kafka(memory: IncidentService, connection: Connection, report: StatusReporter, ending: threading.Event) -> None:
    """Consume and publish until stopped."""
    with _publishing(memory, connection, report):
        if connection.topics:
            consume(memory, connection, report, ending)
        while not ending.wait(POLL_SECONDS):
            pass


def consume(memory: IncidentService, connection: Connection, report: StatusReporter, ending: threading.Event) -> None:
    """Consume as a member of the group until stopped. Raises Forbidden or Unavailable if the brokers refuse."""
    from confluent_kafka import Consumer, KafkaError, KafkaException  # noqa: PLC0415 - it is an extra

    errors: list[KafkaError] = []
    consumer = Consumer(connection.consumer() | {"error_cb": errors.append}, logger=log)
    alert_consumer = AlertConsumer(consumer, errors, memory.ingester, connection.topics, report)
    try:
        _report_brokers(consumer, connection, report)
        alert_consumer.run(ending)
    except KafkaException as error:
        consumer.poll(0)  # what the client complained of on the way says more than that it failed
        worst = next((failure for error in [*errors, error.args[0]] if (failure := fatal_error(error))), None)
        raise worst or Unavailable(f"{connection.brokers}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _report_brokers(consumer: "Consumer", connection: Connection, report: StatusReporter) -> None:
    """Check that the brokers answer, so that a wrong address is reported at once."""
    brokers, missing_topics = check_topics(consumer, connection)
    topics = ", ".join(connection.topics)
    report(
        "started",
        f"taking in {topics} from {count_noun(brokers, 'broker')} as group {connection.group}",
        brokers=brokers,
    )
    if missing_topics:
        names = ", ".join(missing_topics)
        message = (
            f"the topic {names} does not exist or this user cannot see it; its records are read as soon as it appears"
        )
        report("trouble", message, topics=missing_topics)


@contextmanager
def _publishing(memory: IncidentService, connection: Connection, report: StatusReporter) -> Iterator[None]:
    if connection.publish is None:
        yield
        return
    from confluent_kafka import Producer  # noqa: PLC0415 - it is an extra

    publisher = Publisher(memory, lambda: Producer(connection.producer(), logger=log), connection.publish, report)
    publisher.start()
    try:
        yield
    finally:
        publisher.stop()


@contextmanager
def _stop_event() -> Iterator[threading.Event]:
    """Yield an event that is set when the process is asked to stop."""
    ending = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ending.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    yield ending
