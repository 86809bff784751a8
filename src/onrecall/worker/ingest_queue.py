"""Intake: one thread stores deliveries, many per transaction, and answers each once it is stored."""

import asyncio
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from onrecall.domain.errors import OnRecallError, Unavailable
from onrecall.pipeline import IncidentService
from onrecall.pipeline.ingest import IngestReceipt, ParsedDelivery
from onrecall.sources import WebhookRequest

ANSWER_TIMEOUT_SECONDS = 4.0
"""Senders wait five seconds, some less; after this long they are told to try again."""
MAX_BATCH = 200
"""The most deliveries that share a transaction."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How many deliveries may wait. More are refused and have to be sent again, because memory is not durable."""

    deliveries: int = 2_000
    of_caller: int = 1_000
    """The most deliveries of one caller, so that none keeps the others out."""
    size: int = 64 * 1024 * 1024
    patience: float = ANSWER_TIMEOUT_SECONDS


@dataclass(slots=True)
class _QueuedDelivery:
    """A queued delivery and the request that waits for it."""

    source: str
    delivery: WebhookRequest
    caller: str
    loop: asyncio.AbstractEventLoop
    by: str | None = None
    """The name of the key it was sent with."""
    answer: "asyncio.Future[IngestReceipt]" = field(init=False)

    def __post_init__(self) -> None:
        self.answer = self.loop.create_future()

    def complete(self, receipt: IngestReceipt | Exception) -> None:
        """Answer the request, if it still waits."""
        if self.answer.done():
            return
        if isinstance(receipt, Exception):
            self.answer.set_exception(receipt)
        else:
            self.answer.set_result(receipt)


class IngestQueue:
    """Stores deliveries, and answers only for what the database has stored."""

    def __init__(self, memory: IncidentService, wake: Callable[[], None], limits: QueueLimits | None = None) -> None:
        self._memory = memory
        self._wake = wake
        self._limits = limits or QueueLimits()
        self._queue: deque[_QueuedDelivery] = deque()
        self._callers: Counter[str] = Counter()
        self._size = 0
        self._change = threading.Condition()
        self._ending = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start storing."""
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Drain the queue, then stop."""
        with self._change:
            self._ending = True
            self._change.notify()
        if self._thread:
            self._thread.join(self._limits.patience)

    async def take(
        self, source: str, delivery: WebhookRequest, caller: str = "", by: str | None = None
    ) -> IngestReceipt:
        """Store a delivery and return its receipt. Raises Unavailable if that takes too long or too many wait."""
        waiting = _QueuedDelivery(source, delivery, caller, asyncio.get_running_loop(), by)
        self._enqueue(waiting)
        try:
            return await asyncio.wait_for(waiting.answer, self._limits.patience)
        except TimeoutError as error:
            raise Unavailable("the database is busy; send it again", 5) from error

    def _enqueue(self, waiting: _QueuedDelivery) -> None:
        with self._change:
            full = len(self._queue) >= self._limits.deliveries or self._size > self._limits.size
            if full or self._ending:
                raise Unavailable("too many messages are waiting; send it again", 5)
            if self._callers[waiting.caller] >= self._limits.of_caller:
                raise Unavailable(f"{self._limits.of_caller} messages of yours wait already; send it again", 5)
            self._callers[waiting.caller] += 1
            self._queue.append(waiting)
            self._size += len(waiting.delivery.body)
            self._change.notify()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._process(batch)

    def _process(self, batch: Sequence[_QueuedDelivery]) -> None:
        try:
            self._read_batch(batch)
        except Exception as error:  # noqa: BLE001 - boundary: no delivery may end this thread
            if len(batch) > 1:
                for delivery in batch:
                    self._process([delivery])
            else:
                _complete(batch, [error])  # the waiting request logs it

    def _next_batch(self) -> list[_QueuedDelivery]:
        """Return a batch of what waits; empty at the end."""
        with self._change:
            self._change.wait_for(lambda: self._queue or self._ending)
            batch = [self._queue.popleft() for _ in range(min(MAX_BATCH, len(self._queue)))]
            self._size -= sum(len(delivery.delivery.body) for delivery in batch)
            self._callers -= Counter(delivery.caller for delivery in batch)
        return batch

    def _read_batch(self, batch: Sequence[_QueuedDelivery]) -> None:
        read: list[tuple[_QueuedDelivery, ParsedDelivery]] = []
        for queued in batch:
            if queued.answer.done():
                continue  # nobody waits any more; its sender will retry
            try:
                read.append((queued, self._memory.ingester.read(queued.source, queued.delivery, queued.by)))
            except OnRecallError as error:
                _complete([queued], [error])
        if read:
            self._store_batch(read)
            self._wake()

    def _store_batch(self, parsed: Sequence[tuple[_QueuedDelivery, ParsedDelivery]]) -> None:
        waiting = [queued for queued, _ in parsed]
        try:
            receipts = self._memory.ingester.store_batches([delivery for _, delivery in parsed])
            _complete(waiting, [receipt.refusal or receipt for receipt in receipts])
        except OnRecallError as error:
            _complete(waiting, [error] * len(waiting))


def _complete(batch: Sequence[_QueuedDelivery], receipts: Sequence[IngestReceipt | Exception]) -> None:
    """Answer each request in its event loop, all of one loop at once."""
    for loop in {queued.loop for queued in batch}:
        answered = [(queued, receipt) for queued, receipt in zip(batch, receipts, strict=True) if queued.loop is loop]
        try:
            loop.call_soon_threadsafe(_complete_all, answered)
        except RuntimeError:
            log.warning("the server ended before %d deliveries were answered; their senders try again", len(answered))


def _complete_all(answered: Sequence[tuple[_QueuedDelivery, IngestReceipt | Exception]]) -> None:
    for queued, receipt in answered:
        queued.complete(receipt)
