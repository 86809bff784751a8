"""What counts when several messages tell of one episode of an alert, in whatever order they come."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert

LATE_WINDOW = timedelta(seconds=60)
"""Within this of a `resolved`, a `firing` of the same episode that bears no time of its own is taken for one that was
overtaken; after it the alert fires again. Alertmanager says a second firing of one start only after it lost touch."""
FILLED_FIELDS = ("description", "service", "environment", "labels", "annotations", "values", "links", "link_kinds", "group")


def same_episode(stored: Alert, reported: Alert) -> bool:
    """Whether a message without a start is about the newest episode of its key, and not the first of another one."""
    return stored.status == "firing" or reported.status == "resolved" or _is_older(reported, stored)


def belongs_to_open(open_alert: Alert, reported: Alert) -> bool:
    """Whether a message that tells a start is about an open episode of its key of which no start was told.

    Its end is, and so is a message that fires and tells a start before the moment when the episode was heard of.
    """
    return not open_alert.starts_known and (reported.status == "resolved" or reported.starts_at <= open_alert.starts_at)


def merge_update(stored: Alert, reported: Alert, since: timedelta) -> Alert:
    """The episode after a message, which came so long after the last news; the same alert when it says nothing new."""
    reported = replace(
        reported,
        key=stored.key,
        identity=stored.identity,
        starts_at=stored.starts_at,
        starts_known=stored.starts_known,
        ends_at=reported.ends_at if reported.ends_at and reported.ends_at >= stored.starts_at else None,
        expires_after=None,
    )
    if reported == stored:
        return stored
    if _is_out_of_order(stored, reported, since):
        return _fill_missing(stored, reported)
    return replace(_fill_missing(reported, stored), told_at=reported.told_at or stored.told_at)


def _is_out_of_order(stored: Alert, reported: Alert, since: timedelta) -> bool:
    """Whether the stored message is the later one, though it came first."""
    if stored.told_at and reported.told_at and stored.told_at != reported.told_at:
        return reported.told_at < stored.told_at
    ended = stored.status == "resolved" and reported.status == "firing"
    return ended and (bool(stored.told_at and reported.told_at) or since < LATE_WINDOW)


def _is_older(reported: Alert, stored: Alert) -> bool:
    return bool(reported.told_at and stored.told_at and reported.told_at <= stored.told_at)


def _fill_missing(later: Alert, earlier: Alert) -> Alert:
    """The later message; what it leaves out is taken from the earlier one, as a `resolved` often says little."""
    missing: dict[str, Any] = {
        name: value for name in FILLED_FIELDS if not getattr(later, name) and (value := getattr(earlier, name))
    }
    if later.status == "resolved" and not later.ends_at and earlier.ends_at:
        missing["ends_at"] = earlier.ends_at
    if later.severity == "unknown" and earlier.severity != "unknown":
        missing["severity"] = earlier.severity
    if later.title in ("", later.key) and earlier.title not in ("", earlier.key, later.title):
        missing["title"] = earlier.title
    filled = replace(later, **missing) if missing else later
    return _restore_description(filled, earlier) if later.status == "resolved" else filled


def _restore_description(ended: Alert, described: Alert) -> Alert:
    """An alert that is over, in the words of the newest message that said it fires, whichever of the two heard of it.

    An end changes neither title, severity nor purpose: `Lift 2 is OK` and `info` are about the end.
    """
    described_at = _described_at(described)
    if described_at is None or (ended.described_at and ended.described_at > described_at):
        return ended
    return replace(
        ended,
        title=described.title if described.title not in ("", described.key) else ended.title,
        severity=described.severity if described.severity != "unknown" else ended.severity,
        purpose=described.purpose,
        purpose_reason=described.purpose_reason,
        described_at=described_at,
    )


def _described_at(alert: Alert) -> datetime | None:
    """When its title and severity were sent by a message that said it fires; None where there was none."""
    return (alert.told_at or alert.starts_at) if alert.status == "firing" else alert.described_at
