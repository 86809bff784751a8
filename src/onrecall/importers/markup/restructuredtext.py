"""Convert reStructuredText to Markdown line for line, so that citations keep the line numbers of the file."""

import re
from collections.abc import Sequence

_ADORNMENT = re.compile(r"([=\-~^\"'`#*+.:_<>])\1{2,}\s*")
_CODE = re.compile(r"(?P<indent>\s*)\.\. (?:code-block|code|sourcecode|prompt|console)::\s*(?P<language>[\w+-]*).*")
_DIRECTIVE = re.compile(r"\s*\.\. (?P<name>[\w-]+)::\s*(?P<argument>.*)")
_COMMENT = re.compile(r"\s*\.\.(?:\s+.*)?")
_FIELD = re.compile(r"(?P<indent>\s*):(?P<name>[^:\n]{1,60}):(?:\s+(?P<value>.*))?")
_AUTO_ITEM = re.compile(r"(\s*)#\.(\s+)")
_GRID_RULE = re.compile(r"\s*\+(?:[-=]+\+)+\s*")
_SIMPLE_RULE = re.compile(r"\s*=+(?:\s+=+)+\s*")
_ADMONITIONS = frozenset(("note", "warning", "tip", "important", "caution", "danger", "attention", "hint", "error"))
_LITERAL = re.compile(r"``(.+?)``")
_LINK = re.compile(r"`([^`<>]+?)\s*<([^<>`]+)>`__?")
_ROLE = re.compile(r":[\w:+-]+:`~?([^`<]+?)(?:\s*<[^>]*>)?`")
_REFERENCE = re.compile(r"`([^`]+)`_")


def to_markdown(text: str) -> str:
    """Return the text as Markdown with the same number of lines."""
    return "\n".join(_RstTranslator(text.splitlines()).lines()) + "\n"


class _RstTranslator:
    """Translates line by line, in place."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._in = list(lines)
        self._out = [""] * len(self._in)
        self._levels: list[str] = []

    def lines(self) -> list[str]:
        """Translate all lines."""
        at = 0
        while at < len(self._in):
            at = self._translate(at)
        return self._out

    def _translate(self, at: int) -> int:
        """Translate the construct that begins at a line; return the index of the line after it."""
        for reader in (self._heading, self._code, self._table, self._list_table, self._directive):
            if end := reader(at):
                return end
        line = self._in[at]
        if line.rstrip().endswith("::") and not line.lstrip().startswith(".."):
            self._out[at] = _inline(_AUTO_ITEM.sub(r"\g<1>1.\2", line.rstrip()[:-1])) if line.strip() != "::" else ""
            return self._block(at + 1, "", _indent(line))
        self._out[at] = _line(line)
        return at + 1

    def _heading(self, at: int) -> int:
        """Translate a title above an adornment line, or between two."""
        line, below = self._in[at], self._line(at + 1)
        if _ADORNMENT.fullmatch(line) and below.strip() and self._line(at + 2).rstrip() == line.rstrip():
            self._out[at + 1] = self._title(f"over{line.strip()[0]}", below)
            return at + 3
        if not line.strip() or line[:1].isspace() or not _ADORNMENT.fullmatch(below) or _ADORNMENT.fullmatch(line):
            return 0
        if len(below.rstrip()) < min(len(line.rstrip()), 4) or (
            at and self._in[at - 1].strip() and not _ADORNMENT.fullmatch(self._in[at - 1])
        ):
            return 0
        self._out[at] = self._title(below.strip()[0], line)
        return at + 2

    def _title(self, style: str, line: str) -> str:
        if style not in self._levels:
            self._levels.append(style)
        return f"{'#' * min(self._levels.index(style) + 1, 6)} {_inline(line.strip())}"

    def _code(self, at: int) -> int:
        directive = _CODE.fullmatch(self._in[at])
        return self._block(at + 1, directive["language"], len(directive["indent"])) if directive else 0

    def _block(self, at: int, language: str, indent: int) -> int:
        """Translate an indented block to a fenced one; the fences replace the blank lines around it."""
        start = at
        while start < len(self._in) and (not self._in[start].strip() or _FIELD.fullmatch(self._in[start])):
            start += 1
        end = start
        while end < len(self._in) and (not self._in[end].strip() or _indent(self._in[end]) > indent):
            end += 1
        while end > start and not self._in[end - 1].strip():
            end -= 1
        if start in {end, at}:
            return at
        margin = min(_indent(line) for line in self._in[start:end] if line.strip())
        lead = " " * indent
        self._out[start - 1] = f"{lead}```{language}"
        for place in range(start, end):
            self._out[place] = lead + self._in[place][margin:] if self._in[place].strip() else ""
        if end < len(self._in):
            self._out[end] = f"{lead}```"
            return end + 1
        self._out.append(f"{lead}```")
        return end

    def _table(self, at: int) -> int:
        line = self._in[at]
        if _GRID_RULE.fullmatch(line):
            self._out[at] = "|" + "---|" * (line.count("+") - 1) if "=" in line else ""
            return at + 1
        if not _SIMPLE_RULE.fullmatch(line):
            return 0
        spans = [(match.start(), match.end()) for match in re.finditer("=+", line)]
        end = at + 1
        while end < len(self._in) and self._in[end].strip():
            if _SIMPLE_RULE.fullmatch(self._in[end]):
                self._out[end] = "|" + "---|" * len(spans) if self._line(end + 1).strip() else ""
            else:
                self._out[end] = _row(self._in[end], spans)
            end += 1
        return end

    def _list_table(self, at: int) -> int:
        directive = _DIRECTIVE.fullmatch(self._in[at])
        if directive is None or directive["name"] != "list-table":
            return 0
        end, row_at, rows = at + 1, 0, 0
        cells: list[str] = []
        while end < len(self._in) and (not self._in[end].strip() or self._in[end][:1].isspace()):
            row_start, next_cell = (
                re.fullmatch(r"\s+\* - ?(.*)", self._in[end]),
                re.fullmatch(r"\s+- ?(.*)", self._in[end]),
            )
            if row_start:
                rows += 1
                cells, row_at = [row_start[1]], end
            elif next_cell and cells:
                cells.append(next_cell[1])
            elif cells and self._in[end].strip():
                cells[-1] += " " + self._in[end].strip()
            if cells:
                self._out[row_at] = "| " + " | ".join(_inline(cell) for cell in cells) + " |"
            end += 1
        return end

    def _directive(self, at: int) -> int:
        line = self._in[at]
        directive = _DIRECTIVE.fullmatch(line)
        if directive and directive["name"] in _ADMONITIONS:
            self._out[at] = f"**{directive['name'].capitalize()}:** {_inline(directive['argument'])}"
            return at + 1
        if directive or _COMMENT.fullmatch(line):
            end = at + 1
            while end < len(self._in) and self._in[end].strip() and _indent(self._in[end]) > _indent(line):
                end += 1
            return end
        return 0

    def _line(self, at: int) -> str:
        return self._in[at] if at < len(self._in) else ""


def _row(line: str, spans: Sequence[tuple[int, int]]) -> str:
    starts = [start for start, _ in spans]
    cells = [line[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
    return "| " + " | ".join(_inline(cell) for cell in cells) + " |"


def _line(line: str) -> str:
    if field := _FIELD.fullmatch(line):
        return f"{field['indent']}**{field['name']}:** {_inline(field['value'] or '')}".rstrip()
    return _inline(_AUTO_ITEM.sub(r"\g<1>1.\2", line))


def _inline(text: str) -> str:
    parts = _LITERAL.split(text)
    return "".join(f"`{part}`" if n % 2 else _without_roles(part) for n, part in enumerate(parts))


def _without_roles(text: str) -> str:
    return _REFERENCE.sub(r"\1", _ROLE.sub(r"\1", _LINK.sub(r"[\1](\2)", text)))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
