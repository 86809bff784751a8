"""Pages that are one nested list, and lines of several facts, as the headings and labels they stand for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from onrecall.importers.postmortem.clock import dates
from onrecall.importers.postmortem.rows import BOLD_LEVEL, INDENT, DocumentRow, plain
from onrecall.importers.postmortem.vocabulary import SECTIONS, section_topic, topic

FEWEST = 2
"""Items that name a section of a postmortem and hold a list below, or facts on a line, that make it one."""
_ITALIC = re.compile(r"\s*(?P<mark>[*_])(?![*_\s])(?P<text>[^*_]+)(?P=mark)\s*")
_LEVEL = re.compile(r"(?:sev(?:erity)?|p|prio(?:rity)?)[\s:_-]?\d|sev(?:erity)?[\s:]+\w+", re.IGNORECASE)
_DATED = re.compile(r"(?:incident|outage|occurred|happened)?\s*(?:on|of)?\s*(?P<date>.+)", re.IGNORECASE)


def unfolded(rows: Sequence[DocumentRow]) -> list[DocumentRow]:
    """Rows in which the outermost items of a list page are headings and the lists below them the lists they hold.

    A list below a heading that names a section stays as it is: there an item such as `Detection` groups, it opens
    nothing.
    """
    first = next((n for n, row in enumerate(rows) if row.kind == "heading" and section_topic(row.text)), len(rows))
    heads = [n for n in range(first) if _holds_list(rows, n)]
    if sum(section_topic(rows[n].text) in SECTIONS for n in heads) < FEWEST:
        return list(rows)
    return [*_opened(rows[:first], frozenset(heads)), *rows[first:]]


def _holds_list(rows: Sequence[DocumentRow], place: int) -> bool:
    """Whether an outermost item has rows of its own below."""
    row = rows[place]
    below = next((other for other in rows[place + 1 :] if other.kind != "blank"), None)
    if row.kind != "item" or row.level or below is None:
        return False
    return (below.kind == "item" and below.level > 0) or (below.kind == "text" and below.nested)


def _opened(rows: Sequence[DocumentRow], heads: frozenset[int]) -> Iterator[DocumentRow]:
    depth = -1
    """Of the item that a row stands in; below 0 outside of the list."""
    for place, row in enumerate(rows):
        if row.kind == "item":
            depth = row.level
        elif row.kind == "heading" or (row.kind == "text" and not row.nested):
            depth = -1
        if place in heads:
            yield replace(row, kind="heading", level=BOLD_LEVEL)
        elif row.kind == "item" and row.level:
            yield replace(row, level=row.level - INDENT)
        elif row.kind == "text" and depth == 0:
            yield replace(row, nested=False)
        else:
            yield row


def fact_rows(row: DocumentRow) -> list[DocumentRow]:
    """A line in italics that holds several facts (`*Outage of 4 May 2026, sev2, service: till*`), a row for each."""
    line = _ITALIC.fullmatch(row.text) if row.kind == "text" and not row.nested else None
    parts = re.split(r"\s*[,;|·•]\s+", plain(line["text"])) if line else []
    labelled = [_labelled(part) for part in _with_years(parts)]
    if sum(part is not None for part in labelled) < FEWEST:
        return [row]
    return [replace(row, text=part) for part in labelled if part is not None]


def _with_years(parts: Sequence[str]) -> list[str]:
    """Parts in which `May 4, 2026` is whole again."""
    whole: list[str] = []
    for part in parts:
        if whole and re.match(r"(?:19|20)\d\d\b", part) and not re.search(r"\d{4}", whole[-1]):
            whole[-1] += f", {part}"
        else:
            whole.append(part)
    return whole


def _labelled(part: str) -> str | None:
    name, separator, value = part.partition(":")
    if _LEVEL.fullmatch(part):
        return f"**Severity:** {re.sub(r'^severity[ :]+', '', part, flags=re.IGNORECASE)}"
    if separator and value.strip() and topic(name) is not None:
        return f"**{name.strip()}:** {value.strip()}"
    dated = _DATED.fullmatch(part)
    if dated and any(True for _ in dates(dated["date"])) and len(dated["date"].split()) <= 8:
        return f"**Date:** {dated['date']}"
    return None
