"""Times as people and tools write them; what could be read in two ways is refused, never guessed."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from onrecall.domain.errors import Invalid

Order = Literal["day_first", "month_first"]

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LONGEST = 64
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_DATE = re.compile(
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})[-/.](?P<yy>\d{4}|\d{2})"
    r"|(?P<compact>\d{8})"
    r"|(?:(?P<weekday>[A-Za-z]{3,9}),?\s+)?(?P<dd>\d{1,2})(?:st|nd|rd|th)?[-/\s.]+(?P<mon>[A-Za-z]{3,9})\.?,?[-/\s]+(?P<yyy>\d{4}|\d{2})"
    r"|(?P<mon2>[A-Za-z]{3,9})\.?\s+(?P<ddd>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<yyyy>\d{4}))",
    re.ASCII,
)
_CLOCK = re.compile(
    r"(?:T|t|,?\s+(?:at\s+)?)(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?",
    re.ASCII,
)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<h>\d{2}):?(?P<m>\d{2})?", re.ASCII)
_LASTED = re.compile(r"(?P<h>\d{1,3}):(?P<m>\d{2})(?::(?P<s>\d{2}))?", re.ASCII)
_PART = re.compile(
    r"(\d{1,9}(?:\.\d{1,3})?)\s*(d(?:ays?)?|h(?:(?:ou)?rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)\b",
    re.IGNORECASE | re.ASCII,
)
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SLASHED = re.compile(r"\s*(\d{1,2})[-/](\d{1,2})[-/](?:\d{4}|\d{2})\b", re.ASCII)


class _Day(NamedTuple):
    year: int
    month: int
    day: int


class Times:
    """Reads the times of one file, and remembers whether it had to take any as UTC."""

    def __init__(
        self, local: tzinfo | None = None, undated: datetime | None = None, order: Order | None = None
    ) -> None:
        self.local = local
        self.undated = undated
        """What to use where the source gives no time at all; only a person may say so."""
        self.order = order
        self.assumed_utc = 0
        self.dated_by_user = 0

    def read(self, value: str, field: str) -> datetime:
        """The moment that is written, in UTC."""
        moment = _parse(value.strip(), field, self.order)
        if moment.tzinfo is None:
            if self.local is None and ":" in value:
                self.assumed_utc += 1
            moment = moment.replace(tzinfo=self.local or UTC)
        return _plausible(moment, value, field)

    def start_by_user(self) -> datetime:
        """The start of an incident whose source gives none: what a person said it to be, or Invalid."""
        if self.undated is None:
            raise Invalid(
                "there is no `started_at`; give the time it began, such as 2024-01-31T09:30:00Z", "started_at"
            )
        self.dated_by_user += 1
        return self.undated

    def unix(self, value: float, field: str) -> datetime:
        """The moment that a count of seconds, milliseconds, microseconds or nanoseconds since 1970 names."""
        for scale in (1, 1e3, 1e6, 1e9):
            if abs(value) < scale * 1e10:
                seconds = value / scale
                return _plausible(datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds), value, field)
        raise Invalid(f"`{field}` is {value!r}, which is no time since 1970; write it as 2024-01-31T09:30:00Z", field)


def after(start: datetime | None, seconds: float | None) -> datetime | None:
    """The moment so many seconds later; None where either is unknown or the calendar ends."""
    if start is None or seconds is None:
        return None
    try:
        return start + timedelta(seconds=seconds)
    except OverflowError:
        return None


def duration(said: str | None) -> float | None:
    """How many seconds `45 minutes`, `1h 30m` or `00:45:00` are; None where it says no such thing."""
    if not said or len(said) > LONGEST:
        return None
    if clock := _LASTED.fullmatch(said.strip()):
        return int(clock["h"]) * 3600 + int(clock["m"]) * 60 + int(clock["s"] or 0)
    parts = _PART.findall(said)
    if not parts or _PART.sub("", said).strip(" ,~.").lower() not in ("", "and"):
        return None
    return sum(float(number) * _SECONDS[unit[0].lower()] for number, unit in parts)


def zone(name: str) -> ZoneInfo:
    """The time zone with this name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Invalid(f"there is no time zone {name!r}; write one such as UTC or Europe/Berlin", "timezone") from None


def order_of(values: Iterable[str]) -> Order | None:
    """Whether 03/04/2024 is in March or in April, where the other dates of the same file leave no doubt."""
    firsts = seconds = 0
    for value in values:
        if found := _SLASHED.match(value):
            firsts = max(firsts, int(found[1]))
            seconds = max(seconds, int(found[2]))
    if firsts > 12 and seconds <= 12:
        return "day_first"
    if seconds > 12 and firsts <= 12:
        return "month_first"
    return None


def _parse(value: str, field: str, order: Order | None) -> datetime:
    found = _DATE.match(value) if len(value) <= LONGEST else None
    if not found:
        raise _unreadable(value, field)
    day = _day(found, value, field, order)
    rest = value[found.end() :]
    hour = minute = second = micro = 0
    if clock := _CLOCK.match(rest):
        hour, minute, second = int(clock["h"]), int(clock["min"]), int(clock["s"] or 0)
        micro = int((clock["f"] or "0")[:6].ljust(6, "0"))
        hour = _half_day(hour, clock["half"], value, field)
        rest = rest[clock.end() :]
    try:
        return datetime(*day, hour, minute, second, micro, tzinfo=_zone_suffix(rest.strip(), value, field))
    except ValueError as problem:
        raise Invalid(f"`{field}` is {value[:60]!r}, which is not on the calendar: {problem}", field) from None


def _day(found: re.Match[str], value: str, field: str, order: Order | None) -> _Day:
    if found["y"]:
        return _Day(int(found["y"]), int(found["m"]), int(found["d"]))
    if found["compact"]:
        return _Day(int(value[:4]), int(value[4:6]), int(value[6:8]))
    if found["a"]:
        return _numbered_day(found, value, field, order)
    name = (found["mon"] or found["mon2"])[:3].lower()
    if name not in _MONTHS:
        raise _unreadable(value, field)
    return _Day(_century(found["yyy"] or found["yyyy"]), _MONTHS.index(name) + 1, int(found["dd"] or found["ddd"]))


def _numbered_day(found: re.Match[str], value: str, field: str, order: Order | None) -> _Day:
    first, second, year = int(found["a"]), int(found["b"]), _century(found["yy"])
    if found["sep"] == "." or first > 12 or first == second:
        return _Day(year, second, first)
    if second > 12:
        return _Day(year, first, second)
    if order is None:
        raise Invalid(
            f"`{field}` is {value[:60]!r}: it can't be told whether day or month comes first; say so in a mapping file "
            "with `dates: day_first` or `dates: month_first`",
            field,
        )
    return _Day(year, second, first) if order == "day_first" else _Day(year, first, second)


def _century(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _half_day(hour: int, half: str | None, value: str, field: str) -> int:
    if half is None or hour > 12:  # people write 17:14pm; the clock of 24 hours is plain enough
        return hour
    if hour == 0:
        raise _unreadable(value, field)
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _zone_suffix(suffix: str, value: str, field: str) -> tzinfo | None:
    if not suffix:
        return None
    if suffix.upper() in ("Z", "UTC", "GMT", "+00:00 UTC", "+0000 UTC"):
        return UTC
    if found := _OFFSET.fullmatch(suffix.removeprefix("UTC").removeprefix("GMT")):
        ahead = timedelta(hours=int(found["h"]), minutes=int(found["m"] or 0))
        offset = ahead if found["sign"] == "+" else -ahead
        if abs(offset) < timedelta(hours=24):
            return timezone(offset)
        raise _unreadable(value, field)
    if not suffix.isalpha():
        raise _unreadable(value, field)
    raise Invalid(
        f"`{field}` is {value[:60]!r}: {suffix[:20]!r} is no zone that means the same everywhere; "
        "write the offset, such as +01:00",
        field,
    )


def _unreadable(value: str, field: str) -> Invalid:
    return Invalid(f"`{field}` is {value[:60]!r}, which is not a time; write it as 2024-01-31T09:30:00Z", field)


def _plausible(moment: datetime, value: object, field: str) -> datetime:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = datetime.min.replace(tzinfo=UTC)
    if not EARLIEST <= moment < LATEST:
        raise Invalid(f"`{field}` is {str(value)[:60]!r}, which can't be when it happened; give the real time", field)
    return moment
