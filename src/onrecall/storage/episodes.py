"""What counts when several messages tell of one episode of an alert, in whatever order they come."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert

LATE = timedelta(seconds=60)
"""Within this of a `resolved`, a `firing` of the same episode that bears no time of its own is taken for one that was
overtaken; after it the alert fires again. Alertmanager says a second firing of one start only after it lost touch."""
FILLED = ("description", "service", "environment", "labels", "annotations", "values", "links", "link_kinds", "group")


def same(stored: Alert, heard: Alert) -> bool:
    """Whether a message without a start is about the newest episode of its key, and not the first of another one."""
    return stored.status == "firing" or heard.status == "resolved" or _older(heard, stored)


def belongs(open_: Alert, heard: Alert) -> bool:
    """Whether a message that tells a start is about an open episode of its key of which no start was told.

    Its end is, and so is a message that fires and tells a start before the moment when the episode was heard of.
    """
    return not open_.starts_known and (heard.status == "resolved" or heard.starts_at <= open_.starts_at)


def merged(stored: Alert, heard: Alert, since: timedelta) -> Alert:
    """The episode after a message, which came so long after the last news; the same alert when it says nothing new."""
    heard = replace(
        heard,
        key=stored.key,
        identity=stored.identity,
        starts_at=stored.starts_at,
        starts_known=stored.starts_known,
        ends_at=heard.ends_at if heard.ends_at and heard.ends_at >= stored.starts_at else None,
        expires_after=None,
    )
    if heard == stored:
        return stored
    if _overtaken(stored, heard, since):
        return _filled(stored, heard)
    return replace(_filled(heard, stored), told_at=heard.told_at or stored.told_at)


def _overtaken(stored: Alert, heard: Alert, since: timedelta) -> bool:
    """Whether the stored message is the later one, though it came first."""
    if stored.told_at and heard.told_at and stored.told_at != heard.told_at:
        return heard.told_at < stored.told_at
    ended = stored.status == "resolved" and heard.status == "firing"
    return ended and (bool(stored.told_at and heard.told_at) or since < LATE)


def _older(heard: Alert, stored: Alert) -> bool:
    return bool(heard.told_at and stored.told_at and heard.told_at <= stored.told_at)


def _filled(later: Alert, earlier: Alert) -> Alert:
    """The later message; what it leaves out is taken from the earlier one, as a `resolved` often says little."""
    missing: dict[str, Any] = {
        name: value for name in FILLED if not getattr(later, name) and (value := getattr(earlier, name))
    }
    if later.status == "resolved" and not later.ends_at and earlier.ends_at:
        missing["ends_at"] = earlier.ends_at
    if later.severity == "unknown" and earlier.severity != "unknown":
        missing["severity"] = earlier.severity
    if later.title in ("", later.key) and earlier.title not in ("", earlier.key, later.title):
        missing["title"] = earlier.title
    filled = replace(later, **missing) if missing else later
    return _described(filled, earlier) if later.status == "resolved" else filled


def _described(ended: Alert, other: Alert) -> Alert:
    """An alert that is over, in the words of the newest message that said it fires, whichever of the two heard of it.

    An end changes neither title, severity nor purpose: `Lift 2 is OK` and `info` are about the end.
    """
    described_at = _described_at(other)
    if described_at is None or (ended.described_at and ended.described_at > described_at):
        return ended
    return replace(
        ended,
        title=other.title if other.title not in ("", other.key) else ended.title,
        severity=other.severity if other.severity != "unknown" else ended.severity,
        purpose=other.purpose,
        purpose_reason=other.purpose_reason,
        described_at=described_at,
    )


def _described_at(alert: Alert) -> datetime | None:
    """When its title and severity were sent by a message that said it fires; None where there was none."""
    return (alert.told_at or alert.starts_at) if alert.status == "firing" else alert.described_at
