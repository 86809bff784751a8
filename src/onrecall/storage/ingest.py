"""Store several deliveries in one transaction, with a result for each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection

from onrecall.domain.alert import Acknowledgement, Alert, ChangeEvent, InboundEvent, Note
from onrecall.domain.errors import Invalid, RejectedInput, RejectedPart
from onrecall.domain.validation_messages import describe_error
from onrecall.storage import (
    alert_writes,
    alerts,
    audit,
    change_events,
    notes,
    records,
    rejected,
    suggestions,
    validation,
)
from onrecall.storage.alerts import AlertRow
from onrecall.storage.database import Database
from onrecall.storage.ingest_results import IngestBatch, IngestResult
from onrecall.storage.sources import SourceActivityRepository

UNSTORED_PREFIX = "onrecall:"
"""Prefix of stored parts that were parsed but can't be stored, followed by the type and the object as JSON."""


@cache
def _event_types() -> dict[str, TypeAdapter[Any]]:
    """Return the readers of events by the name of their class."""
    return {kind.__name__: TypeAdapter(kind) for kind in (Alert, ChangeEvent, Note, Acknowledgement)}


@dataclass(slots=True)
class PreparedBatch:
    """Deliveries as rows, prepared before the transaction to keep it short. Each row has the index of its delivery."""

    batches: Sequence[IngestBatch]
    alerts: list[tuple[int, AlertRow]] = field(default_factory=list)
    notes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    changes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    rejected_parts: list[tuple[int, RejectedPart]] = field(default_factory=list)

    def add(self, number: int, signal: InboundEvent) -> None:
        """Add the row of an event. Raises Invalid if it can't be stored."""
        if isinstance(signal, Alert):
            self.alerts.append((number, alerts.to_row(signal)))
        elif isinstance(signal, ChangeEvent):
            self.changes.append((number, change_events.to_row(signal)))
        else:
            self.notes.append((number, notes.to_row(signal)))


def prepare(arrivals: Sequence[IngestBatch]) -> PreparedBatch:
    """Prepare the rows; a part that can't be stored does not affect the others."""
    batch = PreparedBatch(arrivals)
    for number, arrival in enumerate(arrivals):
        batch.rejected_parts += [(number, part) for part in arrival.rejected_parts]
        for n, signal in enumerate(arrival.events):
            try:
                batch.add(number, signal)
            except Invalid as error:
                batch.rejected_parts.append((number, _rejected_event(signal, f"signals[{n}]", error)))
    return batch


def decode_rejected(raw: str) -> InboundEvent | None:
    """Return the parsed object of a rejected part that could not be stored; None if it could not be parsed."""
    if not raw.startswith(UNSTORED_PREFIX):
        return None
    _, kind, content = raw.split(":", 2)
    try:
        event: InboundEvent = _event_types()[kind].validate_json(content)
    except ValidationError as error:
        raise Invalid(
            f"this part is still unreadable; correct it and send it again: {describe_error(error.errors()[0])}"
        ) from error
    return event


def _rejected_event(signal: InboundEvent, where: str, error: Invalid) -> RejectedPart:
    kind = type(signal).__name__
    return RejectedPart(
        where, error.field, str(error), f"{UNSTORED_PREFIX}{kind}:{_event_types()[kind].dump_json(signal).decode()}"
    )


class IngestRepository:
    """Stores what sources deliver. The rows wait for grouping: nothing acknowledged is only in memory."""

    def __init__(self, database: Database, activity: SourceActivityRepository) -> None:
        self._database, self._activity = database, activity

    def store(self, batches: Sequence[IngestBatch], now: datetime) -> tuple[IngestResult, ...]:
        """Store several deliveries in one transaction; what is already known changes nothing."""
        prepared, now = prepare(batches), validation.require_utc(now, "now")
        with self._database.write() as connection:
            results = store_batches(connection, prepared, now)
            self._activity.mark_heard(connection, (batch.source for batch in batches if not batch.is_retry), now)
            return results


def store_batches(connection: Connection, batch: PreparedBatch, now: datetime) -> tuple[IngestResult, ...]:
    """Store a batch and return for each delivery what was new."""
    counts = [_Count() for _ in batch.batches]
    for rows, news in (
        (batch.alerts, alert_writes.upsert(connection, [row for _, row in batch.alerts], now) if batch.alerts else []),
        (batch.notes, notes.insert_new(connection, [row for _, row in batch.notes]) if batch.notes else []),
        (batch.changes, change_events.upsert(connection, [row for _, row in batch.changes]) if batch.changes else []),
    ):
        for (number, _), new in zip(rows, news, strict=True):
            counts[number].add(new=new)
    for arrival, count in zip(batch.batches, counts, strict=True):
        _keep_documents(connection, arrival, count, now)
        for suggestion, passages in arrival.suggestions:
            count.add(new=suggestions.add(connection, suggestion, passages, now))
    for number, part in batch.rejected_parts:
        counts[number].rejected.append(part.to_rejected_input())
    rejected.insert_new(
        connection, [(batch.batches[number].source, part) for number, part in batch.rejected_parts], now
    )
    _audit(connection, batch, counts)
    return tuple(IngestResult(count.accepted, count.duplicate, tuple(count.rejected)) for count in counts)


def _audit(connection: Connection, batch: PreparedBatch, counts: Sequence["_Count"]) -> None:
    """Append one audit row for the batch, unless nothing was new."""
    accepted = sum(count.accepted for count in counts)
    if accepted:
        sources = audit.summarize_ids([arrival.source for arrival in batch.batches])["ids"]
        detail = {"sources": sources, "accepted": accepted, "unread": len(batch.rejected_parts)}
        audit.add(connection, "alerts received", sources[0] if len(sources) == 1 else None, detail)


def _keep_documents(connection: Connection, arrival: IngestBatch, count: "_Count", now: datetime) -> None:
    for saved in records.save(connection, arrival.entries, now) if arrival.entries else ():
        if saved.state == "rejected":
            count.rejected.append(RejectedInput(saved.id, saved.field, saved.message or "it cannot be stored"))
        else:
            count.add(new=saved.state != "unchanged")


@dataclass(slots=True)
class _Count:
    accepted: int = 0
    duplicate: int = 0
    rejected: list[RejectedInput] = field(default_factory=list)

    def add(self, *, new: bool) -> None:
        if new:
            self.accepted += 1
        else:
            self.duplicate += 1
