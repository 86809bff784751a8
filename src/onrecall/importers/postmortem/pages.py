"""Split a page about several incidents into one part per incident."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from onrecall.importers.postmortem.clock import find_dates, opening_span
from onrecall.importers.postmortem.incident_table import incident_rows
from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.vocabulary import SECTIONS, heading_topic, section_topic

FEWEST = 2
"""Minimum dated headings of a page about several incidents."""
_OUTAGE_WORDS = re.compile(
    r"\b(?:outage|incident|down|downtime|failed|failing|failure|errors?|slow|unavailable|broke|crash\w*|lost"
    r"|full|expired|timeouts?|degraded|rolled back|restart\w*|cause|fixed|resolved|resolution|impact|störung"
    r"|ausfall|panne|caída)\b",
    re.IGNORECASE,
)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_MONTH_AND_YEAR = re.compile(rf"\b{_MONTH}\s+(?P<year>20\d\d)\b")
_YEARLESS_DAY = re.compile(rf"^(?P<day>\W*{_MONTH}\.?\s+\d{{1,2}})(?:st|nd|rd|th)?\b(?!:|,?\s+(?:19|20)\d\d)")
_RELEASE = re.compile(r"(?:release|version)?\s*v?\d+\.\d+(?:\.\d+)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IncidentPart:
    """The rows about one incident, and their heading."""

    heading: str
    rows: tuple[DocumentRow, ...]


def split_incidents(rows: Sequence[DocumentRow]) -> tuple[IncidentPart, ...]:
    """Return one part per incident; empty if the page is about one incident at most."""
    rows = _with_page_year(rows)
    for level in sorted({row.level for row in rows if row.kind == "heading"}):
        incident_parts = _parts_at_level(rows, level)
        if len(incident_parts) >= FEWEST:
            return incident_parts
    return tuple(IncidentPart(heading, body) for heading, body in incident_rows(rows))


def _with_page_year(rows: Sequence[DocumentRow]) -> Sequence[DocumentRow]:
    """Return the rows with the year of a title such as `Availability in March 2026` in headings such as `March 3`."""
    heads = [row for row in rows if row.kind == "heading"]
    year = _MONTH_AND_YEAR.search(plain_text(heads[0].text)) if heads else None
    if year is None:
        return rows
    return [_with_year(row, year["year"]) if row.kind == "heading" else row for row in rows]


def _with_year(row: DocumentRow, year: str) -> DocumentRow:
    return replace(row, text=_YEARLESS_DAY.sub(lambda day: f"{day['day']}, {year}", row.text, count=1))


def _parts_at_level(rows: Sequence[DocumentRow], level: int) -> tuple[IncidentPart, ...]:
    heads = [place for place, row in enumerate(rows) if row.kind == "heading" and row.level == level]
    if not heads or (_in_chronology(rows, heads) and not _name_causes(rows, heads)):
        return ()
    incident_parts = []
    for number, place in enumerate(heads):
        last = heads[number + 1] if number + 1 < len(heads) else len(rows)
        end = next((at for at in range(place + 1, last) if rows[at].kind == "heading" and rows[at].level < level), last)
        body = tuple(rows[place:end])
        if _names_incident(rows[place], body):
            incident_parts.append(IncidentPart(plain_text(rows[place].text), body))
    return tuple(incident_parts)


def _in_chronology(rows: Sequence[DocumentRow], heads: Sequence[int]) -> bool:
    """Return whether these headings are entries of one incident's chronology."""
    above = [row for row in rows[: heads[0]] if row.kind == "heading"]
    return bool(above) and section_topic(above[-1].text) == "timeline"


def _name_causes(rows: Sequence[DocumentRow], heads: Sequence[int]) -> bool:
    """Return whether a label below several of these headings names a cause: then each is an incident in a log."""
    ends = [*heads[1:], len(rows)]
    named = sum(
        any(_label_topic(row) == "cause" for row in rows[place + 1 : end])
        for place, end in zip(heads, ends, strict=True)
    )
    return named >= FEWEST


def _label_topic(row: DocumentRow) -> str | None:
    label, separator, _ = re.sub(r"[*_|]", "", plain_text(row.text)).strip(" -").partition(":")
    return heading_topic(label) if separator and row.kind in ("text", "item") else None


def _names_incident(head: DocumentRow, body: Sequence[DocumentRow]) -> bool:
    """Return whether a heading names an incident: it or a label below has a date, and it is no template section."""
    heading = plain_text(head.text)
    if section_topic(heading) in SECTIONS or heading_topic(heading) is not None:
        return False
    words = re.findall(r"[^\W\d_]{2,}", _without_dates(heading))
    text = "\n".join(row.text for row in body[1:] if row.kind in ("text", "item", "cells"))
    if not text.strip() or _RELEASE.match(_without_dates(heading).strip(" -–—:([")):
        return False
    if any(True for _ in find_dates(heading)):
        return bool(words) and _OUTAGE_WORDS.search(f"{heading}\n{text}") is not None
    return bool(words) and _has_date_label(body[1:]) and _OUTAGE_WORDS.search(f"{heading}\n{text}") is not None


def _has_date_label(body: Sequence[DocumentRow]) -> bool:
    for row in body[:12]:
        label, separator, value = re.sub(r"[*_|]", "", plain_text(row.text)).strip().partition(":")
        if row.kind == "cells" and row.cells:
            label, value = plain_text(row.cells[0]), " ".join(plain_text(cell) for cell in row.cells[1:])
        elif not separator:
            continue
        if heading_topic(label) in ("date", "start") and any(True for _ in find_dates(value)):
            return True
    return False


def _without_dates(text: str) -> str:
    return text[len(opening_span(text)) :]
