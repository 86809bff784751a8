"""A page that tells of several incidents, one below the other, in the parts that tell of one each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from onrecall.importers.postmortem.clock import dates, opening
from onrecall.importers.postmortem.log_table import incident_rows
from onrecall.importers.postmortem.rows import DocumentRow, plain
from onrecall.importers.postmortem.vocabulary import SECTIONS, section_topic, topic

FEWEST = 2
"""Dated headings that make a page one of several incidents."""
_OUTAGE_WORDS = re.compile(
    r"\b(?:outage|incident|down|downtime|failed|failing|failure|errors?|slow|unavailable|broke|crash\w*|lost"
    r"|full|expired|timeouts?|degraded|rolled back|restart\w*|cause|fixed|resolved|resolution|impact|störung"
    r"|ausfall|panne|caída)\b",
    re.IGNORECASE,
)
_RELEASE = re.compile(r"(?:release|version)?\s*v?\d+\.\d+(?:\.\d+)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IncidentPart:
    """The rows that tell of one incident, and the heading they stand under."""

    heading: str
    rows: tuple[DocumentRow, ...]


def parts(rows: Sequence[DocumentRow]) -> tuple[IncidentPart, ...]:
    """The parts of a page of several incidents; none where it tells of one at most."""
    for level in sorted({row.level for row in rows if row.kind == "heading"}):
        found = _at_level(rows, level)
        if len(found) >= FEWEST:
            return found
    return tuple(IncidentPart(heading, body) for heading, body in incident_rows(rows))


def _at_level(rows: Sequence[DocumentRow], level: int) -> tuple[IncidentPart, ...]:
    heads = [place for place, row in enumerate(rows) if row.kind == "heading" and row.level == level]
    if not heads or _in_chronology(rows, heads):
        return ()
    found = []
    for number, place in enumerate(heads):
        last = heads[number + 1] if number + 1 < len(heads) else len(rows)
        end = next((at for at in range(place + 1, last) if rows[at].kind == "heading" and rows[at].level < level), last)
        body = tuple(rows[place:end])
        if _names_incident(rows[place], body):
            found.append(IncidentPart(plain(rows[place].text), body))
    return tuple(found)


def _in_chronology(rows: Sequence[DocumentRow], heads: Sequence[int]) -> bool:
    """Whether these headings are the rows of one incident's chronology."""
    above = [row for row in rows[: heads[0]] if row.kind == "heading"]
    return bool(above) and section_topic(above[-1].text) == "timeline"


def _names_incident(head: DocumentRow, body: Sequence[DocumentRow]) -> bool:
    """Whether a heading names an incident: it or a label below has a date, and it is no section of a template."""
    said = plain(head.text)
    if section_topic(said) in SECTIONS or topic(said) is not None:
        return False
    words = re.findall(r"[^\W\d_]{2,}", _without_dates(said))
    text = "\n".join(row.text for row in body[1:] if row.kind in ("text", "item", "cells"))
    if not text.strip() or _RELEASE.match(_without_dates(said).strip(" -–—:([")):
        return False
    if any(True for _ in dates(said)):
        return bool(words) and _OUTAGE_WORDS.search(f"{said}\n{text}") is not None
    return bool(words) and _has_date_label(body[1:]) and _OUTAGE_WORDS.search(f"{said}\n{text}") is not None


def _has_date_label(body: Sequence[DocumentRow]) -> bool:
    for row in body[:12]:
        label, separator, value = re.sub(r"[*_|]", "", plain(row.text)).strip().partition(":")
        if row.kind == "cells" and row.cells:
            label, value = plain(row.cells[0]), " ".join(plain(cell) for cell in row.cells[1:])
        elif not separator:
            continue
        if topic(label) in ("date", "start") and any(True for _ in dates(value)):
            return True
    return False


def _without_dates(said: str) -> str:
    stamp = opening(said)
    return said[stamp.end :] if stamp else said
