"""Column types that behave the same on both databases."""

from datetime import UTC, datetime

from sqlalchemy import JSON, BigInteger, DateTime, Integer, LargeBinary, Text, TypeDecorator
from sqlalchemy.engine import Dialect


class Utc(TypeDecorator[datetime]):
    """A moment, stored and returned in UTC, because SQLite does not keep time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


TextType = Text()
"""Text, also for keys: the first migration gives keys PostgreSQL's "C" order, which is SQLite's."""
Json = JSON(none_as_null=True)
Number = BigInteger().with_variant(Integer(), "sqlite")
BytesType = LargeBinary()
