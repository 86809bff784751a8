"""Determine when an incident began and ended, from the most reliable source in the text."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from onrecall.importers.postmortem.clock import (
    YEARLESS,
    Chronology,
    WrittenClockTime,
    find_clocks,
    find_dates,
    find_stamp,
    is_settled,
    parse_range,
)
from onrecall.importers.postmortem.deeds import reports_action
from onrecall.importers.postmortem.facts import IncidentSpan, first_fact
from onrecall.importers.postmortem.incident_text import IncidentText, datable_rows
from onrecall.importers.postmortem.kind import OUTAGE
from onrecall.importers.postmortem.prose import paragraphs, sentence_statements
from onrecall.importers.postmortem.rows import plain_text
from onrecall.importers.postmortem.timeline import ChronologyEntry

LONGEST_OPENING = 60
"""A sentence opens with a time if the time ends within this many characters."""
DAY = timedelta(days=1)
MOST_LAST_WORDS = 12
LONGEST_OUTAGE = timedelta(days=7)
"""An end that only prose states lies at most this long after the start."""
_BEGINS = re.compile(
    r"^\W*(?:\w+\s+){0,2}(?:(?:incident|outage|impact|event|disruption)\s+(?:begins?|began|starts?|started)"
    r"|start of (?:the )?(?:incident|outage|impact)|problem starts|störung beginnt|début de l'incident)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\b(?:(?:incident|outage|impact|event|disruption|issue|problem)\s+(?:\w+\s+){0,3}(?:ends?|ended|over|closed"
    r"|resolved|mitigated|fixed|gone|goes away)|resolved|all[- ]clear|(?:fully\s+)?(?:restored|recovered)"
    r"|back to normal|return(?:s|ed)? to normal|back online|"
    r"service(?:s)? (?:is |are |was |were )?(?:fully )?(?:restored|back|healthy|operational|recovered)"
    r"|end of (?:the )?(?:incident|outage|impact)|everything (?:is |was )?(?:fine|working|normal|back|green|ok)"
    r"|(?:working|running|ok|okay|fine|good|green|normal|healthy|up) again"
    r"|(?:issue|problem|error)s? (?:goes|went|gone) away"
    r"|bringing the outage to an end|"
    r"recovery (?:complete|confirmed)|success(?: rate)? (?:is |was |went )?back|behoben|wiederhergestellt"
    r"|entstört|résolu|rétabli|resuelto|restaurado|resolvido|復旧|已恢复|恢复)\b"
    r"|\b(?:is|are|was|were|has been|have been|came|come|comes|went|got) back (?:at|by|on|up|online"
    r"|since|around|in|to|and|after|for|from)\b|\bcame back\b(?!\s+(?:with|as|empty|red|blank|without|saying"
    r"|negative|the same)\b)|\b(?:was|were|been) reinstated\b"
    r"|\b(?:works?|worked|fine|healthy|stable|green|normal) (?:again )?(?:since|from)\b|\b(?:ended|was"
    r" over|was resolved|was fixed) at\b"
    r"|\bwieder (?:erreichbar|verfügbar|online|normal|da)\b|\b(?:de nouveau|à nouveau) (?:disponibles?|accessibles?"
    r"|opérationnel\w*|joignables?)\b|\bretour à la normale\b|\b(?:volvió|volvieron|voltou"
    r"|voltaram) (?:a funcionar|a la normalidad"
    r"|ao normal)\b|\bquedó restablecid[oa]\b|\b(?:è|sono) (?:tornat[oaie]|di nuovo) (?:raggiungibil[ei]|online"
    r"|normal[ei]|operativ[oaie]"
    r"|disponibil[ei]|attiv[oaie])\b|\bripristinat[oaie]\b|\bweer (?:bereikbaar|beschikbaar|online|normaal)\b"
    r"|\bdeclared over\b|\bende (?:der störung|des ausfalls|des vorfalls)\b|\bfin de (?:la caída"
    r"|l['’]incident|l['’]interruption)\b"
    r"|\bback (?:up )?to 100\s?%|復旧|已恢复|恢复正常",
    re.IGNORECASE,
)
_NOT_OVER = re.compile(
    r"\b(?:not|n't|partially|still|(?:down|failing|broken|failed) again|seems?|appears?|temporarily|briefly"
    r"|unresolved|will be|to be|if|until|before|(?<!at )once|incident review|not yet|considered)\b",
    re.IGNORECASE,
)
_TOOK_UNTIL = re.compile(r"\b(?:took|lasted|went on|continued)\b[^.;]{0,40}\buntil\b", re.IGNORECASE)
_SENTENCE_OR_CONCESSION = re.compile(r"(?<=[.!])\s+|,?\s+(?:even though|although|though)\b")
"""Ends of statements; what follows `even though` says nothing about whether the incident is over."""
_LAST_WORDS = re.compile(
    r"[,;:–—-]\s*(?:fixed|solved|done|all ok|ok|resolved|closed)\W*$|\b(?:works?"
    r"|working)(?:\s+(?:again|fine|now|as expected))?\W*$"
    r"|\b(?:visible|available|reachable|online|accessible|visibles?|disponibles?|joignables?|erreichbar|verfügbar)(?:\s+(?:again|now))?\W*$"
    r"|\b(?:errors?|5xx|alerts?|alarms?|lag|backlog|queue|symptoms?|duplicates|timeouts?"
    r"|error rate|rate|p9\d|latency)\b"
    r".{0,40}\b(?:gone|stop(?:s|ped)?|zero|clear(?:s|ed)?|drain(?:s|ed)?|empty|back to|normal|at \d+ ?ms)\b"
    r"|\b(?:gone|closed|zero|back|everywhere|again)\W*$|\b0\s?%\W*$|\b(?:is|are) live\b"
    r"|\b(?:all|everything) \w* ?(?:up|green|clear|good|fine|move|moves)\b"
    r"|\b(?:come|came|comes) back\b|\b(?:users|customers|scores|logins|orders|jobs|builds"
    r"|messages|requests|calls|payments) (?:move|flow|work|run|go through)\b"
    r"|\bwieder (?:da|online|erreichbar|verfügbar|normal)\b|\b(?:läuft|laufen|funktioniert"
    r"|funktionieren|geht) wieder\b",
    re.IGNORECASE,
)
"""How the last entry of a chronology says that it was over."""
_BEGAN_AT = re.compile(
    r"\b(?:it|this|symptoms|errors|failures|problems|alerts|complaints|delays|(?:the|our) (?:[\w-]+ ){0,2}(?:incident"
    r"|outage|problems?|issues?|disruption|impact"
    r"|trouble|failures?|errors?))(?: all)? (?:began|started|begins|starts)"
    r" (?:at|around|about|shortly after|just after|on)\s(?P<when>[^;]{3,50})",
    re.IGNORECASE,
)
_NEXT_DAY = re.compile(r"\b(?:the )?(?:next|following) (?:day|morning)\b|\bthe day after\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[;,]\s+|\s+(?:and|but)\s+", re.IGNORECASE)
_FAILED = re.compile(
    r"\b(?:ran out|refused|rejected|declined|vanished|disappeared|hung|locked|spiked|expired|stopped"
    r"|died|fell over|went (?:dark|offline|read-only)|no longer|froze|stalled)\b",
    re.IGNORECASE,
)
_AT_FIRST = re.compile(
    r"\W*(?:(?:ocurrió|se produjo|avvenuto|survenu|passiert|aufgetreten|aconteceu"
    r"|gebeurde)\s+)?(?:shortly after|shortly before|just after|just before|after|on|at|around|since|from|am|um"
    r"|seit|le|el|il|alle|em|no dia|op|a las|às)\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _ProseSpan:
    """Start and end as a sentence states them."""

    start: datetime
    end: datetime | None
    line: int
    zoneless: int
    """How many of the two had no zone and were taken as UTC."""


def incident_span(text: IncidentText, lines: dict[str, int]) -> IncidentSpan:
    """Return start and end from front matter, labels, chronology, the date in the name, or the user's default."""
    prose = _span_in_prose(text) if _lacks_time(text) else None
    begun = _find_start(text, prose)
    start, start_line = begun.start, begun.start_line
    if start is None:
        return IncidentSpan()
    end, end_line = (text.front.end, None) if text.front.end else (begun.end, begun.end_line)
    if end is None:
        end, end_line = _end_in_chronology(text, start)
    if end is None:
        end, end_line = _end_in_prose(text, start)
    if end is None and prose is not None and prose.start == start:
        end, end_line = prose.end, prose.line if prose.end else None
    if prose is not None and prose.line in (start_line, end_line):
        text.reading.zoneless += prose.zoneless
    if end is not None and end < start:
        end = end_line = None
    if start_line:
        lines["started_at"] = start_line
    if end is not None and end_line:
        lines["resolved_at"] = end_line
    return IncidentSpan(None, None, start, start_line, end, end_line)


def _lacks_time(text: IncidentText) -> bool:
    """Return whether labels and front matter leave the time of the start, or the end, to the prose."""
    begins = text.front.start or text.span.start
    return begins is None or _is_midnight(begins) or not (text.front.end or text.span.end)


def _find_start(text: IncidentText, prose: _ProseSpan | None) -> IncidentSpan:
    """Return the start, with the end if the same source gives it."""
    span = text.span
    if text.front.start is not None:
        return replace(span, start=text.front.start, start_line=None)
    if span.start is None or _is_midnight(span.start):
        span = _with_clock(text, span, prose)
    if span.start is None and (day := span.day or text.day()) is not None:
        span = replace(span, start=datetime.combine(day, time(), UTC), start_line=span.day_line)
    if span.start is None:
        start, line = _start_in_prose(text)
        span = replace(span, start=start, start_line=line)
    if span.start is None and text.reading.undated is not None:
        text.reading.dated_by_user += 1
        span = replace(span, start=text.reading.undated, start_line=None)
    return span


def _with_clock(text: IncidentText, span: IncidentSpan, prose: _ProseSpan | None) -> IncidentSpan:
    """Add the time of day from prose, chronology or the time of detection to a bare date."""
    if prose is not None and (span.start is None or abs(prose.start - span.start) <= DAY):
        ended, line = (span.end, span.end_line) if span.end else (prose.end, prose.line if prose.end else None)
        return replace(span, start=prose.start, start_line=prose.line, end=ended, end_line=line)
    moment = _opening_moment(text)
    day = span.start.date() if span.start else span.day or text.day()
    if moment is not None and (day is None or abs(moment[0].date() - day) <= DAY):
        return replace(span, start=moment[0], start_line=moment[1])
    start, line = _start_in_chronology(text, span, span.start)
    if start is None or _is_midnight(start):
        start, line = _detected(text, day) or (start, line)
    return replace(span, start=start, start_line=line)


def _detected(text: IncidentText, day: date | None) -> tuple[datetime, int] | None:
    """Return when a label says that it was detected, on its day: the earliest time that the page is sure of."""
    fact = first_fact(text.facts, "detected_at")
    stamp = find_stamp(fact.value) if fact is not None else None
    if fact is None or stamp is None or stamp.clock is None:
        return None
    times = text.chronology(day)
    moment = times.moment(stamp)
    if moment is None or (day is not None and abs(moment.date() - day) > DAY):
        return None
    text.reading.zoneless += times.zoneless
    return moment, fact.line


def _span_in_prose(text: IncidentText) -> _ProseSpan | None:
    """Find a range such as `Between 09:12 and 10:47 UTC on 4 March` in the summary or first paragraphs."""
    for section in (
        *text.sections_about("summary"),
        *text.sections_about("impact"),
        *(part for part in text.sections if part.topic is None),
    ):
        for statement in paragraphs(section.rows):
            if (stamps := parse_range(statement.text)) is None:
                continue
            times = text.chronology(text.day())
            start, end = times.moment(stamps[0]), times.moment(stamps[1])
            if start is None and stamps[0].unclear:
                text.reading.unclear_zones.add(stamps[0].unclear)
            if start is not None:
                return _ProseSpan(start, end, statement.line, times.zoneless)
    return None


def _opening_moment(text: IncidentText) -> tuple[datetime, int] | None:
    """Find an opening sentence that states the start: `On 4 March 2026 at 09:12 UTC nobody could …`."""
    for section in (*text.sections_about("summary"), *(part for part in text.sections if part.topic is None)):
        for statement in sentence_statements(section.rows):
            if (began := _BEGAN_AT.search(statement.text)) and (stamp := find_stamp(began["when"])) and stamp.clock:
                times = text.chronology(text.day())
                if (moment := times.moment(stamp)) is not None:
                    text.reading.zoneless += times.zoneless
                    return moment, statement.line
            stamp = find_stamp(statement.text) if _AT_FIRST.match(statement.text) else None
            day = (stamp.day or text.day()) if stamp else None
            if stamp is None or not (day and stamp.clock):
                continue
            if not (_reports_beginning(statement.text, stamp.end) or _opens_account(statement.text, stamp)):
                continue
            if unsettled := _unsettled_zones(statement.text, day, text.reading.local):
                text.reading.unclear_zones |= unsettled
                continue
            times = text.chronology(text.day())
            if (moment := times.moment(stamp)) is not None:
                text.reading.zoneless += times.zoneless
                return moment, statement.line
    return None


def _unsettled_zones(sentence: str, day: date, local: tzinfo | None) -> set[str]:
    """Return the zones behind its times that may mean several things: `between 07:55 and 09:20 BST`."""
    names = {stamp.unclear for stamp in find_clocks(sentence) if stamp.unclear}
    return {name for name in names if not is_settled(name, day, local)}


def _reports_beginning(sentence: str, behind: int) -> bool:
    """Return whether the time opens a sentence about an outage and not about its end."""
    remainder = sentence[behind:]
    broke = OUTAGE.search(remainder) or _FAILED.search(remainder)
    ended = any(_ENDS.search(clause) and not find_clocks(clause) for clause in _CLAUSE.split(remainder))
    return behind <= LONGEST_OPENING and broke is not None and not ended


def _opens_account(sentence: str, stamp: WrittenClockTime) -> bool:
    """Return whether a sentence opens with date and time and tells neither of an end nor of what people did."""
    dated = stamp.day is not None and stamp.day.year != YEARLESS and stamp.end <= LONGEST_OPENING
    remainder = sentence[stamp.end :].lstrip(" ,")
    return dated and not _ENDS.search(remainder) and not reports_action(remainder)


def _is_midnight(moment: datetime) -> bool:
    return moment.astimezone(UTC).time() == time()


def _start_in_chronology(
    text: IncidentText, span: IncidentSpan, start: datetime | None
) -> tuple[datetime | None, int | None]:
    """Return the entry that states the start, or else the first one, if it is on the document's date."""
    timed = [entry for entry in text.entries if entry.at is not None]
    if not timed:
        return start, span.start_line
    day = start.date() if start else span.day or text.day()
    entry = next((candidate for candidate in timed if _BEGINS.search(candidate.text)), timed[0])
    assert entry.at is not None
    local = entry.at.astimezone(text.zone or UTC).date()
    if day is None or abs((local - day).days) <= 1:
        return entry.at, entry.line
    return (start, span.start_line) if start else (datetime.combine(day, time(), UTC), span.day_line)


def _start_in_prose(text: IncidentText) -> tuple[datetime | None, int | None]:
    """Return the first date in the text and its line."""
    for row in datable_rows(text.rows):
        if (dated := next(iter(find_dates(plain_text(row.text))), None)) is not None:
            return datetime.combine(dated[0], time(), UTC), row.number
    return None, None


def _end_in_chronology(text: IncidentText, start: datetime) -> tuple[datetime | None, int | None]:
    """Return the last entry that states that the incident was over."""
    entries = text.entries
    last = next((entry for entry in reversed(entries) if entry.at is not None), None)
    if len(entries) > 1 and last and last.at and last.at > start and _is_last_word(last.head or last.text):
        return last.at, last.line
    for entry in reversed(entries):
        if entry.at is None or entry.at < start:
            continue
        if (sentence := _sentence_of_end(entry.text, _ENDS)) is not None:
            return _own_time(sentence, entry, text) or entry.at, entry.line
    return None, None


def _is_last_word(words: str) -> bool:
    """Return whether a last entry says in a few words that all works: `scanners work`, `purged the cache, fixed`."""
    return len(words.split()) <= MOST_LAST_WORDS and _sentence_of_end(words, _LAST_WORDS) is not None


def _sentence_of_end(words: str, ending: re.Pattern[str]) -> str | None:
    """Return the sentence that states that the incident was over, if there is one."""
    return next(
        (
            sentence
            for sentence in _SENTENCE_OR_CONCESSION.split(words)
            if ending.search(sentence) and not _NOT_OVER.search(sentence)
        ),
        None,
    )


def _own_time(sentence: str, entry: ChronologyEntry, text: IncidentText) -> datetime | None:
    """Return the later time that a sentence within an entry names for itself."""
    assert entry.at is not None
    day = entry.at.astimezone(text.zone or UTC).date()
    moment = _stated_end(sentence, text.chronology(day), entry.at)
    return moment if moment is not None and entry.at < moment <= entry.at + DAY else None


def _end_in_prose(text: IncidentText, start: datetime) -> tuple[datetime | None, int | None]:
    """Return the last time at which a sentence says that it was over: `By 13:54 PST all was back to normal`."""
    day = start.date() if _is_midnight(start) else start.astimezone(text.zone or UTC).date()
    ended: tuple[datetime | None, int | None] = None, None
    for section in text.sections:
        if section.topic not in ("summary", "impact", "fix", None):
            continue
        for statement in sentence_statements(section.rows):
            many = len(find_clocks(statement.text)) > 1
            for clause in _CLAUSE.split(statement.text) if many else [statement.text]:
                times = text.chronology(day)
                moment = _stated_end(clause, times, start)
                if moment is not None and start <= moment <= start + LONGEST_OUTAGE and (ended[0] or start) <= moment:
                    text.reading.zoneless += times.zoneless
                    ended = moment, statement.line
    return ended


def _stated_end(clause: str, times: Chronology, start: datetime) -> datetime | None:
    """Return the only time in a clause that says that it was over, on the next day where it says so."""
    stamps = find_clocks(clause)
    is_end = _TOOK_UNTIL.search(clause) or (_ENDS.search(clause) and not _NOT_OVER.search(clause))
    if len(stamps) != 1 or not is_end:
        return None
    stamp = find_stamp(clause) or stamps[0]
    moment = times.moment(replace(stamp, clock=stamps[0].clock))
    if moment is None or stamp.day is not None:
        return moment
    passed_midnight = moment < start and start - moment > DAY / 2 and not _is_midnight(start)
    return moment + DAY if moment < start and (passed_midnight or _NEXT_DAY.search(clause)) else moment
