"""An alert episode in a transaction that writes alerts: what messages made of it so far, and its row."""

from datetime import datetime
from typing import Any

from onrecall.domain.alert import Alert
from onrecall.storage import episodes
from onrecall.storage.alerts import AlertRow, to_row
from onrecall.storage.ingest_results import StoredAlert


class PendingEpisode:
    """The current state of an episode, stored or created in this transaction."""

    def __init__(self, row: StoredAlert | None, new: AlertRow | None = None, now: datetime | None = None) -> None:
        assert row or new
        self.id = row.id if row else None
        self.incident = row.incident if row else None
        self.row = new or AlertRow((row.alert), {}, row.hash)  # type: ignore[union-attr]
        self.since = row.updated_at if row else now
        self.news = row is None
        self.touched = row is None
        self.redescribed = False
        self.expires_at = row.expires_at if row else None
        if new is not None and now is not None:
            self._expire_later(new.alert, now)

    @property
    def fires(self) -> bool:
        """Whether the alert is still firing."""
        return self.row.alert.status == "firing"

    def fired_until_lately(self, now: datetime) -> bool:
        """Whether it fires, or ended so lately that a message about an earlier episode may have been overtaken."""
        return self.fires or (self.since is not None and now - self.since < episodes.LATE_WINDOW)

    def hear(self, row: AlertRow, now: datetime, *, superseded: bool = False) -> bool:
        """Merge a message into the episode and return whether anything changed."""
        before = self.row
        assert self.since
        if row.alert.expires_after and self.fires:
            self._expire_later(row.alert, now)
        if row.hash == before.hash and row.alert.told_at in (None, before.alert.told_at):
            return False
        merged = episodes.merge_update(before.alert, row.alert, now - self.since, superseded=superseded)
        if merged is before.alert:
            return False
        after = to_row(merged)
        if after.hash == before.hash:
            self._hear_again(after)
            return False
        self.row, self.since, self.news, self.touched = after, now, True, True
        if not self.fires:
            self.expires_at = None
        return True

    def _hear_again(self, after: AlertRow) -> None:
        """Note when the same was reported again; it changes nothing that counts."""
        before = self.row
        if after.alert.described_at != before.alert.described_at:
            self.row, self.touched, self.redescribed = after, True, True
        elif after.alert.told_at != before.alert.told_at:
            self.row, self.touched = AlertRow(after.alert, before.body or after.body, before.hash), True

    def end(self, reason: str, now: datetime) -> None:
        """End the episode for a reason that its sender did not give."""
        self.row = to_row(episodes.end_episode(self.row.alert, reason))
        self.since, self.news, self.touched, self.expires_at = now, True, True, None

    def _expire_later(self, alert: Alert, now: datetime) -> None:
        """Extend the expiry; written only if that moves it by more than a tenth of its duration."""
        if alert.expires_after is None or alert.status == "resolved":
            return
        later = now + alert.expires_after
        if self.expires_at is None or later - self.expires_at > alert.expires_after / 10:
            self.expires_at, self.touched = later, True


def episode_row(episode: PendingEpisode) -> dict[str, Any]:
    """Return the columns of a new episode, apart from its id and times of arrival."""
    row, alert = episode.row, episode.row.alert
    return {
        "source": alert.source,
        "key": alert.key,
        "starts_at": alert.starts_at,
        "status": alert.status,
        "service": alert.service,
        "told_at": alert.told_at,
        "body": row.body,
        "hash": row.hash,
        "purpose": None if alert.purpose == "incident" else alert.purpose,
        "identity": alert.identity,
        "expires_at": episode.expires_at,
    }


def episode_times(episode: PendingEpisode) -> dict[str, Any]:
    """Return the columns that a repeated message changes."""
    return {"its": episode.id, "told_at": episode.row.alert.told_at, "expires_at": episode.expires_at}


_CHANGING_COLUMNS = ("status", "service", "told_at", "body", "hash", "purpose", "expires_at")


def changed_columns(episode: PendingEpisode) -> dict[str, Any]:
    """Return the columns that news change, with the id of the row."""
    row = episode_row(episode)
    return {name: row[name] for name in _CHANGING_COLUMNS} | {"its": episode.id}
