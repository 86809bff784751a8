"""Ids of incidents that are on record because a postmortem tells of them, from the ids of its documents."""

import re

PREFIX = "PM-"
"""What the ids of incidents from documents begin with."""
_UNSAFE = r"/\\?#%\s"
"""Characters that a segment of a URL's path can't hold."""


def report_id(source_id: str) -> str:
    """Return the id of a document's incident: the document's own under one prefix, a dash for what a URL can't hold."""
    return _with_prefix(re.sub(rf"[–—-]*[{_UNSAFE}][{_UNSAFE}–—-]*", "-", source_id))


def former_report_ids(source_id: str) -> tuple[str, ...]:
    """Return the ids that earlier releases gave the incident: with several dashes, and with the prefix twice."""
    dashed = _with_prefix(re.sub(rf"[{_UNSAFE}]+", "-", source_id))
    doubled = f"{PREFIX}{dashed}" if source_id.startswith(PREFIX) else None
    return tuple(former for former in (doubled, dashed) if former and former != report_id(source_id))


def _with_prefix(slug: str) -> str:
    slug = slug.strip("-")
    return slug if slug.startswith(PREFIX) else PREFIX + slug
