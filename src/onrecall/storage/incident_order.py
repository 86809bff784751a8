"""The orders in which incidents are listed, and where a page of each order ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, UnaryExpression, and_, case, func, or_

from onrecall.domain.errors import Invalid
from onrecall.storage import paging, validation
from onrecall.storage.tables import incidents

SortKey = Literal["started_at", "severity", "service", "assignee"]
SEVERITY_RANK = {"critical": 5, "high": 4, "medium": 3, "low": 2, "info": 1}
"""From worst to mildest; an unknown one is 0."""
INVALID = "this cursor belongs to another list or order; omit it to start from the beginning"


@dataclass(frozen=True, slots=True)
class IncidentOrder:
    """By what incidents are listed; incidents equal in that are listed newest first, and those without it last."""

    by: SortKey = "started_at"
    descending: bool = True

    def apply(self) -> Sequence[UnaryExpression[Any]]:
        """Return what a query is ordered by."""
        return [key.desc() if descending else key.asc() for key, descending in self._keys()]

    def position(self, row: Row[Any]) -> tuple[str, ...]:
        """Return the place of a row as a cursor's fields."""
        newest = (row.started_at.isoformat(), row.id)
        if self.by == "started_at":
            return newest
        if self.by == "severity":
            return (str(SEVERITY_RANK.get(row.severity, 0)), *newest)
        value = getattr(row, self.by)
        return ("1" if value is None else "0", value or "", *newest)

    def after(self, cursor: str) -> ColumnElement[bool]:
        """Return what holds for the rows after a place. Raises Invalid where it is of another list or order."""
        keys = self._keys()
        values = self._values(paging.decode_cursor(cursor, len(keys)))
        return or_(
            *(
                and_(
                    *(key == value for (key, _), value in zip(keys[:n], values[:n], strict=True)),
                    key < values[n] if descending else key > values[n],
                )
                for n, (key, descending) in enumerate(keys)
            )
        )

    def _keys(self) -> list[tuple[ColumnElement[Any], bool]]:
        """Return what is compared, and whether the greater comes first."""
        newest: list[tuple[ColumnElement[Any], bool]] = [
            (incidents.c.started_at, self.descending if self.by == "started_at" else True),
            (incidents.c.id, self.descending if self.by == "started_at" else True),
        ]
        if self.by == "started_at":
            return newest
        if self.by == "severity":
            return [(case(SEVERITY_RANK, value=incidents.c.severity, else_=0), self.descending), *newest]
        column = incidents.c[self.by]
        return [(case((column.is_(None), 1), else_=0), False), (func.coalesce(column, ""), self.descending), *newest]

    def _values(self, place: Sequence[str]) -> list[object]:
        *leading, started, name = place
        values: list[object] = list(leading)
        try:
            at = validation.require_utc(datetime.fromisoformat(started), "cursor")
            if self.by != "started_at":
                values[0] = int(leading[0])
        except ValueError as error:
            raise Invalid(INVALID, "cursor") from error
        if values and values[0] not in range(6):
            raise Invalid(INVALID, "cursor")
        return [*values, at, name]


NEWEST_FIRST = IncidentOrder()
