"""Sequences and running totals, stored as rows, so that they are as consistent as the transaction."""

from typing import Literal

from sqlalchemy import Connection, bindparam, case, select, update

from onrecall.storage.columns import Number
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


# Built once, because every write runs several of these, and to build one takes longer than to run it.
_INCREASE = (
    update(counters)
    .where(counters.c.name == bindparam("counter"))
    .values(value=counters.c.value + bindparam("amount", type_=Number))
)
_ALLOCATE = _INCREASE.returning(counters.c.value)
_ADVANCE = (
    update(counters)
    .where(counters.c.name == bindparam("counter"), counters.c.value < bindparam("least", type_=Number))
    .values(value=bindparam("least", type_=Number))
)
_COUNT_PASSAGES = (
    update(counters)
    .where(counters.c.name.in_(("passages", "length")))
    .values(
        value=counters.c.value
        + case(
            (counters.c.name == "passages", bindparam("passages", type_=Number)),
            else_=bindparam("length", type_=Number),
        )
    )
)


def allocate(connection: Connection, name: Sequence, count: int = 1) -> range:
    """Allocate the next numbers; they are never allocated again."""
    last = int(connection.scalar(_ALLOCATE, {"counter": name, "amount": count}) or 0)
    return range(last - count + 1, last + 1)


def increment(connection: Connection, name: Sequence | Total, amount: int) -> None:
    """Increase a sequence or total."""
    connection.execute(_INCREASE, {"counter": name, "amount": amount})


def count_passages(connection: Connection, passages: int, length: int) -> None:
    """Increase the number of passages and that of their terms."""
    connection.execute(_COUNT_PASSAGES, {"passages": passages, "length": length})


def current_value(connection: Connection, name: Sequence | Total) -> int:
    """Return the current value."""
    return int(connection.scalar(select(counters.c.value).where(counters.c.name == name)) or 0)


def advance_to(connection: Connection, name: Sequence | Total, least: int) -> None:
    """Advance a sequence to at least this number."""
    connection.execute(_ADVANCE, {"counter": name, "least": least})
