"""A postmortem → the incidents it tells of, each field with the line it came from."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Document, Incident, Resolution, ResolutionStep, Severity, TimelineEntry
from onrecall.importers.postmortem import causes, titles
from onrecall.importers.postmortem.action_items import action_items
from onrecall.importers.postmortem.facts import Fact, first, services_of, severity_of
from onrecall.importers.postmortem.incident_text import FrontMatter, IncidentText, ReadingState
from onrecall.importers.postmortem.pages import parts
from onrecall.importers.postmortem.prose import ProseStatement, paragraphs, whole
from onrecall.importers.postmortem.resolution_steps import steps_in_prose, steps_told
from onrecall.importers.postmortem.rows import DocumentRow, plain, rows
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.span import incident_span
from onrecall.importers.postmortem.timeline import ChronologyEntry

SOURCE = "postmortem"
"""The source of incidents that documents tell of; the id there is the document's."""
PREFIX = "PM-"
LONGEST_DESCRIPTION = 4_000
LONGEST_SLUG = 60
_OPEN = re.compile(
    r"\b(?:ongoing|investigating|open|active|identified|monitoring|in progress|unresolved|offen|laufend)\b",
    re.IGNORECASE,
)


def incidents(document: Document, front: FrontMatter, reading: ReadingState) -> tuple[Incident, ...]:
    """The incidents that a postmortem tells of; one whose date nobody gives is left out."""
    found = rows(document.text)
    several = parts(found)
    if not several:
        told = _incident(document, IncidentText(document, found, front, reading), document.id)
        return (told,) if told else ()
    taken: set[str] = set()
    return tuple(_of_parts(document, several, reading, taken))


def _of_parts(document: Document, several: Sequence[Any], reading: ReadingState, taken: set[str]) -> Iterator[Incident]:
    for part in several:
        slug = _slug(part.heading)
        while slug in taken:
            slug += "-2"
        taken.add(slug)
        text = IncidentText(document, part.rows, FrontMatter(service=document.service), reading, heading=part.heading)
        told = _incident(document, text, f"{document.id}#{slug}")
        if told is not None:
            yield told


def _incident(document: Document, text: IncidentText, source_id: str) -> Incident | None:
    lines: dict[str, int] = {}
    span = incident_span(text, lines)
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


def _text(said: ProseStatement | None) -> str | None:
    return said.text if said else None


def _id(source_id: str) -> str:
    """The incident's id: the document's, told apart from it, and without what an address of one part can't hold."""
    return PREFIX + re.sub(r"[/\\?#%\s]+", "-", source_id).strip("-")


def _slug(heading: str) -> str:
    """A part's name within its page: its date and its first words."""
    words = re.sub(r"[^\w]+", "-", plain(heading).casefold()).strip("-")
    return words[:LONGEST_SLUG].strip("-")


def _last_moment(entries: Sequence[ChronologyEntry]) -> datetime | None:
    return max((entry.at for entry in entries if entry.at is not None), default=None)


def _summary(text: IncidentText) -> ProseStatement | None:
    """What it says under "Summary", in its front matter, or before its first section."""
    if (said := whole(text.of("summary"))) is not None:
        return said
    if text.front.summary:
        return ProseStatement(text.front.summary, 0)
    for section in text.sections:
        if section.topic is None and (found := [one for one in paragraphs(section.rows) if len(one.text.split()) > 4]):
            return ProseStatement("\n".join(one.text for one in found[:4]), found[0].line)
    return None


def _cause(text: IncidentText) -> ProseStatement | None:
    """What stands under its heading, what the front matter calls the root cause, or what the prose tells."""
    stated = causes.root_cause(text.sections)
    if text.front.cause and (stated is None or not text.of("cause")):
        return ProseStatement(text.front.cause, 0)
    if stated is None and text.front.summary:
        return _front_cause(text.front.summary)
    return stated


def _front_cause(summary: str) -> ProseStatement | None:
    from_prose = causes.root_cause((LabelledSection("summary", "", 0, 1, [DocumentRow(0, "text", summary)]),))
    return ProseStatement(from_prose.text, 0) if from_prose else None


def _steps(text: IncidentText) -> tuple[ResolutionStep, ...]:
    fixes = text.of("fix")
    found = steps_told(fixes, text.of("failed_fix"), text.entries)
    if not any(step.outcome == "worked" for step in found):
        prose = [section for section in text.sections if section.topic in ("summary", None, "impact")]
        taken = {entry.line for entry in text.entries}
        found += tuple(step for step in steps_in_prose(prose) if step.line not in taken)
    return found


def _resolution(
    cause: ProseStatement | None, steps: Sequence[ResolutionStep], text: IncidentText, at: datetime
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


def _is_open(text: IncidentText) -> bool:
    said = first(text.facts, "status")
    return (
        said is not None
        and text.span.end is None
        and bool(_OPEN.search(said.value))
        and not re.search(r"resolved|closed|draft|review|final|complete|published|action", said.value, re.IGNORECASE)
    )


def _title(text: IncidentText) -> tuple[str, int]:
    """The title and its line: a label where the heading says only that it is a report; 0 where it stands on none."""
    heading = text.heading or text.document.title
    if titles.is_only_kind(heading):
        for fact in text.facts:
            if fact.topic in ("title", "incident_id") and len(re.findall(r"[^\W\d_]{2,}", fact.value)) > 1:
                return titles.cleaned(fact.value), fact.line
    return titles.cleaned(heading), next((row.number for row in text.rows if row.kind == "heading" and row.number), 0)


def _severity(text: IncidentText, lines: dict[str, int]) -> Severity:
    if text.front.severity and (known := severity_of(text.front.severity)) != "unknown":
        return known
    said = first(text.facts, "severity")
    known = severity_of(said.value) if said else "unknown"
    if said and known != "unknown":
        lines["severity"] = said.line
    return known


def _services(text: IncidentText, lines: dict[str, int]) -> tuple[str, ...]:
    """The services that it hit, the first that is named first."""
    if text.front.service:
        return (text.front.service,)
    for fact in text.facts:
        if fact.topic == "service" and (named := services_of(fact.value)):
            lines["service"] = fact.line
            return named
    return ()


def _environment(text: IncidentText, lines: dict[str, int]) -> str | None:
    if text.front.environment:
        return text.front.environment
    said = first(text.facts, "environment")
    if said is None or len(said.value) > 60:
        return None
    lines["environment"] = said.line
    return said.value


def _labels(text: IncidentText, services: Sequence[str]) -> Mapping[str, str]:
    said: Fact | None = first(text.facts, "incident_id")
    own = (
        {"incident_id": said.value}
        if said and re.fullmatch(r"[#\w/.-]{1,40}", said.value) and re.search(r"\d", said.value)
        else {}
    )
    several = {"services": ", ".join(services)} if len(services) > 1 else {}
    return {**text.front.labels, **several, **own}
