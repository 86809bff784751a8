"""Rank the families of any number of incidents, and describe those that are shown."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from onrecall.domain.incident import Incident
from onrecall.recurrences.components import Components, SimilarRows, find_components
from onrecall.recurrences.day_facts import to_datetime, to_microseconds
from onrecall.recurrences.family_figures import Downtime, FamilyRows, downtime, has_service, rank
from onrecall.recurrences.incident_table import IncidentTable
from onrecall.recurrences.membership import Membership, reasons
from onrecall.recurrences.occurrences import (
    DAYS_PER_MONTH,
    WINDOW,
    Month,
    Trend,
    describe_trend,
    list_months,
    month_number,
)
from onrecall.recurrences.recurrence import Family, Saving, Service


@dataclass(frozen=True, slots=True)
class RankedFamilies:
    """All families of a table at one moment, largest saving first."""

    table: IncidentTable
    components: Components
    families: FamilyRows
    recent: Downtime
    lost: Downtime
    order: np.ndarray
    now: datetime

    def select(self, min_count: int, service: str | None) -> list[int]:
        """Return the families with so many incidents and, if a service is given, one of it, in order."""
        fits = self.families.counts >= min_count
        if service is not None:
            fits &= has_service(self.table, self.families, service)
        return [int(family) for family in self.order[fits[self.order]]]

    def listed_rows(self, family: int, most: int) -> list[int]:
        """Return the rows of a family's incidents: all, or its oldest and its newest ones, `most` together."""
        rows = self.families.of_family(family)
        return [int(row) for row in (rows if len(rows) <= most else np.r_[rows[0], rows[len(rows) - most + 1 :]])]

    def describe(self, family: int, rows: Sequence[int], incidents: Sequence[Incident]) -> Family:
        """Return a family without its fix and its actions.

        Args:
            family: Its number.
            rows: Those of its rows that are to be listed, the oldest one among them.
            incidents: The incidents in these rows.
        """
        members = self.families.of_family(family)
        started = self.table.facts["started"][members]
        membership = Membership(self.table, self.components, members)
        recent = self.recent.of(family)
        return Family(
            id=incidents[0].id,
            title=membership.cause or incidents[0].title,
            cause=membership.cause,
            incidents=tuple(incident.id for incident in incidents),
            ties=reasons(membership, rows, incidents),
            why=membership.why,
            count=len(members),
            services=self._services(members),
            first_seen=to_datetime(int(started[0])),
            last_seen=to_datetime(int(started[-1])),
            days_between=(to_datetime(int(started[-1])) - to_datetime(int(started[0]))).total_seconds()
            / 86400
            / (len(members) - 1),
            months=_months(started, self.now),
            trend=self._trend(started),
            lost=self.lost.of(family),
            saving=Saving(recent.hours / (WINDOW.days / DAYS_PER_MONTH), WINDOW.days, recent),
        )

    def _services(self, rows: np.ndarray) -> tuple[Service, ...]:
        numbers, counts = np.unique(self.table.facts["service"][rows], return_counts=True)
        named = [
            Service(self.table.texts[number], int(count))
            for number, count in zip(numbers.tolist(), counts, strict=True)
            if number >= 0
        ]
        return tuple(sorted(named, key=lambda service: (-service.count, service.name)))

    def _trend(self, started: np.ndarray) -> Trend:
        at, half, year = (to_microseconds(self.now - age * WINDOW) for age in range(3))
        recent, before = (
            int(((started > half) & (started <= at)).sum()),
            int(((started > year) & (started <= half)).sum()),
        )
        return describe_trend(recent, before, to_datetime(int(self.table.facts["started"][0])), self.now)


def rank_families(incidents: IncidentTable, similar: Iterable[SimilarRows], now: datetime) -> RankedFamilies:
    """Return the families of two or more; incidents that start after `now` are ignored."""
    table = incidents.begun_until(now)
    components = find_components(table, (pair for pair in similar if max(pair.row, pair.to) < len(table)))
    families = FamilyRows.of(components)
    recent, lost = downtime(table, families, now, now - WINDOW), downtime(table, families, now)
    return RankedFamilies(table, components, families, recent, lost, rank(table, families, recent, lost), now)


def _months(started: np.ndarray, now: datetime) -> tuple[Month, ...]:
    numbers, counts = np.unique(started.astype("datetime64[us]").astype("datetime64[M]"), return_counts=True)
    months = {
        month_number(to_datetime(int(at))): int(count)
        for at, count in zip(numbers.astype("datetime64[us]").astype(np.int64), counts, strict=True)
    }
    return list_months(Counter(months), now)
