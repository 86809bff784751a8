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
from onrecall.kafka.connection import problem
from onrecall.kafka.records import ConsumedRecord
from onrecall.kafka.status_printer import QUIET_SECONDS, StatusPrinter
from onrecall.pipeline.ingest import AlertIngester, IngestReceipt, ParsedDelivery

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, TopicPartition

TOGETHER = 500
"""The most records that share a transaction."""
WAIT_SECONDS = 0.2
"""The longest that the first record of a batch waits for others."""
HEAVIEST = 8 * 1024 * 1024
"""Bytes of records that share a transaction; larger batches are taken in in several."""
LONGEST_PAUSE = 30.0
MOST_TOLD = 10
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
        self._troubles = troubles
        self._receiver = receiver
        self._topics = topics
        self._said = printer
        self._hand: list[ConsumedRecord] = []
        """Fetched and not yet in the database."""
        self._done: dict[tuple[str, int], int] = {}
        """Up to where partitions are in the database, as far as the brokers have not heard of it."""
        self._anew = False
        """Whether partitions were assigned that may still rest since they were here before."""
        self._counts: Counter[str] = Counter()
        self._told_at = time.monotonic()

    def run(self, ending: threading.Event) -> None:
        """Take in until told to end; what is in hand then is taken in first."""
        self._consumer.subscribe(
            list(self._topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )
        while not ending.is_set():
            self._fetch(TOGETHER, WAIT_SECONDS)
            if self._anew:
                self._wake()
            if self._hand:
                self._settle(ending)
            elif self._done:
                self._commit()
            self._tell(QUIET_SECONDS)
        self._tell(0)

    # what comes

    def _fetch(self, most: int, seconds: float) -> None:
        for message in self._consumer.consume(most, seconds):
            if error := message.error():
                self._troubles.append(error)
            else:
                self._hand.append(records.record(message))
        while self._troubles:
            self._trouble(self._troubles.pop(0))

    def _wake(self) -> None:
        """Fetch from all partitions that are here, whichever of them were told to rest."""
        self._consumer.resume(self._consumer.assignment())
        self._anew = False

    def _trouble(self, error: "KafkaError") -> None:
        """What the brokers complain of: what passes is told, for the client tries again by itself."""
        if failure := problem(error):
            raise failure
        self._said("trouble", f"the brokers say: {error.str()}", code=error.name())

    def _settle(self, ending: threading.Event) -> None:
        """Take in what is in hand, however long the store is away; meanwhile nothing more is fetched."""
        pause, since = 1.0, time.monotonic()
        while self._hand and not ending.is_set():
            try:
                self._take_in()
            except Unavailable as error:
                wait = max(pause, error.retry_after)
                message = f"nothing is taken in for {wait:g} s: {error}"
                self._said("waiting", message, seconds=wait, held=len(self._hand))
                self._hold(wait, ending)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                if pause > 1:
                    self._said("resumed", f"taken up again after {time.monotonic() - since:.0f} s")
        self._wake()

    def _hold(self, seconds: float, ending: threading.Event) -> None:
        """Let time pass and stay a member of the group: partitions may come and go, and those that are here rest."""
        until = time.monotonic() + seconds
        while self._hand and not ending.is_set() and (remaining := until - time.monotonic()) > 0:
            self._consumer.pause(self._consumer.assignment())
            self._fetch(1, min(remaining, WAIT_SECONDS))

    # what becomes of it

    def _take_in(self) -> None:
        for batch in _loads(self._hand):
            self._keep(batch)
            self._hand = self._hand[len(batch) :]
            self._done.update({(record.topic, record.partition): record.offset + 1 for record in batch})
            self._commit()

    def _keep(self, batch: Sequence[ConsumedRecord]) -> None:
        """Keep records in one transaction; one that can't be kept is told from those that can by halving."""
        try:
            receipts = self._receiver.keep([self._read(record) for record in batch if not record.empty])
        except Unavailable:
            raise
        except Exception as error:  # the boundary: a record that nobody foresaw must not stand before all later ones
            if len(batch) > 1:
                self._keep(batch[: len(batch) // 2])
                self._keep(batch[len(batch) // 2 :])
                return
            log.exception("record %s can't be taken in; it is kept as rejected", batch[0].place)
            receipts = self._receiver.keep([self._poison(batch[0], _reason(error))])
        self._count(batch, receipts)

    def _read(self, record: ConsumedRecord) -> ParsedDelivery:
        try:
            source = records.source_of(record, self._topics)
        except Invalid as error:
            return self._poison(record, error)
        try:
            parsed = self._receiver.read(source, records.delivery(record))
            return _placed(parsed, record) if parsed.refusal is None else self._poison(record, parsed.refusal, source)
        except Invalid as error:
            return self._poison(record, error, source)
        except NotFound as error:
            return self._poison(record, error)

    def _poison(self, record: ConsumedRecord, error: OnRecallError, source: str = records.NOBODY) -> ParsedDelivery:
        return self._receiver.unread(source, records.unread(record, error))

    def _commit(self) -> None:
        """Tell the brokers up to where the database has it; what they do not hear now they hear later."""
        from confluent_kafka import KafkaException, TopicPartition  # noqa: PLC0415 - it is an extra

        assigned = {(partition.topic, partition.partition) for partition in self._consumer.assignment()}
        self._done = {place: offset for place, offset in self._done.items() if place in assigned}
        if not self._done:
            return
        offsets = [TopicPartition(*place, offset) for place, offset in self._done.items()]
        try:
            for partition in self._consumer.commit(offsets=offsets, asynchronous=False) or ():
                if partition.error is None:
                    self._done.pop((partition.topic, partition.partition), None)
        except KafkaException as error:
            self._said("trouble", f"the brokers did not hear what is done, and hear it later: {error.args[0].str()}")

    # who has which partitions

    def _assigned(self, _consumer: "Consumer", partitions: "list[TopicPartition]") -> None:
        if partitions:
            self._anew = True
            self._said("assigned", f"partitions {_names(partitions)} are ours", partitions=_listed(partitions))

    def _revoked(self, _consumer: "Consumer", partitions: "list[TopicPartition]") -> None:
        """Others get them: take in what is in hand and say so, or if that can't be now, leave it to them."""
        if self._hand:
            try:
                self._take_in()
            except Unavailable as error:
                self._said("trouble", f"left to others, for it can't be taken in now: {error}", held=len(self._hand))
        elif self._done:
            self._commit()
        self._let_go(partitions)
        if partitions:
            self._said("revoked", f"partitions {_names(partitions)} are let go", partitions=_listed(partitions))

    def _lost(self, _consumer: "Consumer", partitions: "list[TopicPartition]") -> None:
        self._let_go(partitions)
        self._said("lost", f"others have partitions {_names(partitions)} by now", partitions=_listed(partitions))

    def _let_go(self, partitions: "list[TopicPartition]") -> None:
        revoked = {(partition.topic, partition.partition) for partition in partitions}
        self._hand = [record for record in self._hand if (record.topic, record.partition) not in revoked]
        self._done = {place: offset for place, offset in self._done.items() if place not in revoked}

    # what is told

    def _count(self, batch: Sequence[ConsumedRecord], receipts: Sequence[IngestReceipt]) -> None:
        self._counts["records"] += len(batch)
        for receipt in receipts:
            self._counts["accepted"] += receipt.accepted
            self._counts["duplicate"] += receipt.duplicate
            self._counts["rejected"] += len(receipt.rejected)
        reported = [part for receipt in receipts for part in receipt.rejected][:MOST_TOLD]
        for part in reported:
            message = f"kept as rejected: {part.where}: {part.message}"
            self._said("rejected", message, where=part.where, field=part.field)

    def _tell(self, at_least: float) -> None:
        """How much came in since the last time."""
        if self._counts["records"] and time.monotonic() - self._told_at >= at_least:
            total, new, duplicates, rejected = (self._counts[name] for name in ("records", "accepted", "duplicate", "rejected"))
            message = f"{total:,} records: {new:,} new, {duplicates:,} known, {rejected:,} rejected"
            self._said("kept", message, records=total, accepted=new, duplicate=duplicates, rejected=rejected)
            self._counts.clear()
            self._told_at = time.monotonic()


def _loads(records: Sequence[ConsumedRecord]) -> Iterator[Sequence[ConsumedRecord]]:
    """The records in batches that are not too heavy for a transaction."""
    first, weight = 0, 0
    for index, record in enumerate(records):
        if index > first and weight + len(record.body) > HEAVIEST:
            yield records[first:index]
            first, weight = index, 0
        weight += len(record.body)
    if first < len(records):
        yield records[first:]


def _placed(parsed: ParsedDelivery, record: ConsumedRecord) -> ParsedDelivery:
    """What was read, each part that could not be with the place of its record."""
    if not parsed.arrival.unread:
        return parsed
    unread = tuple(replace(part, where=f"{record.place} {part.where}") for part in parsed.arrival.unread)
    return replace(parsed, arrival=replace(parsed.arrival, unread=unread))


def _reason(error: Exception) -> OnRecallError:
    return (
        error if isinstance(error, OnRecallError) else Invalid(f"it cannot be stored: {type(error).__name__}", "body")
    )


def _names(partitions: "Sequence[TopicPartition]") -> str:
    return ", ".join(_listed(partitions)) or "none"


def _listed(partitions: "Sequence[TopicPartition]") -> list[str]:
    return [f"{partition.topic}[{partition.partition}]" for partition in partitions]
