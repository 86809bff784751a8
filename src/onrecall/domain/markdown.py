"""The one Markdown reader: headings, paragraphs, lists, code blocks, tables and quotes, each with its line number.

Lines are counted from 1 the way a page counts them (`str.splitlines`), so that a line number is a citation. Front
matter is read as blank lines. Parsing is CommonMark with GitHub's tables, by markdown-it-py; no HTML is rendered.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from markdown_it import MarkdownIt
from markdown_it.token import Token

LONGEST_INLINE = 20_000
"""Characters of one paragraph that are read for its markup; what comes after is left as it is written."""

_SPAN = re.compile(r"(?<!`)(`{1,2})(?!`)((?:(?!\1).){1,2000}?)\1(?!`)", re.DOTALL)
_BOLD = re.compile(r"(?<![\w*/\\])\*\*(?=[\w\"'`(\[„“«])([^*\n]*[^\s*/])\*\*(?![\w*/])")
_HEADING_MARK = re.compile(r"^#{2,6}[ \t]+(?=\S)", re.MULTILINE)
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 6."""

    level: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text with its own line breaks and its inline markup."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fence of backticks or tildes, or an indented block."""

    text: str
    line: int
    """The line of the first row of code, not of the fence."""
    language: str = ""
    """The first word of the info string in lower case; empty where there is none."""
    fenced: bool = False
    """Whether it stands between fences."""


@dataclass(frozen=True, slots=True)
class ListItem:
    """One item of a list with all that stands in it."""

    blocks: "tuple[Block, ...]"
    line: int


@dataclass(frozen=True, slots=True)
class ItemList:
    """A numbered or a bulleted list."""

    items: tuple[ListItem, ...]
    ordered: bool
    line: int


@dataclass(frozen=True, slots=True)
class TableRow:
    """The cells of one row, left to right."""

    cells: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class MarkdownTable:
    """A table with pipes: its header and the rows below it."""

    header: TableRow
    rows: tuple[TableRow, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A block quote, admonitions such as `> [!NOTE]` among them."""

    blocks: "tuple[Block, ...]"
    line: int


@dataclass(frozen=True, slots=True)
class HtmlBlock:
    """Raw HTML as it is written."""

    text: str
    line: int


Block: TypeAlias = Heading | Paragraph | CodeBlock | ItemList | MarkdownTable | Quote | HtmlBlock


@dataclass(frozen=True, slots=True)
class MarkdownSection:
    """What stands between one heading and the next, and the headings above it, outermost first."""

    path: tuple[Heading, ...]
    """Empty for what stands before the first heading; else the last one is the section's own heading."""
    blocks: tuple[Block, ...]


def parse(text: str) -> tuple[Block, ...]:
    """Return the blocks of a Markdown text in their order."""
    rows = _blank_front_matter(text.splitlines())
    return _Builder(_block_parser().parse("\n".join(rows))).build()


def sections(blocks: tuple[Block, ...]) -> tuple[MarkdownSection, ...]:
    """Return the blocks cut at the headings of the outermost level of nesting; a section without blocks stays."""
    cut: list[tuple[tuple[Heading, ...], list[Block]]] = [((), [])]
    for block in blocks:
        if isinstance(block, Heading):
            above = tuple(heading for heading in cut[-1][0] if heading.level < block.level)
            cut.append(((*above, block), []))
        else:
            cut[-1][1].append(block)
    return tuple(MarkdownSection(path, tuple(section_blocks)) for path, section_blocks in cut if path or section_blocks)


def plain_text(text: str) -> str:
    """Return inline Markdown without emphasis and escapes; code keeps its backticks, links keep their URL."""
    remainder = text[LONGEST_INLINE:]
    tokens = _inline_parser().parseInline(text[:LONGEST_INLINE])
    return "".join(part for token in tokens for part in _inline_parts(token.children or [])) + remainder


def strip_emphasis(text: str) -> str:
    """Return a title or sentence without heading marks and bold marks, for places that show it as plain text.

    Whatever else stands in it stays, such as globs, code and identifiers with underscores.
    """
    return _BOLD.sub(r"\1", _HEADING_MARK.sub("", text)) if "**" in text or text.startswith("##") else text


def code_spans(text: str) -> tuple[str, ...]:
    """Return what stands between backticks in running text, in order."""
    return tuple(span.strip() for _, span in _SPAN.findall(text[:LONGEST_INLINE]) if span.strip())


def front_matter_length(rows: list[str]) -> int:
    """Return how many of the rows are YAML front matter, its two markers among them; 0 where there is none."""
    if not rows or rows[0].rstrip() != "---":
        return 0
    return next((number for number, row in enumerate(rows[1:], start=2) if row.rstrip() in ("---", "...")), 0)


def _blank_front_matter(rows: list[str]) -> list[str]:
    length = front_matter_length(rows)
    return [""] * length + rows[length:]


def _block_parser() -> MarkdownIt:
    """Make a parser of blocks; inline markup is read only where it is asked for."""
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.disable(["inline"])
    return parser


def _inline_parser() -> MarkdownIt:
    return MarkdownIt("commonmark")


def _inline_parts(tokens: list[Token]) -> Iterator[str]:
    target = ""
    for token in tokens:
        match token.type:
            case "code_inline":
                yield f"`{token.content}`"
            case "softbreak" | "hardbreak":
                yield "\n"
            case "html_inline":
                yield " " if _LINE_BREAK.fullmatch(token.content) else token.content
            case "link_open":
                target = str(token.attrs.get("href", ""))
            case "link_close":
                yield f" ({target})" if target.startswith(("http://", "https://")) else ""
            case _:
                yield token.content


class _Builder:
    """Turns the flat stream of markdown-it tokens into blocks."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = iter(tokens)

    def build(self, end: str = "") -> tuple[Block, ...]:
        """Return the blocks up to the token of the type `end`, or up to the last token."""
        blocks: list[Block] = []
        for token in self._tokens:
            if token.type == end:
                break
            if block := self._block(token):
                blocks.append(block)
        return tuple(blocks)

    def _block(self, token: Token) -> Block | None:
        line = token.map[0] + 1 if token.map else 0
        return self._container(token, line) if token.type.endswith("_open") else _leaf(token, line)

    def _container(self, token: Token, line: int) -> Block | None:
        match token.type:
            case "heading_open":
                return Heading(int(token.tag[1]), self._inline(), line)
            case "paragraph_open":
                return Paragraph(self._inline(), line)
            case "blockquote_open":
                return Quote(self.build("blockquote_close"), line)
            case "ordered_list_open" | "bullet_list_open":
                kind = token.type.removesuffix("_open")
                return ItemList(self._items(f"{kind}_close"), kind == "ordered_list", line)
            case "table_open":
                return self._table(line)
            case _:
                return None

    def _inline(self) -> str:
        return next(self._tokens).content

    def _items(self, end: str) -> tuple[ListItem, ...]:
        items: list[ListItem] = []
        for token in self._tokens:
            if token.type == end:
                break
            if token.type == "list_item_open":
                line = token.map[0] + 1 if token.map else 0
                items.append(ListItem(self.build("list_item_close"), line))
        return tuple(items)

    def _table(self, line: int) -> MarkdownTable:
        rows: list[tuple[int, list[str]]] = []
        for token in self._tokens:
            if token.type == "table_close":
                break
            if token.type == "tr_open":
                rows.append((token.map[0] + 1 if token.map else line + len(rows) + 1, []))
            elif token.type == "inline":
                rows[-1][1].append(token.content)
        header, *body = (TableRow(tuple(cells), at) for at, cells in rows)
        return MarkdownTable(header, tuple(body), line)


def _leaf(token: Token, line: int) -> Block | None:
    match token.type:
        case "fence":
            return CodeBlock(token.content, line + 1, _language(token.info), fenced=True)
        case "code_block":
            return CodeBlock(token.content, line)
        case "html_block":
            return HtmlBlock(token.content, line)
        case _:
            return None


def _language(info: str) -> str:
    """Return the language of a fence: `bash` of `bash`, `{.bash}`, `bash title="x"` and `bash,linenos`."""
    first = re.split(r"[\s,]", info.strip(), maxsplit=1)[0]
    return first.strip("{}.:").lower()
