"""Read CSV rows by column name; the delimiter is detected from the header, a broken row loses only itself."""

import csv
from collections.abc import Iterator, Sequence

from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import RejectedInput
from onrecall.importers.encoding import LONGEST_LINE, DecodedLines
from onrecall.importers.record import SourceRow

DELIMITERS = ",;\t|"
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_ERROR_CELLS = frozenset(
    ("#N/A", "#NV", "#REF!", "#BEZUG!", "#VALUE!", "#WERT!", "#NAME?", "#DIV/0!", "#NUM!", "#ZAHL!", "#NULL!", "#N/D")
)
"""What a spreadsheet writes where a formula failed."""


class CsvTable:
    """The rows of a CSV file; `columns` is set once the first row has been read."""

    def __init__(self, name: str, source: DecodedLines) -> None:
        self._name = name
        self._source = source
        self._begins = 1
        self._quotes = 0
        self._long: list[int] = []
        self.columns: tuple[str, ...] = ()
        self.error_cells = 0
        """Number of cells that held an error of a spreadsheet and count as empty."""
        self.delimiter = ","

    @property
    def delimiter_name(self) -> str:
        """Return the name of the delimiter."""
        return _NAMES[self.delimiter]

    def rows(self) -> Iterator[SourceRow | RejectedInput]:
        """Yield each row by column name; a repeated column becomes a list."""
        lines = iter(self._lines())
        for header in lines:
            if header.lower().startswith("sep=") and len(header.strip()) == 5:
                continue
            if header.strip():
                break
        else:
            yield RejectedInput(self._name, None, "there is no header line; name the columns in the first line")
            return
        self.delimiter = max(DELIMITERS, key=_outside_quotes(header).count)
        try:
            cells = next(csv.reader([header], delimiter=self.delimiter))
        except csv.Error as problem:
            yield RejectedInput(self._where(), None, f"broken CSV in the header: {_explain_error(problem)}")
            return
        self.columns = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(cells, start=1))
        yield from self._body(lines)

    def _body(self, lines: Iterator[str]) -> Iterator[SourceRow | RejectedInput]:
        self._quotes = 0
        reader = csv.reader((line + "\n" for line in lines), delimiter=self.delimiter)
        while True:
            self._begins = 0
            try:
                cells = next(reader, None)
            except csv.Error as problem:
                yield RejectedInput(self._where(), None, f"broken CSV: {_explain_error(problem)}")
                self._quotes = 0
                continue
            yield from (self._too_long(number) for number in self._long)
            self._long.clear()
            if cells is None:
                return
            cut = self._quotes % 2 == 1
            self._quotes = 0
            if any(cell.strip() for cell in cells):
                yield self._row(cells, cut=cut)

    def _row(self, cells: Sequence[str], *, cut: bool) -> SourceRow | RejectedInput:
        if cut:
            return RejectedInput(
                self._where(),
                None,
                "broken CSV: a quoted cell does not end; the file is cut off, or a quote is missing",
            )
        if len(cells) != len(self.columns):
            mend = (
                "is a cell with the delimiter in it not quoted?"
                if len(cells) > len(self.columns)
                else "is the line cut off?"
            )
            return RejectedInput(
                self._where(),
                None,
                f"the row has {count_noun(len(cells), 'cell')} where the header has {len(self.columns)}; {mend}",
            )
        values: dict[str, str | list[str]] = {}
        self.error_cells += sum(cell.strip() in _ERROR_CELLS for cell in cells)
        readable = ["" if cell.strip() in _ERROR_CELLS else cell for cell in cells]
        for column, cell in zip(self.columns, readable, strict=True):
            earlier = values.get(column)
            if earlier is None:
                values[column] = cell
            elif cell.strip():
                values[column] = [*(earlier if isinstance(earlier, list) else [earlier]), cell]
        return SourceRow(self._begins, values, self._where())

    def _lines(self) -> Iterator[str]:
        for line in self._source:
            self._begins = self._begins or line.number
            if line.text is None:
                self._long.append(line.number)
            else:
                self._quotes += line.text.count('"')
                yield from line.text.split("\r")

    def _where(self) -> str:
        return f"{self._name}, line {self._begins}"

    def _too_long(self, number: int) -> RejectedInput:
        place = f"{self._name}, line {number}"
        return RejectedInput(place, None, f"the line is longer than {LONGEST_LINE // 2**20} MB; shorten its texts")


def _outside_quotes(header: str) -> str:
    return "".join(header.split('"')[::2])


def _explain_error(problem: csv.Error) -> str:
    if "field larger" in str(problem):
        return f"a cell is longer than {csv.field_size_limit()} characters; is a closing quote missing?"
    return str(problem)
