"""An incident as a page of numbered lines: the page that is exported, shown, split into passages, and cited."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from onrecall.domain.document import Document
from onrecall.domain.incident import ActionItem, Incident, Resolution, ResolutionStep, TimelineEntry
from onrecall.domain.passage import Part
from onrecall.domain.suggestion import Suggestion

OUTCOME_WORDS = {"worked": "worked", "did_not_help": "did not help", "made_it_worse": "made it worse"}


@dataclass(frozen=True, slots=True)
class PageLine:
    """One line of a page, counted from 1, and what it is about."""

    number: int
    text: str
    part: Part
    step: int | None = None
    """Index of the resolution step that begins here."""


def numbered_lines(record: Incident | Document | Suggestion) -> tuple[PageLine, ...]:
    """Return the numbered lines of an incident, a document or a suggestion; a citation's `line` counts these."""
    if isinstance(record, Document | Suggestion):
        return tuple(PageLine(n, text, "body") for n, text in enumerate(record.text.splitlines(), start=1))
    return tuple(PageLine(n, text, part, step) for n, (text, part, step) in enumerate(_incident(record), start=1))


def document_lines(incident: Incident) -> Mapping[int, int]:
    """Return page line → line of the document that reports the incident, which citations name; empty without one."""
    if incident.document is None:
        return {}
    page = numbered_lines(incident)
    first_rows = {heading.text: heading.number + 1 for heading in page if heading.text.startswith("## ")}
    resolution = incident.resolution
    lines = {1: incident.lines.get("title"), 3: incident.lines.get("description") if incident.description else None}
    for heading in ("Impact", "Detection", "Trigger", "Contributing factors"):
        lines[first_rows.get(f"## {heading}", 0)] = incident.lines.get(heading.lower().replace(" ", "_"))
    if resolution is not None and resolution.root_cause:
        lines[first_rows["## Root cause"]] = resolution.root_cause_line
    steps = resolution.steps if resolution is not None else ()
    lines |= {line.number: steps[line.step].line for line in page if line.step is not None}
    entries = first_rows.get("## Timeline", 0)
    lines |= {entries + place: entry.line for place, entry in enumerate(incident.timeline)}
    items = first_rows.get("## Action items", 0)
    lines |= {items + place: item.line for place, item in enumerate(incident.action_items)}
    return {number: line for number, line in lines.items() if number and line is not None}


def to_markdown(record: Incident | Document | Suggestion) -> str:
    """Return the whole page as Markdown."""
    return "\n".join(line.text for line in numbered_lines(record)) + "\n"


def _incident(incident: Incident) -> Iterator[tuple[str, Part, int | None]]:
    yield f"# {collapse_whitespace(incident.title)}", "opening", None
    if incident.description:
        yield "", "opening", None
        for row in incident.description.splitlines():
            yield row, "opening", None
    for heading, content in (("Impact", incident.impact), ("Detection", incident.detection)):
        yield from _paragraph(heading, content, "opening")
    if incident.resolution is not None:
        yield from _resolution(incident.resolution)
    yield from _paragraph("Trigger", incident.trigger, "body")
    yield from _paragraph("Contributing factors", incident.contributing_factors, "body")
    yield from _paragraph("Timeline", "\n".join(map(_timeline_row, incident.timeline)), "body")
    yield from _paragraph("Action items", "\n".join(map(_action_row, incident.action_items)), "body")


def _paragraph(heading: str, content: str | None, part: Part) -> Iterator[tuple[str, Part, int | None]]:
    if content:
        yield "", part, None
        yield f"## {heading}", part, None
        for row in content.splitlines():
            yield row, part, None


def _timeline_row(entry: TimelineEntry) -> str:
    at = f"{entry.at:%Y-%m-%d %H:%M} UTC: " if entry.at else ""
    return f"- {at}{collapse_whitespace(entry.text)}"


def _action_row(item: ActionItem) -> str:
    details = ", ".join(collapse_whitespace(part) for part in (item.owner, item.state) if part)
    return f"- {collapse_whitespace(item.text)}" + (f" ({details})" if details else "")


def _resolution(resolution: Resolution) -> Iterator[tuple[str, Part, int | None]]:
    yield "", "resolution", None
    yield "## Root cause", "resolution", None
    for row in resolution.root_cause.splitlines():
        yield row, "resolution", None
    if resolution.summary:
        yield "", "resolution", None
        yield "## Summary", "resolution", None
        for row in resolution.summary.splitlines():
            yield row, "resolution", None
    if resolution.steps:
        yield "", "resolution", None
        yield "## Steps", "resolution", None
        for index, step in enumerate(resolution.steps):
            yield f"{index + 1}. {format_step(step)}", "resolution", index
            if step.rollback:
                yield f"   Rollback: {collapse_whitespace(step.rollback)}", "resolution", None


def format_step(step: ResolutionStep) -> str:
    """Return a resolution step on one line: text, command, and its outcome unless it worked."""
    text = collapse_whitespace(step.text)
    if step.command and step.command not in step.text:
        text += f" `{collapse_whitespace(step.command)}`"
    return text if step.outcome == "worked" else f"{text} ({OUTCOME_WORDS[step.outcome]})"


def collapse_whitespace(value: str) -> str:
    """Return the text with line breaks and runs of blanks folded to single blanks."""
    return " ".join(value.split())


def fold_words(text: str) -> str:
    """Return a text for comparison, without case and repeated blanks."""
    return collapse_whitespace(text).casefold()
