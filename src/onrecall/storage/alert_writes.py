"""Alerts in: which episode each message is about, what it changes there, and which others are over with it."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update

from onrecall.domain.alert import Alert
from onrecall.storage import episodes
from onrecall.storage import sequences as counting
from onrecall.storage.alerts import AlertRow, Episode, listed, stored, to_row
from onrecall.storage.batching import seconds
from onrecall.storage.ingest_results import StoredAlert
from onrecall.storage.tables import alerts


def put(connection: Connection, given: Sequence[AlertRow], now: datetime) -> list[bool]:
    """Keep alerts in the order in which they came; for each, whether it was news."""
    return _AlertUpsert(connection, given).run(now)


def end_expired(connection: Connection, ended: Mapping[int, str], now: datetime) -> None:
    """End alerts that still fire and whose time is up, each for a reason; one in an incident has news for grouping."""
    fires = alerts.c.id.in_(list(ended)), alerts.c.status == "firing", alerts.c.expires_at <= now
    changes = []
    for one in listed(connection, select(alerts).where(*fires)):
        standing = _PendingEpisode(one)
        standing.end(ended[one.id], now)
        changes.append(_changes(standing) | {"changed_at": now})
    if changes:
        connection.execute(_UPDATE, changes)


class _AlertUpsert:
    """One transaction of putting: what is stored and what was told in it so far."""

    def __init__(self, connection: Connection, given: Sequence[AlertRow]) -> None:
        self._connection = connection
        self._given = given
        self._there: dict[Episode, _PendingEpisode] = {}
        self._newest: dict[tuple[str, str], Episode] = {}
        self._episodes: dict[tuple[str, str], list[_PendingEpisode]] = {}
        self._same_subject: dict[tuple[str, str], list[_PendingEpisode]] = {}
        """Episodes by source and identity."""
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
        self._read_open()

    def _read_open(self) -> None:
        """Episodes that fire and that a message may end or tell more of, though it names another start or key."""
        unknown = [one.alert for one in self._given if one.alert.status == "resolved" or one.episode not in self._there]
        fires = alerts.c.status == "firing"
        for source, some in seconds({(one.source, one.key) for one in unknown}):
            self._add(select(alerts).where(alerts.c.source == source, alerts.c.key.in_(some), fires))
        ended = {(one.source, one.identity) for one in unknown if one.identity and one.status == "resolved"}
        for source, some in seconds(ended):
            alike = alerts.c.source == source, alerts.c.identity.in_(some)
            newest = select(func.max(alerts.c.id)).where(*alike).group_by(alerts.c.identity)
            self._add(select(alerts).where(*alike, fires | alerts.c.id.in_(newest)))

    def _add(self, query: Select[Any], wanted: Container[Episode] | None = None) -> None:
        for row in self._connection.execute(query):
            found = _PendingEpisode(stored(row))
            if found.told.episode not in self._there and (wanted is None or found.told.episode in wanted):
                self._stand(found)

    def _stand(self, standing: "_PendingEpisode") -> None:
        one = standing.told
        self._there[one.episode] = standing
        name = one.episode[:2]
        self._episodes.setdefault(name, []).append(standing)
        if one.alert.identity:
            self._same_subject.setdefault((one.alert.source, one.alert.identity), []).append(standing)
        if name not in self._newest or self._newest[name][2] <= one.episode[2]:
            self._newest[name] = one.episode

    def _take(self, one: AlertRow, now: datetime) -> bool:
        """Take in one alert; whether it says anything that was not known."""
        standing = self._standing(one)
        if standing is None:
            self._stand(_PendingEpisode(None, one, now))
            return True
        news = standing.hear(one, now)
        if one.alert.status == "resolved" and not one.alert.starts_known:
            self._end_others(standing, now)
        return news

    def _standing(self, one: AlertRow) -> "_PendingEpisode | None":
        """The episode that a message is about: by its start, else the open one of its key, else of what it is about."""
        alert = one.alert
        if alert.starts_known:
            return self._there.get(one.episode) or self._open_of(alert) or self._alike(alert)
        return self._nameless(one) or self._alike(alert)

    def _nameless(self, one: AlertRow) -> "_PendingEpisode | None":
        """The episode that a message without a sure start is about: an end by the start it tells, else the newest."""
        exact = self._there.get(one.episode)
        if exact and one.alert.status == "resolved" and exact.told.alert.starts_known:
            return exact
        newest = self._newest.get(one.episode[:2])
        found = self._there[newest] if newest else None
        if found and episodes.same(found.told.alert, one.alert):
            return found
        return exact  # an earlier one that began in this very moment is no other

    def _open_of(self, alert: Alert) -> "_PendingEpisode | None":
        """The newest episode of its key that fires and that the message belongs to though it names another start."""
        mine = self._episodes.get((alert.source, alert.key), ())
        fitting = [one for one in mine if one.fires and episodes.belongs(one.told.alert, alert)]
        return max(fitting, key=lambda one: one.told.alert.starts_at, default=None)

    def _alike(self, alert: Alert) -> "_PendingEpisode | None":
        """The one episode that fires and is about the same, for an end under another key; a stranger is never ended.

        Where none fires it is the newest one, unless the message is surely about a later one: the same end once more.
        """
        if alert.status != "resolved" or alert.identity is None:
            return None
        mine = self._same_subject.get((alert.source, alert.identity), ())
        fitting = [one for one in mine if one.fires]
        if not fitting and mine:
            newest = max(mine, key=lambda one: one.told.alert.starts_at)
            before = newest.told.alert.ends_at or newest.told.alert.starts_at
            fitting = [] if alert.starts_known and alert.starts_at > before else [newest]
        return fitting[0] if len(fitting) == 1 else None

    def _end_others(self, standing: "_PendingEpisode", now: datetime) -> None:
        """An end that tells no sure start ends every earlier episode of its key: its sender knows of one alert."""
        name, at = standing.told.episode[:2], standing.told.alert.starts_at
        for one in self._episodes.get(name, ()):
            if one is not standing and one.fires and one.told.alert.starts_at < at:
                one.end("its sender told that the alert is over", now)

    def _insert(self, new: "Sequence[_PendingEpisode]", now: datetime) -> None:
        if not new:
            return
        numbers = counting.take(self._connection, "alert", len(new))
        rows = [
            _row(one) | {"id": number, "received_at": now, "updated_at": now, "waiting": True}
            for number, one in zip(numbers, new, strict=True)
        ]
        self._connection.execute(insert(alerts), rows)

    def _update(self, changed: "Sequence[_PendingEpisode]", now: datetime) -> None:
        news = [_changes(one) | {"changed_at": now} for one in changed if one.news]
        if news:
            self._connection.execute(_UPDATE, news)
        quiet = [standing for standing in changed if not standing.news]
        if quiet:
            self._connection.execute(_TOLD, [_times(standing) for standing in quiet])
        described = [{"its": standing.id, "body": standing.told.body} for standing in quiet if standing.redescribed]
        if described:
            self._connection.execute(_DESCRIBED, described)


_UPDATE = (
    update(alerts)
    .where(alerts.c.id == bindparam("its"))
    .values(
        status=bindparam("status"),
        service=bindparam("service"),
        told_at=bindparam("told_at"),
        body=bindparam("body"),
        hash=bindparam("hash"),
        purpose=bindparam("purpose"),
        expires_at=bindparam("expires_at"),
        updated_at=bindparam("changed_at"),
        waiting=True,
    )
)
_TOLD = (
    update(alerts)
    .where(alerts.c.id == bindparam("its"))
    .values(told_at=bindparam("told_at"), expires_at=bindparam("expires_at"))
)
_DESCRIBED = update(alerts).where(alerts.c.id == bindparam("its")).values(body=bindparam("body"))


class _PendingEpisode:
    """An episode as it stands: stored, or told of in this transaction."""

    def __init__(self, row: StoredAlert | None, new: AlertRow | None = None, now: datetime | None = None) -> None:
        assert row or new
        self.id = row.id if row else None
        self.told = new or AlertRow((row.alert), {}, row.hash)  # type: ignore[union-attr]
        self.since = row.updated_at if row else now
        self.news = row is None
        self.touched = row is None
        self.redescribed = False
        self.expires_at = row.expires_at if row else None
        if new is not None and now is not None:
            self._expire_later(new.alert, now)

    @property
    def fires(self) -> bool:
        """Whether it is not over."""
        return self.told.alert.status == "firing"

    def hear(self, one: AlertRow, now: datetime) -> bool:
        """Take in what was said of it; whether that changes anything."""
        before = self.told
        assert self.since
        if one.alert.expires_after and self.fires:
            self._expire_later(one.alert, now)
        if one.hash == before.hash and one.alert.told_at in (None, before.alert.told_at):
            return False
        merged = episodes.merged(before.alert, one.alert, now - self.since)
        if merged is before.alert:
            return False
        after = to_row(merged)
        if after.hash == before.hash:
            if merged.described_at != before.alert.described_at:
                self.told, self.touched, self.redescribed = after, True, True
            elif merged.told_at != before.alert.told_at:
                self.told, self.touched = AlertRow(merged, before.body or after.body, before.hash), True
            return False
        self.told, self.since, self.news, self.touched = after, now, True, True
        if not self.fires:
            self.expires_at = None
        return True

    def end(self, reason: str, now: datetime) -> None:
        """It is over, for a reason that its sender did not give."""
        self.told = to_row(replace(self.told.alert, status="resolved", end_reason=reason))
        self.since, self.news, self.touched, self.expires_at = now, True, True, None

    def _expire_later(self, alert: Alert, now: datetime) -> None:
        """Put off its expiry; written only where that is more than a tenth of its time away."""
        if alert.expires_after is None or alert.status == "resolved":
            return
        later = now + alert.expires_after
        if self.expires_at is None or later - self.expires_at > alert.expires_after / 10:
            self.expires_at, self.touched = later, True


def _row(standing: _PendingEpisode) -> dict[str, Any]:
    one, alert = standing.told, standing.told.alert
    return {
        "source": alert.source,
        "key": alert.key,
        "starts_at": alert.starts_at,
        "status": alert.status,
        "service": alert.service,
        "told_at": alert.told_at,
        "body": one.body,
        "hash": one.hash,
        "purpose": None if alert.purpose == "incident" else alert.purpose,
        "identity": alert.identity,
        "expires_at": standing.expires_at,
    }


def _times(standing: _PendingEpisode) -> dict[str, Any]:
    return {"its": standing.id, "told_at": standing.told.alert.told_at, "expires_at": standing.expires_at}


_CHANGING = ("status", "service", "told_at", "body", "hash", "purpose", "expires_at")


def _changes(standing: _PendingEpisode) -> dict[str, Any]:
    row = _row(standing)
    return {name: row[name] for name in _CHANGING} | {"its": standing.id}
