"""Counts and hours of all families at once: what their rank needs."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from onrecall.recurrences.components import Components
from onrecall.recurrences.day_facts import NEVER, RESOLVED, to_microseconds
from onrecall.recurrences.incident_table import IncidentTable
from onrecall.recurrences.occurrences import DowntimeHours

MICROSECONDS_PER_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Downtime:
    """Hours and counts of `DowntimeHours`, one element for each family."""

    hours: np.ndarray
    counted: np.ndarray
    open: np.ndarray
    untimed: np.ndarray
    contradictory: np.ndarray

    def of(self, family: int) -> DowntimeHours:
        """Return the figures of one family."""
        columns = (self.counted, self.open, self.untimed, self.contradictory)
        return DowntimeHours(float(self.hours[family]), *(int(column[family]) for column in columns))


@dataclass(frozen=True, slots=True)
class FamilyRows:
    """The rows of the incidents of each family, oldest first."""

    rows: np.ndarray
    """The rows of the first family, then those of the second, and so on."""
    starts: np.ndarray
    """Where each family begins in `rows`."""
    counts: np.ndarray

    @classmethod
    def of(cls, components: Components) -> "FamilyRows":
        """Return the families of two or more."""
        grouped = np.flatnonzero(components.group >= 0)
        grouped = grouped[np.argsort(components.group[grouped], kind="stable")]
        groups = components.group[grouped]
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        counts = np.diff(np.r_[starts, len(groups)])
        large = counts > 1
        rows = grouped[np.repeat(large, counts)]
        return cls(rows, np.cumsum(counts[large]) - counts[large], counts[large])

    def __len__(self) -> int:
        """Return the number of families."""
        return len(self.counts)

    @property
    def family(self) -> np.ndarray:
        """The family of each element of `rows`."""
        return np.repeat(np.arange(len(self)), self.counts)

    def of_family(self, family: int) -> np.ndarray:
        """Return the rows of one family."""
        return self.rows[self.starts[family] : self.starts[family] + self.counts[family]]


def downtime(table: IncidentTable, families: FamilyRows, now: datetime, since: datetime | None = None) -> Downtime:
    """Return the downtime of each family until now; with `since`, only the part after it."""
    at, after = to_microseconds(now), NEVER if since is None else to_microseconds(since)
    facts = table.facts[families.rows]
    start, end, family = facts["started"], facts["ended"], families.family
    is_recent = start > after
    goes_on = (end == NEVER) | (end > at)
    untimed = goes_on & (end == NEVER) & (facts["flags"] & RESOLVED > 0)
    contradictory = ~goes_on & (end < start)
    spans = ~goes_on & ~contradictory & (end > after)
    size = len(families)
    return Downtime(
        _merged_hours(np.maximum(start, after)[spans], end[spans], family[spans], size),
        np.bincount(family[spans], minlength=size),
        np.bincount(family[goes_on & ~untimed], minlength=size),
        np.bincount(family[untimed & is_recent], minlength=size),
        np.bincount(family[contradictory & is_recent], minlength=size),
    )


def rank(table: IncidentTable, families: FamilyRows, recent: Downtime, lost: Downtime) -> np.ndarray:
    """Return the families in their order: most hours lost recently, most hours, most incidents, last one, id."""
    last = table.facts["started"][families.rows[families.starts + families.counts - 1]]
    keys = (-last, -families.counts, -lost.hours, -recent.hours)
    order = np.lexsort(keys)
    same = np.ones(max(0, len(order) - 1), bool)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    return _order_ties_by_id(table, families, order, same)


def _order_ties_by_id(table: IncidentTable, families: FamilyRows, order: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Order families with equal figures by the id of their oldest incident; `same`: as the one before."""
    starts = np.flatnonzero(np.diff(np.r_[0, same.astype(np.int8), 0]) == 1)
    ends = np.flatnonzero(np.diff(np.r_[0, same.astype(np.int8), 0]) == -1)
    for start, end in zip(starts, ends, strict=True):
        tied = order[start : end + 1]
        ids = table.ids(families.rows[families.starts[tied]].tolist())
        order[start : end + 1] = tied[sorted(range(len(tied)), key=ids.__getitem__)]
    return order


def has_service(table: IncidentTable, families: FamilyRows, service: str) -> np.ndarray:
    """Return for each family whether an incident of it is of this service."""
    hits = table.facts["service"][families.rows] == table.text_number(service)
    return np.bincount(families.family[hits], minlength=len(families)) > 0


def _merged_hours(start: np.ndarray, end: np.ndarray, family: np.ndarray, size: int) -> np.ndarray:
    """Return for each family the hours that its spans cover; spans of a family are in the order of their starts."""
    if not len(start):
        return np.zeros(size)
    distinct, ranks = np.unique(end, return_inverse=True)
    latest = np.maximum.accumulate(family.astype(np.int64) * len(distinct) + ranks)
    covered = np.r_[NEVER, distinct[latest[:-1] % len(distinct)]]
    begins = np.r_[True, family[1:] != family[:-1]]
    covered[begins] = NEVER
    added = np.maximum(0, end - np.maximum(start, covered))
    sums = np.add.reduceat(added, np.flatnonzero(begins))
    hours = np.zeros(size)
    hours[family[begins]] = sums / MICROSECONDS_PER_HOUR
    return hours
