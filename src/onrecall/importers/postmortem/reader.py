"""Extract the incidents of a postmortem, each field with the line it came from."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from onrecall.domain.document import Document
from onrecall.domain.incident import POSTMORTEM, Incident, Resolution, ResolutionStep, Severity, TimelineEntry
from onrecall.domain.report_ids import report_id
from onrecall.importers.postmortem import causes, titles
from onrecall.importers.postmortem.action_items import action_items
from onrecall.importers.postmortem.clock import find_clocks
from onrecall.importers.postmortem.deeds import split_sentences
from onrecall.importers.postmortem.facts import first_fact, parse_services, severity_of
from onrecall.importers.postmortem.incident_text import FrontMatter, IncidentText, ReadingState
from onrecall.importers.postmortem.pages import split_incidents
from onrecall.importers.postmortem.prose import ProseStatement, joined_statement, paragraphs, sentence_statements
from onrecall.importers.postmortem.repeated_steps import without_repetitions
from onrecall.importers.postmortem.resolution_steps import extract_steps, steps_in_prose
from onrecall.importers.postmortem.rows import DocumentRow, parse_rows, plain_text
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.span import incident_span
from onrecall.importers.postmortem.timeline import ChronologyEntry

SOURCE = POSTMORTEM
"""`source` of incidents from documents; their `source_id` is the document's id."""
LONGEST_DESCRIPTION = 4_000
LONGEST_SLUG = 60
_LEVEL_IN_TITLE = re.compile(r"(?:^|[\s(\[])(?P<level>(?:sev(?:erity)?[\s:_-]?|p)[0-5])(?=$|[\s)\],:])", re.IGNORECASE)
_LEVEL_IN_TEXT = re.compile(
    r"\b(?P<level>(?:sev(?:erity)?[\s_-]?|p)[0-5])\b(?=[\s-]*(?:\([^)]*\)\s*)?(?:incident|outage|event|was|severity|$|[.,;]))",
    re.IGNORECASE,
)
_ID = re.compile(r"[#\w/.-]{1,40}")
_ID_IN_TITLE = re.compile(
    r"(?<![\w-])(?!(?:SEV|CVE|RFC|ISO|UTF|SHA|TLS|P)-)(?P<id>[A-Z][A-Z0-9]{1,9}-(?:20\d\d-)?\d{1,7}|INC\d{4,})(?![\w-])"
)
_OPEN = re.compile(
    r"\b(?:ongoing|investigating|open|active|identified|monitoring|in progress|unresolved|offen|laufend)\b",
    re.IGNORECASE,
)


def extract_incidents(document: Document, front: FrontMatter, reading: ReadingState) -> tuple[Incident, ...]:
    """Return the incidents in a postmortem; those without any date are left out."""
    document_rows = parse_rows(document.text)
    several = split_incidents(document_rows)
    if not several:
        incident = _build_incident(document, IncidentText(document, document_rows, front, reading), document.id)
        return (incident,) if incident else ()
    slugs: set[str] = set()
    return tuple(_incidents_of_parts(document, several, reading, slugs))


def _incidents_of_parts(
    document: Document, several: Sequence[Any], reading: ReadingState, slugs: set[str]
) -> Iterator[Incident]:
    for part in several:
        slug = _slug(part.heading)
        while slug in slugs:
            slug += "-2"
        slugs.add(slug)
        text = IncidentText(document, part.rows, FrontMatter(service=document.service), reading, heading=part.heading)
        incident = _build_incident(document, text, f"{document.id}#{slug}")
        if incident is not None:
            yield incident


def _build_incident(document: Document, text: IncidentText, source_id: str) -> Incident | None:
    lines: dict[str, int] = {}
    span = incident_span(text, lines)
    if span.start is None:
        return None
    started_at, ended_at = span.start, span.end
    summary = _summary(text)
    cause = _cause(text)
    steps = _steps(text, started_at)
    statements = {name: joined_statement(text.sections_about(name)) for name in ("impact", "detection", "trigger")}
    statements["contributing_factors"] = causes.contributing_factors(text.sections, cause)
    known_at = max(filter(None, [ended_at or _last_moment(text.entries), started_at]))
    is_open = text.front.is_open or _is_open(text)
    resolution = _resolution(cause, steps, text, known_at) if not is_open else None
    for name, statement in {"description": summary, "root_cause": cause, **statements}.items():
        if statement is not None and statement.line:
            lines[name] = statement.line
    title, lines["title"] = _title(text)
    if not lines["title"]:
        del lines["title"]
    severity = _severity(text, lines)
    services = _services(text, lines)
    return Incident(
        id=report_id(source_id),
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
        impact=_statement_text(statements["impact"]),
        detection=_statement_text(statements["detection"]),
        trigger=_statement_text(statements["trigger"]),
        contributing_factors=_statement_text(statements["contributing_factors"]),
        timeline=tuple(TimelineEntry(entry.text[:2000], entry.at, entry.line) for entry in text.entries if entry.text),
        action_items=action_items(text.sections),
        lines=lines,
    )


def _statement_text(statement: ProseStatement | None) -> str | None:
    return statement.text if statement else None


def _slug(heading: str) -> str:
    """Return the slug of a part's heading, unique within its page."""
    words = re.sub(r"[^\w]+", "-", plain_text(heading).casefold()).strip("-")
    return words[:LONGEST_SLUG].strip("-")


def _last_moment(entries: Sequence[ChronologyEntry]) -> datetime | None:
    return max((entry.at for entry in entries if entry.at is not None), default=None)


def _summary(text: IncidentText) -> ProseStatement | None:
    """Return the summary: its section, the front matter, or the text before the first section."""
    if (summary := joined_statement(text.sections_about("summary"))) is not None:
        return summary
    if text.front.summary:
        return ProseStatement(text.front.summary, 0)
    for section in text.sections:
        if section.topic is None and (
            lead := [statement for statement in paragraphs(section.rows) if len(statement.text.split()) > 4]
        ):
            return ProseStatement("\n".join(statement.text for statement in lead[:4]), lead[0].line)
    return None


def _cause(text: IncidentText) -> ProseStatement | None:
    """Return the cause from its section, the front matter, or the prose."""
    stated = causes.find_root_cause(text.sections)
    if text.front.cause and (stated is None or not text.sections_about("cause")):
        return ProseStatement(text.front.cause, 0)
    if stated is None and text.front.summary:
        return _front_cause(text.front.summary)
    return stated


def _front_cause(summary: str) -> ProseStatement | None:
    from_prose = causes.find_root_cause((LabelledSection("summary", "", 0, 1, [DocumentRow(0, "text", summary)]),))
    return ProseStatement(from_prose.text, 0) if from_prose else None


def _steps(text: IncidentText, start: datetime) -> tuple[ResolutionStep, ...]:
    fixes = text.sections_about("fix")
    steps = extract_steps(fixes, text.sections_about("failed_fix"), text.entries)
    if not any(step.outcome == "worked" for step in steps):
        prose = [section for section in text.sections if section.topic in ("summary", None, "impact")]
        chronology_lines = {entry.line for entry in text.entries}
        steps += tuple(
            step
            for step in steps_in_prose(prose)
            if step.line not in chronology_lines
            and not (step.outcome == "worked" and _opens_incident(step, text, start))
        )
    return (*_attempts_told_elsewhere(text, steps), *steps)


_TOLD_IN = ("summary", None, "impact", "aside", "cause", "detection")
"""Topics of sections whose prose may tell of attempts in vain, besides those of the fix and the chronology."""


def _attempts_told_elsewhere(text: IncidentText, steps: Sequence[ResolutionStep]) -> list[ResolutionStep]:
    """Return what the rest of the page says was in vain, such as its lessons, without what is known already."""
    sections = [section for section in text.sections if section.topic in _TOLD_IN]
    known_lines = {*(entry.line for entry in text.entries), *(step.line for step in steps)}
    attempts = (step for step in steps_in_prose(sections) if step.outcome != "worked" and step.line not in known_lines)
    return without_repetitions([*attempts], known=steps)


def _opens_incident(step: ResolutionStep, text: IncidentText, start: datetime) -> bool:
    """Return whether what was done is told of the moment at which the incident began: it began it."""
    stamps = find_clocks(step.text)
    if len(stamps) != 1 or stamps[0].clock is None or (start.hour, start.minute) == (0, 0):
        return False
    local = start.astimezone(stamps[0].zone or text.zone or text.reading.local or UTC)
    return (local.hour, local.minute) == (stamps[0].clock.hour, stamps[0].clock.minute)


def _resolution(
    cause: ProseStatement | None, steps: Sequence[ResolutionStep], text: IncidentText, at: datetime
) -> Resolution | None:
    fix = joined_statement(text.sections_about("fix"))
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


def _is_open(text: IncidentText) -> bool:
    status = first_fact(text.facts, "status")
    return (
        status is not None
        and text.span.end is None
        and bool(_OPEN.search(status.value))
        and not re.search(r"resolved|closed|draft|review|final|complete|published|action", status.value, re.IGNORECASE)
    )


def _title(text: IncidentText) -> tuple[str, int]:
    """Return title and line, from a label if the heading is only a document kind; line 0 if it has none."""
    heading = text.heading or text.document.title
    if titles.is_only_date(heading) and (opening := _opening_sentence(text)) is not None:
        return titles.sentence_as_title(opening.text)[: titles.LONGEST_TITLE], opening.line
    if (
        titles.is_only_kind(heading)
        or _ID_IN_TITLE.fullmatch(plain_text(heading))
        or not any(row.kind == "heading" for row in text.rows)
    ):
        for fact in text.facts:
            if fact.topic in ("title", "incident_id") and len(re.findall(r"[^\W\d_]{2,}", fact.value)) > 1:
                return titles.clean_title(fact.value), fact.line
        if (opening := _summary_sentence(text)) is not None and titles.is_only_kind(heading):
            return titles.sentence_as_title(opening.text)[: titles.LONGEST_TITLE], opening.line
    return titles.clean_title(heading), next(
        (row.number for row in text.rows if row.kind == "heading" and row.number), 0
    )


def _summary_sentence(text: IncidentText) -> ProseStatement | None:
    """Return the first sentence of the summary's section."""
    rows = (section.rows for section in text.sections_about("summary"))
    return next((statement for part in rows for statement in sentence_statements(part)), None)


def _opening_sentence(text: IncidentText) -> ProseStatement | None:
    """Return the first sentence of a text."""
    first = next((row for row in text.rows if row.kind == "text" and row.text.strip()), None)
    following = takewhile(lambda row: row.kind == "text", text.rows[text.rows.index(first) :]) if first else ()
    sentences = split_sentences(plain_text(" ".join(row.text for row in following)))
    return ProseStatement(sentences[0], first.number) if first and sentences else None


def _severity(text: IncidentText, lines: dict[str, int]) -> Severity:
    if text.front.severity and (level := severity_of(text.front.severity)) != "unknown":
        return level
    fact = first_fact(text.facts, "severity")
    if fact is None:
        return _severity_in_title(text)
    level = severity_of(fact.value)
    if level != "unknown":
        lines["severity"] = fact.line
    return level


def _severity_in_title(text: IncidentText) -> Severity:
    """Return the level that a title states: `Login slow (sev3)`, `[P1] Payments down`."""
    match = _LEVEL_IN_TITLE.search(plain_text(text.heading or text.document.title))
    return severity_of(match["level"]) if match else _severity_in_summary(text)


def _severity_in_summary(text: IncidentText) -> Severity:
    """Return the only level that the summary names: `A SEV-2 incident affected 18% of checkouts`."""
    summary = joined_statement(text.sections_about("summary"))
    levels = {severity_of(match["level"]) for match in _LEVEL_IN_TEXT.finditer(summary.text if summary else "")}
    return levels.pop() if len(levels) == 1 else "unknown"


def _services(text: IncidentText, lines: dict[str, int]) -> tuple[str, ...]:
    """Return the affected services in document order."""
    if text.front.service:
        return (text.front.service,)
    for fact in text.facts:
        if fact.topic == "service" and (services := parse_services(fact.value)):
            lines["service"] = fact.line
            return services
    return ()


def _environment(text: IncidentText, lines: dict[str, int]) -> str | None:
    if text.front.environment:
        return text.front.environment
    fact = first_fact(text.facts, "environment")
    if fact is None or len(fact.value) > 60:
        return None
    lines["environment"] = fact.line
    return fact.value


def _name_on_record(text: IncidentText) -> str | None:
    """Return the id by which the page names its incident: under a label, or as the only one in its title."""
    for fact in text.facts:
        if fact.topic == "incident_id" and _ID.fullmatch(fact.value) and re.search(r"\d", fact.value):
            return fact.value
    names = {match["id"] for match in _ID_IN_TITLE.finditer(plain_text(text.heading or text.document.title))}
    return names.pop() if len(names) == 1 else None


def _labels(text: IncidentText, services: Sequence[str]) -> Mapping[str, str]:
    name = _name_on_record(text)
    own = {"incident_id": name} if name else {}
    several = {"services": ", ".join(services)} if len(services) > 1 else {}
    return {**text.front.labels, **several, **own}
