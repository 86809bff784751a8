"""Alerts: one row an episode. A row that waits is the queue: it is new, or it has news."""

import hashlib
import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from onrecall.domain.alert import Alert
from onrecall.storage import episodes
from onrecall.storage import sequences as counting
from onrecall.storage import validation as guard
from onrecall.storage.batching import parts, seconds
from onrecall.storage.ingest_results import StoredAlert
from onrecall.storage.tables import alerts

BODY = (
    "title", "description", "environment", "severity", "labels", "annotations", "ends_at", "values", "links", "group",
    "starts_known",
)  # fmt: skip
"""What of an alert stands in its body; the rest are columns."""
UNSAID: tuple[Any, ...] = (None, "", {}, (), True)
Episode = tuple[str, str, datetime]


@dataclass(frozen=True, slots=True)
class Told:
    """An alert, ready to be written."""

    alert: Alert
    body: Mapping[str, Any]
    hash: str

    @property
    def episode(self) -> Episode:
        """What it is known by."""
        return self.alert.source, self.alert.key, self.alert.starts_at


def told(alert: Alert) -> Told:
    """The alert as it will be written; Invalid when something in it can't be stored."""
    for name in ("source", "key", "service"):
        value = getattr(alert, name)
        guard.key(value, name)
        guard.text(value or "", name)
    guard.moment(alert.starts_at, "starts_at")
    if alert.told_at is not None:
        guard.moment(alert.told_at, "told_at")
    body = {name: _plain(value, name) for name in BODY if (value := getattr(alert, name)) not in UNSAID}
    said = {name: value for name, value in body.items() if name != "group"}
    content = json.dumps([alert.status, alert.service, said], sort_keys=True, separators=(",", ":"))
    return Told(alert, body, hashlib.sha256(content.encode()).hexdigest())


def _plain(value: Any, name: str) -> Any:
    """As `guard.plain` has it, and fast for what most of an alert is: names and texts in plain letters."""
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        texts = "".join((*value, *value.values()))
        if texts.isascii() and "\0" not in texts:
            return value
    return guard.plain(value, name)


def put(connection: Connection, given: Sequence[Told], now: datetime) -> list[bool]:
    """Keep alerts in the order in which they came; for each, whether it was news."""
    return _Putting(connection, given).run(now)


def waiting(connection: Connection, limit: int) -> tuple[StoredAlert, ...]:
    """Alerts to be grouped, or whose news is to be taken in, the first to come first."""
    return _found(connection, select(alerts).where(alerts.c.waiting).order_by(alerts.c.id).limit(limit))


def waiting_count(connection: Connection) -> int:
    """How many alerts wait."""
    return int(connection.scalar(select(func.count()).select_from(alerts).where(alerts.c.waiting)) or 0)


def of(connection: Connection, incident: str, limit: int | None = None) -> tuple[StoredAlert, ...]:
    """The alerts of an incident, newest first."""
    query = (
        select(alerts)
        .where(alerts.c.incident == incident)
        .order_by(alerts.c.starts_at.desc(), alerts.c.id.desc())
        .limit(limit)
    )
    return _found(connection, query)


def sizes(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """How many alerts each of these incidents has; one without any is absent."""
    found: dict[str, int] = {}
    for part in parts(list(names)):
        query = select(alerts.c.incident, func.count()).where(alerts.c.incident.in_(part)).group_by(alerts.c.incident)
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def new_of(connection: Connection, source: str, after: int, limit: int) -> tuple[StoredAlert, ...]:
    """The alerts of a sender that came after the one with this number, in the order in which they came."""
    fitting = (alerts.c.source == source) & (alerts.c.id > after)
    return _found(connection, select(alerts).where(fitting).order_by(alerts.c.id).limit(limit))


def keys_of(connection: Connection, incident: str) -> frozenset[tuple[str, str]]:
    """Source and key of every alert of an incident."""
    query = select(alerts.c.source, alerts.c.key).where(alerts.c.incident == incident).distinct()
    return frozenset((row.source, row.key) for row in connection.execute(query))


class _Putting:
    """One transaction of putting: what is stored and what was told in it so far."""

    def __init__(self, connection: Connection, given: Sequence[Told]) -> None:
        self._connection = connection
        self._given = given
        self._there: dict[Episode, _Standing] = {}
        self._newest: dict[tuple[str, str], Episode] = {}
        self._read()

    def run(self, now: datetime) -> list[bool]:
        news = [self._take(one, now) for one in self._given]
        changed = [one for one in self._there.values() if one.touched]
        self._insert([one for one in changed if one.id is None], now)
        self._update([one for one in changed if one.id is not None], now)
        return news

    def _read(self) -> None:
        known = {one.episode for one in self._given}
        times = [at for _, _, at in known]
        for source, some in seconds((source, key) for source, key, _ in known):
            its = alerts.c.source == source, alerts.c.key.in_(some), alerts.c.starts_at.between(min(times), max(times))
            self._add(select(alerts).where(*its), known)
        nameless = {(one.alert.source, one.alert.key) for one in self._given if not one.alert.starts_known}
        for source, some in seconds(nameless):
            newest = (
                select(alerts.c.source, alerts.c.key, func.max(alerts.c.starts_at).label("at"))
                .where(alerts.c.source == source, alerts.c.key.in_(some))
                .group_by(alerts.c.source, alerts.c.key)
                .subquery()
            )
            same = (
                (alerts.c.source == newest.c.source)
                & (alerts.c.key == newest.c.key)
                & (alerts.c.starts_at == newest.c.at)
            )
            self._add(select(alerts).join(newest, same))

    def _add(self, query: Select[Any], wanted: Container[Episode] | None = None) -> None:
        for row in self._connection.execute(query):
            found = _Standing(stored(row))
            if wanted is None or found.told.episode in wanted:
                self._stand(found)

    def _stand(self, standing: "_Standing") -> None:
        one = standing.told
        self._there[one.episode] = standing
        name = one.episode[:2]
        if name not in self._newest or self._newest[name][2] <= one.episode[2]:
            self._newest[name] = one.episode

    def _take(self, one: Told, now: datetime) -> bool:
        """Take in one alert; whether it says anything that was not known."""
        standing = self._standing(one)
        if standing is None:
            self._stand(_Standing(None, one, now))
            return True
        return standing.hear(one, now)

    def _standing(self, one: Told) -> "_Standing | None":
        if one.alert.starts_known:
            return self._there.get(one.episode)
        newest = self._newest.get(one.episode[:2])
        standing = self._there[newest] if newest else None
        if standing and episodes.same(standing.told.alert, one.alert):
            return standing
        return self._there.get(one.episode)  # an earlier one that began in this very moment is no other

    def _insert(self, new: "Sequence[_Standing]", now: datetime) -> None:
        if not new:
            return
        numbers = counting.take(self._connection, "alert", len(new))
        rows = [
            _row(one.told) | {"id": number, "received_at": now, "updated_at": now, "waiting": True}
            for number, one in zip(numbers, new, strict=True)
        ]
        self._connection.execute(insert(alerts), rows)

    def _update(self, changed: "Sequence[_Standing]", now: datetime) -> None:
        news = [_changes(one) | {"changed_at": now} for one in changed if one.news]
        if news:
            self._connection.execute(_UPDATE, news)
        only_told = [{"its": one.id, "told_at": one.told.alert.told_at} for one in changed if not one.news]
        if only_told:
            self._connection.execute(_TOLD, only_told)


_UPDATE = (
    update(alerts)
    .where(alerts.c.id == bindparam("its"))
    .values(
        status=bindparam("status"),
        service=bindparam("service"),
        told_at=bindparam("told_at"),
        body=bindparam("body"),
        hash=bindparam("hash"),
        updated_at=bindparam("changed_at"),
        waiting=True,
    )
)
_TOLD = update(alerts).where(alerts.c.id == bindparam("its")).values(told_at=bindparam("told_at"))


class _Standing:
    """An episode as it stands: stored, or told of in this transaction."""

    def __init__(self, row: StoredAlert | None, new: Told | None = None, now: datetime | None = None) -> None:
        assert row or new
        self.id = row.id if row else None
        self.told = new or Told((row.alert), {}, row.hash)  # type: ignore[union-attr]
        self.since = row.updated_at if row else now
        self.news = row is None
        self.touched = row is None

    def hear(self, one: Told, now: datetime) -> bool:
        """Take in what was said of it; whether that changes anything."""
        before = self.told
        assert self.since
        if one.hash == before.hash and one.alert.told_at in (None, before.alert.told_at):
            return False
        merged = episodes.merged(before.alert, one.alert, now - self.since)
        if merged is before.alert:
            return False
        after = told(merged)
        if after.hash == before.hash:
            if merged.told_at != before.alert.told_at:
                self.told, self.touched = Told(merged, before.body or after.body, before.hash), True
            return False
        self.told, self.since, self.news, self.touched = after, now, True, True
        return True


def _row(one: Told) -> dict[str, Any]:
    alert = one.alert
    return {
        "source": alert.source,
        "key": alert.key,
        "starts_at": alert.starts_at,
        "status": alert.status,
        "service": alert.service,
        "told_at": alert.told_at,
        "body": one.body,
        "hash": one.hash,
    }


def _changes(standing: _Standing) -> dict[str, Any]:
    row = _row(standing.told)
    return {name: row[name] for name in ("status", "service", "told_at", "body", "hash")} | {"its": standing.id}


def _found(connection: Connection, query: Select[Any]) -> tuple[StoredAlert, ...]:
    return tuple(stored(row) for row in connection.execute(query))


def stored(row: Row[Any]) -> StoredAlert:
    """A row as what it stands for."""
    return StoredAlert(
        id=row.id,
        alert=_alert(row),
        incident=row.incident,
        received_at=row.received_at,
        updated_at=row.updated_at,
        waiting=row.waiting,
        joined=row.joined,
        hash=row.hash,
    )


def _alert(row: Row[Any]) -> Alert:
    body = dict(row.body)
    if "ends_at" in body:
        body["ends_at"] = datetime.fromisoformat(body["ends_at"])
    body["links"] = tuple(body.get("links", ()))
    return Alert(
        source=row.source,
        key=row.key,
        starts_at=row.starts_at,
        status=row.status,
        service=row.service,
        told_at=row.told_at,
        **body,
    )


def standing(connection: Connection, ids: Iterable[int]) -> dict[int, str | None]:
    """The hashes of alerts that wait, by number; None for those that do not."""
    its = alerts.c
    found: dict[int, str | None] = {}
    for part in parts(ids):
        query = select(its.id, its.waiting, its.hash).where(its.id.in_(part))
        found.update((row.id, row.hash if row.waiting else None) for row in connection.execute(query))
    return found
