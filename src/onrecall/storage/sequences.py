"""Sequences and running totals, stored as rows, so that they are as consistent as the transaction."""

from typing import Literal

from sqlalchemy import Connection, Update, select, update

from onrecall.storage.tables import counters

Sequence = Literal[
    "incident",
    "passage",
    "change",
    "event",
    "recommendation",
    "alert",
    "rejected",
    "grouping",
    "delivery",
    "notice",
    "model_call",
]
Total = Literal["passages", "length", "decisions_cleared"]


def allocate(connection: Connection, name: Sequence, count: int = 1) -> range:
    """Allocate the next numbers; they are never allocated again."""
    moved = _increment(name, count).returning(counters.c.value)
    last = int(connection.scalar(moved) or 0)
    return range(last - count + 1, last + 1)


def increment(connection: Connection, name: Sequence | Total, amount: int) -> None:
    """Increase a sequence or total."""
    connection.execute(_increment(name, amount))


def current_value(connection: Connection, name: Sequence | Total) -> int:
    """Return the current value."""
    return int(connection.scalar(select(counters.c.value).where(counters.c.name == name)) or 0)


def advance_to(connection: Connection, name: Sequence | Total, least: int) -> None:
    """Advance a sequence to at least this number."""
    connection.execute(update(counters).where(counters.c.name == name, counters.c.value < least).values(value=least))


def _increment(name: Sequence | Total, amount: int) -> Update:
    return update(counters).where(counters.c.name == name).values(value=counters.c.value + amount)
