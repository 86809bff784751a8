"""Parses times as tools write them, to UTC. Unreadable times raise Invalid with the field; none is replaced by now."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onrecall.domain.errors import Invalid

EXAMPLE = "2024-01-31T09:30:00Z"
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_EPOCH = datetime.fromtimestamp(0, UTC)
_LONGEST = 100
_COUNT = re.compile(r"\d{10,19}(?:\.\d{1,9})?", re.ASCII)
_JSON_DATE = re.compile(r"\\?/Date\((-?\d{10,14})(?:[+-]\d{4})?\)\\?/", re.ASCII)
"""What .NET writes, in milliseconds."""
_DIGITS = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d", re.ASCII)
"""A date and a clock without marks, `20240131093000`; as a count of microseconds it would be a day of 1970."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ABBREVIATIONS = {
    **dict(
        zip(("EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"), (-5, -4, -6, -5, -7, -6, -8, -7), strict=True)
    ),
    **dict(zip(("WET", "WEST", "CET", "CEST", "EET", "EEST", "MSK", "JST"), (0, 1, 1, 2, 2, 3, 3, 9), strict=True)),
}
"""Zones of RFC 2822 and others that mean one offset only, in hours; IST, for example, means three."""
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,12}))?)?"
_HALF = r"(?:\s?(?P<half>[AaPp]\.?[Mm]\.?))?"
_NAMED_ZONE = "|".join(("Z", "z", "UTC", "GMT", "UT", *_ABBREVIATIONS))
_ZONE = rf"(?:\s?(?:\(?(?P<zone>{_NAMED_ZONE}|(?:UTC|GMT)?[+-]\d\d:?\d\d|(?:UTC|GMT)[+-]\d{{1,2}}|[+-]\d\d)\)?))?"
_AFTER = r"(?:\s(?:\(?(?:UTC|GMT|Coordinated Universal Time)\)?|m=[+-][\d.]+)|\[[\w/+-]{1,40}\])*"
"""What Go, JavaScript and Java append after the offset."""
_DAY_NAME = r"(?:[A-Z][a-z]{2,8},?\s)?"
_MONTH_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"(?P<year>\d{{4}})([-/.])(?P<month>\d\d)\2(?P<day>\d\d)(?:[Tt_]|,?\s){_CLOCK}{_HALF}{_ZONE}{_AFTER}",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?P<zone>Z|[+-]\d{4})?",
        rf"{_DAY_NAME}(?P<day>\d{{1,2}})[\s-]{_MONTH_NAME}[\s-](?P<year>\d{{4}}),?(?:\sat)?\s{_CLOCK}{_HALF}{_ZONE}{_AFTER}",
        rf"{_DAY_NAME}{_MONTH_NAME}\s(?P<day>\d{{1,2}}),?\s(?P<year>\d{{4}}),?(?:\sat)?\s{_CLOCK}{_HALF}{_ZONE}{_AFTER}",
        rf"{_DAY_NAME}{_MONTH_NAME}\s+(?P<day>\d{{1,2}})\s{_CLOCK}{_HALF}{_ZONE}\s(?P<year>\d{{4}})",
        rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}),?\s{_CLOCK}{_HALF}{_ZONE}",
        rf"(?P<day>\d{{2}})/{_MONTH_NAME}/(?P<year>\d{{4}}):{_CLOCK}{_ZONE}",
        rf"(?P<first>\d{{1,2}})/(?P<other>\d{{1,2}})/(?P<year>\d{{4}}),?\s{_CLOCK}{_HALF}{_ZONE}",
    )
)
"""RFC 3339 and relatives, RFC 2822, ctime, web servers' logs, a day and a clock by hand; the first that fits counts."""


def read_timestamp(value: object, field: str, zone: str | None = None) -> datetime | None:
    """Returns the time in UTC; None where the value says nothing, or is the zero of Go (year 1) or of Unix.

    Args:
        value: a text, or a count since 1970 in seconds, milliseconds, microseconds or nanoseconds, told by its size.
        field: how the value is called, for the error.
        zone: an offset such as `+01:00` or a name such as `Europe/Berlin` for a text that names none; else UTC.

    Raises:
        Invalid: it is no time, or one that can't be when something happened.
    """
    value = unwrap_time(value)
    if isinstance(value, bool):
        raise Invalid(f"`{field}` is {str(value).lower()}, which is not a time; write it as {EXAMPLE}", field)
    if isinstance(value, int) and _DIGITS.fullmatch(str(value)):
        return _from_text(str(value), field, zone)
    if isinstance(value, int | float):
        return _from_count(value, field) if value else None
    if not isinstance(value, str) or not (text := value.strip()):
        return None
    if text.startswith(("0001-01-01", "0000-00-00")) or text == "0":
        return None
    if json_date := _JSON_DATE.fullmatch(text):
        return _require_plausible(_EPOCH + timedelta(milliseconds=int(json_date[1])), text, field)
    is_count = _COUNT.fullmatch(text) and not _DIGITS.fullmatch(text)
    return _from_count(float(text), field) if is_count else _from_text(text, field, zone)


def unwrap_time(value: object) -> object:
    """Returns the text or count of a time that extended JSON wraps, such as `{"$date": "2024-01-31T09:30:00Z"}`."""
    for name in ("$date", "$numberLong"):
        if isinstance(value, dict) and name in value:
            value = value[name]
            if name == "$numberLong" and isinstance(value, str) and len(value) <= _LONGEST and value.isdecimal():
                return int(value)
    return value


def read_formatted(value: object, field: str, formats: Sequence[str], zone: str | None = None) -> datetime | None:
    """Returns the time of a text in one of these strptime formats, tried in turn; else as `read_timestamp` has it."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        for form in formats:
            try:
                local_time = datetime.strptime(value.strip(), form)  # noqa: DTZ007 - the zone follows
                return _require_plausible(_in_utc(local_time, zone, field), value, field)
            except ValueError:
                continue
    return read_timestamp(value, field, zone)


def _from_count(value: float, field: str) -> datetime:
    for scale in (1, 1e3, 1e6, 1e9):
        if abs(value) < scale * 1e10:
            return _require_plausible(_EPOCH + timedelta(seconds=value / scale), value, field)
    raise Invalid(f"`{field}` is {_quoted(value)}, which is not a time since 1970; write it as {EXAMPLE}", field)


def _from_text(text: str, field: str, zone: str | None) -> datetime:
    matches = (form.fullmatch(text) for form in _FORMS if len(text) <= _LONGEST)
    if fitting := next((match for match in matches if match), None):
        try:
            return _require_plausible(_assemble(fitting.groupdict(), zone, field), text, field)
        except (ValueError, OverflowError):
            pass
    raise Invalid(f"`{field}` is {_quoted(text)}, which is not a time; write it as {EXAMPLE}", field)


def _assemble(parts: dict[str, str | None], zone: str | None, field: str) -> datetime:
    """Build the time from its parts. Raises ValueError if they are not a valid time."""
    month, day = _month_and_day(parts)
    hour = _hour(int(parts["hour"] or 0), parts.get("half"))
    micros = int((parts.get("fraction") or "0")[:6].ljust(6, "0"))
    clock = int(parts["minute"] or 0), int(parts.get("second") or 0), micros
    local_time = datetime(int(parts["year"] or 0), month, day, hour, *clock)  # noqa: DTZ001 - the zone follows
    return _in_utc(local_time, parts.get("zone") or zone, field)


def _month_and_day(parts: dict[str, str | None]) -> tuple[int, int]:
    if name := parts.get("name"):
        return _MONTHS.index(name[:3].lower()) + 1, int(parts["day"] or 0)
    if "first" not in parts:
        return int(parts["month"] or 0), int(parts["day"] or 0)
    first, second = int(parts["first"] or 0), int(parts["other"] or 0)
    if first > 12:
        return second, first
    if second > 12 or first == second:
        return first, second
    raise ValueError("it is unclear whether the day or the month comes first")


def _hour(hour: int, half: str | None) -> int:
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("no hour of half a day")
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _in_utc(time: datetime, zone: str | None, field: str) -> datetime:
    if time.tzinfo is None:
        time = time.replace(tzinfo=_zone(zone, field))
    return time.astimezone(UTC)


def _zone(zone: str | None, field: str) -> timezone | ZoneInfo:
    name = (zone or "").strip().strip("()")
    if not name or name.upper() in ("Z", "UTC", "GMT", "UT"):
        return UTC
    if name.upper() in _ABBREVIATIONS:
        return timezone(timedelta(hours=_ABBREVIATIONS[name.upper()]))
    offset = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d\d)?", name, re.ASCII | re.IGNORECASE)
    try:
        if offset:
            sign, hours, minutes = offset.groups()
            distance = timedelta(hours=int(hours), minutes=int(minutes or 0))
            return timezone(-distance if sign == "-" else distance)
        return ZoneInfo(name) if len(name) < 64 else UTC
    except (ValueError, ZoneInfoNotFoundError, OSError):
        raise Invalid(f"`{field}` has the time zone {name[:40]!r}, which is not known", field) from None


def _require_plausible(time: datetime, value: object, field: str) -> datetime:
    if not _EARLIEST <= time < _LATEST:
        raise Invalid(f"`{field}` is {_quoted(value)}, which cannot be when it happened; give the real time", field)
    return time


def _quoted(value: object) -> str:
    return repr(str(value)[:60]) if isinstance(value, str) else repr(value)[:60]
