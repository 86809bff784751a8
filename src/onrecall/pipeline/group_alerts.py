"""Grouping along the line: alerts that wait find their incidents, each pass a transaction that rests on the newest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert
from onrecall.domain.incident import Incident, Passage
from onrecall.domain.maintenance import MaintenanceWindow
from onrecall.grouping import (
    NOTHING_BEFORE,
    Background,
    ManualPairings,
    Member,
    MergeIncidents,
    OpenIncident,
    PastAlert,
    ServiceGraph,
    kind_of,
    plan,
    see,
)
from onrecall.pipeline import incident_from_alerts as storm
from onrecall.pipeline.maintenance import covering
from onrecall.retrieval import Retriever
from onrecall.storage import (
    ALERTS,
    BY_ALERTS,
    AlertAssignment,
    CandidateIncident,
    GroupingSnapshot,
    GroupingWrite,
    IncidentAlertCache,
    IncidentAlerts,
    IncidentChange,
    IncidentMerge,
    NewEvent,
    NewIncident,
    Storage,
    StoredAlert,
)

BATCH = 1000
"""The most alerts that one pass takes."""
ATTEMPTS = 5
"""So often a pass looks again when others write meanwhile; then the next round does."""
SAMPLE = 50
"""So many alerts of an open incident are compared with new ones."""
TITLES = 5
LEARNED = 1000
"""From so many alerts before it is learned which labels and words unrelated ones have in common."""
RELEARNED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class GroupingTimers:
    """How long to wait for what."""

    settle: timedelta = timedelta(seconds=3)
    """From the first alert of an incident to its answer, so that the first burst is in."""
    refresh: timedelta = timedelta(seconds=60)
    """From one answer to the next."""
    resolve_after: timedelta = timedelta(minutes=5)
    """From when the last alert of an incident ended to its end."""


@dataclass(slots=True)
class IncidentDelta:
    """An incident in one pass: what it was, and what the pass adds."""

    before: Incident
    held: IncidentAlerts
    news: list[AlertAssignment] = field(default_factory=list)
    joined: list[AlertAssignment] = field(default_factory=list)
    reopens: bool = False
    taken_in: list[StoredAlert] = field(default_factory=list)
    """Alerts of an incident that is merged into this one."""

    def alerts(self) -> list[StoredAlert]:
        """Its alerts as they are after the pass."""
        now = {one.id: one for one in (*self.held.alerts, *self.taken_in)}
        now.update((one.alert.id, one.alert) for one in (*self.news, *self.joined))
        return list(now.values())


class AlertGrouper:
    """Takes alerts off the queue and puts them into incidents; one thread's, as it keeps what it read."""

    def __init__(
        self,
        store: Storage,
        recall: Retriever,
        clock: Callable[[], datetime],
        topology: ServiceGraph,
        pace: GroupingTimers,
    ) -> None:
        self._store = store
        self._recall = recall
        self._clock = clock
        self._topology = topology
        self._pace = pace
        self._holdings = IncidentAlertCache()
        self._background = NOTHING_BEFORE
        self._learned_at: datetime | None = None
        self._samples: dict[str, tuple[IncidentAlerts, tuple[Alert, ...]]] = {}

    def run(self) -> int:
        """Group what waits; how many alerts were taken in."""
        for _ in range(ATTEMPTS):
            now = self._clock()
            seen = self._store.storms.look(now, BATCH, self._holdings)
            if not seen.waiting:
                break
            self._learn(now)
            work = self._work(seen, now)
            opened = self._store.storms.write(work, now, self._pace.settle)
            if opened is not None:
                self._remember(work, opened)
                return len(seen.waiting)
        return 0

    def _learn(self, now: datetime) -> None:
        """Learn again, every now and then, what alerts have in common though nothing ties them."""
        if self._learned_at is None or abs(now - self._learned_at) >= RELEARNED:
            stored = self._store.storms.before(LEARNED)
            self._background = Background(PastAlert(see(one.alert), one.incident) for one in stored)
            self._learned_at = now

    def _remember(self, work: GroupingWrite, opened: Sequence[str]) -> None:
        """Know what incidents hold now without reading it again; what is merged is read."""
        merged = {name for one in work.merged for name in (one.gone.id, one.into)}
        grown = {one.after.id: [placed.alert for placed in one.alerts] for one in work.changed}
        self._holdings.moved(work.number, grown, merged)
        for name, one in zip(opened, work.opened, strict=True):
            self._holdings.opened(name, [placed.alert for placed in one.alerts])

    def _work(self, seen: GroupingSnapshot, now: datetime) -> GroupingWrite:
        homeless = [one for one in seen.waiting if one.incident is None]
        covered = {one.id: window for one in homeless if (window := covering(seen.windows, heard(one), now))}
        fresh = [one for one in homeless if one.alert.purpose == "incident" and one.id not in covered]
        candidates = [self._candidate(one) for one in seen.open]
        pairings = ManualPairings(seen.pairings)
        found = plan([heard(one) for one in fresh], candidates, self._topology, pairings, background=self._background)
        touched = {one.incident.id: IncidentDelta(one.incident, one.held) for one in seen.open}
        for one in seen.waiting:
            if one.incident is not None:
                self._take_news(touched[one.incident], one)
        later: dict[str, list[StoredAlert]] = {}
        for join in found.joins:
            its = touched[join.incident_id]
            if _began_after(its.before, fresh[join.alert_index]):
                later.setdefault(join.incident_id, []).append(fresh[join.alert_index])
                continue
            its.joined.append(AlertAssignment(fresh[join.alert_index], _how(join.how, join.score, join.reasons)))
            its.reopens |= join.reopens
        merged = self._merged(found.merges, touched, now)
        gone = {one.gone.id for one in merged}
        into = {one.into for one in merged}
        stirred = [
            one for name, one in touched.items() if name not in gone and (one.news or one.joined or name in into)
        ]
        openings = [(list(one.members), [fresh[n] for n in one.alert_indexes]) for one in found.opens]
        openings += [([_unresolved(name)] * len(some), some) for name, some in later.items()]
        aside = [AlertAssignment(fresh[one.alert_index], _how("quiet", None, one.reasons)) for one in found.quiet]
        aside += [
            AlertAssignment(one, _how(one.alert.purpose, None, (one.alert.purpose_reason,)))
            for one in homeless
            if one.alert.purpose != "incident"
        ]
        aside += [AlertAssignment(one, _maintained(covered[one.id])) for one in homeless if _is_expected(one, covered)]
        return self._draft(seen.number, openings, stirred, merged, aside, now)

    def _draft(
        self,
        number: int,
        openings: Sequence[tuple[Sequence[Member], Sequence[StoredAlert]]],
        stirred: Sequence[IncidentDelta],
        merged: Sequence[IncidentMerge],
        aside: Sequence[AlertAssignment],
        now: datetime,
    ) -> GroupingWrite:
        new = [_over_at_birth(storm.composed(None, some, self._topology), some, now) for _, some in openings]
        after = [self._after(one) for one in stirred]
        anew = [
            two
            for one, two in zip(stirred, after, strict=True)
            if two.source == ALERTS and storm.reads_other(one.before, two)
        ]
        prepared = iter(self._recall.prepare([*new, *anew]))
        opened = [
            self._opened(incident, next(prepared), members, some)
            for incident, (members, some) in zip(new, openings, strict=True)
        ]
        passages = {one.id: next(prepared) for one in anew}
        return GroupingWrite(
            number=number,
            opened=tuple(opened),
            changed=tuple(
                self._changed(one, two, passages.get(two.id), now) for one, two in zip(stirred, after, strict=True)
            ),
            merged=tuple(merged),
            done=tuple(aside),
        )

    def _candidate(self, one: CandidateIncident) -> OpenIncident:
        incident, held = one.incident, one.held
        keys = {(other.alert.source, other.alert.key) for other in held.alerts}
        return OpenIncident(
            id=incident.id,
            started_at=incident.started_at,
            last_at=max((storm.begun(other) for other in held.alerts), default=incident.started_at),
            alerts=self._sample(incident, held),
            status=incident.status,
            resolved_at=incident.resolved_at,
            by_hand=one.by_hand,
            alert_keys=one.keys | keys,
        )

    def _sample(self, incident: Incident, held: IncidentAlerts) -> tuple[Alert, ...]:
        known = self._samples.get(incident.id)
        if known is None or known[0] is not held:
            known = held, sample(incident, held)
            if len(self._samples) >= BATCH:
                self._samples.clear()
            self._samples[incident.id] = known
        return known[1]

    @staticmethod
    def _take_news(its: IncidentDelta, one: StoredAlert) -> None:
        its.news.append(AlertAssignment(one))
        if its.before.status == "resolved" and its.before.resolution is None and one.alert.status == "firing":
            its.reopens = True

    @staticmethod
    def _merged(
        merges: Iterable[MergeIncidents], touched: dict[str, IncidentDelta], now: datetime
    ) -> list[IncidentMerge]:
        merged = []
        for one in merges:
            gone, into = touched[one.from_id], touched[one.into_id]
            into.taken_in += gone.alerts()
            into.news += gone.news
            detail = {**BY_ALERTS, "score": one.score, "reasons": list(one.reasons)}
            merged.append(IncidentMerge(gone.before, one.into_id, now, detail=detail))
        return merged

    def _after(self, one: IncidentDelta) -> Incident:
        after = storm.composed(one.before, one.alerts(), self._topology, whole=one.held.whole)
        if one.reopens and one.before.status == "resolved":
            after = replace(after, status="open", resolved_at=None)
        return after

    @staticmethod
    def _opened(
        incident: Incident, passages: tuple[Passage, ...], members: Sequence[Member], alerts: Sequence[StoredAlert]
    ) -> NewIncident:
        placed = [AlertAssignment(alert, _member(member)) for alert, member in zip(alerts, members, strict=True)]
        alerted = _alerted("", alerts)
        if incident.status == "resolved":
            alerted = replace(alerted, detail={**alerted.detail, "first_heard": "over"})
        return NewIncident(incident, passages, tuple(placed), (alerted,))

    @staticmethod
    def _changed(
        one: IncidentDelta, after: Incident, passages: tuple[Passage, ...] | None, now: datetime
    ) -> IncidentChange:
        told = []
        if one.joined:
            told.append(_alerted(after.id, [placed.alert for placed in one.joined]))
        if after.status != one.before.status:
            told.append(NewEvent(after.id, "reopened", now, detail=BY_ALERTS))
        more = one.before.resolution is None and (
            storm.says_more(one.before, after) if after.source == ALERTS else _new_kind(one)
        )
        refresh = more or (after.status == "open" and one.before.status == "resolved")
        return IncidentChange(one.before, after, passages, (*one.news, *one.joined), tuple(told), refresh=refresh)


def _over_at_birth(incident: Incident, alerts: Sequence[StoredAlert], now: datetime) -> Incident:
    """An incident of which nothing was heard before it was over is over from the start, and nobody is called for it."""
    if any(heard(one).status == "firing" for one in alerts):
        return incident
    ends = [one.alert.ends_at or one.received_at for one in alerts]
    return replace(incident, status="resolved", resolved_at=max(incident.started_at, min(max(ends), now)))


def heard(one: StoredAlert) -> Alert:
    """An alert as grouping sees it: it began by the time we heard of it, and one that was heard firing did fire."""
    fired = one.alert.status == "resolved" and one.updated_at > one.received_at
    if not fired and one.alert.starts_at <= one.received_at:
        return one.alert
    return replace(one.alert, starts_at=storm.begun(one), status="firing" if fired else one.alert.status)


def sample(incident: Incident, held: IncidentAlerts) -> tuple[Alert, ...]:
    """What of an incident new alerts are compared with: the newest of each kind first, then the rest, the newest first.

    An incident that a person opened is compared by what the person said.
    """
    newest = [heard(one) for one in reversed(held.alerts)]
    first: dict[str, Alert] = {}
    for alert in newest:
        first.setdefault(kind_of(alert), alert)
    chosen = {id(alert) for alert in first.values()}
    found = (*first.values(), *(alert for alert in newest if id(alert) not in chosen))[:SAMPLE]
    return found if incident.source == ALERTS else (*found[: SAMPLE - 1], opened_by_hand(incident))


def opened_by_hand(incident: Incident) -> Alert:
    """What a person opened, as an alert that others are compared with."""
    return Alert(
        source=incident.source,
        key=incident.id,
        title=incident.title,
        starts_at=incident.started_at,
        description=incident.description,
        service=incident.service,
        environment=incident.environment,
        severity=incident.severity,
        labels=incident.labels,
    )


def _began_after(incident: Incident, one: StoredAlert) -> bool:
    """Whether an alert fires that began after a person had said what resolved the incident: that is news."""
    said, ended = incident.resolution, incident.resolved_at
    return said is not None and ended is not None and one.alert.status == "firing" and storm.begun(one) > ended


def _unresolved(incident: str) -> Member:
    return Member(0, "opened", None, (f"it began after {incident} was resolved by a person",))


def _new_kind(one: IncidentDelta) -> bool:
    known = storm.kinds(other.alert for other in one.held.alerts)
    return not storm.kinds(placed.alert.alert for placed in one.joined) <= known


def _how(how: str, score: float | None, reasons: Sequence[str]) -> dict[str, Any]:
    return {"how": how, "score": score, "reasons": list(reasons)}


def _is_expected(one: StoredAlert, covered: Mapping[int, MaintenanceWindow]) -> bool:
    return one.alert.purpose == "incident" and one.id in covered


def _maintained(window: MaintenanceWindow) -> dict[str, Any]:
    return _how("maintenance", None, (window.explain(),)) | {"window": window.id}


def _member(member: Member) -> dict[str, Any]:
    return _how(member.how, member.score, member.reasons)


def _alerted(incident: str, alerts: Sequence[StoredAlert]) -> NewEvent:
    """One event for all alerts of a pass: a storm must not bury its timeline."""
    ordered = sorted(alerts, key=storm.begun)
    titles = list(dict.fromkeys(one.alert.title for one in ordered))
    services = sorted({one.alert.service for one in ordered if one.alert.service})
    detail = {"count": len(ordered), "titles": titles[:TITLES], "services": services[:TITLES]}
    return NewEvent(incident, "alerted", storm.begun(ordered[0]), detail=detail)
