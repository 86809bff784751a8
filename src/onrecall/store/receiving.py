"""Receiving: what several deliveries bring goes in as one transaction, and each hears what became of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from onrecall.alert import Acknowledgement, Alert, ChangeEvent, Note, Signal
from onrecall.errors import Rejected
from onrecall.store import alerts, change_events, notes, rejected, saving
from onrecall.store.alerts import Told
from onrecall.store.inbound import Arrival, Received


@dataclass(slots=True)
class Ready:
    """Arrivals as rows, made before the transaction so that it is short. The numbers say whose each row is."""

    arrivals: Sequence[Arrival]
    alerts: list[tuple[int, Told]] = field(default_factory=list)
    notes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    changes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


def ready(arrivals: Sequence[Arrival]) -> Ready:
    """Make the rows; Invalid when something can't be stored."""
    made = Ready(arrivals)
    for number, arrival in enumerate(arrivals):
        for signal in arrival.signals:
            if isinstance(signal, Alert):
                made.alerts.append((number, alerts.told(signal)))
            elif isinstance(signal, ChangeEvent):
                made.changes.append((number, change_events.row_of(signal)))
            else:
                made.notes.append((number, notes.row_of(signal)))
    return made


def check(signal: Signal) -> None:
    """Invalid when it can't be stored."""
    if isinstance(signal, Alert):
        alerts.told(signal)
    elif isinstance(signal, ChangeEvent):
        change_events.row_of(signal)
    else:
        assert isinstance(signal, Note | Acknowledgement)
        notes.row_of(signal)


def receive(connection: Connection, made: Ready, now: datetime) -> tuple[Received, ...]:
    """Keep all of it, and say for each arrival what was news."""
    counts = [_Count() for _ in made.arrivals]
    for rows, news in (
        (made.alerts, alerts.put(connection, [one for _, one in made.alerts], now) if made.alerts else []),
        (made.notes, notes.put(connection, [row for _, row in made.notes]) if made.notes else []),
        (made.changes, change_events.put(connection, [row for _, row in made.changes]) if made.changes else []),
    ):
        for (number, _), new in zip(rows, news, strict=True):
            counts[number].add(new=new)
    for arrival, count in zip(made.arrivals, counts, strict=True):
        _keep_documents(connection, arrival, count, now)
    if unread := [(one.source, part) for one in made.arrivals for part in one.unread]:
        rejected.put(connection, unread, now)
    return tuple(count.received(arrival) for count, arrival in zip(counts, made.arrivals, strict=True))


def _keep_documents(connection: Connection, arrival: Arrival, count: "_Count", now: datetime) -> None:
    for saved in saving.save(connection, arrival.entries, now) if arrival.entries else ():
        if saved.state == "rejected":
            count.rejected.append(Rejected(saved.id, saved.field, saved.message or "it can't be kept"))
        else:
            count.add(new=saved.state != "unchanged")


@dataclass(slots=True)
class _Count:
    accepted: int = 0
    duplicate: int = 0
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, *, new: bool) -> None:
        if new:
            self.accepted += 1
        else:
            self.duplicate += 1

    def received(self, arrival: Arrival) -> Received:
        unread = (part.told() for part in arrival.unread)
        return Received(self.accepted, self.duplicate, (*unread, *self.rejected))
