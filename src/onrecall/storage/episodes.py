"""How messages about one alert episode are merged, in whatever order they arrive."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert

LATE_WINDOW = timedelta(seconds=60)
"""Within this time after a `resolved`, a `firing` of the same episode without a time of its own counts as overtaken;
later, the alert fires again. Alertmanager repeats a firing with the same start only after it lost its state."""
FILLED_FIELDS = (
    "description",
    "service",
    "environment",
    "labels",
    "annotations",
    "values",
    "links",
    "link_kinds",
    "group",
)


def same_episode(stored: Alert, reported: Alert) -> bool:
    """Whether a message without a start belongs to the newest episode of its key rather than starting another."""
    return stored.status == "firing" or reported.status == "resolved" or _is_older(reported, stored)


def belongs_to_open(open_alert: Alert, reported: Alert) -> bool:
    """Whether a message with a start belongs to an open episode of its key whose start is unknown.

    An end does, and so does a firing message with a start before the episode was first heard of.
    """
    return not open_alert.starts_known and (reported.status == "resolved" or reported.starts_at <= open_alert.starts_at)


def merge_update(stored: Alert, reported: Alert, since: timedelta) -> Alert:
    """Merge a message into an episode, `since` its last update. Returns `stored` itself if nothing is new."""
    reported = replace(
        reported,
        key=stored.key,
        title=stored.key if reported.title == reported.key else reported.title,
        identity=stored.identity,
        starts_at=stored.starts_at,
        starts_known=stored.starts_known,
        ends_at=reported.ends_at if reported.ends_at and reported.ends_at >= stored.starts_at else None,
        expires_after=None,
        continues=stored.continues,
    )
    if reported == stored:
        return stored
    if _is_out_of_order(stored, reported, since):
        return _fill_missing(stored, reported)
    return replace(_fill_missing(reported, stored), told_at=reported.told_at or stored.told_at)


def _is_out_of_order(stored: Alert, reported: Alert, since: timedelta) -> bool:
    """Whether the stored message is the later one although it arrived first."""
    if stored.told_at and reported.told_at and stored.told_at != reported.told_at:
        return reported.told_at < stored.told_at
    ended = stored.status == "resolved" and reported.status == "firing"
    return ended and (bool(stored.told_at and reported.told_at) or since < LATE_WINDOW)


def _is_older(reported: Alert, stored: Alert) -> bool:
    return bool(reported.told_at and stored.told_at and reported.told_at <= stored.told_at)


def _fill_missing(later: Alert, earlier: Alert) -> Alert:
    """Fill fields missing in the later message from the earlier one; a `resolved` often says little."""
    missing: dict[str, Any] = {
        name: value for name in FILLED_FIELDS if not getattr(later, name) and (value := getattr(earlier, name))
    }
    if later.status == "resolved" and not later.ends_at and earlier.ends_at:
        missing["ends_at"] = earlier.ends_at
    if later.severity == "unknown" and earlier.severity != "unknown":
        missing["severity"] = earlier.severity
    if later.title in ("", later.key) and earlier.title not in ("", later.title):
        missing["title"] = earlier.title
    filled = replace(later, **missing) if missing else later
    return _restore_description(filled, earlier) if later.status == "resolved" else filled


def _restore_description(ended: Alert, described: Alert) -> Alert:
    """Return a resolved alert with title, severity and purpose of the newest firing message among the two.

    A resolved message never changes these: its `Lift 2 is OK` and `info` describe the end.
    """
    described_at = _described_at(described)
    if described_at is None or (ended.described_at and ended.described_at > described_at):
        return ended
    return replace(
        ended,
        title=described.title
        if described.title and (described.title != described.key or ended.title == ended.key)
        else ended.title,
        severity=described.severity if described.severity != "unknown" else ended.severity,
        purpose=described.purpose,
        purpose_reason=described.purpose_reason,
        described_at=described_at,
    )


def _described_at(alert: Alert) -> datetime | None:
    """When title and severity were last described by a firing message; None if never."""
    return (alert.told_at or alert.starts_at) if alert.status == "firing" else alert.described_at
