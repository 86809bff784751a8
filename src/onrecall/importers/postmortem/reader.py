"""A postmortem → the incidents it tells of, each field with the line it came from."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from onrecall.domain.incident import Document, Incident, Resolution, ResolutionStep, Severity, TimelineEntry
from onrecall.importers.postmortem import causes, timeline, titles
from onrecall.importers.postmortem.action_items import action_items
from onrecall.importers.postmortem.clock import YEARLESS, Chronology, between, dates, opening, stamp_in, zone_said
from onrecall.importers.postmortem.facts import Fact, Span, facts, first, services_of, severity_of, span_of
from onrecall.importers.postmortem.kind import OUTAGE
from onrecall.importers.postmortem.pages import parts
from onrecall.importers.postmortem.prose import Statement, paragraphs, spoken, whole
from onrecall.importers.postmortem.resolution_steps import steps_in_prose, steps_told
from onrecall.importers.postmortem.rows import Row, plain, rows
from onrecall.importers.postmortem.sections import Section, sections
from onrecall.importers.postmortem.timeline import Entry
from onrecall.importers.postmortem.vocabulary import Topic

SOURCE = "postmortem"
"""The source of incidents that documents tell of; the id there is the document's."""
PREFIX = "PM-"
LONGEST_DESCRIPTION = 4_000
LONGEST_SLUG = 60
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
_WRITTEN = re.compile(
    r"\W*(?:published|updated|last (?:updated|modified|edited)|written|posted|created|erstellt|publié|publicado)\b",
    re.IGNORECASE,
)
_AT_FIRST = re.compile(r"\W*(?:on|at|around|since|from|am|um|seit|le|el)\s", re.IGNORECASE)
_OPEN = re.compile(
    r"\b(?:ongoing|investigating|open|active|identified|monitoring|in progress|unresolved|offen|laufend)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Reading:
    """What the reader is told and what it counts."""

    local: tzinfo | None = None
    undated: datetime | None = None
    zoneless: int = 0
    """Times that no zone was said for and that were taken as UTC."""
    unclear_zones: set[str] = field(default_factory=set)
    """Zones whose times were not read: their name means different things in different places."""
    dated_by_user: int = 0


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a document's front matter says of its incident; None where it says nothing."""

    start: datetime | None = None
    end: datetime | None = None
    severity: str | None = None
    service: str | None = None
    summary: str | None = None
    cause: str | None = None
    environment: str | None = None
    is_open: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


def incidents(document: Document, front: FrontMatter, reading: Reading) -> tuple[Incident, ...]:
    """The incidents that a postmortem tells of; one whose date nobody gives is left out."""
    found = rows(document.text)
    several = parts(found)
    if not several:
        told = _incident(document, _Text(document, found, front, reading), document.id)
        return (told,) if told else ()
    taken: set[str] = set()
    return tuple(_of_parts(document, several, reading, taken))


def _of_parts(document: Document, several: Sequence[Any], reading: Reading, taken: set[str]) -> Iterator[Incident]:
    for part in several:
        slug = _slug(part.heading)
        while slug in taken:
            slug += "-2"
        taken.add(slug)
        text = _Text(document, part.rows, FrontMatter(service=document.service), reading, heading=part.heading)
        told = _incident(document, text, f"{document.id}#{slug}")
        if told is not None:
            yield told


class _Text:
    """The rows that tell of one incident, divided and read."""

    def __init__(
        self, document: Document, found: Sequence[Row], front: FrontMatter, reading: Reading, heading: str | None = None
    ) -> None:
        self.document = document
        self.front = front
        self.reading = reading
        self.sections = sections(found)
        self.facts = facts(self.sections)
        self.heading = heading
        self.rows = found
        self.zone = self._zone()
        self.span, zoneless = span_of(self.facts, self.day(), self.zone, reading.local)
        chronology = Chronology(self._first_day(), self.zone, reading.local)
        self.entries = self._updates(chronology) or timeline.entries(self.sections, chronology)
        reading.zoneless += zoneless + chronology.zoneless

    def of(self, about: Topic) -> list[Section]:
        """The sections with this topic."""
        return [section for section in self.sections if section.topic == about]

    def _zone(self) -> tzinfo | None:
        near = [*(section for section in self.sections if section.topic == "timeline"), *self.sections]
        for section in near:
            head = f"({section.heading}) " + " ".join(
                row.text for row in section.rows[:8] if row.kind in ("text", "cells", "item")
            )
            zone, unclear = zone_said(head if section.topic == "timeline" else head[:1000])
            if zone is not None:
                return zone
            if unclear:
                self.reading.unclear_zones.add(unclear)
        return None

    def day(self) -> date | None:
        """The date that the part's heading, the document's name or its title gives; where two agree, that one."""
        if self.front.start is not None:
            return self.front.start.date()
        if self.heading is not None:
            return next((day for day, _ in dates(self.heading)), None)
        named = [self.document.dated.date()] if self.document.dated else []
        named += [day for day, _ in dates(self.document.title)][:1]
        named += self._days_in_chronology()[:1]
        if not named:
            named = [day for row in _telling(self.rows[:60]) for day, _ in dates(plain(row.text))][:1]
        return Counter(named).most_common(1)[0][0] if named else None

    def _days_in_chronology(self) -> list[date]:
        """The dates with which rows of the chronology begin."""
        stamps = [
            opening(plain(row.text))
            for section in self.of("timeline")
            for row in section.rows
            if row.kind in ("heading", "item", "text", "cells")
        ]
        return [
            stamp.day for stamp in stamps if stamp is not None and stamp.day is not None and stamp.day.year != YEARLESS
        ]

    def _first_day(self) -> date | None:
        if self.span.start is not None:
            return self.span.start.astimezone(self.zone or UTC).date()
        return self.span.day or self.day()

    def _updates(self, chronology: Chronology) -> list[Entry]:
        """The updates of a status page, oldest first."""
        if self.of("timeline"):
            return []
        headed = timeline.headed_updates(self.sections, chronology)
        found = headed or [entry for section in self.sections for entry in timeline.status_updates(section, chronology)]
        return (
            sorted(found, key=lambda entry: (entry.at is None, entry.at))
            if found and all(entry.at for entry in found)
            else found
        )


def _incident(document: Document, text: _Text, source_id: str) -> Incident | None:
    lines: dict[str, int] = {}
    span = _span(text, lines)
    if span.start is None:
        return None
    started_at, ended_at = span.start, span.end
    summary = _summary(text)
    cause = _cause(text)
    steps = _steps(text)
    statements = {name: whole(text.of(name)) for name in ("impact", "detection", "trigger")}
    known_at = max(filter(None, [ended_at or _last_moment(text.entries), started_at]))
    is_open = text.front.is_open or _is_open(text)
    resolution = _resolution(cause, steps, text, known_at) if not is_open else None
    for name, said in {"description": summary, "root_cause": cause, **statements}.items():
        if said is not None and said.line:
            lines[name] = said.line
    title, lines["title"] = _title(text)
    if not lines["title"]:
        del lines["title"]
    severity = _severity(text, lines)
    services = _services(text, lines)
    return Incident(
        id=_id(source_id),
        title=title,
        started_at=started_at,
        description=(summary.text if summary else "")[:LONGEST_DESCRIPTION],
        service=services[0] if services else document.service,
        environment=_environment(text, lines),
        severity=severity,
        labels=_labels(text, services),
        status="open" if is_open else "resolved",
        resolved_at=ended_at if not is_open else None,
        source=SOURCE,
        source_id=source_id,
        resolution=resolution,
        document=document.id,
        impact=_text(statements["impact"]),
        detection=_text(statements["detection"]),
        trigger=_text(statements["trigger"]),
        timeline=tuple(TimelineEntry(entry.text[:2000], entry.at, entry.line) for entry in text.entries if entry.text),
        action_items=action_items(text.sections),
        lines=lines,
    )


def _text(said: Statement | None) -> str | None:
    return said.text if said else None


def _id(source_id: str) -> str:
    """The incident's id: the document's, told apart from it, and without what an address of one part can't hold."""
    return PREFIX + re.sub(r"[/\\?#%\s]+", "-", source_id).strip("-")


def _slug(heading: str) -> str:
    """A part's name within its page: its date and its first words."""
    words = re.sub(r"[^\w]+", "-", plain(heading).casefold()).strip("-")
    return words[:LONGEST_SLUG].strip("-")


def _span(text: _Text, lines: dict[str, int]) -> Span:
    """When it began and ended: front matter, labels, the chronology, the date in the name, or what the user said."""
    begun = _beginning(text)
    start, start_line = begun.start, begun.start_line
    if start is None:
        return Span()
    end, end_line = (text.front.end, None) if text.front.end else (begun.end, begun.end_line)
    if end is None:
        end, end_line = _end_in_chronology(text.entries, start)
    if end is not None and end < start:
        end = end_line = None
    if start_line:
        lines["started_at"] = start_line
    if end is not None and end_line:
        lines["resolved_at"] = end_line
    return Span(None, None, start, start_line, end, end_line)


def _beginning(text: _Text) -> Span:
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


def _with_clock(text: _Text, span: Span) -> Span:
    """A day with the time of day that the prose or the chronology gives it."""
    said = _span_in_prose(text)
    if said is not None and said.start and (span.start is None or abs(said.start - span.start) <= DAY):
        ended, line = (span.end, span.end_line) if span.end else (said.end, said.end_line)
        return replace(span, start=said.start, start_line=said.start_line, end=ended, end_line=line)
    told = _moment_told(text)
    day = span.start.date() if span.start else span.day or text.day()
    if told is not None and (day is None or abs(told[0].date() - day) <= DAY):
        return replace(span, start=told[0], start_line=told[1])
    start, line = _start_in_chronology(text, span, span.start)
    return replace(span, start=start, start_line=line)


def _span_in_prose(text: _Text) -> Span | None:
    """`Between 09:12 and 10:47 UTC on 4 March`: what the summary or the first paragraphs say."""
    for section in (*text.of("summary"), *text.of("impact"), *(one for one in text.sections if one.topic is None)):
        for statement in paragraphs(section.rows):
            if (found := between(statement.text)) is None:
                continue
            times = Chronology(text.day(), text.zone, text.reading.local)
            start, end = times.moment(found[0]), times.moment(found[1])
            text.reading.zoneless += times.zoneless
            if start is not None:
                return Span(None, None, start, statement.line, end, statement.line if end else None)
    return None


def _moment_told(text: _Text) -> tuple[datetime, int] | None:
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


def _start_in_chronology(text: _Text, span: Span, start: datetime | None) -> tuple[datetime | None, int | None]:
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


def _start_in_prose(text: _Text) -> tuple[datetime | None, int | None]:
    """The first date of the running text."""
    for row in _telling(text.rows):
        if (found := next(iter(dates(plain(row.text))), None)) is not None:
            return datetime.combine(found[0], time(), UTC), row.number
    return None, None


def _telling(found: Sequence[Row]) -> Iterator[Row]:
    """Rows whose dates may be the incident's: not code, nor when the text was written."""
    return (row for row in found if row.kind not in ("code", "blank") and not _WRITTEN.match(plain(row.text)))


def _end_in_chronology(entries: Sequence[Entry], start: datetime) -> tuple[datetime | None, int | None]:
    """The last entry that says that it was over, if nothing but follow-ups come after it."""
    for entry in reversed(entries):
        if entry.at is None or entry.at < start:
            continue
        if any(_ENDS.search(said) and not _NOT_OVER.search(said) for said in re.split(r"(?<=[.!])\s+", entry.text)):
            return entry.at, entry.line
    return None, None


def _last_moment(entries: Sequence[Entry]) -> datetime | None:
    return max((entry.at for entry in entries if entry.at is not None), default=None)


def _summary(text: _Text) -> Statement | None:
    """What it says under "Summary", in its front matter, or before its first section."""
    if (said := whole(text.of("summary"))) is not None:
        return said
    if text.front.summary:
        return Statement(text.front.summary, 0)
    for section in text.sections:
        if section.topic is None and (found := [one for one in paragraphs(section.rows) if len(one.text.split()) > 4]):
            return Statement("\n".join(one.text for one in found[:4]), found[0].line)
    return None


def _cause(text: _Text) -> Statement | None:
    """What stands under its heading, what the front matter calls the root cause, or what the prose tells."""
    told = causes.root_cause(text.sections)
    if text.front.cause and (told is None or not text.of("cause")):
        return Statement(text.front.cause, 0)
    if told is None and text.front.summary:
        return _front_cause(text.front.summary)
    return told


def _front_cause(summary: str) -> Statement | None:
    from_prose = causes.root_cause((Section("summary", "", 0, 1, [Row(0, "text", summary)]),))
    return Statement(from_prose.text, 0) if from_prose else None


def _steps(text: _Text) -> tuple[ResolutionStep, ...]:
    fixes = text.of("fix")
    found = steps_told(fixes, text.of("failed_fix"), text.entries)
    if not any(step.outcome == "worked" for step in found):
        prose = [section for section in text.sections if section.topic in ("summary", None, "impact")]
        taken = {entry.line for entry in text.entries}
        found += tuple(step for step in steps_in_prose(prose) if step.line not in taken)
    return found


def _resolution(
    cause: Statement | None, steps: Sequence[ResolutionStep], text: _Text, at: datetime
) -> Resolution | None:
    fix = whole(text.of("fix"))
    if cause is None and not steps and fix is None:
        return None
    return Resolution(
        root_cause=cause.text if cause else "",
        at=at,
        cause=text.document.labels.get("cause"),
        steps=tuple(steps),
        summary=fix.text if fix else None,
        provenance="imported",
        root_cause_line=cause.line or None if cause else None,
    )


def _is_open(text: _Text) -> bool:
    said = first(text.facts, "status")
    return (
        said is not None
        and text.span.end is None
        and bool(_OPEN.search(said.value))
        and not re.search(r"resolved|closed|draft|review|final|complete|published|action", said.value, re.IGNORECASE)
    )


def _title(text: _Text) -> tuple[str, int]:
    """The title and its line: a label where the heading says only that it is a report; 0 where it stands on none."""
    heading = text.heading or text.document.title
    if titles.is_only_kind(heading):
        for fact in text.facts:
            if fact.topic in ("title", "incident_id") and len(re.findall(r"[^\W\d_]{2,}", fact.value)) > 1:
                return titles.cleaned(fact.value), fact.line
    return titles.cleaned(heading), next((row.number for row in text.rows if row.kind == "heading" and row.number), 0)


def _severity(text: _Text, lines: dict[str, int]) -> Severity:
    if text.front.severity and (known := severity_of(text.front.severity)) != "unknown":
        return known
    said = first(text.facts, "severity")
    known = severity_of(said.value) if said else "unknown"
    if said and known != "unknown":
        lines["severity"] = said.line
    return known


def _services(text: _Text, lines: dict[str, int]) -> tuple[str, ...]:
    """The services that it hit, the first that is named first."""
    if text.front.service:
        return (text.front.service,)
    for fact in text.facts:
        if fact.topic == "service" and (named := services_of(fact.value)):
            lines["service"] = fact.line
            return named
    return ()


def _environment(text: _Text, lines: dict[str, int]) -> str | None:
    if text.front.environment:
        return text.front.environment
    said = first(text.facts, "environment")
    if said is None or len(said.value) > 60:
        return None
    lines["environment"] = said.line
    return said.value


def _labels(text: _Text, services: Sequence[str]) -> Mapping[str, str]:
    said: Fact | None = first(text.facts, "incident_id")
    own = (
        {"incident_id": said.value}
        if said and re.fullmatch(r"[#\w/.-]{1,40}", said.value) and re.search(r"\d", said.value)
        else {}
    )
    several = {"services": ", ".join(services)} if len(services) > 1 else {}
    return {**text.front.labels, **several, **own}
