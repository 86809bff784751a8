"""Atom and RSS feeds of a status page: each entry is an incident in the form of Statuspage's API."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag

from onrecall.domain.errors import Invalid
from onrecall.importers.record import SourceRow
from onrecall.importers.time_syntax import parse

_FEED = re.compile(r"(?:<!--.*?-->\s*)?<(?:feed|rss)\b", re.DOTALL)
_WHEN = re.compile(
    r"(?P<month>[A-Z][a-z]{2})\s+(?P<day>\d{1,2})\s*,\s*(?:(?P<year>\d{4})\s*,?\s*)?(?P<clock>\d{1,2}:\d{2}(?:\s*[AP]M\b)?)\s*(?P<zone>[A-Z]{2,5})?"
)


def is_feed(text: str) -> bool:
    """Return whether a text, without XML's declaration, is an Atom or RSS feed."""
    return _FEED.match(text) is not None


def entries(name: str, text: str) -> Iterator[SourceRow]:
    """Yield a row per entry, with its updates, newest first."""
    soup = BeautifulSoup(text, "html.parser")
    for entry in soup.find_all(("entry", "item")):
        identifier = _child_text(entry, "id") or _child_text(entry, "guid")
        published = _child_text(entry, "published") or _child_text(entry, "pubdate") or _child_text(entry, "updated")
        content = _child_text(entry, "content") or _child_text(entry, "description") or _child_text(entry, "summary")
        updates = _updates(content, published)
        status = updates[0]["status"] if updates else None
        yield SourceRow(
            1,
            {
                "id": re.split(r"[/:]", identifier.rstrip("/"))[-1],
                "name": _child_text(entry, "title"),
                "status": status,
                "started_at": next(
                    (update["created_at"] for update in reversed(updates) if update["created_at"]), published
                ),
                "resolved_at": updates[0]["created_at"] if status in ("resolved", "completed") else None,
                "scheduled_for": published if status in ("scheduled", "completed", "in progress") else None,
                "incident_updates": updates,
            },
            f"{name}, {identifier[-60:]}",
        )


def _child_text(entry: Tag, name: str) -> str:
    child = entry.find(name)
    return child.get_text().strip() if isinstance(child, Tag) else ""


def _updates(content: str, published: str) -> list[Mapping[str, Any]]:
    """Return the updates in an entry: paragraphs that begin with a time and a bold state."""
    page = BeautifulSoup(content, "html.parser")
    updates: list[Mapping[str, Any]] = []
    for paragraph in page.find_all("p"):
        state, when = paragraph.find("strong"), paragraph.find("small")
        if not isinstance(state, Tag):
            continue
        written = _written_time(when.get_text(" ", strip=True) if isinstance(when, Tag) else "", published)
        status = state.get_text(strip=True)
        text = paragraph.get_text(" ", strip=True).partition(status)[2].strip(" -\u2013\u2014")
        updates.append({"status": status.lower(), "body": text, "created_at": written})
    return updates


def _written_time(text: str, published: str) -> str | None:
    """Return the time of an update as text, with its zone; a day without a year gets that of the entry."""
    match = _WHEN.search(text)
    if match is None:
        return None
    day = f"{match['month']} {match['day']}"
    day = f"{day}, {match['year']}" if match["year"] else _with_year(day, published)
    return f"{day} {match['clock']} {match['zone'] or ''}".strip()


def _with_year(day: str, published: str) -> str:
    """Return a day such as `Jan 1` with the year in which it is nearest to a time; as it is if that can't be read."""
    near = _read_day(published)
    if near is None:
        return day
    candidates = [f"{day}, {year}" for year in (near.year - 1, near.year, near.year + 1)]
    dated = [(abs(moment - near), text) for text in candidates if (moment := _read_day(text))]
    return min(dated)[1] if dated else candidates[1]


def _read_day(text: str) -> date | None:
    try:
        return parse(text, "published", None).moment.date()
    except Invalid:
        return None
