"""Write alerts: find the episode each message belongs to, update it, and end others that it implies are over."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update

from onrecall.domain.alert import Alert
from onrecall.storage import episodes, sequences
from onrecall.storage.alerts import AlertRow, Episode, fetch, from_row, to_row
from onrecall.storage.batching import group_by_first
from onrecall.storage.pending_episodes import PendingEpisode, changed_columns, episode_row, episode_times
from onrecall.storage.resolved_by_people import STILL_FIRING_AFTER, resolved_by_people
from onrecall.storage.tables import alerts

ENDED_BY_SENDER = "its sender reported that the alert ended"
SUPERSEDED = "its sender reported a later start of the same alert, so that this episode is over"


def upsert(connection: Connection, rows: Sequence[AlertRow], now: datetime) -> list[bool]:
    """Upsert alerts in the order they arrived. Returns for each whether it changed anything."""
    return _AlertUpsert(connection, rows).run(now)


def end_expired(connection: Connection, ended: Mapping[int, str], now: datetime) -> None:
    """End firing alerts that have expired, each with its reason; those in an incident are queued for grouping."""
    fires = alerts.c.id.in_(list(ended)), alerts.c.status == "firing", alerts.c.expires_at <= now
    changes = []
    for stored_alert in fetch(connection, select(alerts).where(*fires)):
        episode = PendingEpisode(stored_alert)
        episode.end(ended[stored_alert.id], now)
        changes.append(changed_columns(episode) | {"changed_at": now})
    if changes:
        connection.execute(_UPDATE, changes)


class _AlertUpsert:
    """One upsert transaction: the stored episodes it may touch and the changes made so far."""

    def __init__(self, connection: Connection, rows: Sequence[AlertRow]) -> None:
        self._connection = connection
        self._rows = rows
        self._by_episode: dict[Episode, PendingEpisode] = {}
        self._newest_by_key: dict[tuple[str, str], Episode] = {}
        self._by_key: dict[tuple[str, str], list[PendingEpisode]] = {}
        self._by_identity: dict[tuple[str, str], list[PendingEpisode]] = {}
        """Episodes by source and identity."""
        self._repeated: dict[int, PendingEpisode] = {}
        """Firing messages about an alert that is in an incident, by their number."""
        self._read()

    def run(self, now: datetime) -> list[bool]:
        news = [self._apply(number, row, now) for number, row in enumerate(self._rows)]
        for number in self._go_on_after_resolution(now):
            news[number] = True
        changed = [episode for episode in self._by_episode.values() if episode.touched]
        self._insert([episode for episode in changed if episode.id is None], now)
        self._update([episode for episode in changed if episode.id is not None], now)
        return news

    def _read(self) -> None:
        """Load the stored episodes that the messages may touch."""
        self._read_reported()
        self._read_newest()
        self._read_open()

    def _read_reported(self) -> None:
        """Load the episodes that messages name by their start time."""
        reported = {row.episode for row in self._rows}
        times = [at for _, _, at in reported]
        for source, keys in group_by_first((source, key) for source, key, _ in reported):
            in_range = (
                alerts.c.source == source,
                alerts.c.key.in_(keys),
                alerts.c.starts_at.between(min(times), max(times)),
            )
            self._add(select(alerts).where(*in_range), reported)

    def _read_newest(self) -> None:
        """Load the newest episode of each key where it decides what becomes of a message."""
        nameless = {(row.alert.source, row.alert.key) for row in self._rows if self._needs_newest(row)}
        for source, keys in group_by_first(nameless):
            newest = (
                select(alerts.c.source, alerts.c.key, func.max(alerts.c.starts_at).label("at"))
                .where(alerts.c.source == source, alerts.c.key.in_(keys))
                .group_by(alerts.c.source, alerts.c.key)
                .subquery()
            )
            is_newest = (
                (alerts.c.source == newest.c.source)
                & (alerts.c.key == newest.c.key)
                & (alerts.c.starts_at == newest.c.at)
            )
            self._add(select(alerts).join(newest, is_newest))

    def _needs_newest(self, row: AlertRow) -> bool:
        """Whether the newest episode of its key decides what becomes of a message: what begins to fire may be late."""
        if not row.alert.starts_known:
            return True
        stored = self._by_episode.get(row.episode)
        return row.alert.one_at_a_time and row.alert.status == "firing" and (stored is None or not stored.fires)

    def _read_open(self) -> None:
        """Load firing episodes that a message may end or update although it gives another start time or key."""
        unknown = [
            row.alert for row in self._rows if row.alert.status == "resolved" or row.episode not in self._by_episode
        ]
        fires = alerts.c.status == "firing"
        for source, keys in group_by_first({(alert.source, alert.key) for alert in unknown}):
            self._add(select(alerts).where(alerts.c.source == source, alerts.c.key.in_(keys), fires))
        ended = {(alert.source, alert.identity) for alert in unknown if alert.identity and alert.status == "resolved"}
        for source, identities in group_by_first(ended):
            same_identity = alerts.c.source == source, alerts.c.identity.in_(identities)
            newest = select(func.max(alerts.c.id)).where(*same_identity).group_by(alerts.c.identity)
            self._add(select(alerts).where(*same_identity, fires | alerts.c.id.in_(newest)))

    def _add(self, query: Select[Any], episodes: Container[Episode] | None = None) -> None:
        for row in self._connection.execute(query):
            episode = PendingEpisode(from_row(row))
            if episode.row.episode not in self._by_episode and (episodes is None or episode.row.episode in episodes):
                self._remember(episode)

    def _remember(self, episode: "PendingEpisode") -> None:
        row = episode.row
        self._by_episode[row.episode] = episode
        key = row.episode[:2]
        self._by_key.setdefault(key, []).append(episode)
        if row.alert.identity:
            self._by_identity.setdefault((row.alert.source, row.alert.identity), []).append(episode)
        if key not in self._newest_by_key or self._newest_by_key[key][2] <= row.episode[2]:
            self._newest_by_key[key] = row.episode

    def _apply(self, number: int, row: AlertRow, now: datetime) -> bool:
        """Apply one alert and return whether it says anything new."""
        episode, superseded = self._find_episode(row), self._is_superseded(row, now)
        if episode is None:
            episode, news = PendingEpisode(None, row, now), True
            self._remember(episode)
        else:
            news = episode.hear(row, now, superseded=superseded)
        if superseded and episode.fires:
            episode.end(SUPERSEDED, now)
        elif row.alert.one_at_a_time:
            self._end_earlier(episode, SUPERSEDED, now)
        if row.alert.status == "resolved":
            return self._apply_end(episode, row, now) or news
        if episode.fires and episode.incident:
            self._repeated[number] = episode
        return news

    def _apply_end(self, episode: "PendingEpisode", row: AlertRow, now: datetime) -> bool:
        """End other episodes of the key that an end implies are over; return whether it says anything new of them."""
        if episode.row is row:
            return False
        if not row.alert.starts_known:
            self._end_earlier(episode, ENDED_BY_SENDER, now)
        return self._end_later(episode, row, now)

    def _is_superseded(self, row: AlertRow, now: datetime) -> bool:
        """Whether a firing message is of an episode that a later one of its key has followed.

        Once the later one has ended, only a message that was overtaken on its way is; a repeated one says it fires.
        """
        if not row.alert.one_at_a_time or row.alert.status != "firing":
            return False
        return any(
            episode.row.alert.starts_known and episode.fired_until_lately(now)
            for episode in self._by_key.get(row.episode[:2], ())
            if episode.row.alert.starts_at > row.alert.starts_at
        )

    def _find_episode(self, row: AlertRow) -> "PendingEpisode | None":
        """Return the episode a message belongs to: by start time, else the open one of its key, else by identity."""
        alert = row.alert
        if alert.starts_known:
            return self._by_episode.get(row.episode) or self._find_open(alert) or self._find_by_identity(alert)
        return self._find_without_start(row) or self._find_by_identity(alert)

    def _find_without_start(self, row: AlertRow) -> "PendingEpisode | None":
        """Return the episode for a message without a reliable start: one with an end's exact start, else the newest."""
        exact = self._by_episode.get(row.episode)
        if exact and row.alert.status == "resolved" and exact.row.alert.starts_known:
            return exact
        newest = self._newest_by_key.get(row.episode[:2])
        candidate = self._by_episode[newest] if newest else None
        if candidate and episodes.same_episode(candidate.row.alert, row.alert):
            return candidate
        return exact  # the same start time means the same episode

    def _find_open(self, alert: Alert) -> "PendingEpisode | None":
        """Return the newest firing episode of this key that the message belongs to despite another start time."""
        candidates = self._by_key.get((alert.source, alert.key), ())
        fitting = [
            episode for episode in candidates if episode.fires and episodes.belongs_to_open(episode.row.alert, alert)
        ]
        return max(fitting, key=lambda episode: episode.row.alert.starts_at, default=None)

    def _find_by_identity(self, alert: Alert) -> "PendingEpisode | None":
        """For an end under another key, return the only firing episode with the same identity, or None.

        If none fires, return the newest one (a repeated end), unless the message is certainly about a later one.
        """
        if alert.status != "resolved" or alert.identity is None:
            return None
        candidates = self._by_identity.get((alert.source, alert.identity), ())
        fitting = [episode for episode in candidates if episode.fires]
        if not fitting and candidates:
            newest = max(candidates, key=lambda episode: episode.row.alert.starts_at)
            before = newest.row.alert.ends_at or newest.row.alert.starts_at
            fitting = [] if alert.starts_known and alert.starts_at > before else [newest]
        return fitting[0] if len(fitting) == 1 else None

    def _end_earlier(self, newest: "PendingEpisode", reason: str, now: datetime) -> None:
        """End all earlier episodes of this key, for a sender that tracks only one alert per key: Alertmanager, and any
        that gives no reliable start. When they ended is not known.
        """
        key, at = newest.row.episode[:2], newest.row.alert.starts_at
        for episode in self._by_key.get(key, ()):
            if episode is not newest and episode.fires and episode.row.alert.starts_at < at:
                episode.end(reason, now)

    def _end_later(self, ended: "PendingEpisode", row: AlertRow, now: datetime) -> bool:
        """End what went on as a new episode after a person had resolved the incident of the one that ends."""
        later = [
            episode
            for episode in self._by_key.get(ended.row.episode[:2], ())
            if episode is not ended and episode.fires and episode.row.alert.continues
        ]
        news = [episode.hear(row, now) for episode in later]
        return any(news)

    def _go_on_after_resolution(self, now: datetime) -> list[int]:
        """Begin a new episode for what is reported firing long after a person resolved its incident.

        The alert keeps its place in that incident. Returns the numbers of the messages that said something new.
        """
        over = self._resolved_by_people(self._repeated.values(), now)
        repeated = {
            number: episode
            for number, episode in self._repeated.items()
            if self._is_reported_after(number, episode, over)
        }
        for source, keys in group_by_first(episode.row.episode[:2] for episode in repeated.values()):
            fires = alerts.c.source == source, alerts.c.key.in_(keys), alerts.c.status == "firing"
            self._add(select(alerts).where(*fires))
        over |= self._resolved_by_people(map(self._newest_firing, repeated.values()), now)
        return [number for number, episode in repeated.items() if self._go_on(number, episode, over, now)]

    def _go_on(self, number: int, episode: "PendingEpisode", over: Mapping[str, datetime], now: datetime) -> bool:
        """Begin an episode, unless one goes on already: then it hears the message."""
        row, newest = self._rows[number], self._newest_firing(episode)
        if not self._is_reported_after(number, newest, over):
            return newest is not episode and newest.hear(row, now)
        going_on = replace(row.alert, starts_at=now, starts_known=False, continues=newest.incident)
        self._remember(PendingEpisode(None, to_row(going_on), now))
        return True

    def _resolved_by_people(self, episodes: "Iterable[PendingEpisode]", now: datetime) -> dict[str, datetime]:
        names = {episode.incident for episode in episodes if episode.incident}
        return resolved_by_people(self._connection, names, now - STILL_FIRING_AFTER) if names else {}

    def _newest_firing(self, episode: "PendingEpisode") -> "PendingEpisode":
        firing = [other for other in self._by_key.get(episode.row.episode[:2], ()) if other.fires]
        return max(firing, key=lambda other: other.row.alert.starts_at, default=episode)

    def _is_reported_after(self, number: int, episode: "PendingEpisode", over: Mapping[str, datetime]) -> bool:
        """Return whether the sender reported this long after the resolution, as far as it says when."""
        resolved_at, told_at = over.get(episode.incident or ""), self._rows[number].alert.told_at
        return resolved_at is not None and (told_at is None or told_at >= resolved_at + STILL_FIRING_AFTER)

    def _insert(self, new: "Sequence[PendingEpisode]", now: datetime) -> None:
        if not new:
            return
        numbers = sequences.allocate(self._connection, "alert", len(new))
        rows = [
            episode_row(episode) | {"id": number, "received_at": now, "updated_at": now, "waiting": True}
            for number, episode in zip(numbers, new, strict=True)
        ]
        self._connection.execute(insert(alerts), rows)

    def _update(self, changed: "Sequence[PendingEpisode]", now: datetime) -> None:
        news = [changed_columns(episode) | {"changed_at": now} for episode in changed if episode.news]
        if news:
            self._connection.execute(_UPDATE, news)
        quiet = [episode for episode in changed if not episode.news]
        if quiet:
            self._connection.execute(_UPDATE_TIMES, [episode_times(episode) for episode in quiet])
        described = [{"its": episode.id, "body": episode.row.body} for episode in quiet if episode.redescribed]
        if described:
            self._connection.execute(_UPDATE_BODY, described)


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
_UPDATE_TIMES = (
    update(alerts)
    .where(alerts.c.id == bindparam("its"))
    .values(told_at=bindparam("told_at"), expires_at=bindparam("expires_at"))
)
_UPDATE_BODY = update(alerts).where(alerts.c.id == bindparam("its")).values(body=bindparam("body"))
