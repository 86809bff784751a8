"""Join dates and times of day that a table keeps in columns of their own."""

import re
from collections.abc import Mapping
from typing import Any

from onrecall.importers.column_names import normalize_column

_DAYS = {
    "started_at": "start date|incident date|date|day|opened date|created date|datum|fecha|data",
    "resolved_at": "end date|resolved date|closed date|close date|resolution date|start date|incident date|date|day|"
    "datum|fecha|data",
}
"""Field → names of the columns that hold its date, most reliable first."""
_CLOCKS = {
    "started_at": "start time|time|reported time|time of day|opened time|start|started|from|uhrzeit|heure|hora",
    "resolved_at": "end time|resolved time|closed time|close time|resolution time|end|ended|to",
}
_CLOCK = re.compile(r"\s*\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AaPp]\.?[Mm]\.?)?(?:\s*[A-Za-z]{1,5}|\s*[+-]\d{2}:?\d{2})?\s*")
_DAY = re.compile(r"[^:]*\d[^:]*")
_CLOCK_BEHIND = re.compile(r"[T\s]\d{1,2}:\d{2}.*$")


def is_clock(text: str) -> bool:
    """Return whether a text is a time of day without a date."""
    return _CLOCK.fullmatch(text) is not None


def join_day_and_clock(texts: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return start and end with their dates and times of day, and the columns that completed them.

    An end without a date has that of its columns, or else that of the start.
    """
    by_name = {normalize_column(column): column for column in reversed(list(row))}
    joined, used = dict(texts), []
    for field, days in _DAYS.items():
        text = joined.get(field)
        if not isinstance(text, str) or not text.strip():
            continue
        if is_clock(text):
            other = _first(days, by_name, row, _DAY)
            day = (
                str(row[other]).strip()
                if other
                else _day_of(joined.get("started_at"))
                if field == "resolved_at"
                else None
            )
            joined[field] = f"{day} {text.strip()}" if day else text
        elif _DAY.fullmatch(text) and not text.strip().isdigit():
            other = _first(_CLOCKS[field], by_name, row, _CLOCK)
            joined[field] = f"{text.strip()} {str(row[other]).strip()}" if other else text
        else:
            other = None
        used += [other] if other else []
    return joined, tuple(used)


def _first(names: str, by_name: Mapping[str, str], row: Mapping[str, Any], pattern: re.Pattern[str]) -> str | None:
    """Return the first of these columns whose text matches."""
    columns = (by_name[name] for name in names.split("|") if name in by_name)
    return next((column for column in columns if isinstance(row[column], str) and pattern.fullmatch(row[column])), None)


def _day_of(start: Any) -> str | None:
    """Return the date of a start such as `2026-05-01 09:15`."""
    return _CLOCK_BEHIND.sub("", start).strip() if isinstance(start, str) and _CLOCK_BEHIND.search(start) else None
