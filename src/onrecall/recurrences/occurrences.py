"""Occurrences of a family over time: counts per month, trend and downtime."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from onrecall.domain.count_noun import count_noun
from onrecall.domain.incident import Incident

WINDOW = timedelta(days=180)
DAYS_PER_MONTH = 365.25 / 12
"""Days."""
MIN_INCIDENTS = 3
"""Minimum number of incidents for a trend."""


@dataclass(frozen=True, slots=True)
class Month:
    """How many incidents began in a month, by UTC."""

    month: str
    count: int


@dataclass(frozen=True, slots=True)
class Trend:
    """Two half years beside each other."""

    direction: Literal["rising", "steady", "falling"] | None
    """None: too little to say."""
    recent: int
    """How many began in the last 180 days."""
    before: int
    """How many began in the 180 days before."""
    reason: str


@dataclass(frozen=True, slots=True)
class DowntimeHours:
    """Hours between start and end; hours that incidents overlap count once."""

    hours: float
    of: int
    """Incidents that are counted in."""
    open: int = 0
    """Not counted: not over yet."""
    untimed: int = 0
    """Not counted: over, and nothing says since when."""
    contradictory: int = 0
    """Not counted: they end before they start."""


def count_by_month(incidents: Iterable[Incident], now: datetime) -> tuple[Month, ...]:
    """Count incidents per month from the first one until now, including empty months."""
    return list_months(Counter(month_number(incident.started_at) for incident in incidents), now)


def list_months(counted: Counter[int], now: datetime) -> tuple[Month, ...]:
    """Return all months from the first counted one until now; months are numbered by `month_number`."""
    first, last = min(counted, default=month_number(now)), month_number(now)
    return tuple(Month(f"{n // 12:04}-{n % 12 + 1:02}", counted[n]) for n in range(first, last + 1))


def compute_trend(incidents: Sequence[Incident], since: datetime, now: datetime) -> Trend:
    """Compare the last 180 days with the 180 days before; differences within counting noise are steady."""
    recent = sum(now - WINDOW < incident.started_at <= now for incident in incidents)
    before = sum(now - 2 * WINDOW < incident.started_at <= now - WINDOW for incident in incidents)
    return describe_trend(recent, before, since, now)


def describe_trend(recent: int, before: int, since: datetime, now: datetime) -> Trend:
    """Compare two half years by the number of incidents that began in each; memory reaches back until `since`."""
    counts = f"{recent} in the last {WINDOW.days} days, {before} in the {WINDOW.days} days before"
    if since > now - 2 * WINDOW:
        days = max(0, (now - since).days)
        return Trend(
            None,
            recent,
            before,
            f"{counts}; memory reaches back {count_noun(days, 'day')}, {2 * WINDOW.days} are needed",
        )
    if recent + before < MIN_INCIDENTS:
        return Trend(None, recent, before, f"{counts}; too few for a trend, {MIN_INCIDENTS} are needed")
    if abs(recent - before) < 2 or (recent - before) ** 2 <= recent + before:
        return Trend("steady", recent, before, counts)
    return Trend("rising" if recent > before else "falling", recent, before, counts)


def compute_downtime(incidents: Iterable[Incident], now: datetime, since: datetime | None = None) -> DowntimeHours:
    """Return the downtime until now; with `since`, only the part after it."""
    spans: list[tuple[datetime, datetime]] = []
    left_out: Counter[str] = Counter()
    for incident in incidents:
        end = incident.resolved_at
        recent = since is None or incident.started_at > since
        if end is None or end > now:
            untimed = end is None and incident.status == "resolved"
            left_out["untimed" if untimed else "open"] += recent or not untimed
        elif end < incident.started_at:
            left_out["contradictory"] += recent
        elif since is None or end > since:
            spans.append((incident.started_at if since is None else max(incident.started_at, since), end))
    return DowntimeHours(_hours(spans), len(spans), left_out["open"], left_out["untimed"], left_out["contradictory"])


def days_between(incidents: Sequence[Incident]) -> float | None:
    """Return the mean number of days between starts; None for a single incident."""
    starts = [incident.started_at for incident in incidents]
    return (max(starts) - min(starts)) / timedelta(days=1) / (len(starts) - 1) if len(starts) > 1 else None


def _hours(spans: Iterable[tuple[datetime, datetime]]) -> float:
    return sum((end - start) / timedelta(hours=1) for start, end in _merge_spans(spans))


def _merge_spans(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Yield the time spans with overlaps merged."""
    current: tuple[datetime, datetime] | None = None
    for start, end in sorted(spans):
        if current and start <= current[1]:
            current = current[0], max(current[1], end)
            continue
        if current:
            yield current
        current = start, end
    if current:
        yield current


def month_number(at: datetime) -> int:
    """Return the number of months since the beginning of the year 0, in UTC."""
    at = at.astimezone(UTC)
    return at.year * 12 + at.month - 1
