"""Detect secret columns in CSV, Markdown, wiki, psql, mysql and aligned tables, and in INSERT statements."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from onrecall.redaction import heuristics as looks
from onrecall.redaction import lexicon
from onrecall.redaction.heuristics import Look
from onrecall.redaction.joints import FIRM, SURE
from onrecall.redaction.named_secrets import ANCHORS
from onrecall.redaction.names import FOREIGN, SecretName, classify
from onrecall.redaction.scanner import Detector, DetectorHit, SecretSpan

_LONGEST_LINE = 4000
_MOST_ROWS = 5000
_CELLS: Mapping[str, re.Pattern[str]] = {
    "|": re.compile(r"(?P<v>[^|\n]*)(?:\|{1,2}|\n|\Z)"),
    "\t": re.compile(r"(?P<v>\"(?:[^\"]|\"\")*\"|[^\t\n]*)(?:\t+|\n|\Z)"),
    ";": re.compile(r"(?P<v>\"(?:[^\"]|\"\")*\"|[^;\n]*)(?:;|\n|\Z)"),
    ",": re.compile(r"(?P<v>\"(?:[^\"]|\"\")*\"|[^,\n]*)(?:,|\n|\Z)"),
    "  ": re.compile(r"(?P<v>\S(?:[^\s]| (?! ))*)?(?:[ \t]{2,}|\n|\Z)"),
}
"""How the cells of a row end, by their separator."""
_RULER = re.compile(r"[\s|:+=-]{3,}")
_BORDER = re.compile(r"[\s+=-]{3,}")
_CELL_END = re.compile(r"[\w.-]{0,60}(?:[ ]\w{1,20}){0,2}[\"'`*_]{0,4}[ ]{0,60}(?:[|\t;,\n\r]|[ ]{2})")
_HEADING = re.compile(r"(?:[^\W\d][\w .#/()@-]{0,60})?")
_FUNCTION_WORDS = frozenset(lexicon.FUNCTION_WORDS.split())
_EDGES = " \t\"'`*_|"
_WIKI_CELL = re.compile(r"(?:[^\n|!]{0,120}(?<=[\"\w])[ ]?\|(?!\|))?(?P<v>(?:(?!\|\||!!)[^\n])*)(?P<end>\|\||!!|\n|\Z)")
"""A cell of MediaWiki, perhaps with attributes before it: `style="color:red" | v`."""
_WIDEST = 12
"""Lines of a heading of MediaWiki that has each cell on a line of its own."""


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    start: int


class TableColumns:
    """Detects the values below a heading that announces secrets."""

    anchors = tuple(ANCHORS) + tuple(FOREIGN)
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the secrets of the table whose header contains the anchor."""
        if not _CELL_END.match(text, anchor):
            return None
        begin = text.rfind("\n", max(0, anchor - _LONGEST_LINE), anchor) + 1
        end = text.find("\n", anchor, anchor + _LONGEST_LINE)
        if end < 0 or end + 1 >= len(text) or (begin == 0 and anchor > _LONGEST_LINE):
            return None
        heading = text[begin:end]
        if heading.lstrip().startswith("!"):
            return _wiki_table(text, begin, end)
        for separator in _CELLS:
            if separator in heading:
                return self._table(text, begin, end, separator)
        return None

    def _table(self, text: str, begin: int, end: int, separator: str) -> DetectorHit | None:
        heading = _split_cells(text, begin, separator)
        columns = {n: announced for n, cell in enumerate(heading) if (announced := _announced_by_heading(cell.text))}
        if (
            not columns
            or len(heading) < 2
            or not all(_HEADING.fullmatch(cell.text) for cell in heading)
            or _follows_row(text, begin, len(heading), separator)
        ):
            return DetectorHit((), end)
        rows = _table_rows(text, end + 1, len(heading), separator)
        spans: list[SecretSpan] = []
        for row in rows:
            if any(_announced_by_heading(cell.text) and not looks.stands_out(cell.text) for cell in row):
                break
            spans += _row_secrets(row, columns, separator)
            end = max(end, row[-1].start + len(row[-1].text))
        return DetectorHit(tuple(spans), end)


def _announced_by_heading(heading: str) -> SecretName | None:
    """Return what a header cell announces if it holds only a name."""
    words = heading.lower().split()
    is_title = 0 < len(heading) <= 40 and heading[0] != "-" and len(words) <= 3 and not _FUNCTION_WORDS & set(words)
    announced = classify(heading) if is_title else None
    return announced if announced and announced.strength != "made_up" else None


def _split_cells(text: str, at: int, separator: str) -> list[_Cell]:
    """Return the cells of the row that begins at `at`."""
    cells: list[_Cell] = []
    while len(cells) < 200:
        match = _CELLS[separator].match(text, at)
        if match is None:
            break
        value = match["v"] or ""
        lead = len(value) - len(value.lstrip(_EDGES))
        cells.append(_Cell(value.strip(_EDGES), match.start() + lead))
        if match.end() == match.start() or match[0].endswith("\n") or match.end() >= len(text):
            break
        at = match.end()
    if separator == "  " and cells and not cells[0].text:
        return cells[1:]
    return cells


def _follows_row(text: str, begin: int, width: int, separator: str) -> bool:
    """Return whether a row of the same width precedes it, so that it is no header."""
    if begin == 0:
        return False
    before = text.rfind("\n", max(0, begin - 1 - _LONGEST_LINE), begin - 1) + 1
    line = text[before : begin - 1]
    return bool(line.strip()) and not _BORDER.fullmatch(line) and len(_split_cells(text, before, separator)) == width


def _table_rows(text: str, at: int, width: int, separator: str) -> Iterator[Sequence[_Cell]]:
    """Yield the rows below a header, without rules."""
    for _ in range(_MOST_ROWS):
        end = text.find("\n", at, at + _LONGEST_LINE)
        end = len(text) if end < 0 else end
        line = text[at:end]
        if not line.strip() or len(line) >= _LONGEST_LINE:
            return
        if not _RULER.fullmatch(line):
            row = _split_cells(text, at, separator)
            if len(row) != width and not (separator == "|" and abs(len(row) - width) == 1):
                return
            yield row
        at = end + 1


def _wiki_table(text: str, begin: int, end: int) -> DetectorHit:
    """Return the secrets of a table of MediaWiki, in whose heading is the line from `begin` to `end`."""
    first = begin
    for _ in range(_WIDEST):
        before = text.rfind("\n", max(0, first - 1 - _LONGEST_LINE), max(0, first - 1)) + 1
        if before >= first or not text.startswith("!", before):
            break
        first = before
    else:
        return DetectorHit((), end)
    heading: list[_Cell] = []
    for line in _wiki_lines(text, first, _WIDEST, "!"):
        heading += _wiki_cells(text, line)
        end = max(end, line)
    columns = {n: announced for n, cell in enumerate(heading) if (announced := _announced_by_heading(cell.text))}
    behind = text.find("\n", end) + 1
    rows = _wiki_rows(text, behind) if columns and behind else ()
    return DetectorHit(
        tuple(span for row in rows for span in _row_secrets(row, columns, "|")), max(behind - 1, begin + 1)
    )


def _wiki_lines(text: str, at: int, most: int, sign: str) -> Iterator[int]:
    """Yield where lines that follow each other and begin with a sign begin."""
    for _ in range(most):
        if not text.startswith(sign, at):
            return
        yield at
        at = text.find("\n", at, at + _LONGEST_LINE) + 1
        if not at:
            return


def _wiki_rows(text: str, at: int) -> Iterator[Sequence[_Cell]]:
    """Yield the rows of a table of MediaWiki, whose cells stand on one line or on several."""
    row: list[_Cell] = []
    for line in _wiki_lines(text, at, _MOST_ROWS, "|"):
        if text.startswith(("|-", "|}"), line):
            yield row
            row = []
            if text.startswith("|}", line):
                return
        else:
            row += _wiki_cells(text, line)
    yield row


def _wiki_cells(text: str, at: int) -> list[_Cell]:
    """Return the cells of a line, behind the sign that it begins with."""
    cells: list[_Cell] = []
    at += 1
    while len(cells) < 200 and (match := _WIKI_CELL.match(text, at)):
        value = match["v"]
        lead = len(value) - len(value.lstrip(_EDGES))
        cells.append(_Cell(value.strip(_EDGES), match.start("v") + lead))
        at = match.end()
        if match["end"] in ("\n", ""):
            break
    return cells


def _row_secrets(row: Sequence[_Cell], columns: Mapping[int, SecretName], separator: str) -> Iterator[SecretSpan]:
    for n, announced in columns.items():
        if n < len(row) and _cell_check(announced, separator)(row[n].text):
            yield SecretSpan(row[n].start, row[n].start + len(row[n].text), announced.kind)


def _cell_check(announced: SecretName, separator: str) -> Look:
    if separator == "  " or announced.strength == "word":
        return SURE[announced.strength if announced.strength != "word" else "any"]
    return _is_cell_secret if announced.strength == "any" else FIRM[announced.strength]


def _is_cell_secret(value: str) -> bool:
    """Return whether a cell is a password, which has no blanks."""
    return " " not in value and (looks.stands_out(value) or looks.is_no_word(value) or value.isdigit())


_INSERT = re.compile(
    r"(?i:insert into|replace into)\s+[\w.\"`\[\]]{1,120}\s*\((?P<columns>[^()\n]{1,2000})\)\s*(?i:values)\s*"
)
_TUPLE = re.compile(r"\s*,?\s*\((?P<row>(?:'(?:[^'\n]|'')*'|\"[^\"\n]*\"|[^()'\"\n])*)\)")
_ENTRY = re.compile(r"\s*(?:[NnEe]?'(?P<v>(?:[^'\n]|'')*)'|[^,']*)\s*(?:,|\Z)")


def _secret_columns(names: Sequence[str]) -> dict[int, SecretName]:
    """Return what the columns of a statement announce, by their places."""
    return {n: announced for n, name in enumerate(names) if (announced := classify(name))}


def _inserted_check(announced: SecretName) -> Look:
    """Return the check on an inserted value: a column `key` mostly holds the key of a table."""
    return looks.is_key if announced.strength == "key" else looks.could_be_secret


class InsertedRows:
    """Detects the values of secret columns in INSERT statements."""

    anchors = ("insert into", "replace into")
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the secrets among the values of the statement at the anchor."""
        match = _INSERT.match(text, anchor)
        if match is None:
            return None
        names = [name.strip(' \t"`[]') for name in match["columns"].split(",")]
        columns = _secret_columns(names)
        spans: list[SecretSpan] = []
        at = match.end()
        while columns and (row := _TUPLE.match(text, at)):
            spans += self._entries(text, row.start("row"), row.end("row"), columns)
            at = row.end()
        return DetectorHit(tuple(spans), at)

    def _entries(self, text: str, at: int, end: int, columns: Mapping[int, SecretName]) -> Iterator[SecretSpan]:
        for n in range(max(columns) + 1):
            entry = _ENTRY.match(text, at, end)
            if entry is None or entry.end() == at:
                return
            announced = columns.get(n)
            if announced and entry["v"] and _inserted_check(announced)(entry["v"]):
                yield SecretSpan(*entry.span("v"), announced.kind)
            at = entry.end()


_COPY = re.compile(
    r"(?i:copy)\s+[\w.\"]{1,120}\s*\((?P<columns>[^()\n]{1,2000})\)\s+(?i:from\s+stdin)[^\n]{0,120};?\r?\n"
)


class CopiedRows:
    """Detects secrets in the rows of `COPY … FROM stdin`, by the names of the columns."""

    anchors = ("copy ",)
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the secrets in the rows of the statement at the anchor."""
        match = _COPY.match(text, anchor)
        if match is None:
            return None
        names = [name.strip(' \t"') for name in match["columns"].split(",")]
        columns = _secret_columns(names)
        rows = _table_rows(text, match.end(), len(names), "\t") if columns else ()
        return DetectorHit(tuple(span for row in rows for span in _row_secrets(row, columns, "\t")), match.end())


TABLES: tuple[Detector, ...] = (TableColumns(), InsertedRows(), CopiedRows())
