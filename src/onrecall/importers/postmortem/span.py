"""When an incident began and ended, by the surest words that say it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from onrecall.importers.postmortem.clock import Chronology, between, dates, stamp_in
from onrecall.importers.postmortem.facts import IncidentSpan
from onrecall.importers.postmortem.incident_text import IncidentText, telling_rows
from onrecall.importers.postmortem.kind import OUTAGE
from onrecall.importers.postmortem.prose import paragraphs, spoken
from onrecall.importers.postmortem.rows import plain
from onrecall.importers.postmortem.timeline import ChronologyEntry

LONGEST_OPENING = 60
"""Characters within which a sentence that opens with a time has said it."""
DAY = timedelta(days=1)
_BEGINS = re.compile(
    r"^\W*(?:\w+\s+){0,2}(?:(?:incident|outage|impact|event|disruption)\s+(?:begins?|began|starts?|started)"
    r"|start of (?:the )?(?:incident|outage|impact)|problem starts|störung beginnt|début de l'incident)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\b(?:(?:incident|outage|impact|event|disruption|issue|problem)\s+(?:\w+\s+){0,3}(?:ends?|ended|over|closed"
    r"|resolved|mitigated|fixed|gone|goes away)|resolved|all[- ]clear|(?:fully\s+)?(?:restored|recovered)"
    r"|back to normal|returned to normal|back online|"
    r"service(?:s)? (?:is |are |was |were )?(?:fully )?(?:restored|back|healthy|operational|recovered)"
    r"|end of (?:the )?(?:incident|outage|impact)|everything (?:is |was )?(?:fine|working|normal|back|green|ok)"
    r"|working again|running again|(?:issue|problem|error)s? (?:goes|went|gone) away"
    r"|bringing the outage to an end|"
    r"recovery (?:complete|confirmed)|success(?: rate)? (?:is |was |went )?back|behoben|wiederhergestellt"
    r"|entstört|résolu|rétabli|resuelto|restaurado|resolvido|復旧|已恢复|恢复)\b|復旧|已恢复|恢复正常",
    re.IGNORECASE,
)
_NOT_OVER = re.compile(
    r"\b(?:not|n't|partially|still|(?:down|failing|broken|failed) again|seems?|appears?|temporarily|briefly"
    r"|unresolved|will be|to be|if|until|before|once|incident review|not yet|considered)\b",
    re.IGNORECASE,
)
_AT_FIRST = re.compile(r"\W*(?:on|at|around|since|from|am|um|seit|le|el)\s", re.IGNORECASE)


def incident_span(text: IncidentText, lines: dict[str, int]) -> IncidentSpan:
    """When it began and ended: front matter, labels, the chronology, the date in the name, or what the user said."""
    begun = _beginning(text)
    start, start_line = begun.start, begun.start_line
    if start is None:
        return IncidentSpan()
    end, end_line = (text.front.end, None) if text.front.end else (begun.end, begun.end_line)
    if end is None:
        end, end_line = _end_in_chronology(text.entries, start)
    if end is not None and end < start:
        end = end_line = None
    if start_line:
        lines["started_at"] = start_line
    if end is not None and end_line:
        lines["resolved_at"] = end_line
    return IncidentSpan(None, None, start, start_line, end, end_line)


def _beginning(text: IncidentText) -> IncidentSpan:
    """The start, with the end where the same words give it."""
    span = text.span
    if text.front.start is not None:
        return replace(span, start=text.front.start, start_line=None)
    if span.start is None or _is_midnight(span.start):
        span = _with_clock(text, span)
    if span.start is None and (day := span.day or text.day()) is not None:
        span = replace(span, start=datetime.combine(day, time(), UTC), start_line=span.day_line)
    if span.start is None:
        start, line = _start_in_prose(text)
        span = replace(span, start=start, start_line=line)
    if span.start is None and text.reading.undated is not None:
        text.reading.dated_by_user += 1
        span = replace(span, start=text.reading.undated, start_line=None)
    return span


def _with_clock(text: IncidentText, span: IncidentSpan) -> IncidentSpan:
    """A day with the time of day that the prose or the chronology gives it."""
    said = _span_in_prose(text)
    if said is not None and said.start and (span.start is None or abs(said.start - span.start) <= DAY):
        ended, line = (span.end, span.end_line) if span.end else (said.end, said.end_line)
        return replace(span, start=said.start, start_line=said.start_line, end=ended, end_line=line)
    moment = _opening_moment(text)
    day = span.start.date() if span.start else span.day or text.day()
    if moment is not None and (day is None or abs(moment[0].date() - day) <= DAY):
        return replace(span, start=moment[0], start_line=moment[1])
    start, line = _start_in_chronology(text, span, span.start)
    return replace(span, start=start, start_line=line)


def _span_in_prose(text: IncidentText) -> IncidentSpan | None:
    """`Between 09:12 and 10:47 UTC on 4 March`: what the summary or the first paragraphs say."""
    for section in (*text.of("summary"), *text.of("impact"), *(one for one in text.sections if one.topic is None)):
        for statement in paragraphs(section.rows):
            if (found := between(statement.text)) is None:
                continue
            times = Chronology(text.day(), text.zone, text.reading.local)
            start, end = times.moment(found[0]), times.moment(found[1])
            text.reading.zoneless += times.zoneless
            if start is not None:
                return IncidentSpan(None, None, start, statement.line, end, statement.line if end else None)
    return None


def _opening_moment(text: IncidentText) -> tuple[datetime, int] | None:
    """`On 4 March 2026 at 09:12 UTC nobody could …`: the sentence of the first words that says it began."""
    for section in (*text.of("summary"), *(one for one in text.sections if one.topic is None)):
        for statement in spoken(section.rows):
            stamp = stamp_in(statement.text) if _AT_FIRST.match(statement.text) else None
            if stamp is None or not (stamp.day and stamp.clock) or not _tells_beginning(statement.text, stamp.end):
                continue
            times = Chronology(text.day(), text.zone, text.reading.local)
            if (moment := times.moment(stamp)) is not None:
                text.reading.zoneless += times.zoneless
                return moment, statement.line
    return None


def _tells_beginning(sentence: str, behind: int) -> bool:
    """Whether the time opens a sentence that tells of an outage and not of its end."""
    return behind <= LONGEST_OPENING and OUTAGE.search(sentence[behind:]) is not None and not _ENDS.search(sentence)


def _is_midnight(moment: datetime) -> bool:
    return moment.astimezone(UTC).time() == time()


def _start_in_chronology(
    text: IncidentText, span: IncidentSpan, start: datetime | None
) -> tuple[datetime | None, int | None]:
    """The entry that says it began, or else the first one, if it is of the day that the document names."""
    timed = [entry for entry in text.entries if entry.at is not None]
    if not timed:
        return start, span.start_line
    day = start.date() if start else span.day or text.day()
    entry = next((one for one in timed if _BEGINS.search(one.text)), timed[0])
    assert entry.at is not None
    local = entry.at.astimezone(text.zone or UTC).date()
    if day is None or abs((local - day).days) <= 1:
        return entry.at, entry.line
    return (start, span.start_line) if start else (datetime.combine(day, time(), UTC), span.day_line)


def _start_in_prose(text: IncidentText) -> tuple[datetime | None, int | None]:
    """The first date of the running text."""
    for row in telling_rows(text.rows):
        if (found := next(iter(dates(plain(row.text))), None)) is not None:
            return datetime.combine(found[0], time(), UTC), row.number
    return None, None


def _end_in_chronology(entries: Sequence[ChronologyEntry], start: datetime) -> tuple[datetime | None, int | None]:
    """The last entry that says that it was over, if nothing but follow-ups come after it."""
    for entry in reversed(entries):
        if entry.at is None or entry.at < start:
            continue
        if any(_ENDS.search(said) and not _NOT_OVER.search(said) for said in re.split(r"(?<=[.!])\s+", entry.text)):
            return entry.at, entry.line
    return None, None
