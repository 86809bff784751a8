"""Classify the lines of a document: heading, list item, table row, code, prose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from onrecall.domain import markdown
from onrecall.domain.markdown import Block, CodeBlock, Heading, HtmlBlock, ItemList, MarkdownTable, Paragraph, Quote

RowKind = Literal["heading", "item", "cells", "code", "text", "blank"]

LONGEST_LINE = 20_000
"""Maximum characters of a line that are read."""
SOLITARY_LABEL = 120
"""Maximum characters of a bold line that counts as a heading."""
BOLD_LEVEL = 7
"""Heading level of a bold line."""
FEWEST_PASTED = 3
"""Minimum cells of a table's row that was pasted with tabs between them."""
INDENT = 4
"""Columns of indentation per list level."""

_ITEM = re.compile(
    r"\s*(?P<bullet>[•‣▪◦●·–*+-]|\(?\d{1,3}\\?[.)]|[a-h][.)])\s+(?:\[(?P<box>[ xX])\]\s+)?(?P<text>\S.*)"
)
_LABELLED_CELL = re.compile(r"\W{0,3}[^\W\d_][\w /.-]{1,30}\W{0,3}[:\uff1a]\W{0,3}\s+\S.*")
"""A fact with its label: several on a line are no table."""
_BOX = re.compile(r"\[(?P<box>[ xX])\]\s+")
_DECIMAL = re.compile(r"\s*\d{1,2}\.\d{1,2}[.)]?\s+(?=[^\W\d_])")
"""What lines of a section are numbered with where all of a paragraph are: `5.1 Add timers`."""
_SOLITARY_BOLD = re.compile(r"(?P<mark>\*\*|__)(?P<text>[^*_].*?)(?P=mark)\s*:?\s*")
_HTML_HEADING = re.compile(r"<h(?P<level>[1-6])(?:\s[^>]*)?>(?P<text>.*?)</h(?P=level)>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{1,200}>")
_RULE = re.compile(r"[\s|:=-]{3,}|[_*\s]{3,}")
_ANCHOR = re.compile(r"\s*\{#[^}]*\}\s*$")
_ESCAPE = re.compile(r"\\([-#.!_*()\[\]+<>~&|{}=\"'$])")
_ESCAPED_CODE = re.compile(r"\\`(?P<code>[^`\n]+?)\\`")
_FIRST_GROUP = r"\1"
_HTML_BOLD = re.compile(r"</?(?:b|strong)>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LINK = re.compile(r"!?\[(?P<text>[^\[\]]*)\](?:\([^()\s]*(?:\([^()]*\)[^()\s]*)?(?:\s+\"[^\"]*\")?\)|\[[^\]]*\])")
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=\S)(.+?)(?<=\S)\1(?![\w*])")
_SHORTCODE = re.compile(r"\{\{[<%].*?[>%]\}\}|:[a-z][a-z_0-9+]{1,30}:(?=\s|$)")


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One line of a document, counted from 1, and its kind."""

    number: int
    kind: RowKind
    text: str
    """Without markup: the words of a heading or item; code lines unchanged."""
    level: int = 0
    """Headings: 1 to 6, 7 for a bold line; items: indent in columns."""
    cells: tuple[str, ...] = ()
    language: str = ""
    """Of a fenced block."""
    ordered: bool = False
    ticked: bool | None = None
    """Of a task: whether its box is ticked."""
    nested: bool = False
    """Of prose: whether it stands within a list item."""


def parse_rows(text: str) -> tuple[DocumentRow, ...]:
    """Return the classified non-empty lines of a Markdown text, with blank rows between blocks."""
    return tuple(_blocks_rows(markdown.parse(text), depth=-1))


def _blocks_rows(blocks: tuple[Block, ...], depth: int) -> Iterator[DocumentRow]:
    for block in blocks:
        yield from _block_rows(block, depth)
        yield DocumentRow(0, "blank", "")


def _block_rows(block: Block, depth: int) -> Iterator[DocumentRow]:
    match block:
        case Heading():
            yield from _heading_rows(block)
        case Paragraph() | HtmlBlock():
            yield from _line_rows(block.text, block.line, depth)
        case CodeBlock():
            for number, line in enumerate(block.text.splitlines(), start=block.line):
                yield DocumentRow(number, "code", line, language=block.language)
        case ItemList():
            yield from _list_rows(block, depth + 1)
        case MarkdownTable():
            for row in (block.header, *block.rows):
                yield DocumentRow(row.line, "cells", " | ".join(row.cells), cells=row.cells)
                if row is block.header:
                    yield DocumentRow(row.line + 1, "cells", "")
        case Quote():
            yield from _blocks_rows(block.blocks, depth)


def _heading_rows(block: Heading) -> Iterator[DocumentRow]:
    """Yield a heading; one of several lines is prose above a rule."""
    lines = block.text.splitlines()
    if len(lines) > 1:
        yield from _line_rows(block.text, block.line, -1)
    elif lines:
        yield DocumentRow(block.line, "heading", _HTML_BOLD.sub("**", lines[0]), level=block.level)


def _list_rows(block: ItemList, depth: int) -> Iterator[DocumentRow]:
    for item in block.items:
        first, *following_blocks = item.blocks or (Paragraph("", item.line),)
        if isinstance(first, Paragraph | Heading):
            words, *below = first.text.splitlines() or [""]
            box = _BOX.match(words)
            ticked = None if box is None else box["box"] != " "
            words = _HTML_BOLD.sub("**", words[box.end() :] if box else words)
            yield DocumentRow(first.line, "item", words, depth * INDENT, ordered=block.ordered, ticked=ticked)
            yield from _line_rows("\n".join(below), first.line + 1, depth)
        else:
            yield DocumentRow(item.line, "item", "", depth * INDENT, ordered=block.ordered)
            yield from _block_rows(first, depth)
        for following_block in following_blocks:
            if not isinstance(following_block, ItemList):
                yield DocumentRow(0, "blank", "")
            yield from _block_rows(following_block, depth)


def _line_rows(text: str, first: int, depth: int) -> Iterator[DocumentRow]:
    lines = text.splitlines()
    numbered = bool(lines) and all(_DECIMAL.match(line) for line in lines)
    for number, line in enumerate(lines, start=first):
        written = _HTML_BOLD.sub("**", line[:LONGEST_LINE])
        decimal, box = _DECIMAL.match(written) if numbered else None, _BOX.match(written.lstrip())
        if decimal:
            yield DocumentRow(number, "item", written[decimal.end() :], max(depth, 0) * INDENT, ordered=True)
        elif box:
            words = written.lstrip()[box.end() :]
            yield DocumentRow(number, "item", words, max(depth, 0) * INDENT, ticked=box["box"] != " ")
        else:
            yield _prose_row(number, written, depth)


def _prose_row(number: int, line: str, depth: int) -> DocumentRow:
    """Classify a paragraph line; bullets, tables and bold lines that CommonMark reads as prose count as such."""
    if not line.strip() or _RULE.fullmatch(line):
        return DocumentRow(number, "blank", "")
    if cells := _table_cells(line):
        return DocumentRow(number, "cells", line, cells=cells)
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


def _table_cells(line: str) -> tuple[str, ...]:
    """Return the cells of a line that is a table's row, with bars or pasted with tabs between them; else nothing."""
    if line.strip().startswith("|") and line.count("|") >= 2:
        return _split_cells(line)
    pasted = tuple(cell.strip() for cell in line.split("\t"))
    if len(pasted) < FEWEST_PASTED or not pasted[0] or all(_LABELLED_CELL.fullmatch(cell) for cell in pasted if cell):
        return ()
    return pasted


def _is_label(text: str) -> bool:
    return len(text) <= SOLITARY_LABEL and not text.rstrip().endswith((".", "!"))


def _split_cells(line: str) -> tuple[str, ...]:
    body = line.strip().removeprefix("|")
    body = body[:-1] if body.endswith("|") and not body.endswith("\\|") else body
    return tuple(cell.replace("\0", "|").strip() for cell in body.replace("\\|", "\0").split("|"))


def plain_text(markup: str) -> str:
    """Strip markup: emphasis, anchors and escapes are removed, links become their text, code spans stay."""
    spans = _open_escaped_code(markup).split("`")
    bare = [part if n % 2 and n < len(spans) - 1 else _without_marks(part) for n, part in enumerate(spans)]
    return " ".join("`".join(bare).split())


def _without_marks(part: str) -> str:
    part = _BREAK.sub(" ", _SHORTCODE.sub("", _ANCHOR.sub("", _HTML_BOLD.sub("**", part))))
    part = _LINK.sub(lambda link: link["text"], part)
    part = _EMPHASIS.sub(r"\2", part).replace("**", "")
    return _ESCAPE.sub(r"\1", part)


def unescape_markdown(line: str) -> str:
    """Remove the backslash escapes that Google Docs writes; code spans keep theirs."""
    spans = _open_escaped_code(line).split("`")
    return "`".join(part if n % 2 and n < len(spans) - 1 else _ESCAPE.sub(r"\1", part) for n, part in enumerate(spans))


def _open_escaped_code(markup: str) -> str:
    """Turn code whose backticks are escaped, as Google Docs writes them, into a code span without escapes."""
    return _ESCAPED_CODE.sub(lambda code: f"`{_ESCAPE.sub(_FIRST_GROUP, code['code'])}`", markup)
