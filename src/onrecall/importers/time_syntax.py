"""Parse times in the notations of people and tools; ambiguous times are rejected."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal, NamedTuple

from onrecall.domain.errors import Invalid
from onrecall.importers.zone_names import AMBIGUOUS_ZONES, ZONES, zone_named

Order = Literal["day_first", "month_first"]

LONGEST = 80
"""Maximum characters of a time."""
SPREADSHEET_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone
"""Day 0 of Excel's date system, valid for dates after its nonexistent 29 February 1900."""
SPREADSHEET_DAYS = (25_571, 109_574)
"""Numbers in this range are read as spreadsheet days: from 1970 to 2199."""

_DATE = re.compile(
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})[-/.](?P<yy>\d{4}|\d{2})"
    r"|(?P<compact>\d{8})"
    r"|(?:(?P<weekday>[A-Za-z]{3,9}),?\s+)?(?P<dd>\d{1,2})(?:st|nd|rd|th)?[-/\s.]+(?P<mon>[A-Za-z]{3,9})\.?,?[-/\s]+(?P<yyy>\d{4}|\d{2})"
    r"|(?:[A-Za-z]{3,9},?\s+)?(?P<mon2>[A-Za-z]{3,9})\.?\s+(?P<ddd>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<yyyy>\d{4}))",
    re.ASCII,
)
_CLOCK = re.compile(
    r"(?:T|t|,?\s+(?:at\s+)?)(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?",
    re.ASCII,
)
_CTIME = re.compile(
    r"(?P<day>[A-Za-z]{3} +[A-Za-z]{3} +\d{1,2}) +(?P<clock>\d{1,2}:\d{2}:\d{2})"
    r"(?: +(?P<zone>[A-Z]{1,5}))? +(?P<year>\d{4})",
    re.ASCII,
)
"""C's and the shell's `Mon Feb  9 10:00:00 UTC 2026`."""
_COMPACT_CLOCK = re.compile(r"[Tt]?(?P<h>\d{2})(?P<min>\d{2})(?P<s>\d{2})?(?:[.,](?P<f>\d{1,9}))?", re.ASCII)
"""The clock after a date without separators: `T100000`, `1000`."""
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<h>\d{2}):?(?P<m>\d{2})?", re.ASCII)
_ZONE_WITH_NAME = re.compile(
    r"(?P<zone>(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?|[A-Za-z]{1,5})\s*\([A-Za-z /]{1,40}\)", re.ASCII
)
"""JavaScript's `GMT+0100 (Central European Standard Time)`: the offset decides, its name adds nothing."""
_WEEKDAY = re.compile(r"\((?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\)", re.ASCII | re.IGNORECASE)
_NAME_IN_BRACKETS = re.compile(r"\((?P<name>[A-Za-z /]{1,40})\)$", re.ASCII)
_COUNT = re.compile(r"(?:\d{9,10}(?:\.\d{1,9})?|\d{13}(?:\.\d{1,6})?|\d{16}|\d{19})", re.ASCII)
"""Seconds, milliseconds, microseconds or nanoseconds since 1970."""
_SERIAL = re.compile(r"(?P<day>\d{5,6})(?:[.,](?P<fraction>\d{1,15}))?", re.ASCII)
_EAST_ASIAN = re.compile(
    r"(?P<y>\d{4})\s*[年년]\s*(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日号號일]?"
    r"\s*(?:\([^)]{1,4}\)|(?:星期|周|週)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일)?"
    r"(?:\s*(?P<half>上午|下午|午前|午後|오전|오후)?\s*(?P<h>\d{1,2})\s*(?::|[時时点點시])\s*"
    r"(?:(?P<min>\d{1,2})\s*[分분]?|(?P<thirty>半|반))?\s*(?::?\s*(?P<s>\d{1,2})\s*[秒초]?)?)?\s*(?P<rest>.*)",
    re.ASCII,
)
_AFTERNOON = ("下午", "午後", "오후")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class WrittenTime(NamedTuple):
    """A parsed time."""

    moment: datetime
    """Naive if no zone is written."""
    has_clock: bool
    """Whether a time of day is written."""
    abbreviation: str | None = None
    """The abbreviation of its zone, such as `CET`; if it is ambiguous, the moment is naive."""


class _Day(NamedTuple):
    year: int
    month: int
    day: int


def read_count(value: str) -> float | None:
    """Return a Unix timestamp in any unit, or None if the text is not one."""
    return float(value) if _COUNT.fullmatch(value) and len(value) <= LONGEST else None


def read_spreadsheet_day(value: str) -> datetime | None:
    """Return the naive time of a spreadsheet's day number, or None if the text is not one."""
    match = _SERIAL.fullmatch(value)
    if match is None or not SPREADSHEET_DAYS[0] <= int(match["day"]) <= SPREADSHEET_DAYS[1]:
        return None
    seconds = round(float(f"0.{match['fraction'] or 0}") * 86_400)
    return SPREADSHEET_EPOCH + timedelta(days=int(match["day"]), seconds=seconds)


def parse(value: str, field: str, order: Order | None) -> WrittenTime:
    """Parse a time; raise Invalid if it is not a time or is ambiguous."""
    text = _CTIME.sub(r"\g<day> \g<year> \g<clock> \g<zone>", _to_ascii(value)) if len(value) <= LONGEST else ""
    text = text.strip()
    match = _DATE.match(text)
    if not match:
        raise unreadable_error(value, field)
    day = _parse_day(match, value, field, order)
    remainder = text[match.end() :]
    hour = minute = second = micro = 0
    clock = _COMPACT_CLOCK.match(remainder) if match["compact"] else None
    clock = clock or _CLOCK.match(remainder)
    if clock:
        hour, minute, second = int(clock["h"]), int(clock["min"]), int(clock["s"] or 0)
        micro = int((clock["f"] or "0")[:6].ljust(6, "0"))
        hour = _to_24_hours(hour, clock.groupdict().get("half"), value, field)
        remainder = remainder[clock.end() :]
    zone, abbreviation = _parse_zone(_without_brackets(remainder.strip()), value, field)
    try:
        moment = datetime(*day, hour, minute, second, micro, tzinfo=zone)
    except ValueError as problem:
        raise Invalid(f"`{field}` is {value[:60]!r}, which is not on the calendar: {problem}", field) from None
    return WrittenTime(moment, clock is not None, abbreviation)


def unreadable_error(value: str, field: str) -> Invalid:
    """Return the error for text that is not a time."""
    if value.strip().strip("#") == "" and value.strip():
        return Invalid(
            f"`{field}` is {value.strip()[:20]!r}: the spreadsheet's column was too narrow to show the time; widen it "
            "and export the table again",
            field,
        )
    return Invalid(f"`{field}` is {value[:60]!r}, which is not a time; write it as 2024-01-31T09:30:00Z", field)


def _to_ascii(value: str) -> str:
    """Convert a time in Chinese, Japanese or Korean notation to ASCII; return others unchanged."""
    if value.isascii():
        return value
    match = _EAST_ASIAN.fullmatch(unicodedata.normalize("NFKC", value).strip())
    if match is None:
        return value
    date = f"{match['y']}-{match['m']}-{match['d']}"
    if match["h"] is None:
        return f"{date} {match['rest']}".strip()
    hour = int(match["h"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] in _AFTERNOON else 0)
    minute = 30 if match["thirty"] else int(match["min"] or 0)
    return f"{date} {hour:02}:{minute:02}:{int(match['s'] or 0):02} {match['rest']}".strip()


def _parse_day(match: re.Match[str], value: str, field: str, order: Order | None) -> _Day:
    if match["y"]:
        return _Day(int(match["y"]), int(match["m"]), int(match["d"]))
    if compact := match["compact"]:
        return _Day(int(compact[:4]), int(compact[4:6]), int(compact[6:8]))
    if match["a"]:
        return _numbered_day(match, value, field, order)
    name = (match["mon"] or match["mon2"])[:3].lower()
    if name not in _MONTHS:
        raise unreadable_error(value, field)
    return _Day(_full_year(match["yyy"] or match["yyyy"]), _MONTHS.index(name) + 1, int(match["dd"] or match["ddd"]))


def _numbered_day(match: re.Match[str], value: str, field: str, order: Order | None) -> _Day:
    first, second, year = int(match["a"]), int(match["b"]), _full_year(match["yy"])
    if match["sep"] == "." or first > 12 or first == second:
        return _Day(year, second, first)
    if second > 12:
        return _Day(year, first, second)
    if order is None:
        raise Invalid(
            f"`{field}` is {value[:60]!r}: it is unclear whether day or month comes first; set it in a mapping file "
            "with `dates: day_first` or `dates: month_first`",
            field,
        )
    return _Day(year, second, first) if order == "day_first" else _Day(year, first, second)


def _full_year(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _to_24_hours(hour: int, half: str | None, value: str, field: str) -> int:
    if half is None or hour > 12:  # people write 17:14pm; the clock of 24 hours is plain enough
        return hour
    if hour == 0:
        raise unreadable_error(value, field)
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _without_brackets(suffix: str) -> str:
    """Return what follows a time: no weekday, no name behind a zone, and any other name in brackets bare."""
    if match := _ZONE_WITH_NAME.fullmatch(suffix):
        return match["zone"]
    if _WEEKDAY.fullmatch(suffix):
        return ""
    return _NAME_IN_BRACKETS.sub(r" \g<name>", suffix).strip()


def _parse_zone(suffix: str, value: str, field: str) -> tuple[tzinfo | None, str | None]:
    """Return the zone that follows a time, and its abbreviation; an ambiguous one has no zone."""
    if not suffix:
        return None, None
    if suffix.upper() in ("Z", "UTC", "GMT", "+00:00 UTC", "+0000 UTC"):
        return UTC, None
    if match := _OFFSET.fullmatch(suffix.removeprefix("UTC").removeprefix("GMT")):
        ahead = timedelta(hours=int(match["h"]), minutes=int(match["m"] or 0))
        offset = ahead if match["sign"] == "+" else -ahead
        if abs(offset) < timedelta(hours=24):
            return timezone(offset), None
        raise unreadable_error(value, field)
    name = suffix.casefold()
    if name in ZONES:
        return zone_named(name), suffix.upper()
    if name in AMBIGUOUS_ZONES:
        return None, suffix.upper()
    if not suffix.isalpha():
        raise unreadable_error(value, field)
    raise Invalid(
        f"`{field}` is {value[:60]!r}: {suffix[:20]!r} is no known zone; write the offset, such as +01:00",
        field,
    )
