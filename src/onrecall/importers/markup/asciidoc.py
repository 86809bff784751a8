"""Convert AsciiDoc to Markdown line for line, so that citations keep the line numbers of the file."""

import re

_HEADING = re.compile(r"(?P<marks>={1,6})\s+(?P<text>\S.*)")
_ATTRIBUTE = re.compile(r":(?P<name>[\w-]+):(?:\s+(?P<value>.*))?")
_SOURCE = re.compile(r"\[\s*(?:source|listing)?\s*,\s*(?P<language>[\w+-]+).*\]|\[source.*\]")
_BLOCK_ATTRIBUTES = re.compile(r"\[[^\]]*\]\s*")
_COLUMNS = re.compile(r"\bcols\s*=\s*(?:\"(?P<quoted>[^\"]*)\"|(?P<bare>[\w*]+))")
_HEADER = re.compile(r"%(?:\w+%)*header|\boptions?\s*=\s*\"?[^\"\]]*header|\bopts\s*=\s*\"?[^\"\]]*header")
_NUMBERED = re.compile(r"\s*(?P<dots>\.{1,5})\s+(?P<text>\S.*)")
_BULLET = re.compile(r"\s*(?P<stars>\*{1,5}|-)\s+(?P<text>\S.*)")
_LABEL = re.compile(r"(?P<name>[^\s:|][^:|]{0,60})::(?:\s+(?P<value>.*))?")
_BLOCK_TITLE = re.compile(r"\.(?P<text>[^\s.].*)")
_MACRO = re.compile(r"(?:image|include|toc|video|ifdef|ifndef|endif|ifeval)::.*")
_DELIMITERS = {"----": "```", "....": "```", "====": "", "****": "", "____": "", "--": "", "++++": ""}
_BOLD = re.compile(r"(?<![\w*])\*(?!\s)([^*\n]+?)(?<!\s)\*(?![\w*])")
_PASS = re.compile(r"(?<![\w+])\+(?!\s)([^+\n]+?)(?<!\s)\+(?![\w+])")
_LINK = re.compile(r"(?:link:)?((?:https?://|mailto:|[\w./-]+\.\w+)[^\s\[\]]*)\[([^\]]*)\]")
_REFERENCE = re.compile(r"<<(?:[^,>]*,\s*)?([^>]+)>>")


def to_markdown(text: str) -> str:
    """Return the text as Markdown with the same number of lines."""
    translator = _AsciiDocTranslator()
    for line in text.splitlines():
        translator.translate(line)
    return "\n".join(translator.out) + "\n"


class _AsciiDocTranslator:
    """Translates line by line and tracks whether it is inside code or a table."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self._code = ""
        self._language = ""
        self._table = False
        self._cells: list[str] = []
        self._row = 0
        self._columns = 0
        self._attributes = ""
        """The attributes in the line above."""
        self._has_header = False

    def translate(self, line: str) -> None:
        """Translate the next line."""
        mark = line.rstrip()
        if self._code:
            self.out.append("```" if mark == self._code else line)
            self._code = "" if mark == self._code else self._code
        elif mark.startswith("|==="):
            self.out.append("")
            self._table, self._cells, self._columns = not self._table, [], _count_columns(self._attributes)
            self._has_header = _HEADER.search(self._attributes) is not None
        elif self._table:
            self._table_line(line)
        elif (mark[:4] in _DELIMITERS and len(set(mark)) == 1 and len(mark) >= 4) or mark in ("--", "```"):
            self._delimiter(mark)
        else:
            self.out.append(self._line(line))
        self._attributes = mark if _BLOCK_ATTRIBUTES.fullmatch(mark) else ""

    def _delimiter(self, mark: str) -> None:
        fence = _DELIMITERS.get(mark[:4], "```" if mark == "```" else "")
        if fence:
            self._code = mark
            self.out.append(fence + self._language)
        else:
            self.out.append("")
        self._language = ""

    def _table_line(self, line: str) -> None:
        """Collect the cells of a row, which may be on one line each, on the row's first line."""
        stripped = line.strip()
        if not stripped:
            if self._cells and not self._columns:
                self._columns = len(self._cells)
            self.out.append("|" + "---|" * self._columns if self._columns and self._row and self._cells else "")
            self._cells, self._row = [], 0
            return
        cells = [
            _inline(cell.strip())
            for cell in re.split(r"(?<!\\)\|", re.sub(r"(?<![\w\\])[\d.+^<>]*[aehlmsdv]?\|", "|", stripped))[1:]
        ]
        if not stripped.startswith("|") and self._cells:
            self._cells[-1] += " " + _inline(stripped)
            self.out.append("")
        elif (self._columns and len(self._cells) + len(cells) > self._columns) or not self._cells:
            self._columns = self._columns or (len(cells) if len(cells) > 1 else 0)
            self._cells = cells
            self.out.append("")
            self._row = len(self.out)
        else:
            self._cells += cells
            self.out.append("")
        if self._row:
            self.out[self._row - 1] = "| " + " | ".join(self._cells) + " |"
        if self._has_header and len(self._cells) == self._columns:
            self._close_header()

    def _close_header(self) -> None:
        """Put the header on the line of the table's delimiter, so that its rule gets a line of its own."""
        self._has_header = False
        if self._row > 1 and not self.out[self._row - 2]:
            self.out[self._row - 2], self.out[self._row - 1] = self.out[self._row - 1], "|" + "---|" * self._columns
            self._cells, self._row = [], 0

    def _line(self, line: str) -> str:
        if heading := _HEADING.fullmatch(line):
            return f"{'#' * len(heading['marks'])} {_inline(heading['text'])}"
        if source := _SOURCE.fullmatch(line.strip()):
            self._language = source["language"] or ""
            return ""
        if line.startswith("//") or _MACRO.fullmatch(line) or line.strip() in ("+", "'''", "<<<"):
            return ""
        if attribute := _ATTRIBUTE.fullmatch(line):
            return f"**{attribute['name']}:** {_inline(attribute['value'])}" if attribute["value"] else ""
        if _BLOCK_ATTRIBUTES.fullmatch(line):
            return ""
        return self._text_line(line)

    @staticmethod
    def _text_line(line: str) -> str:
        if item := _NUMBERED.fullmatch(line):
            return f"{'   ' * (len(item['dots']) - 1)}1. {_inline(item['text'])}"
        if bullet := _BULLET.fullmatch(line):
            depth = len(bullet["stars"]) - 1 if bullet["stars"] != "-" else 0
            return f"{'  ' * depth}- {_inline(bullet['text'])}"
        if label := _LABEL.fullmatch(line):
            return f"**{label['name'].strip('*_')}:** {_inline(label['value'] or '')}".rstrip()
        if title := _BLOCK_TITLE.fullmatch(line):
            return f"**{_inline(title['text'])}**"
        return _inline(line)


def _count_columns(attributes: str) -> int:
    """Return how many columns the attributes of a table name, as `cols="1,3"` or `cols="3*"`; 0 if they name none."""
    columns = _COLUMNS.search(attributes)
    if columns is None:
        return 0
    parts = (columns["quoted"] or columns["bare"] or "").split(",")
    repeated = (re.match(r"\s*(\d{1,2})\*", part) for part in parts)
    return sum(int(match[1]) if match else 1 for match in repeated)


def _inline(text: str) -> str:
    parts = text.split("`")
    translated = [part if n % 2 and n < len(parts) - 1 else _without_marks(part) for n, part in enumerate(parts)]
    return "`".join(translated)


def _without_marks(text: str) -> str:
    text = _LINK.sub(lambda link: f"[{link[2] or link[1]}]({link[1]})", text)
    return _REFERENCE.sub(r"\1", _PASS.sub(r"`\1`", _BOLD.sub(r"**\1**", text)))
