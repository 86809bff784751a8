"""Taking records in: a batch is one transaction, and only when the database has it do the brokers hear so.

Killed at any instant, what was taken in and not yet said to be comes again, and changes nothing.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from onrecall.domain.errors import Invalid, NotFound, OnRecallError, Unavailable
from onrecall.kafka import records
from onrecall.kafka.connection import fatal_error
from onrecall.kafka.records import ConsumedRecord
from onrecall.kafka.status_printer import QUIET_SECONDS, StatusPrinter
from onrecall.pipeline.ingest import AlertIngester, IngestReceipt, ParsedDelivery

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, TopicPartition

MAX_BATCH = 500
"""The most records that share a transaction."""
WAIT_SECONDS = 0.2
"""The longest that the first record of a batch waits for others."""
MAX_BATCH_BYTES = 8 * 1024 * 1024
"""Bytes of records that share a transaction; larger batches are taken in in several."""
MAX_PAUSE_SECONDS = 30.0
MAX_REPORTED = 10
"""Of a batch, the most rejected parts that are told of; all of them are kept."""

Topics = Mapping[str, str | None]

log = logging.getLogger(__name__)


class AlertConsumer:
    """Takes in what the partitions of this process have, until it is told to end."""

    def __init__(
        self,
        consumer: "Consumer",
        troubles: "list[KafkaError]",
        receiver: AlertIngester,
        topics: Topics,
        printer: StatusPrinter,
    ) -> None:
        self._consumer = consumer
        self._errors = troubles
        self._receiver = receiver
        self._topics = topics
        self._printer = printer
        self._fetched: list[ConsumedRecord] = []
        """Fetched and not yet in the database."""
        self._offsets: dict[tuple[str, int], int] = {}
        """Up to where partitions are in the database, as far as the brokers have not heard of it."""
        self._has_new_partitions = False
        """Whether partitions were assigned that may still rest since they were here before."""
        self._counts: Counter[str] = Counter()
        self._reported_at = time.monotonic()

    def run(self, ending: threading.Event) -> None:
        """Take in until told to end; what is in hand then is taken in first."""
        self._consumer.subscribe(
            list(self._topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )
        while not ending.is_set():
            self._fetch(MAX_BATCH, WAIT_SECONDS)
            if self._has_new_partitions:
                self._resume_all()
            if self._fetched:
                self._ingest_fetched(ending)
            elif self._offsets:
                self._commit()
            self._report_counts(QUIET_SECONDS)
        self._report_counts(0)

    # what comes

    def _fetch(self, most: int, seconds: float) -> None:
        for message in self._consumer.consume(most, seconds):
            if error := message.error():
                self._errors.append(error)
            else:
                self._fetched.append(records.from_message(message))
        while self._errors:
            self._handle_error(self._errors.pop(0))

    def _resume_all(self) -> None:
        """Fetch from all partitions that are here, whichever of them were told to rest."""
        self._consumer.resume(self._consumer.assignment())
        self._has_new_partitions = False

    def _handle_error(self, error: "KafkaError") -> None:
        """What the brokers complain of: what passes is told, for the client tries again by itself."""
        if failure := fatal_error(error):
            raise failure
        self._printer("trouble", f"the brokers say: {error.str()}", code=error.name())

    def _ingest_fetched(self, ending: threading.Event) -> None:
        """Take in what is in hand, however long the store is away; meanwhile nothing more is fetched."""
        pause, since = 1.0, time.monotonic()
        while self._fetched and not ending.is_set():
            try:
                self._ingest_batches()
            except Unavailable as error:
                wait = max(pause, error.retry_after)
                message = f"nothing is taken in for {wait:g} s: {error}"
                self._printer("waiting", message, seconds=wait, held=len(self._fetched))
                self._wait_paused(wait, ending)
                pause = min(pause * 2, MAX_PAUSE_SECONDS)
            else:
                if pause > 1:
                    self._printer("resumed", f"taken up again after {time.monotonic() - since:.0f} s")
        self._resume_all()

    def _wait_paused(self, seconds: float, ending: threading.Event) -> None:
        """Let time pass and stay a member of the group: partitions may come and go, and those that are here rest."""
        until = time.monotonic() + seconds
        while self._fetched and not ending.is_set() and (remaining := until - time.monotonic()) > 0:
            self._consumer.pause(self._consumer.assignment())
            self._fetch(1, min(remaining, WAIT_SECONDS))

    # what becomes of it

    def _ingest_batches(self) -> None:
        for batch in _split_by_size(self._fetched):
            self._store(batch)
            self._fetched = self._fetched[len(batch) :]
            self._offsets.update({(record.topic, record.partition): record.offset + 1 for record in batch})
            self._commit()

    def _store(self, batch: Sequence[ConsumedRecord]) -> None:
        """Keep records in one transaction; one that can't be kept is told from those that can by halving."""
        try:
            receipts = self._receiver.keep([self._read(record) for record in batch if not record.empty])
        except Unavailable:
            raise
        except Exception as error:  # the boundary: a record that nobody foresaw must not stand before all later ones
            if len(batch) > 1:
                self._store(batch[: len(batch) // 2])
                self._store(batch[len(batch) // 2 :])
                return
            log.exception("record %s can't be taken in; it is kept as rejected", batch[0].place)
            receipts = self._receiver.keep([self._reject(batch[0], _reason(error))])
        self._count(batch, receipts)

    def _read(self, record: ConsumedRecord) -> ParsedDelivery:
        try:
            source = records.source_of(record, self._topics)
        except Invalid as error:
            return self._reject(record, error)
        try:
            parsed = self._receiver.read(source, records.to_webhook_request(record))
            return _with_place(parsed, record) if parsed.refusal is None else self._reject(record, parsed.refusal, source)
        except Invalid as error:
            return self._reject(record, error, source)
        except NotFound as error:
            return self._reject(record, error)

    def _reject(self, record: ConsumedRecord, error: OnRecallError, source: str = records.UNKNOWN_SOURCE) -> ParsedDelivery:
        return self._receiver.unread(source, records.to_parse_error(record, error))

    def _commit(self) -> None:
        """Tell the brokers up to where the database has it; what they do not hear now they hear later."""
        from confluent_kafka import KafkaException, TopicPartition  # noqa: PLC0415 - it is an extra

        assigned = {(partition.topic, partition.partition) for partition in self._consumer.assignment()}
        self._offsets = {place: offset for place, offset in self._offsets.items() if place in assigned}
        if not self._offsets:
            return
        offsets = [TopicPartition(*place, offset) for place, offset in self._offsets.items()]
        try:
            for partition in self._consumer.commit(offsets=offsets, asynchronous=False) or ():
                if partition.error is None:
                    self._offsets.pop((partition.topic, partition.partition), None)
        except KafkaException as error:
            self._printer("trouble", f"the brokers did not hear what is done, and hear it later: {error.args[0].str()}")

    # who has which partitions

    def _assigned(self, _consumer: "Consumer", partitions: "list[TopicPartition]") -> None:
        if partitions:
            self._has_new_partitions = True
            self._printer("assigned", f"partitions {_join_names(partitions)} are ours", partitions=_partition_names(partitions))

    def _revoked(self, _consumer: "Consumer", partitions: "list[TopicPartition]") -> None:
        """Others get them: take in what is in hand and say so, or if that can't be now, leave it to them."""
        if self._fetched:
            try:
                self._ingest_batches()
            except Unavailable as error:
                self._printer("trouble", f"left to others, for it can't be taken in now: {error}", held=len(self._fetched))
        elif self._offsets:
            self._commit()
        self._drop_partitions(partitions)
        if partitions:
            self._printer("revoked", f"partitions {_join_names(partitions)} are let go", partitions=_partition_names(partitions))

    def _lost(self, _consumer: "Consumer", partitions: "list[TopicPartition]") -> None:
        self._drop_partitions(partitions)
        self._printer("lost", f"others have partitions {_join_names(partitions)} by now", partitions=_partition_names(partitions))

    def _drop_partitions(self, partitions: "list[TopicPartition]") -> None:
        revoked = {(partition.topic, partition.partition) for partition in partitions}
        self._fetched = [record for record in self._fetched if (record.topic, record.partition) not in revoked]
        self._offsets = {place: offset for place, offset in self._offsets.items() if place not in revoked}

    # what is told

    def _count(self, batch: Sequence[ConsumedRecord], receipts: Sequence[IngestReceipt]) -> None:
        self._counts["records"] += len(batch)
        for receipt in receipts:
            self._counts["accepted"] += receipt.accepted
            self._counts["duplicate"] += receipt.duplicate
            self._counts["rejected"] += len(receipt.rejected)
        reported = [part for receipt in receipts for part in receipt.rejected][:MAX_REPORTED]
        for part in reported:
            message = f"kept as rejected: {part.where}: {part.message}"
            self._printer("rejected", message, where=part.where, field=part.field)

    def _report_counts(self, at_least: float) -> None:
        """How much came in since the last time."""
        if self._counts["records"] and time.monotonic() - self._reported_at >= at_least:
            total, new, duplicates, rejected = (self._counts[name] for name in ("records", "accepted", "duplicate", "rejected"))
            message = f"{total:,} records: {new:,} new, {duplicates:,} known, {rejected:,} rejected"
            self._printer("kept", message, records=total, accepted=new, duplicate=duplicates, rejected=rejected)
            self._counts.clear()
            self._reported_at = time.monotonic()


def _split_by_size(records: Sequence[ConsumedRecord]) -> Iterator[Sequence[ConsumedRecord]]:
    """The records in batches that are not too heavy for a transaction."""
    first, weight = 0, 0
    for index, record in enumerate(records):
        if index > first and weight + len(record.body) > MAX_BATCH_BYTES:
            yield records[first:index]
            first, weight = index, 0
        weight += len(record.body)
    if first < len(records):
        yield records[first:]


def _with_place(parsed: ParsedDelivery, record: ConsumedRecord) -> ParsedDelivery:
    """What was read, each part that could not be with the place of its record."""
    if not parsed.arrival.unread:
        return parsed
    unread = tuple(replace(part, where=f"{record.place} {part.where}") for part in parsed.arrival.unread)
    return replace(parsed, arrival=replace(parsed.arrival, unread=unread))


def _reason(error: Exception) -> OnRecallError:
    return (
        error if isinstance(error, OnRecallError) else Invalid(f"it cannot be stored: {type(error).__name__}", "body")
    )


def _join_names(partitions: "Sequence[TopicPartition]") -> str:
    return ", ".join(_partition_names(partitions)) or "none"


def _partition_names(partitions: "Sequence[TopicPartition]") -> list[str]:
    return [f"{partition.topic}[{partition.partition}]" for partition in partitions]
