"""Convert pages that are one nested list to headings, and lines of several facts to labels."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from onrecall.importers.postmortem.clock import find_dates, opening_span, opens_with_time
from onrecall.importers.postmortem.rows import BOLD_LEVEL, INDENT, DocumentRow, plain_text
from onrecall.importers.postmortem.vocabulary import SECTIONS, heading_topic, section_topic

FEWEST_LOGGED = 3
"""Minimum sentences of a paragraph that is a log."""
FEWEST = 2
"""Minimum section-like items of an outline page, or facts on a fact line."""
_ITALIC = re.compile(r"\s*(?P<mark>[*_])(?![*_\s])(?P<text>[^*_]+)(?P=mark)\s*")
_ITALIC_BREAK = re.compile(r"\s*[,;|·•]\s+")
_PLAIN_BREAK = re.compile(r"\s+[|·•]\s+|\t+|\s{3,}")
_SLASH_BREAK = re.compile(r"\s+/\s+")
"""Marks facts only where nothing else does: it also joins the services of one."""
_NAMED = re.compile(r"[^\W\d_][\w /.-]{1,30}:\s+\S.*")
"""A label of which nothing is known, beside others that are: `Owner: Kim`."""
_LEVEL_LABEL = re.compile(r"^(?:severity[ :]+|sev\s*:\s*)", re.IGNORECASE)
_LEVEL = re.compile(r"(?:sev(?:erity)?|p|prio(?:rity)?)[\s:_-]?\d|sev(?:erity)?[\s:]+\w+", re.IGNORECASE)
_DATED = re.compile(r"(?:incident|outage|occurred|happened)?\s*(?:on|of)?\s*(?P<date>.+)", re.IGNORECASE)
_BARE_FACT = re.compile(
    r"(?P<name>opened|closed|start(?:ed)?|end(?:ed)?|resolved|begin|service|component)\s+(?P<value>(?:\d{4}-\d\d-\d\d|\d{1,2}:\d\d).*|[\w.-]+)",
    re.IGNORECASE,
)
"""A fact without a colon, beside others: `Opened 2026-07-22 05:30 UTC / Service edi-out`."""
_PICTURE = re.compile(r"^[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f\u200d\s]+")


def unfold_lists(rows: Sequence[DocumentRow]) -> list[DocumentRow]:
    """Return the rows with what plain text writes as headings in a list or in capitals turned into headings."""
    capitals = [n for n, row in enumerate(rows) if _is_in_capitals(row)]
    if len(capitals) >= FEWEST:
        return [replace(row, kind="heading", level=BOLD_LEVEL) if n in capitals else row for n, row in enumerate(rows)]
    return _unfold_outline(rows)


def _is_in_capitals(row: DocumentRow) -> bool:
    """Return whether a line or a numbered item is the name of a section in capitals: `2. ROOT CAUSE`."""
    text = row.text.strip().rstrip(":")
    return row.kind in ("text", "item") and not row.nested and text.isupper() and section_topic(text) in SECTIONS


def _unfold_outline(rows: Sequence[DocumentRow]) -> list[DocumentRow]:
    """Return the rows with the outermost items of an outline page turned into headings, and their sublists outdented.

    Lists below a section heading are left unchanged: there an item such as `Detection` groups and opens no section.
    """
    first = next((n for n, row in enumerate(rows) if row.kind == "heading" and section_topic(row.text)), len(rows))
    heads = [n for n in range(first) if _holds_list(rows, n)]
    if sum(section_topic(rows[n].text) in SECTIONS for n in heads) < FEWEST:
        return list(rows)
    return [*_open_items(rows[:first], frozenset(heads)), *rows[first:]]


def _holds_list(rows: Sequence[DocumentRow], place: int) -> bool:
    """Return whether an outermost item has nested rows."""
    row = rows[place]
    below = next((following for following in rows[place + 1 :] if following.kind != "blank"), None)
    if row.kind != "item" or row.level or below is None:
        return False
    return (below.kind == "item" and below.level > 0) or (below.kind == "text" and below.nested)


def _open_items(rows: Sequence[DocumentRow], heads: frozenset[int]) -> Iterator[DocumentRow]:
    depth = -1
    """Depth of the item that contains the row; negative outside of the list."""
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


_LOGGED = re.compile(r"(?<=[.;!?])\s+(?=\d{1,2}:\d\d\b)")


def split_running_log(row: DocumentRow) -> list[DocumentRow]:
    """Split a paragraph whose sentences begin with a time into entries: `03:05 paged. 03:20 restarted it. 03:40 up`."""
    parts = _LOGGED.split(row.text) if row.kind == "text" and not row.nested else []
    if len(parts) < FEWEST_LOGGED or not opens_with_time(parts[0]):
        return [row]
    return [replace(row, kind="item", text=part) for part in parts]


def split_fact_line(row: DocumentRow) -> list[DocumentRow]:
    """Split a line of several facts into a row for each: `*Outage of 4 May 2026, sev2, service: till*`.

    Without italics its parts must all be facts or labels, with bars, dots, tabs or wide gaps between them:
    `2026-05-04 | Sev 2 | Service: till | Owner: Kim`.
    """
    if row.kind != "text" or row.nested:
        return [row]
    if terse := _terse_facts(row.text):
        return [replace(row, text=fact) for fact in terse]
    line = _ITALIC.fullmatch(row.text)
    texts = _with_years(_ITALIC_BREAK.split(plain_text(line["text"]))) if line else _plain_parts(row.text)
    parts = [_PICTURE.sub("", plain_text(text)) for text in texts if text.strip()]
    labelled = [_label_fact(part) for part in parts]
    if sum(part is not None for part in labelled) < FEWEST:
        return [row]
    if not line and not all(fact or _NAMED.fullmatch(part) for fact, part in zip(labelled, parts, strict=True)):
        return [row]
    return [replace(row, text=part) for part in labelled if part is not None]


def _plain_parts(line: str) -> list[str]:
    parts = _PLAIN_BREAK.split(line)
    return parts if len(parts) > 1 else _SLASH_BREAK.split(line)


def _terse_facts(line: str) -> list[str]:
    """Return the facts of `sev: 3 svc: till`, or that of `start 13:10 utc`, with their labels in bold."""
    labels = [*_TERSE_LABEL.finditer(line)]
    if len(labels) >= FEWEST and not line[: labels[0].start()].strip():
        ends = [*(label.start() for label in labels[1:]), len(line)]
        values = [line[label.end() : end].strip(_MARKS) for label, end in zip(labels, ends, strict=True)]
        known = all(heading_topic(label["name"]) in _TERSE_TOPICS for label in labels)
        if known and all(0 < len(value.split()) <= LONGEST_TERSE for value in values):
            return [f"**{label['name']}:** {value}" for label, value in zip(labels, values, strict=True)]
    timed = _TERSE_TIME.fullmatch(line)
    if timed and heading_topic(timed["name"]) in ("start", "end") and opening_span(timed["time"]) == timed["time"]:
        return [f"**{timed['name']}:** {timed['time']}"]
    return []


_MARKS = " \t|·•"
"""What may stand between the facts of a line, and belongs to none of them."""
LONGEST_TERSE = 3
"""Maximum words of a value among others on a line without marks between them."""
_TERSE_LABEL = re.compile(r"(?:^|\s)(?P<name>[A-Za-z]{2,12}):\s+")
_TERSE_TIME = re.compile(r"\s*(?P<name>[^\W\d_]{2,12}(?: [^\W\d_]{2,12})?)\s+(?P<time>\d\S.*?)\s*")
_TERSE_TOPICS = ("severity", "service", "start", "end", "date", "duration", "environment", "status")


def _with_years(parts: Sequence[str]) -> list[str]:
    """Rejoin dates such as `May 4, 2026` that were split at the comma."""
    merged: list[str] = []
    for part in parts:
        if merged and re.match(r"(?:19|20)\d\d\b", part) and not re.search(r"\d{4}", merged[-1]):
            merged[-1] += f", {part}"
        else:
            merged.append(part)
    return merged


def _label_fact(part: str) -> str | None:
    name, separator, value = part.partition(":")
    if _LEVEL.fullmatch(part):
        return f"**Severity:** {_LEVEL_LABEL.sub('', part)}"
    if separator and value.strip() and heading_topic(name) is not None:
        return f"**{name.strip()}:** {value.strip()}"
    bare = _BARE_FACT.fullmatch(part)
    if bare is not None:
        return f"**{bare['name']}:** {bare['value']}"
    dated = _DATED.fullmatch(part)
    if dated and any(True for _ in find_dates(dated["date"])) and len(dated["date"].split()) <= 8:
        return f"**Date:** {dated['date']}"
    return None
