"""Read the records of one JSON, CSV or XLSX file in the format of the tool that wrote it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onrecall.domain.count_noun import count_noun
from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Incident
from onrecall.importers import chroma, columns, spreadsheet
from onrecall.importers import csv_reader as csv_rows
from onrecall.importers import json_reader as json_rows
from onrecall.importers.column_names import normalize_column
from onrecall.importers.date_order import all_fit_day_first, is_day_first_language
from onrecall.importers.encoding import DecodedLines, decode
from onrecall.importers.field_usage import FieldUsage
from onrecall.importers.format_table import COLUMNS, Format, RowTransform, Shape, detect, find_format
from onrecall.importers.mapping import FieldMapping
from onrecall.importers.options import ImportedItem, ImportOptions, ImportSource, ImportTally
from onrecall.importers.record import (
    FieldRecord,
    ImportNote,
    RecordContext,
    SkippedRecord,
    SourceRow,
    UnusedFields,
    check_values,
)
from onrecall.importers.resolution import UNTIMED
from onrecall.importers.times import detect_date_order

Parse = Callable[[FieldRecord], Incident | Document | SkippedRecord]

MAPPABLE = frozenset(("id", "title", "started_at", "resolved_at", "acknowledged_at", "service", "severity", "status"))
"""Fields that a mapping can supply if a record has them under another name."""

_ROWS_AHEAD = 200
"""Rows read ahead to detect the format and the order of day and month."""


@dataclass(frozen=True, slots=True)
class _FileReader:
    """How the records of a file are read."""

    name: str
    parse: Parse
    rows: RowTransform | None = None


class Records:
    """Reads the records of one JSON, CSV or XLSX file, in the format of any tool."""

    def __init__(self, source: ImportSource, shape: str, options: ImportOptions, tally: ImportTally) -> None:
        self._source = source
        self._name = source.name
        self._shape = shape
        self._options = options
        self._times = options.times()
        self._tally = tally
        self._usage = FieldUsage()
        self._skipped: dict[str, list[str]] = {}
        self._text = ""
        """The whole text of JSON that is not JSON lines."""
        self._identified_by_content = 0
        """Number of rows without an id of their own."""
        self._digests: dict[tuple[str, str], tuple[bytes, int]] = {}

    def read(self, sample: bytes) -> Iterator[ImportedItem]:
        """Yield each record as an item or a rejection; then the notes on the whole file."""
        yield from self._with_notes(self._read(sample))

    def _read(self, sample: bytes) -> Iterator[ImportedItem]:
        if self._shape == "workbook":
            yield from self._workbook()
        elif self._shape == "json":
            yield from self._whole_json()
        else:
            yield from self._lines(sample)

    def _with_notes(self, items: Iterator[ImportedItem]) -> Iterator[ImportedItem]:
        """Yield the items, the error that ends them as a rejection of the whole file, and the notes."""
        try:
            yield from items
        except Invalid as problem:
            yield RejectedInput(self._name, problem.field, str(problem))
        yield from self._notes()

    def _workbook(self) -> Iterator[ImportedItem]:
        """Read every sheet that holds incidents; a single sheet is always read."""
        sheets = list(spreadsheet.read_sheets(self._name, self._source.stream, self._source.size))
        if not sheets:
            yield RejectedInput(self._name, None, "there is no sheet with a row of column names and rows below it")
        for sheet in sheets:
            if len(sheets) > 1 and not self._is_history([row.values for row in sheet.rows[:_ROWS_AHEAD]]):
                yield ImportNote(self._name, f"skipped: sheet {sheet.title} contains no incidents")
                continue
            yield from self._records("csv", iter(sheet.rows), lambda title=sheet.title: f"workbook, sheet {title}")  # type: ignore[misc]

    def _lines(self, sample: bytes) -> Iterator[ImportedItem]:
        lines = DecodedLines(self._source.stream, sample, self._options.encoding)
        lines.check()
        if self._shape == "csv":
            table = csv_rows.CsvTable(self._name, lines)
            yield from self._records("csv", table.rows(), lambda: f"CSV, {table.delimiter_name}")
            if table.error_cells:
                yield ImportNote(
                    self._name,
                    f"{count_noun(table.error_cells, 'cell holds', 'cells hold')}"
                    " an error of the spreadsheet, such as #N/A; they count as empty",
                )
        else:
            yield from self._records("json", json_rows.read_lines(self._name, lines), lambda: "one JSON object a line")
        if lines.guess:
            yield ImportNote(f"{self._name}, line {lines.guess.line}", lines.guess.message)

    def _whole_json(self) -> Iterator[ImportedItem]:
        if self._source.size > json_rows.LARGEST:
            yield RejectedInput(
                self._name,
                None,
                f"the JSON is larger than {json_rows.LARGEST // 2**20} MB; save it as JSONL, one object a line",
            )
            return
        text, guess = decode(self._source.stream.read(), self._options.encoding)
        yield from self._json(text)
        if guess:
            yield ImportNote(f"{self._name}, line {guess.line}", guess.message)

    def rows(self, sample: bytes) -> Iterator[SourceRow | RejectedInput]:
        """Yield the raw records of the file.

        Raises:
            Invalid: the file can't be read.
        """
        if self._shape == "workbook":
            for sheet in spreadsheet.read_sheets(self._name, self._source.stream, self._source.size):
                yield from sheet.rows
        elif self._shape == "json":
            text, _ = decode(self._source.stream.read(), self._options.encoding)
            yield from json_rows.read_document(self._name, text)
        else:
            lines = DecodedLines(self._source.stream, sample, self._options.encoding)
            lines.check()
            csv = self._shape == "csv"
            yield from csv_rows.CsvTable(self._name, lines).rows() if csv else json_rows.read_lines(self._name, lines)

    def collection(self, rows: Sequence[SourceRow], name: str) -> Iterator[ImportedItem]:
        """Yield the records of a Chroma collection: incidents if they have an incident's fields, else documents."""
        yield from self._collection(rows, name)
        yield from self._notes()

    def converted(self, rows: Iterator[SourceRow], described: str) -> Iterator[ImportedItem]:
        """Yield the records of a file that is neither JSON nor a table, given as rows of JSON."""
        yield from self._with_notes(self._records("json", rows, lambda: described))

    def _collection(self, rows: Sequence[SourceRow], name: str) -> Iterator[ImportedItem]:
        is_forced = self._options.format is not None or self._options.mapping is not None
        incident_rows = [row for row in rows if is_forced or chroma.is_incident(row)]
        incidents = [chroma.with_resolved_at(row) for row in incident_rows]
        if incidents or not rows:
            yield from self._records("json", iter(incidents), lambda: f"collection {name} of Chroma")
        if ended := sum(row is not ended_row for row, ended_row in zip(incident_rows, incidents, strict=True)):
            note = count_noun(
                ended,
                "record says what fixed it but not when: counted as fixed on its date",
                "records say what fixed them but not when: counted as fixed on their date",
            )
            yield ImportNote(self._name, note)
        documents = [row for row in rows if not (is_forced or chroma.is_incident(row))]
        if documents:
            self._tally.files["chroma"] += 1
            count = count_noun(len(documents), f"record of {name} has", f"records of {name} have")
            yield ImportNote(self._name, f"{count} no fields of an incident: read as documents")
        for row in documents:
            yield chroma.to_document(row, name)

    def _json(self, text: str) -> Iterator[ImportedItem]:
        self._text = text
        dump = chroma.dump_rows(self._name, text)
        if dump is None:
            yield from self._records("json", json_rows.read_document(self._name, text), lambda: "JSON")
        else:
            yield from self._collection(dump, "a dump")

    def _records(
        self,
        shape: Shape,
        rows: Iterator[SourceRow] | Iterator[SourceRow | RejectedInput],
        described: Callable[[], str],
    ) -> Iterator[ImportedItem]:
        ahead = _read_ahead(rows)
        sample = [row.values for row in ahead if isinstance(row, SourceRow)]
        if not sample:
            yield from (row for row in ahead if isinstance(row, RejectedInput))
            if not ahead:
                yield RejectedInput(self._name, None, "there is no record in it")
            return
        if self._source.inside and not self._may_be_history(shape, sample):
            yield ImportNote(self._name, "skipped: it contains no incidents, because no field has a start time")
            return
        reading = self._choose_reader(shape, sample)
        self._tally.files[reading.name] += 1
        yield ImportNote(self._name, f"read as {reading.name} ({described()})")
        if self._times.order is None:
            texts = [text for values in sample for text in _texts(values)]
            self._times.order = detect_date_order(texts)
            self._times.day_first_by_language = (
                self._times.order is None
                and all_fit_day_first(texts)
                and is_day_first_language(normalize_column(name) for name in columns.list_columns(sample))
            )
        every = _chain(ahead, rows)
        for row in reading.rows(every, RecordContext(self._name, self._text)) if reading.rows else every:
            item = row if isinstance(row, RejectedInput) else self._record(row, reading.parse)
            if item is not None:
                yield item

    def _is_history(self, records: list[Mapping[str, Any]]) -> bool:
        """Return whether one of several sheets holds incidents, rather than people or services."""
        if self._options.format or self._options.mapping or detect("csv", records):
            return True
        return "started_at" in columns.assign(columns.list_columns(records), FieldMapping()).fields

    def _may_be_history(self, shape: Shape, records: list[Mapping[str, Any]]) -> bool:
        """Return whether a file found in a folder could hold incidents, unlike schemas and dashboards."""
        if self._options.format or self._options.mapping or detect(shape, records):
            return True
        fields = columns.assign(columns.list_columns(records), FieldMapping()).fields
        return "started_at" in fields or (shape == "csv" and bool({"id", "title"} & set(fields)))

    def _choose_reader(self, shape: Shape, records: list[Mapping[str, Any]]) -> _FileReader:
        """Choose the reader: the user's format, the detected tool, or a home-made table."""
        format_name, mapping = self._options.format, self._options.mapping
        present = columns.list_columns(records)
        assignment = columns.assign(present, mapping or FieldMapping())
        if mapping is None and format_name != COLUMNS:
            detected = find_format(format_name, shape) if format_name else detect(shape, records)
            if detected and (format_name or not _has_other_names(detected, records, assignment)):
                return _FileReader(detected.name, detected.parse, detected.rows)
            if format_name:
                raise Invalid(f"{format_name} is not read from {shape.upper()}", "format")
        return _FileReader(COLUMNS, lambda record: columns.parse(record, assignment))

    def _record(self, row: SourceRow, parse: Parse) -> ImportedItem | None:
        try:
            check_values(row.values)
            item = parse(FieldRecord(row.values, self._times, self._usage))
        except Invalid as problem:
            return RejectedInput(row.where, problem.field, self._with_way_out(problem))
        if isinstance(item, SkippedRecord):
            self._skipped.setdefault(item.reason, []).append(row.where)
            return None
        self._usage.observe(row.values)
        key = (item.source or "", item.id)
        digest = hashlib.blake2b(repr(item).encode(), digest_size=8).digest()
        earlier, line = self._digests.setdefault(key, (digest, row.line))
        is_without_id = columns.CONTENT_ID.fullmatch(item.id) is not None
        if earlier != digest:
            same = "the same title, start and service" if is_without_id else f"the id {item.id!r}"
            return RejectedInput(
                row.where, "id", f"{same} already appears in line {line} with other content; keep one of them"
            )
        self._identified_by_content += is_without_id
        return item

    def _with_way_out(self, problem: Invalid) -> str:
        """Return the error, with a hint at `--suggest-mapping` if a mapping could fix it."""
        missing = str(problem).startswith(("there is no ", UNTIMED))
        if not missing or problem.field not in MAPPABLE or self._options.mapping is not None:
            return str(problem)
        return f"{problem} (`onrecall import {self._name} --suggest-mapping` writes a mapping file to fill in)"

    def _notes(self) -> Iterator[ImportNote]:
        for note in self._times.notes():
            yield ImportNote(self._name, note)
        if self._identified_by_content:
            count = count_noun(
                self._identified_by_content,
                "record has no id and is known by its",
                "records have no id and are known by their",
            )
            yield ImportNote(
                self._name, f"{count} title, start and service (row-…): change one of these and it is another incident"
            )
        for reason, places in self._skipped.items():
            yield ImportNote(
                self._name, f"skipped: {count_noun(len(places), 'record')}, {reason}; the first is {places[0]}"
            )
        if unused := tuple(self._usage.unused()):
            yield UnusedFields.of(self._name, unused, self._usage.not_counted)


def _has_other_names(detected: Format, records: Sequence[Mapping[str, Any]], assignment: columns.Assignment) -> bool:
    """Return whether records that look like our own JSON have start or title under another name."""
    if detected.name != "native" or any("text" in values for values in records):
        return False
    missing = [name for name in ("started_at", "title") if not any(name in values for values in records)]
    return any(assignment.fields.get(name) for name in missing)


def _texts(value: Any) -> Iterator[str]:
    """Yield all strings in a record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _read_ahead(rows: Iterator[SourceRow | RejectedInput]) -> list[SourceRow | RejectedInput]:
    """Return the first rows, enough to detect the format and the date order."""
    ahead: list[SourceRow | RejectedInput] = []
    for row in rows:
        ahead.append(row)
        if len(ahead) >= _ROWS_AHEAD:
            break
    return ahead


def _chain(
    ahead: list[SourceRow | RejectedInput], remaining: Iterator[SourceRow | RejectedInput]
) -> Iterator[SourceRow | RejectedInput]:
    yield from ahead
    ahead.clear()
    yield from remaining
