"""Parse times as written in chronologies, with or without date and zone; nothing is inferred here."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onrecall.importers.postmortem.relative_clock import relative_offset
from onrecall.importers.postmortem.word_lists import phrase_list
from onrecall.importers.time_syntax import Order
from onrecall.importers.zone_names import AMBIGUOUS_ZONES, ZONES, meant_in, zone_named

_MONTH_LISTS = (
    "short", "english", "german", "french", "spanish", "portuguese", "italian", "dutch", "german short", "french short",
)  # fmt: skip
_MONTH_NUMBERS = {
    name: number for language in _MONTH_LISTS for number, name in enumerate(phrase_list(f"months {language}"), start=1)
} | {"sept": 9}
_MONTH = "|".join(sorted((re.escape(name) for name in _MONTH_NUMBERS), key=len, reverse=True))
_ZONE_WORDS = "|".join(sorted((re.escape(name) for name in (*ZONES, *AMBIGUOUS_ZONES)), key=len, reverse=True))
YEARLESS = 4
"""Placeholder year of a date without one; a leap year, so that 29 February is valid."""
ROLLOVER = timedelta(hours=4)
"""A clock time that goes back by more than this passed midnight; by less, the row is out of order."""

_DATE = re.compile(
    rf"(?<![\d.])(?:(?P<y>(?:19|20)\d\d)[-/.年](?P<m>\d{{1,2}})[-/.月](?P<d>\d{{1,2}})日?(?!\d)"
    rf"|(?P<compact>(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)"
    rf"|(?P<dd>\d{{1,2}})(?:st|nd|rd|th|er|\.?[ºª°]|\.)?(?:[\s-]+(?:of\s+"
    rf"|de\s+)?)(?P<mon>{_MONTH})\b\.?,?(?:[\s-]+(?:de\s+)?(?P<yyy>(?:19|20)\d\d))?"
    rf"|\b(?P<mon2>{_MONTH})\.?\s+(?P<ddd>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,?\s+(?P<yyyy>(?:19|20)\d\d))?"
    r"|(?P<ger>\d{1,2}\.\d{1,2}\.(?:19|20)\d\d)(?!\d)"
    r"|(?P<slashed>\d{1,2}/\d{1,2}/(?:19|20)\d\d|\d{1,2}-\d{1,2}-(?:19|20)\d\d)(?!\d))",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?:(?<!\d[-/])|(?<=:\d\d-))(?P<h>[01]?\d"
    r"|2[0-3])(?:(?:[:h时時點点]|\sh\s?)(?P<min>[0-5]\d)(?!\s*min)分?(?::(?P<s>[0-5]\d)(?:[.,]\d{1,9})?)?\s*(?P<half>[ap]\.?m\.?(?![a-z]))?"
    r"|\s*(?P<half2>[ap]\.?m\.?)(?![a-z]))(?!\d|:\d)",
    re.IGNORECASE,
)
_CLOCK_BEFORE = re.compile(r"(?P<date_mark>T)?(?P<clock>(?<!\d)\d{1,2}:\d\d)\s*$")
"""A time without seconds; behind the `T` of ISO 8601 an offset follows, never a range."""
_ZONE_AFTER = re.compile(
    rf"\s*[(\uff08]?(?:(?P<iso>[+-]\d\d:?\d\d)|(?P<base>UTC|GMT)\s*(?P<off>[+-]\d{{1,2}}(?::?\d\d)?)"
    rf"|(?P<name>{_ZONE_WORDS})\b|(?P<uhr>Uhr)\b)[)\uff09]?",
    re.IGNORECASE,
)
_OFFSET_IN_BRACKETS = re.compile(r"\s*[(\uff08](?:UTC|GMT)\s*(?P<off>[+-]\d{1,2}(?::?\d\d)?)[)\uff09]", re.IGNORECASE)
"""What a page itself says that its zone is: `PST (UTC-7)`."""
_STATED_ZONE = re.compile(
    rf"(?:\b(?:times?|timestamps|zeiten|heures|horas|hours|zone|timezone)\b[^.\n]{{0,40}}?|\("
    rf"|\bin\s+)(?:(?P<base>UTC|GMT)\s*(?P<off>[+-]\d{{1,2}}(?::?\d\d)?)|(?P<iana>[A-Z][a-z]+/[A-Z][A-Za-z_]+)"
    rf"|(?<![^\W_])(?P<name>{_ZONE_WORDS})\b)",
    re.IGNORECASE,
)
_LEAD = r"[\s\[(*_`~≈-]*(?:(?:ca\.?|circa|around|approx\.?|about|at|um|à|~)\s*)?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_WEEKDAY_NAME = "|".join(phrase_list("weekdays"))
_WHOLE_DAY = re.compile(rf"(?:(?:{_WEEKDAY_NAME})\.?,?\s+(?:den\s+)?)?(?:{_DATE.pattern})", re.IGNORECASE)
_OPENING = re.compile(
    rf"{_LEAD}{_WEEKDAY}(?:(?P<date>{_DATE.pattern})(?:[\s,;@]|T(?=\d)|(?:um|at|à|ca\.?|circa|around|approx\.?"
    rf"|about|~)(?=[\s~\d])|~|-(?=\s)|–|\|)*)?(?P<clock>{_CLOCK.pattern})?",
    re.IGNORECASE,
)
_DAY_AFTER = re.compile(rf"\s*,?\s*(?:on|am|le|el)\s+{_WEEKDAY}(?:{_DATE.pattern})", re.IGNORECASE)
_SOME_TIME = (
    r"[^.;:\n]{0,30}?(?:\d{1,2}[:h]\d{2}(?:\s*[ap]\.?m\.?)?|\b\d{1,2}\s*[ap]\.?m\.?)(?:\s*\(?[A-Z]{2,4}(?:[+-]\d{1,2})?\)?)?"
    r"(?:\s+on\s+[^.;,\n]{6,24})?"
)
_BETWEEN = re.compile(
    rf"\b(?:between|from|zwischen|von|entre|de)\s+(?P<first>{_SOME_TIME})\s*(?:and|to|until|till|through|-|–|und"
    rf"|bis|et|à|y)\s+(?P<second>{_SOME_TIME})",
    re.IGNORECASE,
)
_BARE_RANGE = re.compile(
    r"(?<![\d:.-])(?P<first>\d{1,2}:\d{2}(?:\s*[ap]m|\s*UTC)?)\s*(?:-|–|—|to|until|till|bis)\s*(?P<second>\d{1,2}:\d{2}(?!\d)(?:\s*[ap]\.?m\.?)?"
    r"(?:\s*\(?[A-Z]{2,4}(?:[+-]\d{1,2})?\)?)?)"
)
_PLANNED = re.compile(r"\b(?:maintenance|window|planned|scheduled|office|business|peak|wartung)\b", re.IGNORECASE)


_ORDER: ContextVar[Order | None] = ContextVar("date_order", default=None)
"""The order of day and month on the page that is read now."""


@dataclass(frozen=True, slots=True)
class WrittenClockTime:
    """A time as written; missing parts are None."""

    day: date | None
    clock: time | None
    zone: tzinfo | None
    end: int
    """The position in the text after the time."""
    unclear: str | None = None
    """An ambiguous zone name."""


@contextmanager
def reading_dates(order: Order | None) -> Iterator[None]:
    """Read dates such as 03/04/2026 in this order; None leaves them unread."""
    token = _ORDER.set(order)
    try:
        yield
    finally:
        _ORDER.reset(token)


def opens_with_time(text: str) -> bool:
    """Return whether a line begins with a date, a clock time or a time relative to the start."""
    return (
        opening_stamp(text) is not None
        or relative_offset(text) is not None
        or re.match(r"[\s\[]*\d[\dX]:XX", text) is not None
    )


def opening_stamp(text: str) -> WrittenClockTime | None:
    """Return the date, clock time, or both at the beginning of a line."""
    match = _OPENING.match(text[:200])
    if match is None or not (match["date"] or match["clock"]):
        return None
    day = None
    if match["date"]:
        day = _parse_day(match)
        if day is None:
            return None
    clock = _parse_time(match) if match["clock"] else None
    end = match.end()
    zone, unclear, end = _parse_zone(text, end) if clock else (None, None, end)
    if clock and day is None and (behind := _DAY_AFTER.match(text, end)) is not None:
        day, end = _parse_day(behind) or day, behind.end()
    return WrittenClockTime(day, clock, zone, end, unclear)


def opening_span(text: str) -> str:
    """Return what a line opens with of dates and times, with the end of a range: `2026-07-27 02:10–03:05 UTC`."""
    stamp = opening_stamp(text)
    if stamp is None:
        return ""
    behind = _RANGE_MARK.match(text, stamp.end) if stamp.clock else None
    until = opening_stamp(text[behind.end() :]) if behind else None
    end = behind.end() + until.end if behind and until and until.clock else stamp.end
    return text[:end]


_RANGE_MARK = re.compile(r"\s*(?:-|–|—|→|to|until|till|bis|à|a)\s*(?=\d)")


def parse_due_day(text: str) -> str | None:
    """Return the day that a text names and nothing else, as 2026-12-24.

    None for a quarter, a day without its year, a date with other words beside it, and `03/04/2026` on a page that does
    not show which part is the day.
    """
    match = _WHOLE_DAY.fullmatch(" ".join(text.split()).strip(" .,;"))
    day = _parse_day(match) if match is not None and _has_year(match) else None
    return day.isoformat() if day else None


def parse_range(text: str) -> tuple[WrittenClockTime, WrittenClockTime] | None:
    """Parse a range such as `between 09:12 and 10:47 UTC on 4 March 2026`; each time fills gaps of the other."""
    bare = [] if _PLANNED.search(text) else [*_BARE_RANGE.finditer(text[:2000])]
    for match in (*_BETWEEN.finditer(text[:2000]), *bare):
        first, second = find_stamp(match["first"]), find_stamp(match["second"])
        if first is None or second is None or first.clock is None or second.clock is None:
            continue
        day = first.day or second.day or next((day for day, _ in find_dates(text[: match.end() + 40])), None)
        zone = first.zone or second.zone
        return (
            WrittenClockTime(day, first.clock, zone, 0, first.unclear or second.unclear),
            WrittenClockTime(second.day, second.clock, zone, 0, first.unclear or second.unclear),
        )
    return None


def find_dates(text: str) -> Iterable[tuple[date, int]]:
    """Yield the dates with a year in a text, each with its end position."""
    for match in _DATE.finditer(text[:2000]):
        if (day := _parse_day(match)) is not None and _has_year(match):
            yield day, match.end()


def find_stamp(text: str) -> WrittenClockTime | None:
    """Return the first date in a text with the clock time next to it, or else the first clock time."""
    text = text[:2000]
    for match in _DATE.finditer(text):
        if (day := _parse_day(match)) is None or not _has_year(match):
            continue
        behind = _CLOCK.search(text, match.end(), match.end() + 25)
        before = (
            None
            if behind
            else next(reversed(list(_CLOCK.finditer(text, max(0, match.start() - 25), match.start()))), None)
        )
        clock = behind or before
        if clock is None:
            return WrittenClockTime(day, None, None, match.end())
        zone, unclear, end = _parse_zone(text, clock.end())
        return WrittenClockTime(day, _parse_time(clock), zone, max(end, match.end()), unclear)
    if clock := _CLOCK.search(text):
        zone, unclear, end = _parse_zone(text, clock.end())
        return WrittenClockTime(None, _parse_time(clock), zone, end, unclear)
    return None


def find_clocks(text: str) -> tuple[WrittenClockTime, ...]:
    """Return all clock times in a text, in order."""
    stamps = []
    for clock in _CLOCK.finditer(text[:2000]):
        zone, unclear, end = _parse_zone(text, clock.end())
        stamps.append(WrittenClockTime(None, _parse_time(clock), zone, end, unclear))
    return tuple(stamps)


def stated_zone(text: str) -> tuple[tzinfo | None, str | None]:
    """Return the zone that a text states for its times, and the name of an ambiguous one."""
    for match in _STATED_ZONE.finditer(text[:4000]):
        if match["off"]:
            return _parse_offset(match["off"]), None
        if offset := _OFFSET_IN_BRACKETS.match(text, match.end()):
            return _parse_offset(offset["off"]), None
        if match["iana"]:
            try:
                return ZoneInfo(match["iana"]), None
            except (ZoneInfoNotFoundError, ValueError):
                continue
        name = match["name"].casefold() if match["name"] else match["base"].casefold() if match["base"] else ""
        if name in AMBIGUOUS_ZONES:
            return None, match["name"]
        if name in ZONES and (name != "et" or match["name"].isupper()) and (len(name) > 1 or match["name"] == "Z"):
            return zone_named(name), None
    return None, None


def _parse_zone(text: str, at: int) -> tuple[tzinfo | None, str | None, int]:
    match = _ZONE_AFTER.match(text, at)
    if match is None or (match["iso"] and _is_end_of_range(text, at, match)):
        return None, None, at
    if match["uhr"]:
        zone, unclear, end = _parse_zone(text, match.end())
        return zone, unclear, max(end, match.end())
    if match["iso"] or match["off"]:
        return _parse_offset(match["iso"] or match["off"]), None, match.end()
    return _parse_named_zone(text, at, match)


def _parse_named_zone(text: str, at: int, match: re.Match[str]) -> tuple[tzinfo | None, str | None, int]:
    """Return what the name of a zone means: what brackets behind it say, or its offset, or that it is ambiguous."""
    name = match["name"].casefold()
    if match["name"].islower() and name not in ("utc", "gmt", "z"):
        return None, None, at
    if offset := _OFFSET_IN_BRACKETS.match(text, match.end()):
        return _parse_offset(offset["off"]), None, offset.end()
    if name in AMBIGUOUS_ZONES:
        return None, match["name"], match.end()
    return zone_named(name), None, match.end()


def _is_end_of_range(text: str, at: int, offset: re.Match[str]) -> bool:
    """Return whether `-11:45` behind a time ends a range, `10:20-11:45 UTC`, rather than being its offset from UTC."""
    if not offset["iso"].startswith("-") or ":" not in offset["iso"]:
        return False
    begin = _CLOCK_BEFORE.search(text, 0, at)
    if begin is None or begin["date_mark"]:
        return False
    if _ZONE_AFTER.match(text, offset.end()) or int(offset["iso"][4:]) not in (0, 30):
        return True
    return offset["iso"][1:] > begin["clock"].zfill(5)


def is_settled(unclear: str, day: date, local: tzinfo | None) -> bool:
    """Return whether an ambiguous zone name means one offset where the times were written."""
    return meant_in(unclear, local, datetime.combine(day, time())) is not None


def _parse_offset(text: str) -> tzinfo | None:
    digits = re.sub(r"\D", "", text)
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    if hours > 14 or minutes > 59:
        return None
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if text.lstrip().startswith("-") else ahead)


def _has_year(match: re.Match[str]) -> bool:
    return any(match[name] for name in ("y", "compact", "yyy", "yyyy", "ger", "slashed"))


def _parse_day(match: re.Match[str]) -> date | None:
    """Return the date; None if invalid or day and month are ambiguous. Without a year it has `YEARLESS`."""
    try:
        year, month, day = _day_numbers(match)
        return date(year, month, day)
    except ValueError:
        return None


def _day_numbers(match: re.Match[str]) -> tuple[int, int, int]:
    """Return year, month and day; month and day are 0 if ambiguous."""
    if match["y"]:
        return int(match["y"]), int(match["m"]), int(match["d"])
    if digits := match["compact"]:
        return int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if match["ger"]:
        day, month, year = map(int, match["ger"].split("."))
        return year, month, day
    if match["slashed"]:
        first, second, year = map(int, re.split(r"[/-]", match["slashed"]))
        if first <= 12 and second <= 12 and first != second:
            order = _ORDER.get()
            return (year, second, first) if order == "day_first" else (year, first, second) if order else (year, 0, 0)
        return (year, second, first) if first > 12 or first == second else (year, first, second)
    name = (match["mon"] or match["mon2"]).casefold()
    return int(match["yyy"] or match["yyyy"] or YEARLESS), _MONTH_NUMBERS[name], int(match["dd"] or match["ddd"])


def _parse_time(match: re.Match[str]) -> time | None:
    hour, minute, second = int(match["h"]), int(match["min"] or 0), int(match["s"] or 0)
    half = match["half"] or match["half2"]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    return time(hour, minute, second)


class Chronology:
    """Converts stamps to times one after the other; each stamp inherits missing parts from the one before."""

    def __init__(self, day: date | None, zone: tzinfo | None, local: tzinfo | None, unclear: str | None = None) -> None:
        """Begin with what the page says of all its times; `unclear` is an ambiguous zone that it states for them."""
        self._day = day
        self._zone = zone
        self._local = local
        self._unclear = unclear if zone is None else None
        self._last: datetime | None = None
        self.origin: datetime | None = None
        """The time from which `T+8m` counts."""
        self._inherited: tzinfo | None = None
        """The last zone that was written behind a time: rows below often leave it out."""
        self.zoneless = 0
        """Number of times without a zone that were taken as UTC."""
        self.unclear_zones: set[str] = set()
        """Ambiguous zone names whose times were not read."""

    @property
    def day(self) -> date | None:
        """Return the day of times without a date."""
        return self._day

    def begin(self, day: date | None) -> None:
        """Take a day for times without a date."""
        self._day = day

    def moment(self, stamp: WrittenClockTime) -> datetime | None:
        """Return the time in UTC; None without a date or with an ambiguous zone."""
        day = stamp.day
        if day is not None and day.year == YEARLESS:
            day = self._with_year(day)
        base = day or self._day
        if base is None:
            return None
        if stamp.clock and stamp.zone is None and self._unclear and not stamp.unclear:
            stamp = replace(stamp, unclear=self._unclear)
        if stamp.unclear:
            zone = meant_in(stamp.unclear, self._local, datetime.combine(base, stamp.clock or time()))
            if zone is None:
                self.unclear_zones.add(stamp.unclear)
                return None
            stamp = replace(stamp, zone=stamp.zone or zone)
        if stamp.clock is None:
            self._day = base
            return datetime.combine(base, time(), UTC)
        return self._at(day, stamp)

    def _with_year(self, day: date) -> date | None:
        if self._day is None:
            return None
        try:
            return day.replace(year=self._day.year)
        except ValueError:
            return None

    def _at(self, day: date | None, stamp: WrittenClockTime) -> datetime:
        assert stamp.clock
        zone = stamp.zone or self._zone or self._inherited or self._local
        self._inherited = stamp.zone or self._inherited
        if zone is None:
            self.zoneless += 1
        base = day or self._day
        assert base
        moment = datetime.combine(base, stamp.clock, zone or UTC)
        if day is None and self._last is not None and self._last - moment > ROLLOVER:
            moment += timedelta(days=1)
        self._day = moment.date()
        self._last = moment
        return moment.astimezone(UTC)
