"""Tell the action items of lines and sentences that no list marks, each with an owner, a date or a box of its own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from onrecall.importers.postmortem.action_item_text import parse_item
from onrecall.importers.postmortem.deeds import split_sentences
from onrecall.importers.postmortem.rows import DocumentRow, plain_text

FEWEST = 2
"""Minimum items of a line or paragraph that is a list without marks."""
_BOX = re.compile(r"\s*(?:(?P<open>[☐⬜▢□])|(?P<done>[☑✅☒✔])|[•◦▪‣●👉➡▶🔸🔹🔜📌])\ufe0f?\s*(?=\S)")
_COUNTER = re.compile(r"(?:^|(?<=[;,.)])\s+|(?<=\s))\(?\d{1,2}[.)]\s+(?=\S)")
_ARROW_LEAD = re.compile(r"\W*[A-ZÀ-Þ][\w'\u2019-]+\s+(?:->|=>|→)\s+\S")
_PART_MARK = re.compile(r"\s+[·•|]\s+|;\s+(?![^()\[\]]{0,200}[)\]])")


def rows_as_items(rows: Sequence[DocumentRow]) -> list[DocumentRow]:
    """Return the rows, with lines and sentences that are action items of their own as items."""
    texts = [row for row in rows if row.kind == "text" and not row.nested]
    if not texts or any(row.kind == "item" for row in rows):
        return [part for row in rows for part in (_boxed(row) if row.kind == "text" else [row])]
    if len(texts) >= FEWEST and all(_names_facet(row.text) or _BOX.match(row.text) for row in texts):
        return [replace(_boxed(row)[0], kind="item") if row in texts else row for row in rows]
    return [part for row in rows for part in (_parts(row) if row in texts else [row])]


def _boxed(row: DocumentRow) -> list[DocumentRow]:
    """Return a line that begins with a box or a bullet as an item."""
    box = _BOX.match(row.text)
    if box is None:
        return [row]
    ticked = None if not (box["open"] or box["done"]) else bool(box["done"])
    return [replace(row, kind="item", text=row.text[box.end() :], ticked=ticked)]


def _parts(row: DocumentRow) -> list[DocumentRow]:
    """Return the items within a line: counted, parted by marks, or sentences with an owner each."""
    if (boxed := _boxed(row))[0].kind == "item":
        return boxed
    for parts in _ways_to_split(row.text):
        if len(parts) >= FEWEST:
            return [replace(row, kind="item", text=part) for part in parts]
    return [row]


def _ways_to_split(line: str) -> Iterator[list[str]]:
    counted = [part.strip(" ;,") for part in _COUNTER.split(line) if part.strip(" ;,")]
    if len([*_COUNTER.finditer(line)]) >= FEWEST and _COUNTER.match(line):
        yield counted
    for parts in ([part.strip() for part in _PART_MARK.split(line) if part.strip()], split_sentences(line)):
        if all(_names_facet(part) for part in parts):
            yield parts


def _names_facet(text: str) -> bool:
    """Return whether a text names who does it or by when."""
    if _ARROW_LEAD.match(text):
        return True
    facets = parse_item(plain_text(text), text)
    return bool(facets.owner or facets.due) and bool(facets.text)
