"""Read prose as plain statements, each with the document line it begins on."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from onrecall.importers.postmortem.deeds import split_sentences
from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.sections import LabelledSection

_PLACEHOLDER = re.compile(
    r"(?:n/?a|none|nil|tbd|tba|todo|-+|\.+|…|\?+|unknown|not applicable|to be (?:done|determined|written"
    r"|filled in|added)|pending|xxx+|"
    r"[\[(_<](?:fill|add|describe|write|explain|insert|put|list|include|provide|summari[sz]e|your|e\.g\.|what"
    r"|when|who|how)\b.{0,160}[\])_>]|(?:fill in|describe|explain|summari[sz]e|list) .{0,120}\bhere\b.{0,20}"
    r"|\{\{.*\}\}|<!--.*-->|<[a-z][^>]{0,80}>|"
    r"\[(?:insert|add|describe|fill|todo|tbd|your|name|date)[^\]]*\]|keine|k\.?\s?a\.?|unbekannt|aucun|ninguno"
    r"|なし|无)[.!]?",
    re.IGNORECASE,
)
_CLOCK_BEFORE = re.compile(r"\s*\[?\d{1,2}:\d\d(?::\d\d)?\]?\s")
"""What the lines of a chat or a log begin with."""
_COMMENT = re.compile(r"<!--.*?-->")


@dataclass(frozen=True, slots=True)
class ProseStatement:
    """A statement in a document, and the line it begins on."""

    text: str
    line: int


def paragraphs(rows: Iterable[DocumentRow]) -> Iterator[ProseStatement]:
    """Yield paragraphs and list items as one plain line each; code, table rules and placeholders are left out."""
    words: list[str] = []
    first = 0
    rows = list(rows)
    entries = _timed_lines(rows)
    for row in rows:
        begins = row.kind in ("item", "heading", "cells") or row.number in entries
        if words and (begins or row.kind in ("blank", "code")):
            yield from _to_statement(words, first)
            words = []
        if row.kind in ("text", "item", "heading"):
            first = row.number if not words else first
            words.append(_COMMENT.sub("", row.text))
        elif row.kind == "cells" and row.cells:
            yield from _to_statement([": ".join(cell for cell in row.cells if cell)], row.number)
    if words:
        yield from _to_statement(words, first)


def _timed_lines(rows: Sequence[DocumentRow]) -> frozenset[int]:
    """Return the numbers of the lines that begin with a time, where several do: those of a chat or a log."""
    entries = frozenset(row.number for row in rows if row.kind == "text" and _CLOCK_BEFORE.match(row.text))
    return entries if len(entries) > 1 else frozenset()


def _to_statement(words: Sequence[str], line: int) -> Iterator[ProseStatement]:
    text = plain_text(" ".join(word.strip() for word in words))
    if text and not is_placeholder(text):
        yield ProseStatement(text, line)


def is_placeholder(text: str) -> bool:
    """Return whether a text is a placeholder: `TBD`, `n/a`, template instructions."""
    return _PLACEHOLDER.fullmatch(text.strip(" *_\"'“”")) is not None


def joined_statement(sections: Iterable[LabelledSection]) -> ProseStatement | None:
    """Join all paragraphs of some sections, one per line; None if there are none."""
    statements = [statement for section in sections for statement in paragraphs(section.rows)]
    if not statements:
        return None
    return ProseStatement("\n".join(statement.text for statement in statements), statements[0].line)


def sentence_statements(rows: Iterable[DocumentRow]) -> Iterator[ProseStatement]:
    """Yield the sentences of some rows, each with the line it begins on."""
    block: list[DocumentRow] = []
    rows = list(rows)
    entries = _timed_lines(rows)
    for row in [*rows, DocumentRow(0, "blank", "")]:
        if row.kind == "text" and block and row.number not in entries:
            block.append(row)
            continue
        yield from _block_sentences(block)
        block = [row] if row.kind in ("text", "item") else []


def _block_sentences(block: Sequence[DocumentRow]) -> Iterator[ProseStatement]:
    """Yield a paragraph's sentences; character offsets determine the line of each."""
    if not block:
        return
    texts = [plain_text(row.text) for row in block]
    text = " ".join(texts)
    ends = [*accumulate((len(part) for part in texts), lambda end, length: end + 1 + length)]
    at = 0
    for sentence in split_sentences(text):
        at = max(text.find(sentence, at), at)
        line = block[min(bisect_right(ends, at), len(block) - 1)].number
        if not is_placeholder(sentence):
            yield ProseStatement(sentence, line)
        at += len(sentence)
