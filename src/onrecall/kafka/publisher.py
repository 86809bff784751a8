"""Publish recommendations to a topic, each at least once, in the order they were made."""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import NotFound, OnRecallError, Unavailable
from onrecall.kafka.status import StatusReporter
from onrecall.pipeline import IncidentService
from onrecall.schemas.incidents import IncidentOut
from onrecall.schemas.recommendations import RecommendationOut
from onrecall.storage import IncidentEvent
from onrecall.storage.holder_names import new_holder

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message, Producer

POLL_SECONDS = 1.0
BATCH_SIZE = 100
"""Events read at once."""
MAX_PAUSE_SECONDS = 30.0

log = logging.getLogger(__name__)


class Publisher:
    """A thread that reads the event feed and publishes recommendations."""

    def __init__(
        self, memory: IncidentService, create_producer: "Callable[[], Producer]", topic: str, report: StatusReporter
    ) -> None:
        self._memory = memory
        self._create_producer = create_producer
        self._topic = topic
        self._report = report
        self._cursor = f"kafka:{topic}"
        self._holder = new_holder()
        self._producer: Producer | None = None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start where the last process stopped."""
        self._thread = threading.Thread(target=self._run, name="kafka-publisher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the current batch and release the lease."""
        self._ending.set()
        if self._thread:
            self._thread.join()
        try:
            self._memory.store.consumer_offsets.release(self._cursor, self._holder)
        except Unavailable as error:
            log.warning("another process can publish once the lease expires: %s", error)

    def _run(self) -> None:
        pause = POLL_SECONDS
        while not self._ending.is_set():
            try:
                looked_at = self.run_once()
            except Exception as error:  # noqa: BLE001 - the loop must go on: what was not sent is read again
                self._report_trouble(error, pause)
                self._ending.wait(pause)
                pause = min(pause * 2, MAX_PAUSE_SECONDS)
            else:
                pause = POLL_SECONDS
                if looked_at < BATCH_SIZE:
                    self._ending.wait(POLL_SECONDS)

    def _report_trouble(self, error: Exception, pause: float) -> None:
        """Report why nothing was published, and drop the producer: what it still holds is sent again."""
        self._producer = None
        reason = str(error)
        if not isinstance(error, OnRecallError):
            log.error("recommendations could not be published", exc_info=error)
            reason = f"{type(error).__name__}; the log says why"
        self._report("trouble", f"recommendations wait for {pause:g} s: {reason}", seconds=pause)

    def run_once(self) -> int:
        """Publish new recommendations; returns how many events were read. Raises Unavailable."""
        store = self._memory.store
        after = store.consumer_offsets.acquire(self._cursor, self._holder, self._memory.now())
        events = store.events.feed(after, BATCH_SIZE) if after is not None else ()
        if not events:
            return 0
        recommended = [event for event in events if event.type == "recommended"]
        if recommended and not self._send(recommended):
            return 0
        store.consumer_offsets.advance(self._cursor, self._holder, events[-1].seq, self._memory.now())
        if recommended:
            message = f"{count_noun(len(recommended), 'recommendation')} written to {self._topic}"
            self._report("published", message, recommendations=len(recommended), topic=self._topic)
        return len(events)

    def _send(self, recommended: Sequence[IncidentEvent]) -> bool:
        """Send events and return whether the brokers have all of them; False if stopped before."""
        producer = self._producer = self._producer or self._create_producer()
        failed: list[KafkaError] = []

        def delivered(error: "KafkaError | None", message: "Message") -> None:
            if error is not None and not self._is_rejected_for_good(error, message):
                failed.append(error)

        for event in recommended:
            self._produce(producer, event, delivered)
        while undelivered := producer.flush(POLL_SECONDS):
            if self._ending.is_set():
                log.warning(
                    "%d recommendations are not delivered yet; they are sent again at the next start", undelivered
                )
                return False
        if failed:
            raise Unavailable(f"{self._topic}: {failed[0].str()}")
        return True

    def _produce(self, producer: "Producer", event: IncidentEvent, delivered: "Callable[..., None]") -> None:
        from confluent_kafka import KafkaException  # noqa: PLC0415 - it is an extra

        try:
            value = json.dumps(self._body(event), ensure_ascii=False).encode(errors="replace")
            headers = _headers(event)
            producer.produce(self._topic, value, event.incident.encode(), headers=headers, on_delivery=delivered)
        except NotFound as error:
            log.warning("event %d is skipped: %s", event.seq, error)
        except BufferError as error:
            raise Unavailable(f"{self._topic}: the client's queue is full") from error
        except KafkaException as error:
            if not self._is_rejected_for_good(error.args[0], event.seq):
                raise Unavailable(f"{self._topic}: {error.args[0].str()}") from error

    def _body(self, event: IncidentEvent) -> Mapping[str, Any]:
        """Return the message: the recommendation and its incident."""
        store = self._memory.store
        recommendation = store.recommendations.get(event.detail["recommendation"])
        return {
            "incident": IncidentOut.model_validate(store.incidents.get(event.incident)).to_json(),
            "recommendation": RecommendationOut.model_validate(recommendation).to_json(),
        }

    def _is_rejected_for_good(self, error: "KafkaError", message: "Message | int") -> bool:
        """Return whether the brokers will never accept a message, so that it must not block later ones."""
        from confluent_kafka import KafkaError  # noqa: PLC0415 - it is an extra

        if error.code() not in (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD):
            return False
        name = message if isinstance(message, int) else dict(message.headers() or ()).get("onrecall-event")
        self._report("refused", f"{self._topic} refuses event {name!r}, which is skipped: {error.str()}")
        return True


def _headers(event: IncidentEvent) -> list[tuple[str, str | bytes | None]]:
    """Return the headers; consumers recognise duplicates by the recommendation's id."""
    return [
        ("content-type", b"application/json"),
        ("onrecall-recommendation", str(event.detail["recommendation"]).encode()),
        ("onrecall-verdict", str(event.detail["verdict"]).encode()),
        ("onrecall-event", str(event.seq).encode()),
    ]
