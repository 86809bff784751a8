"""How messages about one alert episode are merged, in whatever order they arrive."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
_NEVER = datetime.min.replace(tzinfo=UTC)
WORDS_OF_THE_MOMENT = ("description", "annotations", "values")
"""Filled fields that say how things are when a message is sent; those of an end don't describe an alert that fires."""


def same_episode(stored: Alert, reported: Alert) -> bool:
    """Return whether a message without a start belongs to the newest episode of its key, or starts another."""
    return stored.status == "firing" or reported.status == "resolved" or _is_older(reported, stored)


def belongs_to_open(open_alert: Alert, reported: Alert) -> bool:
    """Return whether a message with a start belongs to an open episode of its key whose start is unknown.

    An end does, and so does a firing message with a start before the episode was first heard of.
    """
    return not open_alert.starts_known and (reported.status == "resolved" or reported.starts_at <= open_alert.starts_at)


def merge_update(stored: Alert, reported: Alert, since: timedelta, *, superseded: bool = False) -> Alert:
    """Merge a message into an episode, `since` its last update. Returns `stored` itself if nothing is new.

    A superseded episode, which a later one of its key followed, never fires again.
    """
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
        one_at_a_time=stored.one_at_a_time,
    )
    if reported == stored:
        return stored
    if superseded and reported.status == "firing" and stored.status == "resolved":
        return _fill_missing(stored, reported)
    if _is_out_of_order(stored, reported, since):
        return _fill_missing(stored, reported)
    return replace(_fill_missing(reported, stored), told_at=reported.told_at or stored.told_at)


def _is_out_of_order(stored: Alert, reported: Alert, since: timedelta) -> bool:
    """Return whether the stored message is the later one although it arrived first."""
    if stored.told_at and reported.told_at and stored.told_at != reported.told_at:
        return reported.told_at < stored.told_at
    ended = stored.status == "resolved" and reported.status == "firing"
    return ended and (bool(stored.told_at and reported.told_at) or since < LATE_WINDOW)


def _is_older(reported: Alert, stored: Alert) -> bool:
    return bool(reported.told_at and stored.told_at and reported.told_at <= stored.told_at)


def end_episode(alert: Alert, reason: str) -> Alert:
    """Return a firing alert as ended for a reason that its sender did not give."""
    return replace(alert, status="resolved", end_reason=reason, described_at=_described_at(alert))


def _fill_missing(later: Alert, earlier: Alert) -> Alert:
    """Fill fields missing in the later message from the earlier one; a `resolved` often says little."""
    only_ended = later.was_firing and not earlier.was_firing
    missing: dict[str, Any] = {
        name: value
        for name in FILLED_FIELDS
        if not getattr(later, name)
        and not (only_ended and name in WORDS_OF_THE_MOMENT)
        and (value := getattr(earlier, name))
    }
    if later.status == "resolved" and not later.ends_at and earlier.ends_at:
        missing["ends_at"] = earlier.ends_at
    if later.severity == "unknown" and earlier.severity != "unknown":
        missing["severity"] = earlier.severity
    if later.title in ("", later.key) and earlier.title not in ("", later.title):
        missing["title"] = earlier.title
    filled = replace(later, **missing) if missing else later
    return _restore_description(later, filled, earlier) if later.status == "resolved" else filled


def _restore_description(later: Alert, ended: Alert, earlier: Alert) -> Alert:
    """Return a resolved alert with what the newest firing message of the two says of it.

    A resolved message never changes title, description, measured values, severity and purpose: its `Lift 2 is OK`,
    `200 - OK` and `info` are of the end, and its description becomes the `end_description`.
    """
    described = max((earlier, later), key=lambda alert: _described_at(alert) or _NEVER)
    described_at = _described_at(described)
    if described_at is None:
        return ended
    end_description = _end_description(later) or _end_description(earlier)
    restored = _words_while_firing(ended, described) if described is earlier else ended
    return replace(
        restored,
        end_description="" if end_description == restored.description else end_description,
        described_at=described_at,
    )


def _words_while_firing(ended: Alert, described: Alert) -> Alert:
    """Return an ended alert with the words of the message that describes how it fired."""
    is_named = described.title and (described.title != described.key or ended.title == ended.key)
    return replace(
        ended,
        title=described.title if is_named else ended.title,
        description=described.description,
        annotations=described.annotations or ended.annotations,
        values=described.values or ended.values,
        severity=described.severity if described.severity != "unknown" else ended.severity,
        purpose=described.purpose,
        purpose_reason=described.purpose_reason,
    )


def _end_description(alert: Alert) -> str:
    """Return what the sender wrote at the end; an end that was never heard of as firing has it as its description."""
    if alert.status == "firing":
        return ""
    return alert.end_description if alert.was_firing else alert.description


def _described_at(alert: Alert) -> datetime | None:
    """When title and description were last sent by a firing message; None if never."""
    return (alert.told_at or alert.starts_at) if alert.status == "firing" else alert.described_at
