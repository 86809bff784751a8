"""What clients do all the time: send alerts by webhook and Kafka, and ask questions; every outcome is noted with its time."""

import itertools
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from confluent_kafka import Producer

from faults.engines import TOPIC
from onrecall.benchmarks.load_generator import make_notification

ALERTS_AT_ONCE = 5
"""In a notification, and in a record of Kafka."""
PATIENCE = 30.0
RETRY_SECONDS = 0.5
QUESTIONS = (
    "checkout returns 503, the database connection pool is exhausted",
    "kafka consumer lag grows after a deployment",
    "TLS certificate expired on the gateway",
    "disk of the database is full",
    "pods restart with OOMKilled",
    "login latency is high, redis evicts keys",
)


@dataclass(frozen=True, slots=True)
class Rates:
    """How much is sent."""

    notifications: float = 2
    """By webhook, a second."""
    records: float = 1
    """By Kafka, a second."""
    questions: float = 1
    """A second."""


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """One question that somebody asked."""

    at: float
    seconds: float
    """Until the answer, tries at other servers included."""
    answered: bool
    degraded: bool
    tries: int


@dataclass(slots=True)
class Outcomes:
    """What came of everything so far. Times are of the monotonic clock."""

    acknowledged: dict[str, float] = field(default_factory=dict)
    """When each alert was acknowledged, by its key: by a server, or by the broker."""
    by_servers: list[float] = field(default_factory=list)
    """When a server acknowledged a notification: without those of the broker."""
    sent: dict[str, float] = field(default_factory=dict)
    questions: list[AnsweredQuestion] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    """When a notification was not acknowledged, after which it was sent again."""


class Traffic:
    """Threads that send until they are stopped; nothing that was begun is dropped."""

    def __init__(self, servers: Sequence[str], broker: str | None, key: str, rates: Rates, mark: str) -> None:
        self.outcomes = Outcomes()
        self._servers, self._key, self._rates, self._mark = servers, key, rates, mark
        self._producer = _producer(broker) if broker else None
        self._numbers = itertools.count()
        self._number_lock = threading.Lock()
        self._stopping = threading.Event()
        self._pending: queue.Queue[tuple[int, int]] = queue.Queue()
        self._asking: queue.Queue[int] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._pace, args=(rates.notifications, self._pending, True), daemon=True),
            threading.Thread(target=self._pace, args=(rates.questions, self._asking, False), daemon=True),
            *(threading.Thread(target=self._deliver, daemon=True) for _ in range(4)),
            *(threading.Thread(target=self._ask, daemon=True) for _ in range(4)),
        ]
        if self._producer:
            self._threads.append(threading.Thread(target=self._produce, daemon=True))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send nothing new, and wait until what was begun is acknowledged."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(10 * PATIENCE)
            assert not thread.is_alive(), "a message can't be delivered"
        if self._producer:
            assert self._producer.flush(PATIENCE) == 0, "the broker does not acknowledge"

    def send_canary(self, server: str) -> list[str]:
        """Send a notification to one server; returns its keys. Raises httpx.HTTPError."""
        n = self._next()
        keys = self._note_sent(n)
        self._post(server, self._body(n)).raise_for_status()
        self._note_acknowledged(keys)
        return keys

    def produce_canary(self) -> list[str]:
        """Send a record; returns its keys."""
        assert self._producer
        n = self._next()
        self._produce_one(n)
        self._producer.flush(PATIENCE)
        return self._keys(n)

    def ask_one(self, server: str) -> dict[str, Any]:
        """Ask one server. Raises httpx.HTTPError."""
        with httpx.Client(timeout=PATIENCE) as client:
            return self._answer(client, server, QUESTIONS[0])

    def _pace(self, rate: float, into: "queue.Queue[Any]", is_alert: bool) -> None:
        """Put something into a queue at its time, whether what came before is done or not."""
        began = time.monotonic()
        for count in itertools.count(1):
            into.put((self._next(), count) if is_alert else count)
            if self._stopping.wait(max(0.0, began + count / rate - time.monotonic())):
                return

    def _deliver(self) -> None:
        while (n := self._take(self._pending)) is not None:
            keys, body = self._note_sent(n[0]), self._body(n[0])
            for attempt in itertools.count(n[1]):
                try:
                    status = self._post(self._servers[attempt % len(self._servers)], body).status_code
                except httpx.TransportError:
                    status = 0
                if status == httpx.codes.ACCEPTED:
                    self._note_acknowledged(keys)
                    self.outcomes.by_servers.append(time.monotonic())
                    break
                self.outcomes.refused.append(time.monotonic())
                time.sleep(RETRY_SECONDS)

    def _post(self, server: str, body: bytes) -> httpx.Response:
        address = f"{server}/api/v1/alerts/alertmanager"
        return httpx.post(address, content=body, headers=self._headers, timeout=PATIENCE / 3)

    def _produce(self) -> None:
        began = time.monotonic()
        for count in itertools.count(1):
            self._produce_one(self._next())
            self._producer.poll(0)
            if self._stopping.wait(max(0.0, began + count / self._rates.records - time.monotonic())):
                return

    def _produce_one(self, n: int) -> None:
        keys = self._note_sent(n)

        def note(error: object, _record: object) -> None:
            if error is None:
                self._note_acknowledged(keys)

        self._producer.produce(TOPIC, self._body(n), on_delivery=note)

    def _ask(self) -> None:
        with httpx.Client(timeout=PATIENCE) as client:
            while (n := self._take(self._asking)) is not None:
                self.outcomes.questions.append(self._ask_around(client, n))

    def _ask_around(self, client: httpx.Client, n: int) -> AnsweredQuestion:
        """Ask a server, and the next where it does not answer."""
        began = time.monotonic()
        for attempt in range(len(self._servers)):
            server = self._servers[(n + attempt) % len(self._servers)]
            with suppress(httpx.HTTPError):
                answer = self._answer(client, server, QUESTIONS[n % len(QUESTIONS)])
                degraded = answer["degraded"] is not None
                return AnsweredQuestion(began, time.monotonic() - began, True, degraded, attempt + 1)
        return AnsweredQuestion(began, time.monotonic() - began, False, False, len(self._servers))

    def _answer(self, client: httpx.Client, server: str, text: str) -> dict[str, Any]:
        answer = client.post(f"{server}/api/v1/ask", json={"text": text}, headers=self._headers)
        answer.raise_for_status()
        return answer.json()

    def _take(self, waiting: "queue.Queue[Any]") -> Any:
        """Take the next thing; None when nothing comes any more."""
        while True:
            with suppress(queue.Empty):
                return waiting.get(timeout=0.2)
            if self._stopping.is_set():
                return None

    def _next(self) -> int:
        with self._number_lock:
            return next(self._numbers)

    def _body(self, n: int) -> bytes:
        """Return a notification; sent again it must be the same, with the same beginning of its alerts."""
        return make_notification(self._mark, n, ALERTS_AT_ONCE)

    def _keys(self, n: int) -> list[str]:
        return [f"{self._mark}{n * ALERTS_AT_ONCE + k:08x}" for k in range(ALERTS_AT_ONCE)]

    def _note_sent(self, n: int) -> list[str]:
        keys = self._keys(n)
        self.outcomes.sent.update(dict.fromkeys(keys, time.monotonic()))
        return keys

    def _note_acknowledged(self, keys: Sequence[str]) -> None:
        self.outcomes.acknowledged.update(dict.fromkeys(keys, time.monotonic()))

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"}


def _producer(broker: str) -> Producer:
    return Producer({"bootstrap.servers": broker, "acks": "all", "enable.idempotence": True, "log_level": 0})
