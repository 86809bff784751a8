"""A document's lines, each told apart: heading, list item, table row, code, prose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from onrecall.domain import markdown
from onrecall.domain.markdown import Block, CodeBlock, Heading, HtmlBlock, ItemList, MarkdownTable, Paragraph, Quote

RowKind = Literal["heading", "item", "cells", "code", "text", "blank"]

LONGEST_LINE = 20_000
"""Characters of one line that are looked at."""
SOLITARY_LABEL = 120
"""Characters that a bold line may have to count as a heading."""
BOLD_LEVEL = 7
"""The level of a bold line that stands as a heading."""
INDENT = 4
"""Columns by which a list within a list is told deeper."""

_ITEM = re.compile(
    r"\s*(?P<bullet>[•‣▪◦●·–*+-]|\(?\d{1,3}\\?[.)]|[a-h][.)])\s+(?:\[(?P<box>[ xX])\]\s+)?(?P<text>\S.*)"
)
_BOX = re.compile(r"\[(?P<box>[ xX])\]\s+")
_SOLITARY_BOLD = re.compile(r"(?P<mark>\*\*|__)(?P<text>[^*_].*?)(?P=mark)\s*:?\s*")
_HTML_HEADING = re.compile(r"<h(?P<level>[1-6])(?:\s[^>]*)?>(?P<text>.*?)</h(?P=level)>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{1,200}>")
_RULE = re.compile(r"[\s|:=-]{3,}|[_*\s]{3,}")
_ANCHOR = re.compile(r"\s*\{#[^}]*\}\s*$")
_ESCAPE = re.compile(r"\\([-#.!_*()\[\]+<>~&|{}=\"'$])")
_HTML_BOLD = re.compile(r"</?(?:b|strong)>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LINK = re.compile(r"!?\[(?P<text>[^\[\]]*)\](?:\([^()\s]*(?:\([^()]*\)[^()\s]*)?(?:\s+\"[^\"]*\")?\)|\[[^\]]*\])")
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=\S)(.+?)(?<=\S)\1(?![\w*])")
_SHORTCODE = re.compile(r"\{\{[<%].*?[>%]\}\}|:[a-z][a-z_0-9+]{1,30}:(?=\s|$)")


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One line of a document, counted from 1, and what it is."""

    number: int
    kind: RowKind
    text: str
    """Without the marks of its kind: a heading's words, an item's words, a line of code as it stands."""
    level: int = 0
    """Of a heading 1 to 6, 7 for a bold line; of an item its indent in columns."""
    cells: tuple[str, ...] = ()
    language: str = ""
    """Of a fenced block."""
    ordered: bool = False
    ticked: bool | None = None
    """Of a task: whether its box is ticked."""
    nested: bool = False
    """Of prose: whether it stands within a list item."""


def rows(text: str) -> tuple[DocumentRow, ...]:
    """Every line of a Markdown text that says something, told apart, blocks parted by blank rows."""
    return tuple(_of_blocks(markdown.parse(text), depth=-1))


def _of_blocks(blocks: tuple[Block, ...], depth: int) -> Iterator[DocumentRow]:
    for block in blocks:
        yield from _of_block(block, depth)
        yield DocumentRow(0, "blank", "")


def _of_block(block: Block, depth: int) -> Iterator[DocumentRow]:
    match block:
        case Heading():
            yield from _of_heading(block)
        case Paragraph() | HtmlBlock():
            yield from _of_lines(block.text, block.line, depth)
        case CodeBlock():
            for number, line in enumerate(block.text.splitlines(), start=block.line):
                yield DocumentRow(number, "code", line, language=block.language)
        case ItemList():
            yield from _of_list(block, depth + 1)
        case MarkdownTable():
            for row in (block.header, *block.rows):
                yield DocumentRow(row.line, "cells", " | ".join(row.cells), cells=row.cells)
                if row is block.header:
                    yield DocumentRow(row.line + 1, "cells", "")
        case Quote():
            yield from _of_blocks(block.blocks, depth)


def _of_heading(block: Heading) -> Iterator[DocumentRow]:
    """A heading of several lines is prose above a rule."""
    lines = block.text.splitlines()
    if len(lines) > 1:
        yield from _of_lines(block.text, block.line, -1)
    elif lines:
        yield DocumentRow(block.line, "heading", _HTML_BOLD.sub("**", lines[0]), level=block.level)


def _of_list(block: ItemList, depth: int) -> Iterator[DocumentRow]:
    for item in block.items:
        first, *others = item.blocks or (Paragraph("", item.line),)
        if isinstance(first, Paragraph | Heading):
            words, *below = first.text.splitlines() or [""]
            box = _BOX.match(words)
            ticked = None if box is None else box["box"] != " "
            words = _HTML_BOLD.sub("**", words[box.end() :] if box else words)
            yield DocumentRow(first.line, "item", words, depth * INDENT, ordered=block.ordered, ticked=ticked)
            yield from _of_lines("\n".join(below), first.line + 1, depth)
        else:
            yield DocumentRow(item.line, "item", "", depth * INDENT, ordered=block.ordered)
            yield from _of_block(first, depth)
        for other in others:
            if not isinstance(other, ItemList):
                yield DocumentRow(0, "blank", "")
            yield from _of_block(other, depth)


def _of_lines(text: str, first: int, depth: int) -> Iterator[DocumentRow]:
    for number, line in enumerate(text.splitlines(), start=first):
        yield _prose(number, _HTML_BOLD.sub("**", line[:LONGEST_LINE]), depth)


def _prose(number: int, line: str, depth: int) -> DocumentRow:
    """A line of a paragraph; bullets, tables and bold lines that CommonMark takes for prose are what they look like."""
    if not line.strip() or _RULE.fullmatch(line):
        return DocumentRow(number, "blank", "")
    if line.strip().startswith("|") and line.count("|") >= 2:
        return DocumentRow(number, "cells", line, cells=_cells(line))
    if item := _ITEM.fullmatch(line):
        ticked = None if item["box"] is None else item["box"] != " "
        return DocumentRow(
            number, "item", item["text"], max(depth, 0) * INDENT, ordered=item["bullet"][-1] in ".)", ticked=ticked
        )
    if tag := _HTML_HEADING.fullmatch(line.strip()):
        return DocumentRow(number, "heading", _TAG.sub("", tag["text"]).strip(), level=int(tag["level"]))
    bold = _SOLITARY_BOLD.fullmatch(line.strip())
    if bold and _is_label(bold["text"]) and bold["mark"] not in bold["text"] and depth < 0:
        return DocumentRow(number, "heading", bold["text"], level=BOLD_LEVEL)
    return DocumentRow(number, "text", line, nested=depth >= 0)


def _is_label(said: str) -> bool:
    return len(said) <= SOLITARY_LABEL and not said.rstrip().endswith((".", "!"))


def _cells(line: str) -> tuple[str, ...]:
    body = line.strip().removeprefix("|")
    body = body[:-1] if body.endswith("|") and not body.endswith("\\|") else body
    return tuple(cell.replace("\0", "|").strip() for cell in body.replace("\\|", "\0").split("|"))


def plain(markup: str) -> str:
    """Words without marks: no emphasis, links by their text, no anchors, no escapes; code spans stay."""
    spans = markup.split("`")
    bare = [part if n % 2 and n < len(spans) - 1 else _without_marks(part) for n, part in enumerate(spans)]
    return " ".join("`".join(bare).split())


def _without_marks(part: str) -> str:
    part = _BREAK.sub(" ", _SHORTCODE.sub("", _ANCHOR.sub("", _HTML_BOLD.sub("**", part))))
    part = _LINK.sub(lambda link: link["text"], part)
    part = _EMPHASIS.sub(r"\2", part).replace("**", "")
    return _ESCAPE.sub(r"\1", part)


def unescaped(line: str) -> str:
    """A line without the backslashes that Google Docs writes before marks; code spans keep theirs."""
    spans = line.split("`")
    return "`".join(part if n % 2 and n < len(spans) - 1 else _ESCAPE.sub(r"\1", part) for n, part in enumerate(spans))
