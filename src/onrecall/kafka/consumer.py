"""Consume records: a batch is stored in one transaction, and committed at the brokers only afterwards.

After a kill at any moment, records stored but not committed are delivered again, and change nothing.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Invalid, NotFound, OnRecallError, Unavailable
from onrecall.kafka import records
from onrecall.kafka.connection import fatal_error
from onrecall.kafka.records import ConsumedRecord
from onrecall.kafka.status import QUIET_SECONDS, StatusReporter
from onrecall.pipeline.ingest import AlertIngester, IngestReceipt, ParsedDelivery

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, TopicPartition

MAX_BATCH = 500
"""The most records per transaction."""
WAIT_SECONDS = 0.2
"""The longest that the first record of a batch waits for more."""
MAX_BATCH_BYTES = 8 * 1024 * 1024
"""The most bytes of records per transaction; larger batches are split."""
MAX_PAUSE_SECONDS = 30.0
MAX_REPORTED = 10
"""The most rejected parts reported per batch; all of them are stored."""

Topics = Mapping[str, str | None]

log = logging.getLogger(__name__)


class AlertConsumer:
    """Stores the records of this process's partitions until it is stopped."""

    def __init__(
        self,
        consumer: "Consumer",
        troubles: "list[KafkaError]",
        receiver: AlertIngester,
        topics: Topics,
        report: StatusReporter,
    ) -> None:
        self._consumer = consumer
        self._errors = troubles
        self._receiver = receiver
        self._topics = topics
        self._report = report
        self._fetched: list[ConsumedRecord] = []
        """Records that are fetched but not stored yet."""
        self._offsets: dict[tuple[str, int], int] = {}
        """Next offset per partition that is stored but not committed at the brokers yet."""
        self._has_new_partitions = False
        """Whether new partitions were assigned that may still be paused from before."""
        self._counts: Counter[str] = Counter()
        self._reported_at = time.monotonic()

    def run(self, ending: threading.Event) -> None:
        """Consume until stopped; records fetched by then are stored first."""
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

    # fetching

    def _fetch(self, most: int, seconds: float) -> None:
        for message in self._consumer.consume(most, seconds):
            if error := message.error():
                self._errors.append(error)
            else:
                self._fetched.append(records.from_message(message))
        while self._errors:
            self._handle_error(self._errors.pop(0))

    def _resume_all(self) -> None:
        """Resume all assigned partitions."""
        self._consumer.resume(self._consumer.assignment())
        self._has_new_partitions = False

    def _handle_error(self, error: "KafkaError") -> None:
        """Report errors that pass, because the client retries by itself; raise those that do not."""
        if failure := fatal_error(error):
            raise failure
        self._report("trouble", f"the brokers say: {error.str()}", code=error.name())

    def _ingest_fetched(self, ending: threading.Event) -> None:
        """Store the fetched records, waiting while the store is unavailable; meanwhile no more are fetched."""
        pause, since = 1.0, time.monotonic()
        while self._fetched and not ending.is_set():
            try:
                self._ingest_batches()
            except Unavailable as error:
                wait = max(pause, error.retry_after)
                message = f"consumption is paused for {wait:g} s: {error}"
                self._report("waiting", message, seconds=wait, held=len(self._fetched))
                self._wait_paused(wait, ending)
                pause = min(pause * 2, MAX_PAUSE_SECONDS)
            else:
                if pause > 1:
                    self._report("resumed", f"resumed after {time.monotonic() - since:.0f} s")
        self._resume_all()

    def _wait_paused(self, seconds: float, ending: threading.Event) -> None:
        """Wait with all partitions paused, polling so that this process stays a member of the group."""
        until = time.monotonic() + seconds
        while self._fetched and not ending.is_set() and (remaining := until - time.monotonic()) > 0:
            self._consumer.pause(self._consumer.assignment())
            self._fetch(1, min(remaining, WAIT_SECONDS))

    # storing

    def _ingest_batches(self) -> None:
        for batch in _split_by_size(self._fetched):
            self._store(batch)
            self._fetched = self._fetched[len(batch) :]
            self._offsets.update({(record.topic, record.partition): record.offset + 1 for record in batch})
            self._commit()

    def _store(self, batch: Sequence[ConsumedRecord]) -> None:
        """Store records in one transaction; if it fails, halve the batch to isolate the record that can't be stored."""
        try:
            receipts = self._receiver.store_batches([self._read(record) for record in batch if not record.empty])
        except Unavailable:
            raise
        except Exception as error:  # boundary: an unexpected record must not block all later ones
            if len(batch) > 1:
                self._store(batch[: len(batch) // 2])
                self._store(batch[len(batch) // 2 :])
                return
            log.exception("record %s cannot be processed; it is stored as rejected", batch[0].place)
            receipts = self._receiver.store_batches([self._reject(batch[0], _reason(error))])
        self._count(batch, receipts)

    def _read(self, record: ConsumedRecord) -> ParsedDelivery:
        try:
            source = records.source_of(record, self._topics)
        except Invalid as error:
            return self._reject(record, error)
        try:
            parsed = self._receiver.read(source, records.to_webhook_request(record))
            return (
                _with_place(parsed, record) if parsed.refusal is None else self._reject(record, parsed.refusal, source)
            )
        except Invalid as error:
            return self._reject(record, error, source)
        except NotFound as error:
            return self._reject(record, error)

    def _reject(
        self, record: ConsumedRecord, error: OnRecallError, source: str = records.UNKNOWN_SOURCE
    ) -> ParsedDelivery:
        return self._receiver.rejected(source, records.to_rejected_part(record, error))

    def _commit(self) -> None:
        """Commit offsets at the brokers; those that fail are committed later."""
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
            self._report(
                "trouble", f"the offsets could not be committed and are committed later: {error.args[0].str()}"
            )

    # partitions

    def _assigned(self, _consumer: "Consumer", partitions: "list[TopicPartition]") -> None:
        if partitions:
            self._has_new_partitions = True
            self._report(
                "assigned", f"partitions {_join_names(partitions)} are ours", partitions=_partition_names(partitions)
            )

    def _revoked(self, _consumer: "Consumer", partitions: "list[TopicPartition]") -> None:
        """Before partitions go to others, store what was fetched; if that fails, leave it to them."""
        if self._fetched:
            try:
                self._ingest_batches()
            except Unavailable as error:
                self._report(
                    "trouble",
                    f"left to other processes, because it cannot be stored now: {error}",
                    held=len(self._fetched),
                )
        elif self._offsets:
            self._commit()
        self._drop_partitions(partitions)
        if partitions:
            self._report(
                "revoked", f"partitions {_join_names(partitions)} are let go", partitions=_partition_names(partitions)
            )

    def _lost(self, _consumer: "Consumer", partitions: "list[TopicPartition]") -> None:
        self._drop_partitions(partitions)
        self._report(
            "lost", f"others have partitions {_join_names(partitions)} by now", partitions=_partition_names(partitions)
        )

    def _drop_partitions(self, partitions: "list[TopicPartition]") -> None:
        revoked = {(partition.topic, partition.partition) for partition in partitions}
        self._fetched = [record for record in self._fetched if (record.topic, record.partition) not in revoked]
        self._offsets = {place: offset for place, offset in self._offsets.items() if place not in revoked}

    # reporting

    def _count(self, batch: Sequence[ConsumedRecord], receipts: Sequence[IngestReceipt]) -> None:
        self._counts["records"] += len(batch)
        for receipt in receipts:
            self._counts["accepted"] += receipt.accepted
            self._counts["duplicate"] += receipt.duplicate
            self._counts["rejected"] += len(receipt.rejected)
        reported = [part for receipt in receipts for part in receipt.rejected][:MAX_REPORTED]
        for part in reported:
            message = f"stored as rejected: {part.where}: {part.message}"
            self._report("rejected", message, where=part.where, field=part.field)

    def _report_counts(self, at_least: float) -> None:
        """Report how much was stored since the last report."""
        if self._counts["records"] and time.monotonic() - self._reported_at >= at_least:
            total, new, duplicates, rejected = (
                self._counts[name] for name in ("records", "accepted", "duplicate", "rejected")
            )
            message = f"{count_noun(total, 'record')}: {new:,} new, {duplicates:,} known, {rejected:,} rejected"
            self._report("kept", message, records=total, accepted=new, duplicate=duplicates, rejected=rejected)
            self._counts.clear()
            self._reported_at = time.monotonic()


def _split_by_size(records: Sequence[ConsumedRecord]) -> Iterator[Sequence[ConsumedRecord]]:
    """Yield batches of records that are small enough for a transaction."""
    first, weight = 0, 0
    for index, record in enumerate(records):
        if index > first and weight + len(record.body) > MAX_BATCH_BYTES:
            yield records[first:index]
            first, weight = index, 0
        weight += len(record.body)
    if first < len(records):
        yield records[first:]


def _with_place(parsed: ParsedDelivery, record: ConsumedRecord) -> ParsedDelivery:
    """Prefix the place of each rejected part with that of its record."""
    if not parsed.arrival.rejected_parts:
        return parsed
    unread = tuple(replace(part, where=f"{record.place} {part.where}") for part in parsed.arrival.rejected_parts)
    return replace(parsed, arrival=replace(parsed.arrival, rejected_parts=unread))


def _reason(error: Exception) -> OnRecallError:
    return (
        error if isinstance(error, OnRecallError) else Invalid(f"it cannot be stored: {type(error).__name__}", "body")
    )


def _join_names(partitions: "Sequence[TopicPartition]") -> str:
    return ", ".join(_partition_names(partitions)) or "none"


def _partition_names(partitions: "Sequence[TopicPartition]") -> list[str]:
    return [f"{partition.topic}[{partition.partition}]" for partition in partitions]
