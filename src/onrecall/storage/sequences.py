"""Numbers that are given out once, and running totals; both are rows, so they are exact as the transaction is."""

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
    """The next free numbers; they are never given out again."""
    moved = _increment(name, count).returning(counters.c.value)
    last = int(connection.scalar(moved) or 0)
    return range(last - count + 1, last + 1)


def increment(connection: Connection, name: Sequence | Total, amount: int) -> None:
    """Move a number on."""
    connection.execute(_increment(name, amount))


def current_value(connection: Connection, name: Sequence | Total) -> int:
    """Where a number stands."""
    return int(connection.scalar(select(counters.c.value).where(counters.c.name == name)) or 0)


def advance_to(connection: Connection, name: Sequence | Total, least: int) -> None:
    """Have a number go on after this one, when it is not there yet."""
    connection.execute(update(counters).where(counters.c.name == name, counters.c.value < least).values(value=least))


def _increment(name: Sequence | Total, amount: int) -> Update:
    return update(counters).where(counters.c.name == name).values(value=counters.c.value + amount)
