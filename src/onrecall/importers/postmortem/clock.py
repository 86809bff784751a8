"""Times as chronologies write them: with a date or without, with a zone or without; never more than is written."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onrecall.importers.postmortem.word_lists import phrases

_MONTH_NUMBERS = {
    name: number
    for language in ("short", "english", "german", "french", "spanish")
    for number, name in enumerate(phrases(f"months {language}"), start=1)
} | {"sept": 9}
_MONTH = "|".join(sorted((re.escape(name) for name in _MONTH_NUMBERS), key=len, reverse=True))
ZONES: dict[str, str | int] = {
    "utc": 0, "gmt": 0, "z": 0, "zulu": 0, "wet": 0, "west": 60, "cet": 60, "cest": 120, "mez": 60, "mesz": 120,
    "eet": 120, "eest": 180, "msk": 180, "pst": -480, "pdt": -420, "mdt": -360, "cdt": -300, "edt": -240,
    "jst": 540, "kst": 540, "sgt": 480, "hkt": 480, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
    "pt": "America/Los_Angeles", "pacific time": "America/Los_Angeles", "us/pacific": "America/Los_Angeles",
    "pacific": "America/Los_Angeles", "et": "America/New_York", "eastern time": "America/New_York",
    "eastern": "America/New_York",
}  # fmt: skip
"""Zone names that mean one thing wherever they are used; `EST`, `CST`, `IST` and `BST` do not."""
UNCLEAR_ZONES = frozenset(("est", "cst", "mst", "ist", "bst", "ast", "sst"))
_ZONE_WORDS = "|".join(sorted((re.escape(name) for name in (*ZONES, *UNCLEAR_ZONES)), key=len, reverse=True))
YEARLESS = 4
"""The year that a date without one is given: a leap year, so that 29 February is one."""
ROLLOVER = timedelta(hours=4)
"""A clock that falls back by more than this has passed midnight; by less, a row stands out of order."""

_DATE = re.compile(
    rf"(?<![\d.])(?:(?P<y>(?:19|20)\d\d)[-/.年](?P<m>\d{{1,2}})[-/.月](?P<d>\d{{1,2}})日?(?!\d)"
    rf"|(?P<compact>(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)"
    rf"|(?P<dd>\d{{1,2}})(?:st|nd|rd|th|\.)?(?:[\s-]+(?:of\s+"
    rf"|de\s+)?)(?P<mon>{_MONTH})\b\.?,?(?:[\s-]+(?:de\s+)?(?P<yyy>(?:19|20)\d\d))?"
    rf"|\b(?P<mon2>{_MONTH})\.?\s+(?P<ddd>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,?\s+(?P<yyyy>(?:19|20)\d\d))?"
    r"|(?P<ger>\d{1,2}\.\d{1,2}\.(?:19|20)\d\d)(?!\d)"
    r"|(?P<slashed>\d{1,2}/\d{1,2}/(?:19|20)\d\d)(?!\d))",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?<!\d[-/])(?P<h>[01]?\d"
    r"|2[0-3])(?:[:h时時點点](?P<min>[0-5]\d)分?(?::(?P<s>[0-5]\d)(?:[.,]\d{1,9})?)?\s*(?P<half>[ap]\.?m\.?(?![a-z]))?"
    r"|\s*(?P<half2>[ap]\.?m\.?)(?![a-z]))(?!\d|:\d)",
    re.IGNORECASE,
)
_ZONE_AFTER = re.compile(
    rf"\s*[(\uff08]?(?:(?P<iso>[+-]\d\d:?\d\d)|(?P<base>UTC|GMT)\s*(?P<off>[+-]\d{{1,2}}(?::?\d\d)?)"
    rf"|(?P<name>{_ZONE_WORDS})\b|(?P<uhr>Uhr)\b)[)\uff09]?",
    re.IGNORECASE,
)
_ZONE_SAID = re.compile(
    rf"(?:\b(?:times?|timestamps|zeiten|heures|horas|hours|zone|timezone)\b[^.\n]{{0,40}}?|\("
    rf"|\bin\s+)(?:(?P<base>UTC|GMT)\s*(?P<off>[+-]\d{{1,2}}(?::?\d\d)?)|(?P<iana>[A-Z][a-z]+/[A-Z][A-Za-z_]+)"
    rf"|(?P<name>{_ZONE_WORDS})\b)",
    re.IGNORECASE,
)
_LEAD = r"[\s\[(*_`~≈-]*(?:(?:ca\.?|circa|around|approx\.?|about|at|um|à|~)\s*)?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_OPENING = re.compile(
    rf"{_LEAD}{_WEEKDAY}(?:(?P<date>{_DATE.pattern})(?:[\s,;@]|T(?=\d)|(?:um|at|à|ca\.?|circa|around|approx\.?"
    rf"|about|~)(?=[\s~\d])|~|-(?=\s)|–|\|)*)?(?P<clock>{_CLOCK.pattern})?",
    re.IGNORECASE,
)
_DAY_BEHIND = re.compile(rf"\s*,?\s*(?:on|am|le|el)\s+{_WEEKDAY}(?:{_DATE.pattern})", re.IGNORECASE)
_SOME_TIME = (
    r"[^.;:\n]{0,30}?\d{1,2}[:h]\d{2}(?:\s*[ap]\.?m\.?)?(?:\s*\(?[A-Z]{2,4}(?:[+-]\d{1,2})?\)?)?"
    r"(?:\s+on\s+[^.;,\n]{6,24})?"
)
_BETWEEN = re.compile(
    rf"\b(?:between|from|zwischen|von|entre|de)\s+(?P<first>{_SOME_TIME})\s*(?:and|to|until|till|through|-|–|und"
    rf"|bis|et|à|y)\s+(?P<second>{_SOME_TIME})",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"[\s\[(*_`]*T\s?[+-]\s?\d{1,4}(?::\d\d)?\s*(?:m|min|mins|minutes|h|s)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as it is written; what is not written is None."""

    day: date | None
    clock: time | None
    zone: tzinfo | None
    end: int
    """Where the text goes on behind it."""
    unclear: str | None = None
    """A zone's name that means different things in different places."""


def opens_with_time(text: str) -> bool:
    """Whether a line begins with a date, a clock time or a time relative to the start."""
    return (
        opening(text) is not None
        or _RELATIVE.match(text) is not None
        or re.match(r"[\s\[]*\d[\dX]:XX", text) is not None
    )


def opening(text: str) -> Stamp | None:
    """The date, the clock time, or both, with which a line begins."""
    found = _OPENING.match(text[:200])
    if found is None or not (found["date"] or found["clock"]):
        return None
    day = None
    if found["date"]:
        day = _day(found)
        if day is None:
            return None
    clock = _time(found) if found["clock"] else None
    end = found.end()
    zone, unclear, end = _zone_at(text, end) if clock else (None, None, end)
    if clock and day is None and (behind := _DAY_BEHIND.match(text, end)) is not None:
        day, end = _day(behind) or day, behind.end()
    return Stamp(day, clock, zone, end, unclear)


def between(text: str) -> tuple[Stamp, Stamp] | None:
    """The two times of `between 09:12 and 10:47 UTC on 4 March 2026`; what one lacks is that of the other."""
    for found in _BETWEEN.finditer(text[:2000]):
        first, second = stamp_in(found["first"]), stamp_in(found["second"])
        if first is None or second is None or first.clock is None or second.clock is None:
            continue
        day = first.day or second.day or next((day for day, _ in dates(text[: found.end() + 40])), None)
        zone = first.zone or second.zone
        return (
            Stamp(day, first.clock, zone, 0, first.unclear or second.unclear),
            Stamp(second.day, second.clock, zone, 0, first.unclear or second.unclear),
        )
    return None


def dates(text: str) -> Iterable[tuple[date, int]]:
    """The dates in a text, each with where it ends; a day without a year is none."""
    for found in _DATE.finditer(text[:2000]):
        if (day := _day(found)) is not None and _has_year(found):
            yield day, found.end()


def stamp_in(text: str) -> Stamp | None:
    """The first date in a text with the clock time that stands at it, or else the first clock time."""
    text = text[:2000]
    for found in _DATE.finditer(text):
        if (day := _day(found)) is None or not _has_year(found):
            continue
        behind = _CLOCK.search(text, found.end(), found.end() + 25)
        before = (
            None
            if behind
            else next(reversed(list(_CLOCK.finditer(text, max(0, found.start() - 25), found.start()))), None)
        )
        clock = behind or before
        if clock is None:
            return Stamp(day, None, None, found.end())
        zone, unclear, end = _zone_at(text, clock.end())
        return Stamp(day, _time(clock), zone, max(end, found.end()), unclear)
    if clock := _CLOCK.search(text):
        zone, unclear, end = _zone_at(text, clock.end())
        return Stamp(None, _time(clock), zone, end, unclear)
    return None


def clocks_in(text: str) -> tuple[Stamp, ...]:
    """All clock times in a text, in order."""
    found = []
    for clock in _CLOCK.finditer(text[:2000]):
        zone, unclear, end = _zone_at(text, clock.end())
        found.append(Stamp(None, _time(clock), zone, end, unclear))
    return tuple(found)


def zone_said(text: str) -> tuple[tzinfo | None, str | None]:
    """The zone that a text says its times are in, and the name of one that could be several."""
    for found in _ZONE_SAID.finditer(text[:4000]):
        if found["off"]:
            return _offset(found["off"]), None
        if found["iana"]:
            try:
                return ZoneInfo(found["iana"]), None
            except (ZoneInfoNotFoundError, ValueError):
                continue
        name = found["name"].casefold() if found["name"] else found["base"].casefold() if found["base"] else ""
        if name in UNCLEAR_ZONES:
            return None, found["name"]
        if name in ZONES and (name != "et" or found["name"].isupper()) and (len(name) > 1 or found["name"] == "Z"):
            return _named(name), None
    return None, None


def _zone_at(text: str, at: int) -> tuple[tzinfo | None, str | None, int]:
    found = _ZONE_AFTER.match(text, at)
    if found is None:
        return None, None, at
    if found["uhr"]:
        zone, unclear, end = _zone_at(text, found.end())
        return zone, unclear, max(end, found.end())
    if found["iso"] or found["off"]:
        return _offset(found["iso"] or found["off"]), None, found.end()
    name = found["name"].casefold()
    if found["name"].islower() and name not in ("utc", "gmt", "z"):
        return None, None, at
    if name in UNCLEAR_ZONES:
        return None, found["name"], found.end()
    return _named(name), None, found.end()


def _named(name: str) -> tzinfo:
    meant = ZONES[name]
    if isinstance(meant, str):
        return ZoneInfo(meant)
    return UTC if meant == 0 else timezone(timedelta(minutes=meant))


def _offset(said: str) -> tzinfo | None:
    digits = re.sub(r"\D", "", said)
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    if hours > 14 or minutes > 59:
        return None
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if said.lstrip().startswith("-") else ahead)


def _has_year(found: re.Match[str]) -> bool:
    return any(found[name] for name in ("y", "compact", "yyy", "yyyy", "ger", "slashed"))


def _day(found: re.Match[str]) -> date | None:
    """The date; None where it is none, or where day and month could be either. Without a year it has `YEARLESS`."""
    try:
        year, month, day = _numbers(found)
        return date(year, month, day)
    except ValueError:
        return None


def _numbers(found: re.Match[str]) -> tuple[int, int, int]:
    """Year, month and day; a month that could be the day is 0."""
    if found["y"]:
        return int(found["y"]), int(found["m"]), int(found["d"])
    if said := found["compact"]:
        return int(said[:4]), int(said[4:6]), int(said[6:])
    if found["ger"]:
        day, month, year = map(int, found["ger"].split("."))
        return year, month, day
    if found["slashed"]:
        first, second, year = map(int, found["slashed"].split("/"))
        if first <= 12 and second <= 12 and first != second:
            return year, 0, 0
        return (year, second, first) if first > 12 or first == second else (year, first, second)
    name = (found["mon"] or found["mon2"]).casefold()
    return int(found["yyy"] or found["yyyy"] or YEARLESS), _MONTH_NUMBERS[name], int(found["dd"] or found["ddd"])


def _time(found: re.Match[str]) -> time | None:
    hour, minute, second = int(found["h"]), int(found["min"] or 0), int(found["s"] or 0)
    half = found["half"] or found["half2"]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    return time(hour, minute, second)


class Chronology:
    """Turns stamps into moments, one after the other: what a stamp lacks is that of the one before."""

    def __init__(self, day: date | None, zone: tzinfo | None, local: tzinfo | None) -> None:
        self._day = day
        self._zone = zone
        self._local = local
        self._last: datetime | None = None
        self.zoneless = 0
        """Moments that no zone was said for and that were taken as UTC."""

    def moment(self, stamp: Stamp) -> datetime | None:
        """The moment in UTC; None where there is no date, or a zone that could be several."""
        day = stamp.day
        if day is not None and day.year == YEARLESS:
            day = self._with_year(day)
        if day is None and self._day is None:
            return None
        if stamp.unclear and self._local is None:
            return None
        if stamp.clock is None:
            self._day = day or self._day
            assert self._day
            return datetime.combine(self._day, time(), UTC)
        return self._at(day, stamp)

    def _with_year(self, day: date) -> date | None:
        if self._day is None:
            return None
        try:
            return day.replace(year=self._day.year)
        except ValueError:
            return None

    def _at(self, day: date | None, stamp: Stamp) -> datetime:
        assert stamp.clock
        zone = stamp.zone or self._zone or self._local
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
