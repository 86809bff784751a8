"""Parse due dates of action items that name a whole day without doubt."""

import re
from datetime import date

_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)")
_DOTTED = re.compile(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_FIRST = re.compile(r"(?P<name>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})")
_DAY_FIRST = re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?P<name>[A-Za-z]{3,9})\.?,?\s+(?P<year>\d{4})")


def parse_due_day(text: str) -> str | None:
    """Return the day as 2026-12-24; None for a quarter, a day without its year, or an order of digits that is unclear.

    `03/04/2026` is unclear, because it is March in one country and April in another.
    """
    cell = " ".join(text.split()).strip(" .")
    for pattern in (_ISO, _DOTTED, _MONTH_FIRST, _DAY_FIRST):
        if match := pattern.fullmatch(cell):
            return _day(match.groupdict())
    return None


def _day(parts: dict[str, str]) -> str | None:
    name = parts.get("name", "")[:3].lower()
    month = int(parts["month"]) if "month" in parts else _MONTHS.index(name) + 1 if name in _MONTHS else 0
    try:
        return date(int(parts["year"]), month, int(parts["day"])).isoformat()
    except ValueError:
        return None
