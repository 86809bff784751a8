"""What a section says, as plain lines, each with the line of the document it begins on."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from onrecall.importers.postmortem.deeds import sentences
from onrecall.importers.postmortem.rows import DocumentRow, plain
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
_COMMENT = re.compile(r"<!--.*?-->")


@dataclass(frozen=True, slots=True)
class ProseStatement:
    """Some words of a document, and the line they begin on."""

    text: str
    line: int


def paragraphs(rows: Iterable[DocumentRow]) -> Iterator[ProseStatement]:
    """Paragraphs and list items as one line each, in plain words; code, tables' rules and placeholders are left out."""
    words: list[str] = []
    first = 0
    for row in rows:
        begins = row.kind in ("item", "heading", "cells")
        if words and (begins or row.kind in ("blank", "code")):
            yield from _statement(words, first)
            words = []
        if row.kind in ("text", "item", "heading"):
            first = row.number if not words else first
            words.append(_COMMENT.sub("", row.text))
        elif row.kind == "cells" and row.cells:
            yield from _statement([": ".join(cell for cell in row.cells if cell)], row.number)
    if words:
        yield from _statement(words, first)


def _statement(words: Sequence[str], line: int) -> Iterator[ProseStatement]:
    said = plain(" ".join(word.strip() for word in words))
    if said and not is_placeholder(said):
        yield ProseStatement(said, line)


def is_placeholder(said: str) -> bool:
    """Whether it stands where nothing was written: `TBD`, `n/a`, the words of a template."""
    return _PLACEHOLDER.fullmatch(said.strip(" *_\"'“”")) is not None


def whole(sections: Iterable[LabelledSection]) -> ProseStatement | None:
    """All that some sections say, a paragraph a line; None where they say nothing."""
    found = [statement for section in sections for statement in paragraphs(section.rows)]
    if not found:
        return None
    return ProseStatement("\n".join(statement.text for statement in found), found[0].line)


def spoken(rows: Iterable[DocumentRow]) -> Iterator[ProseStatement]:
    """The sentences of some rows, each with the line it begins on."""
    block: list[DocumentRow] = []
    for row in [*rows, DocumentRow(0, "blank", "")]:
        if row.kind == "text" and block:
            block.append(row)
            continue
        yield from _sentences(block)
        block = [row] if row.kind in ("text", "item") else []


def _sentences(block: Sequence[DocumentRow]) -> Iterator[ProseStatement]:
    """A paragraph's sentences; where each begins is found by counting letters."""
    if not block:
        return
    ends: list[tuple[int, int]] = []
    text = ""
    for row in block:
        text += (" " if text else "") + plain(row.text)
        ends.append((len(text), row.number))
    at = 0
    for sentence in sentences(text):
        at = max(text.find(sentence, at), at)
        line = next((number for end, number in ends if at < end), block[-1].number)
        if not is_placeholder(sentence):
            yield ProseStatement(sentence, line)
        at += len(sentence)
