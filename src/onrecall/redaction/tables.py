"""Columns of secrets: in CSV, in tables of Markdown, wikis, psql and mysql, aligned, and in INSERT statements."""

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
"""How the cells of a row end, by what stands between them."""
_RULER = re.compile(r"[\s|:+=-]{3,}")
_BORDER = re.compile(r"[\s+=-]{3,}")
_CELL_END = re.compile(r"[\w.-]{0,60}(?:[ ]\w{1,20}){0,2}[\"'`*_]{0,4}[ ]{0,60}(?:[|\t;,\n\r]|[ ]{2})")
_HEADING = re.compile(r"(?:[^\W\d][\w .#/()@-]{0,60})?")
_FUNCTION_WORDS = frozenset(lexicon.FUNCTION_WORDS.split())
_EDGES = " \t\"'`*_|"


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    start: int


class TableColumns:
    """A detector of the values below a heading that announces secrets."""

    anchors = tuple(ANCHORS) + tuple(FOREIGN)
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """The secrets of a table in whose heading the anchor stands."""
        if not _CELL_END.match(text, anchor):
            return None
        begin = text.rfind("\n", max(0, anchor - _LONGEST_LINE), anchor) + 1
        end = text.find("\n", anchor, anchor + _LONGEST_LINE)
        if end < 0 or end + 1 >= len(text) or (begin == 0 and anchor > _LONGEST_LINE):
            return None
        heading = text[begin:end]
        for between in _CELLS:
            if between in heading:
                return self._table(text, begin, end, between)
        return None

    def _table(self, text: str, begin: int, end: int, between: str) -> DetectorHit | None:
        heading = _cells(text, begin, between)
        columns = {n: announced for n, cell in enumerate(heading) if (announced := _announces(cell.text))}
        if (
            not columns
            or len(heading) < 2
            or not all(_HEADING.fullmatch(cell.text) for cell in heading)
            or _follows_row(text, begin, len(heading), between)
        ):
            return DetectorHit((), end)
        rows = _rows(text, end + 1, len(heading), between)
        spans: list[SecretSpan] = []
        for row in rows:
            if any(_announces(cell.text) and not looks.stands_out(cell.text) for cell in row):
                break
            spans += _secrets(row, columns, between)
            end = max(end, row[-1].start + len(row[-1].text))
        return DetectorHit(tuple(spans), end)


def _announces(heading: str) -> SecretName | None:
    """What a cell announces that holds a name and nothing else."""
    words = heading.lower().split()
    is_title = 0 < len(heading) <= 40 and len(words) <= 3 and not _FUNCTION_WORDS & set(words)
    announced = classify(heading) if is_title else None
    return announced if announced and announced.strength != "made_up" else None


def _cells(text: str, at: int, between: str) -> list[_Cell]:
    """The cells of the row that begins at `at`."""
    cells: list[_Cell] = []
    while len(cells) < 200:
        match = _CELLS[between].match(text, at)
        if match is None:
            break
        value = match["v"] or ""
        lead = len(value) - len(value.lstrip(_EDGES))
        cells.append(_Cell(value.strip(_EDGES), match.start() + lead))
        if match.end() == match.start() or match[0].endswith("\n") or match.end() >= len(text):
            break
        at = match.end()
    if between == "  " and cells and not cells[0].text:
        return cells[1:]
    return cells


def _follows_row(text: str, begin: int, width: int, between: str) -> bool:
    """Whether a row of the same width stands before it, so that it is no heading."""
    if begin == 0:
        return False
    before = text.rfind("\n", max(0, begin - 1 - _LONGEST_LINE), begin - 1) + 1
    line = text[before : begin - 1]
    return bool(line.strip()) and not _BORDER.fullmatch(line) and len(_cells(text, before, between)) == width


def _rows(text: str, at: int, width: int, between: str) -> Iterator[Sequence[_Cell]]:
    """The rows below a heading, without what only rules them."""
    for _ in range(_MOST_ROWS):
        end = text.find("\n", at, at + _LONGEST_LINE)
        end = len(text) if end < 0 else end
        line = text[at:end]
        if not line.strip() or len(line) >= _LONGEST_LINE:
            return
        if not _RULER.fullmatch(line):
            row = _cells(text, at, between)
            if len(row) != width and not (between == "|" and abs(len(row) - width) == 1):
                return
            yield row
        at = end + 1


def _secrets(row: Sequence[_Cell], columns: Mapping[int, SecretName], between: str) -> Iterator[SecretSpan]:
    for n, announced in columns.items():
        if n < len(row) and _look(announced, between)(row[n].text):
            yield SecretSpan(row[n].start, row[n].start + len(row[n].text), announced.kind)


def _look(announced: SecretName, between: str) -> Look:
    if between == "  " or announced.strength == "word":
        return SURE[announced.strength if announced.strength != "word" else "any"]
    return _entry if announced.strength == "any" else FIRM[announced.strength]


def _entry(value: str) -> bool:
    """A password in a cell: it may have blanks no more than a cell of prose may be one."""
    return " " not in value and (looks.stands_out(value) or looks.is_no_word(value) or value.isdigit())


_INSERT = re.compile(
    r"(?i:insert into|replace into)\s+[\w.\"`\[\]]{1,120}\s*\((?P<columns>[^()\n]{1,2000})\)\s*(?i:values)\s*"
)
_TUPLE = re.compile(r"\s*,?\s*\((?P<row>(?:'(?:[^'\n]|'')*'|\"[^\"\n]*\"|[^()'\"\n])*)\)")
_ENTRY = re.compile(r"\s*(?:[NnEe]?'(?P<v>(?:[^'\n]|'')*)'|[^,']*)\s*(?:,|\Z)")


class InsertedRows:
    """A detector of the values of secret columns in INSERT statements."""

    anchors = ("insert into", "replace into")
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """The secrets among the values of the statement at the anchor."""
        match = _INSERT.match(text, anchor)
        if match is None:
            return None
        names = [name.strip(' \t"`[]') for name in match["columns"].split(",")]
        columns = {n: announced for n, name in enumerate(names) if (announced := classify(name))}
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
            if announced and entry["v"] and looks.could_be_secret(entry["v"]):
                yield SecretSpan(*entry.span("v"), announced.kind)
            at = entry.end()


TABLES: tuple[Detector, ...] = (TableColumns(), InsertedRows())
