"""Read the times of a file; ambiguous ones are rejected, never guessed."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Invalid
from onrecall.importers.time_syntax import (
    LONGEST,
    SPREADSHEET_DAYS,
    Order,
    WrittenTime,
    parse,
    read_count,
    read_spreadsheet_day,
)
from onrecall.importers.zone_names import AMBIGUOUS_ZONES, meant_in

__all__ = ["Order", "Times", "add_seconds", "detect_date_order", "parse_duration", "parse_zone"]

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_CLOCK_DURATION = re.compile(r"(?P<h>\d{1,3}):(?P<m>\d{2})(?::(?P<s>\d{2}))?", re.ASCII)
_DURATION_PART = re.compile(
    r"(\d{1,9}(?:\.\d{1,3})?)\s*(d(?:ays?)?|h(?:(?:ou)?rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)\b",
    re.IGNORECASE | re.ASCII,
)
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
SLASHED = re.compile(r"\s*(\d{1,2})[-/](\d{1,2})[-/](?:\d{4}|\d{2})\b", re.ASCII)


class Times:
    """Reads the times of one file, and records its assumptions."""

    def __init__(
        self, local: tzinfo | None = None, undated: datetime | None = None, order: Order | None = None
    ) -> None:
        self.local = local
        self.undated = undated
        """Start of incidents without a time; only set if the user gives one."""
        self.order = order
        self.assumed_utc = 0
        self.dated_by_user = 0
        self.day_first_by_language = False
        """Whether the language of the columns says that dates such as 03/04/2026 put the day first."""
        self._read_day_first = 0
        self.spreadsheet_days = 0
        """Number of times that were spreadsheet day numbers."""
        self._abbreviations: Counter[tuple[str, str]] = Counter()
        """Abbreviation of a zone and the offset it was read as → number of times."""
        self._skipped: tuple[int, str] = (0, "")
        """Number of local times skipped by a clock change, and the first example."""
        self._doubled: tuple[int, str] = (0, "")
        """Number of local times that occur twice, and the first example."""

    def read(self, value: str, field: str) -> datetime:
        """Parse a time and return it in UTC."""
        text = value.strip()
        if (count := read_count(text)) is not None:
            return self.unix(count, field)
        if (day := read_spreadsheet_day(text)) is not None:
            self.spreadsheet_days += 1
            return self._in_utc(WrittenTime(day, "." in text or "," in text), value, field)
        return self._in_utc(self._parse(text, field), value, field)

    def _parse(self, text: str, field: str) -> WrittenTime:
        """Parse a time; where day and month may be either, as the language of the columns writes it."""
        match = SLASHED.match(text) if self.order is None and self.day_first_by_language else None
        if match is None or max(int(match[1]), int(match[2])) > 12:
            return parse(text, field, self.order)
        self._read_day_first += 1
        return parse(text, field, "day_first")

    def start_by_user(self) -> datetime:
        """Return the start that the user gave for undated incidents; raise Invalid without one."""
        if self.undated is None:
            raise Invalid(
                "there is no `started_at`; give the time it began, such as 2024-01-31T09:30:00Z", "started_at"
            )
        self.dated_by_user += 1
        return self.undated

    def unix(self, value: float, field: str) -> datetime:
        """Convert a number to a time: seconds, milliseconds, microseconds or nanoseconds since 1970, or a
        spreadsheet's days.
        """
        if SPREADSHEET_DAYS[0] <= value < SPREADSHEET_DAYS[1] + 1:
            return self.read(repr(value), field)
        for scale in (1, 1e3, 1e6, 1e9):
            if abs(value) < scale * 1e10:
                seconds = value / scale
                return _require_plausible(datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds), value, field)
        raise Invalid(
            f"`{field}` is {value!r}, which is not a time since 1970; write it as 2024-01-31T09:30:00Z", field
        )

    def notes(self) -> Iterator[str]:
        """Yield the assumptions made, each with a count and a way to fix it."""
        if self.assumed_utc:
            times = count_noun(self.assumed_utc, "time has no zone and was", "times have no zone and were")
            yield f"{times} taken as UTC; if local, name the time zone (--timezone Europe/Berlin)"
        if self._read_day_first:
            dates = count_noun(self._read_day_first, "date such as 03/04/2026 was", "dates such as 03/04/2026 were")
            yield (
                f"{dates} read with the day first, as the language of the columns writes them; if that is wrong, set "
                "`dates: month_first` in a mapping file"
            )
        if self.dated_by_user:
            dated = count_noun(self.dated_by_user, "incident without a start was", "incidents without a start were")
            yield f"{dated} given the time you named"
        if self.spreadsheet_days:
            times = count_noun(self.spreadsheet_days, "time is a number", "times are numbers")
            yield f"{times} of days as spreadsheets count them, from 30 December 1899"
        if self._abbreviations:
            read_as = ", ".join(
                f"{name} as {offset} ({n})" for (name, offset), n in sorted(self._abbreviations.items())
            )
            yield f"abbreviations of time zones were read: {read_as}"
        yield from self._clock_changes()

    def _clock_changes(self) -> Iterator[str]:
        count, example = self._skipped
        if count:
            yield (
                f"times that do not exist in {self.local}, because clocks were set forward then: {count}, such as "
                f"{example}; check them"
            )
        count, example = self._doubled
        if count:
            yield (
                f"times that occur twice in {self.local}, because clocks were set back: {count}, such as {example}; "
                "the first of the two was taken; write the offset where it was the second"
            )

    def _in_utc(self, written: WrittenTime, value: str, field: str) -> datetime:
        moment = written.moment
        if written.abbreviation:
            moment = self._with_abbreviated_zone(moment, written.abbreviation, value, field)
        if moment.tzinfo is None:
            if self.local is None and written.has_clock:
                self.assumed_utc += 1
            moment = moment.replace(tzinfo=self.local or UTC)
            if written.has_clock:
                self._look_for_clock_change(moment, value, field)
        return _require_plausible(moment, value, field)

    def _with_abbreviated_zone(self, moment: datetime, abbreviation: str, value: str, field: str) -> datetime:
        """Return the time in the zone that an abbreviation means; an ambiguous one is that of the user's zone."""
        if moment.tzinfo is None:
            zone = meant_in(abbreviation, self.local, moment)
            if zone is None:
                candidates = ", ".join(AMBIGUOUS_ZONES[abbreviation.casefold()])
                raise Invalid(
                    f"`{field}` is {value[:60]!r}: {abbreviation!r} is an ambiguous zone ({candidates}); write the "
                    "offset, or name the place (--timezone America/New_York)",
                    field,
                )
            moment = moment.replace(tzinfo=zone)
        self._abbreviations[abbreviation, f"{moment:%z}"[:3] + ":" + f"{moment:%z}"[3:5]] += 1
        return moment

    def _look_for_clock_change(self, moment: datetime, value: str, field: str) -> None:
        """Record a local time that its zone skips or has twice."""
        if moment.utcoffset() == moment.replace(fold=1).utcoffset():
            return
        in_utc = moment.astimezone(UTC)
        example = f"`{field}` {value.strip()[:60]} was taken as {in_utc:%Y-%m-%d %H:%M} UTC"
        if in_utc.astimezone(moment.tzinfo).replace(tzinfo=None) != moment.replace(tzinfo=None):
            self._skipped = (self._skipped[0] + 1, self._skipped[1] or example)
        else:
            self._doubled = (self._doubled[0] + 1, self._doubled[1] or example)


def add_seconds(start: datetime | None, seconds: float | None) -> datetime | None:
    """Return the time `seconds` after the start; None if either is unknown or it overflows."""
    if start is None or seconds is None:
        return None
    try:
        return start + timedelta(seconds=seconds)
    except OverflowError:
        return None


def parse_duration(text: str | None) -> float | None:
    """Parse a duration such as `45 minutes`, `1h 30m` or `00:45:00` to seconds; None if it is none."""
    if not text or len(text) > LONGEST:
        return None
    if clock := _CLOCK_DURATION.fullmatch(text.strip()):
        return int(clock["h"]) * 3600 + int(clock["m"]) * 60 + int(clock["s"] or 0)
    parts = _DURATION_PART.findall(text)
    if not parts or _DURATION_PART.sub("", text).strip(" ,~.").lower() not in ("", "and"):
        return None
    return sum(float(number) * _SECONDS[unit[0].lower()] for number, unit in parts)


def parse_zone(name: str) -> ZoneInfo:
    """Return the time zone with this name; raise Invalid if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Invalid(f"there is no time zone {name!r}; write one such as UTC or Europe/Berlin", "timezone") from None


def detect_date_order(values: Iterable[str]) -> Order | None:
    """Detect whether dates such as 03/04/2024 are day first or month first from unambiguous dates of the same file."""
    firsts = seconds = 0
    for value in values:
        if match := SLASHED.match(value):
            firsts = max(firsts, int(match[1]))
            seconds = max(seconds, int(match[2]))
    if firsts > 12 and seconds <= 12:
        return "day_first"
    if seconds > 12 and firsts <= 12:
        return "month_first"
    return None


def _require_plausible(moment: datetime, value: object, field: str) -> datetime:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = datetime.min.replace(tzinfo=UTC)
    if not EARLIEST <= moment < LATEST:
        raise Invalid(f"`{field}` is {str(value)[:60]!r}, which cannot be when it happened; give the real time", field)
    return moment
