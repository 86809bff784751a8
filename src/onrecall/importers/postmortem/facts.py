"""Read the labelled values of a document: start, end, severity, affected services."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from onrecall.domain.incident import Severity
from onrecall.domain.severity import parse_severity
from onrecall.importers.postmortem.clock import Chronology, WrittenClockTime, find_clocks, find_dates, find_stamp
from onrecall.importers.postmortem.prose import is_placeholder
from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.vocabulary import SECTIONS, Topic, normalize_heading
from onrecall.importers.postmortem.word_lists import phrase_list
from onrecall.importers.times import parse_duration

LONGEST_VALUE = 300
"""Maximum characters of a value; a longer one is prose after a label."""
_SERVICE_MARKS = re.compile(r"[`*\"'“”]")
_LEVELS: tuple[Severity, ...] = ("critical", "high", "medium", "low")
_MEANINGS: dict[str, Severity] = {word: level for level in _LEVELS for word in phrase_list(f"severity {level}")}
_FIRST_CJK = "\u2e80"
"""Scripts from here on put no blanks between words."""
_LEVEL_WORDS = "|".join(sorted(("critical", "high", "medium", "low", "info", *_MEANINGS), key=len, reverse=True))
_CJK_WORDS = "|".join(sorted((word for word in _MEANINGS if word[0] >= _FIRST_CJK), key=len, reverse=True))
_SEVERITY = re.compile(
    r"\b(?P<sev>(?:sev|s|p|severity|priority)(?:::|[ :_-])?[0-5])\b"
    rf"|\b(?P<word>{_LEVEL_WORDS})\b|(?P<cjk>{_CJK_WORDS})",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"(?:~|about|approx(?:imately)?\.?|around|roughly|circa|ca\.?|ungefähr"
    r"|environ)?\s*(?P<said>\d{1,4}(?:[.,]\d+)?\s*(?:d(?:ays?)?|h(?:(?:ou)?rs?)?|hr|m(?:in(?:ute)?s?)?"
    r"|s(?:ec(?:ond)?s?)?|Stunden?|Std\.?|Minuten|Min\.?|heures?|horas?|minutos?)\b(?:\s*(?:,|and|und|et"
    r"|y)?\s*\d{1,2}\s*(?:h(?:ou)?rs?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?|Minuten|Min\.?|minutos?)\b)*"
    r"|\d{1,3}:\d{2}(?::\d{2})?)",
    re.IGNORECASE,
)
_UNITS = {
    "stunden": "h",
    "stunde": "h",
    "std": "h",
    "minuten": "m",
    "heures": "h",
    "heure": "h",
    "horas": "h",
    "hora": "h",
    "minutos": "m",
    "hr": "h",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value and its line."""

    topic: Topic
    value: str
    line: int
    label: str = ""
    """The label in lower case."""


def facts(sections: Sequence[LabelledSection]) -> tuple[Fact, ...]:
    """Return the values of all labels and short sections, in document order."""
    return tuple(fact for section in sections for fact in _section_facts(section))


def _section_facts(section: LabelledSection) -> Iterator[Fact]:
    if section.topic is None or section.topic in SECTIONS:
        return
    value_rows = [row for row in section.rows if row.kind in ("text", "item") and plain_text(row.text)]
    if not value_rows:
        return
    values = _value_rows(section, value_rows)
    text = ", ".join(plain_text(row.text).strip(" ,") for row in values) + _zone_of_label(section)
    if len(text) <= LONGEST_VALUE and not is_placeholder(text):
        yield Fact(section.topic, text, values[0].number, normalize_heading(section.heading))


_ZONE_IN_LABEL = re.compile(
    r"[(\[](?:[\w ,]*[ ,])?(?P<zone>UTC(?:[+-]\d{1,2})?|GMT|CET|CEST|EDT|EST|PST|PDT|JST|MEZ|MESZ|BST|IST|AEST)[)\]]"
)
_TIMES = ("start", "end", "duration")


def _zone_of_label(section: LabelledSection) -> str:
    """Return the zone that a label states for its times, as they would have it: `Incident window (local, CEST)`."""
    zone = _ZONE_IN_LABEL.search(section.heading) if section.topic in _TIMES else None
    return f" {zone['zone']}" if zone else ""


def _value_rows(section: LabelledSection, rows: Sequence[DocumentRow]) -> Sequence[DocumentRow]:
    """Return the rows of a label's value: its line, continued after a comma; services may be a list."""
    if section.topic == "service" and rows[0].kind == "item":
        return [row for row in rows if row.kind == "item"][:20]
    last = next((n for n, row in enumerate(rows) if not row.text.rstrip().endswith(",")), len(rows) - 1)
    return rows[: last + 1]


def first_fact(facts: Sequence[Fact], *topics: Topic) -> Fact | None:
    """Return the first value of the first of these topics that has one."""
    return next((fact for about in topics for fact in facts if fact.topic == about), None)


def parse_services(value: str) -> tuple[str, ...]:
    """Return the services named in a value, separated by commas or slashes; none if it only counts them."""
    parts = re.split(
        r"\s*(?:[,;、\uff0c]|\s/\s|\s&\s|\sand\s|\sund\s|\set\s)\s*",
        _SERVICE_MARKS.sub("", plain_text(value)).strip(" .;"),
    )
    unscoped = (re.sub(r"^~?(?:[A-Za-z][\w -]*::)+|^~(?=\w)", "", part) for part in parts)
    names = [re.sub(r"\s*\([^()]*\)\s*$", "", part).strip(" .") for part in unscoped]
    return tuple(part for part in names if _is_service(part))


def _is_service(name: str) -> bool:
    if not name or is_placeholder(name) or len(name) > 80 or len(name.split()) > 6:
        return False
    return re.sub(r"\s+(?:services?|systems?|of them)$", "", name.casefold()) not in _NO_SERVICE


_NO_SERVICE = frozenset(
    [
        "all",
        "alle",
        "tous",
        "todos",
        "multiple",
        "several",
        "various",
        "many",
        "yes",
        "no",
        "true",
        "false",
        "everything",
        "none",
    ]
)


def severity_of(value: str) -> Severity:
    """Parse a severity as written: `SEV-2 (major)`, `P1`, `🔴 Critical`, `hoch`."""
    text = plain_text(value).strip()
    if (parsed := parse_severity(text)) != "unknown":
        return parsed
    for match in _SEVERITY.finditer(text):
        word = (match["sev"] or match["word"] or match["cjk"]).casefold()
        meaning = _MEANINGS.get(word) or parse_severity(re.sub(r"[ :_-]", "", word)) or "unknown"
        if meaning != "unknown":
            return meaning
    return "unknown"


def seconds_of(value: str) -> float | None:
    """Parse a duration to seconds; None if there is none."""
    match = _DURATION.search(plain_text(value))
    if match is None:
        return None
    text = re.sub(r"[^\W\d_]+\.?", lambda word: _UNITS.get(word[0].rstrip(".").casefold(), word[0]), match["said"])
    text = (
        re.sub(r"\b(?:und|et|y)\b", "and", text).replace(",", ".")
        if re.search(r"\d,\d", text)
        else re.sub(r"\b(?:und|et|y)\b", "and", text)
    )
    return parse_duration(text)


@dataclass(frozen=True, slots=True)
class IncidentSpan:
    """Start and end of an incident as stated by labels, with their lines."""

    day: date | None = None
    day_line: int | None = None
    start: datetime | None = None
    start_line: int | None = None
    end: datetime | None = None
    end_line: int | None = None


def span_of(facts: Sequence[Fact], times: Chronology) -> tuple[IncidentSpan, int]:
    """Return the times stated by labels, and how many had no zone and were taken as UTC.

    Args:
        facts: The labelled values.
        times: What converts the page's times, beginning on the date from its name or title; labels take precedence.
    """
    date_fact = next(
        (fact for fact in facts if fact.topic == "date" and any(True for _ in find_dates(fact.value))), None
    )
    start_fact = _start_fact(facts)
    end_fact = next((fact for fact in facts if fact.topic == "end" and find_stamp(fact.value)), None)
    day, day_line = times.day, None
    if date_fact is not None:
        day, day_line = next(iter(find_dates(date_fact.value)))[0], date_fact.line
    elif start_fact is not None and (dated := next(iter(find_dates(start_fact.value)), None)):
        day, day_line = dated[0], start_fact.line
    times.begin(day)
    start, start_line = _fact_moment(start_fact, times)
    end, end_line = _fact_moment(end_fact, times)
    if date_fact is not None and start is None:
        start, second = _dated_range(date_fact.value, times) or _clock_range(date_fact.value, times)
        start_line = date_fact.line if start else None
        if second is not None and end is None:
            end, end_line = second, date_fact.line
    if start is not None and end is None and start_fact is not None:
        end, end_line = _second_time(start_fact, times)
    for lasted in (fact for fact in facts if fact.topic == "duration" or (fact.topic == "date" and fact != date_fact)):
        start, start_line, end, end_line = _by_duration(lasted, times, (start, start_line, end, end_line))
    if start is not None and end is not None and end < start:
        end = end_line = None
    return IncidentSpan(day, day_line, start, start_line, end, end_line), times.zoneless


_OF_THE_RECORD = frozenset(("created", "opened", "opened at", "time opened", "declared", "incident declared"))
"""Labels of when the incident was put on record, which is later than it began."""


def _start_fact(facts: Sequence[Fact]) -> Fact | None:
    """Return the label that states the start: of several, one of the incident rather than of its record."""
    stated = [fact for fact in facts if fact.topic == "start" and find_stamp(fact.value)]
    return next((fact for fact in stated if fact.label not in _OF_THE_RECORD), stated[0] if stated else None)


def _fact_moment(fact: Fact | None, times: Chronology) -> tuple[datetime | None, int | None]:
    stamp = find_stamp(fact.value) if fact else None
    if fact is None or stamp is None:
        return None, None
    if stamp.clock is None:
        return (times.moment(stamp), fact.line) if stamp.day else (None, None)
    return times.moment(stamp), fact.line


_RANGE_WORDS = re.compile(r"\s+(?:until|till|to|through|bis|hasta|até|fino a|tot|au|-|–|—|→)\s+", re.IGNORECASE)


def _dated_range(value: str, times: Chronology) -> tuple[datetime | None, datetime | None] | None:
    """Return the two times of `from 2026-05-15 23:00 until Monday 2026-05-18 08:40 UTC`; None if it is none."""
    first, second = ([find_stamp(part) for part in _RANGE_WORDS.split(value, maxsplit=1)] + [None, None])[:2]
    if not (first and second and first.day and second.day and first.clock and second.clock):
        return None
    zone = first.zone or second.zone
    moments = [
        times.moment(WrittenClockTime(at.day, at.clock, at.zone or zone, 0, at.unclear)) for at in (first, second)
    ]
    return moments[0], moments[1]


def _clock_range(value: str, times: Chronology) -> tuple[datetime | None, datetime | None]:
    """Return start and end of a date with a clock range: `2026-02-10, 10:05–11:40 UTC`."""
    stamps = find_clocks(re.sub(r"\d{4}-\d\d-\d\d[T ]?", " ", value))
    if not stamps:
        return None, None
    moments = _range_moments(stamps, times)
    return moments[0], moments[1] if len(moments) > 1 else None


def _range_moments(stamps: Sequence[WrittenClockTime], times: Chronology) -> list[datetime | None]:
    """Return the times of a range, whose zone stands behind its end."""
    zone = next((stamp.zone for stamp in stamps if stamp.zone), None)
    unclear = next((stamp.unclear for stamp in stamps if stamp.unclear), None) if zone is None else None
    return [times.moment(WrittenClockTime(None, stamp.clock, stamp.zone or zone, 0, unclear)) for stamp in stamps[:2]]


def _second_time(fact: Fact, times: Chronology) -> tuple[datetime | None, int | None]:
    first_stamp = find_stamp(fact.value)
    remainder = fact.value[first_stamp.end :] if first_stamp else ""
    if not re.match(r"\s*(?:-|–|—|to|until|bis|→)\s*\S", remainder):
        return None, None
    stamp = find_stamp(remainder)
    return (times.moment(stamp), fact.line) if stamp and stamp.clock else (None, None)


def _by_duration(
    lasted: Fact, times: Chronology, current: tuple[datetime | None, int | None, datetime | None, int | None]
) -> tuple[datetime | None, int | None, datetime | None, int | None]:
    """Complete the span from a range in the duration (`10:05–10:50 UTC`), or the end from start and length."""
    start, start_line, end, _ = current
    stamps = find_clocks(lasted.value)
    if len(stamps) >= 2 and (start is None or _is_date(start)):
        moments = _range_moments(stamps, times)
        return moments[0], lasted.line, moments[1], lasted.line
    if len(stamps) == 1 and start is None and (lasted.topic == "date" or stamps[0].zone or stamps[0].unclear):
        return times.moment(stamps[0]), lasted.line, end, current[3]
    seconds = seconds_of(lasted.value)
    if end is None and start is not None and not _is_date(start) and seconds:
        return start, start_line, start + timedelta(seconds=seconds), lasted.line
    return current


def _is_date(moment: datetime) -> bool:
    return moment.timetz() == time(tzinfo=UTC)
