"""Labelled values of a document's head: when it began and ended, how bad it was, what it hit."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from onrecall.domain.incident import Severity
from onrecall.domain.severity import severity
from onrecall.importers.postmortem.clock import Chronology, Stamp, clocks_in, dates, stamp_in
from onrecall.importers.postmortem.prose import is_placeholder
from onrecall.importers.postmortem.rows import DocumentRow, plain
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.vocabulary import SECTIONS, Topic
from onrecall.importers.postmortem.word_lists import phrases
from onrecall.importers.times import duration

LONGEST_VALUE = 300
"""Characters of a value; a longer one is prose that happens to follow a label."""
_SERVICE_MARKS = re.compile(r"[`*\"'“”]")
_SEVERITY = re.compile(
    r"\b(?P<sev>(?:sev|s|p|severity|priority)(?:::|[ :_-])?[0-5])\b|\b(?P<word>critical|major|minor|high|medium"
    r"|moderate|low|info|urgent|blocker|trivial|emergency|kritisch|hoch|mittel|niedrig|gering"
    r"|élevée|critique|moyenne|faible|crítica|alta|media|baja|grave|down|disrupted|notice|severe|degraded"
    r"|partial outage|full outage|重大|高|中|低)\b|(?P<cjk>严重|致命|紧急)",
    re.IGNORECASE,
)
_LEVELS: tuple[Severity, ...] = ("critical", "high", "medium", "low")
_MEANINGS: dict[str, Severity] = {word: level for level in _LEVELS for word in phrases(f"severity {level}")}
_LASTED = re.compile(
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
    """A value and the line it stands on."""

    topic: Topic
    value: str
    line: int


def facts(sections: Sequence[LabelledSection]) -> tuple[Fact, ...]:
    """The values of all labels and short sections that hold one, in the order of the document."""
    return tuple(fact for section in sections for fact in _of(section))


def _of(section: LabelledSection) -> Iterator[Fact]:
    if section.topic is None or section.topic in SECTIONS:
        return
    said = [row for row in section.rows if row.kind in ("text", "item") and plain(row.text)]
    if not said:
        return
    values = _values(section, said)
    text = ", ".join(plain(row.text).strip(" ,") for row in values)
    if len(text) <= LONGEST_VALUE and not is_placeholder(text):
        yield Fact(section.topic, text, values[0].number)


def _values(section: LabelledSection, said: Sequence[DocumentRow]) -> Sequence[DocumentRow]:
    """A label's value is its line, and the next where it ends with a comma; several services may stand in a list."""
    if section.topic == "service" and said[0].kind == "item":
        return [row for row in said if row.kind == "item"][:20]
    last = next((n for n, row in enumerate(said) if not row.text.rstrip().endswith(",")), len(said) - 1)
    return said[: last + 1]


def first(found: Sequence[Fact], *topics: Topic) -> Fact | None:
    """The first value of the first of these topics that has one."""
    return next((fact for about in topics for fact in found if fact.topic == about), None)


def services_of(value: str) -> tuple[str, ...]:
    """The services that a value names, parted by commas or strokes; none where it only says how many there were."""
    parts = re.split(
        r"\s*(?:[,;、\uff0c]|\s/\s|\s&\s|\sand\s|\sund\s|\set\s)\s*", _SERVICE_MARKS.sub("", plain(value)).strip(" .;")
    )
    unscoped = (re.sub(r"^~?(?:[A-Za-z][\w -]*::)+|^~(?=\w)", "", part) for part in parts)
    named = [re.sub(r"\s*\([^()]*\)\s*$", "", part).strip(" .") for part in unscoped]
    return tuple(part for part in named if _is_service(part))


def _is_service(said: str) -> bool:
    if not said or is_placeholder(said) or len(said) > 80 or len(said.split()) > 6:
        return False
    return re.sub(r"\s+(?:services?|systems?|of them)$", "", said.casefold()) not in _NO_SERVICE


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
    """Our word for a severity as it is written: `SEV-2 (major)`, `P1`, `🔴 Critical`, `hoch`."""
    said = plain(value).strip()
    if (known := severity(said)) != "unknown":
        return known
    for found in _SEVERITY.finditer(said):
        word = (found["sev"] or found["word"] or found["cjk"]).casefold()
        meant = _MEANINGS.get(word) or severity(re.sub(r"[ :_-]", "", word)) or "unknown"
        if meant != "unknown":
            return meant
    return "unknown"


def seconds_of(value: str) -> float | None:
    """How many seconds a duration lasted; None where it says none that can be read."""
    found = _LASTED.search(plain(value))
    if found is None:
        return None
    said = re.sub(r"[^\W\d_]+\.?", lambda word: _UNITS.get(word[0].rstrip(".").casefold(), word[0]), found["said"])
    said = (
        re.sub(r"\b(?:und|et|y)\b", "and", said).replace(",", ".")
        if re.search(r"\d,\d", said)
        else re.sub(r"\b(?:und|et|y)\b", "and", said)
    )
    return duration(said)


@dataclass(frozen=True, slots=True)
class IncidentSpan:
    """When an incident began and ended, as far as its labels say it, and on which lines."""

    day: date | None = None
    day_line: int | None = None
    start: datetime | None = None
    start_line: int | None = None
    end: datetime | None = None
    end_line: int | None = None


def span_of(
    found: Sequence[Fact], day: date | None, zone: tzinfo | None, local: tzinfo | None
) -> tuple[IncidentSpan, int]:
    """The times that the labels name, and how many of them were taken as UTC for want of a zone.

    Args:
        found: The labelled values.
        day: The date that the document's name or title gives; what a label says comes first.
        zone: The zone that the document says its times are in.
        local: The zone that the reader was told.
    """
    date_fact = next((fact for fact in found if fact.topic == "date" and any(True for _ in dates(fact.value))), None)
    start_fact = next((fact for fact in found if fact.topic == "start" and stamp_in(fact.value)), None)
    end_fact = next((fact for fact in found if fact.topic == "end" and stamp_in(fact.value)), None)
    day_line = None
    if date_fact is not None:
        day, day_line = next(iter(dates(date_fact.value)))[0], date_fact.line
    elif start_fact is not None and (dated := next(iter(dates(start_fact.value)), None)):
        day, day_line = dated[0], start_fact.line
    times = Chronology(day, zone, local)
    start, start_line = _moment(start_fact, times)
    end, end_line = _moment(end_fact, times)
    if date_fact is not None and start is None:
        start, second = _clock_range(date_fact.value, times)
        start_line = date_fact.line if start else None
        if second is not None and end is None:
            end, end_line = second, date_fact.line
    if start is not None and end is None and start_fact is not None:
        end, end_line = _second_time(start_fact, times)
    lasted = first(found, "duration")
    if lasted is not None:
        start, start_line, end, end_line = _by_duration(lasted, times, (start, start_line, end, end_line))
    if start is not None and end is not None and end < start:
        end = end_line = None
    return IncidentSpan(day, day_line, start, start_line, end, end_line), times.zoneless


def _moment(fact: Fact | None, times: Chronology) -> tuple[datetime | None, int | None]:
    stamp = stamp_in(fact.value) if fact else None
    if fact is None or stamp is None:
        return None, None
    if stamp.clock is None:
        return (times.moment(stamp), fact.line) if stamp.day else (None, None)
    return times.moment(stamp), fact.line


def _clock_range(value: str, times: Chronology) -> tuple[datetime | None, datetime | None]:
    """`2026-02-10, 10:05–11:40 UTC`: the start and the end that a date carries."""
    found = clocks_in(re.sub(r"\d{4}-\d\d-\d\d[T ]?", " ", value))
    if not found:
        return None, None
    zone = next((one.zone for one in found if one.zone), None)
    moments = [times.moment(Stamp(None, one.clock, one.zone or zone, 0, one.unclear)) for one in found[:2]]
    return moments[0], moments[1] if len(moments) > 1 else None


def _second_time(fact: Fact, times: Chronology) -> tuple[datetime | None, int | None]:
    first_stamp = stamp_in(fact.value)
    rest = fact.value[first_stamp.end :] if first_stamp else ""
    if not re.match(r"\s*(?:-|–|—|to|until|bis|→)\s*\S", rest):
        return None, None
    stamp = stamp_in(rest)
    return (times.moment(stamp), fact.line) if stamp and stamp.clock else (None, None)


def _by_duration(
    lasted: Fact, times: Chronology, known: tuple[datetime | None, int | None, datetime | None, int | None]
) -> tuple[datetime | None, int | None, datetime | None, int | None]:
    """A range in the duration (`10:05–10:50 UTC`), or the end that start and length give."""
    start, start_line, end, _ = known
    stamps = clocks_in(lasted.value)
    if len(stamps) >= 2 and (start is None or _is_date(start)):
        zone = next((one.zone for one in stamps if one.zone), None)
        moments = [times.moment(Stamp(None, one.clock, one.zone or zone, 0, one.unclear)) for one in stamps[:2]]
        return moments[0], lasted.line, moments[1], lasted.line
    seconds = seconds_of(lasted.value)
    if end is None and start is not None and not _is_date(start) and seconds:
        return start, start_line, start + timedelta(seconds=seconds), lasted.line
    return known


def _is_date(moment: datetime) -> bool:
    return moment.timetz() == time(tzinfo=UTC)
