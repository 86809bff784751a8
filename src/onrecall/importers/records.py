"""The records of one JSON, CSV or XLSX file → nouns, in the words of whichever tool wrote them."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Document, Incident
from onrecall.importers import chroma, columns, spreadsheet
from onrecall.importers import csv_reader as csv_rows
from onrecall.importers import json_reader as json_rows
from onrecall.importers.encoding import DecodedLines, decode
from onrecall.importers.field_usage import FieldUsage
from onrecall.importers.format_table import COLUMNS, Format, Rows, Shape, detect, named
from onrecall.importers.mapping import FieldMapping
from onrecall.importers.options import ImportOptions, ImportSource, ImportTally, Item
from onrecall.importers.record import (
    FieldRecord,
    ImportNote,
    RecordContext,
    SkippedRecord,
    SourceRow,
    UnusedFields,
    check,
)
from onrecall.importers.resolution import UNTIMED
from onrecall.importers.times import order_of

Parse = Callable[[FieldRecord], Incident | Document | SkippedRecord]

MAPPABLE = frozenset(("id", "title", "started_at", "resolved_at", "acknowledged_at", "service", "severity", "status"))
"""Fields that a record may have under another name."""

_AHEAD = 200
"""Rows looked at before the first is read, to tell the format, and day from month."""


@dataclass(frozen=True, slots=True)
class _FileReader:
    """How the records of a file are read."""

    name: str
    parse: Parse
    rows: Rows | None = None


class Records:
    """Reads the records of one file: JSON, CSV or XLSX, in whatever tool's words."""

    def __init__(self, source: ImportSource, shape: str, how: ImportOptions, tally: ImportTally) -> None:
        self._source = source
        self._name = source.name
        self._shape = shape
        self._how = how
        self._times = how.times()
        self._tally = tally
        self._usage = FieldUsage()
        self._skipped: dict[str, list[str]] = {}
        self._text = ""
        """Of JSON that is not one object a line, the whole of it."""
        self._seen: dict[tuple[str, str], tuple[bytes, int]] = {}

    def read(self, sample: bytes) -> Iterator[Item]:
        """The records, each as a noun or with the reason why not; then what is worth knowing about the whole."""
        try:
            yield from self._read(sample)
        except Invalid as problem:
            yield RejectedInput(self._name, problem.field, str(problem))
        yield from self._notes()

    def _read(self, sample: bytes) -> Iterator[Item]:
        if self._shape == "workbook":
            yield from self._workbook()
        elif self._shape == "json":
            yield from self._whole_json()
        else:
            yield from self._lines(sample)

    def _workbook(self) -> Iterator[Item]:
        """Every sheet that holds incidents; where there is only one, it is read in any case."""
        found = list(spreadsheet.sheets(self._name, self._source.stream, self._source.size))
        if not found:
            yield RejectedInput(self._name, None, "there is no sheet with a row of column names and rows below it")
        for sheet in found:
            if len(found) > 1 and not self._is_history([row.values for row in sheet.rows[:_AHEAD]]):
                yield ImportNote(self._name, f"skipped: sheet {sheet.title} holds no incidents")
                continue
            yield from self._records("csv", iter(sheet.rows), lambda title=sheet.title: f"workbook, sheet {title}")  # type: ignore[misc]

    def _lines(self, sample: bytes) -> Iterator[Item]:
        lines = DecodedLines(self._source.stream, sample, self._how.encoding)
        lines.check()
        if self._shape == "csv":
            table = csv_rows.CsvTable(self._name, lines)
            yield from self._records("csv", table.rows(), lambda: f"CSV, {table.delimiter_name}")
        else:
            yield from self._records("json", json_rows.lines(self._name, lines), lambda: "one JSON object a line")
        if lines.guess:
            yield ImportNote(f"{self._name}, line {lines.guess.line}", lines.guess.message)

    def _whole_json(self) -> Iterator[Item]:
        if self._source.size > json_rows.LARGEST:
            yield RejectedInput(
                self._name,
                None,
                f"the JSON is larger than {json_rows.LARGEST // 2**20} MB; save it as JSONL, one object a line",
            )
            return
        text, guess = decode(self._source.stream.read(), self._how.encoding)
        yield from self._json(text)
        if guess:
            yield ImportNote(f"{self._name}, line {guess.line}", guess.message)

    def rows(self, sample: bytes) -> Iterator[SourceRow | RejectedInput]:
        """Return the records as they stand in the file, before anything is made of them.

        Raises:
            Invalid: the file can't be read.
        """
        if self._shape == "workbook":
            for sheet in spreadsheet.sheets(self._name, self._source.stream, self._source.size):
                yield from sheet.rows
        elif self._shape == "json":
            text, _ = decode(self._source.stream.read(), self._how.encoding)
            yield from json_rows.whole(self._name, text)
        else:
            lines = DecodedLines(self._source.stream, sample, self._how.encoding)
            lines.check()
            csv = self._shape == "csv"
            yield from csv_rows.CsvTable(self._name, lines).rows() if csv else json_rows.lines(self._name, lines)

    def collection(self, rows: Sequence[SourceRow], name: str) -> Iterator[Item]:
        """The records of a collection of Chroma: incidents where they have an incident's fields, else documents."""
        yield from self._collection(rows, name)
        yield from self._notes()

    def _collection(self, rows: Sequence[SourceRow], name: str) -> Iterator[Item]:
        asked = self._how.format is not None or self._how.mapping is not None
        found = [row for row in rows if asked or chroma.is_incident(row)]
        incidents = [chroma.with_end(row) for row in found]
        if incidents or not rows:
            yield from self._records("json", iter(incidents), lambda: f"collection {name} of Chroma")
        if ended := sum(row is not other for row, other in zip(found, incidents, strict=True)):
            yield ImportNote(
                self._name, f"{ended} records say what fixed them but not when: taken as fixed on their date"
            )
        documents = [row for row in rows if not (asked or chroma.is_incident(row))]
        if documents:
            self._tally.files["chroma"] += 1
            yield ImportNote(
                self._name, f"{len(documents)} records of {name} have no incident's fields: read as documents"
            )
        for row in documents:
            yield chroma.document(row, name)

    def _json(self, text: str) -> Iterator[Item]:
        self._text = text
        dump = chroma.dump_rows(self._name, text)
        if dump is None:
            yield from self._records("json", json_rows.whole(self._name, text), lambda: "JSON")
        else:
            yield from self._collection(dump, "a dump")

    def _records(
        self,
        shape: Shape,
        rows: Iterator[SourceRow] | Iterator[SourceRow | RejectedInput],
        described: Callable[[], str],
    ) -> Iterator[Item]:
        ahead = _until_known(rows)
        known = [row.values for row in ahead if isinstance(row, SourceRow)]
        if not known:
            yield from (row for row in ahead if isinstance(row, RejectedInput))
            if not ahead:
                yield RejectedInput(self._name, None, "there is no record in it")
            return
        if self._source.inside and not self._may_be_history(shape, known):
            yield ImportNote(self._name, "skipped: it holds no incidents; none of its fields says when something began")
            return
        reading = self._reading(shape, known)
        self._tally.files[reading.name] += 1
        yield ImportNote(self._name, f"read as {reading.name} ({described()})")
        if self._times.order is None:
            self._times.order = order_of(text for values in known for text in _texts(values))
        every = _chain(ahead, rows)
        for row in reading.rows(every, RecordContext(self._name, self._text)) if reading.rows else every:
            item = row if isinstance(row, RejectedInput) else self._record(row, reading.parse)
            if item is not None:
                yield item

    def _is_history(self, records: list[Mapping[str, Any]]) -> bool:
        """Whether a sheet beside others holds incidents: lists of people and services have names and numbers too."""
        if self._how.format or self._how.mapping or detect("csv", records):
            return True
        return "started_at" in columns.assign(columns.present_in(records), FieldMapping()).fields

    def _may_be_history(self, shape: Shape, records: list[Mapping[str, Any]]) -> bool:
        """Whether a file that was only found in a folder could hold incidents: schemas and dashboards do not."""
        if self._how.format or self._how.mapping or detect(shape, records):
            return True
        fields = columns.assign(columns.present_in(records), FieldMapping()).fields
        return "started_at" in fields or (shape == "csv" and bool({"id", "title"} & set(fields)))

    def _reading(self, shape: Shape, records: list[Mapping[str, Any]]) -> _FileReader:
        """The format in which the records are read: the user's, the tool's, or that of a table somebody made."""
        wanted, mapping = self._how.format, self._how.mapping
        present = columns.present_in(records)
        assignment = columns.assign(present, mapping or FieldMapping())
        if mapping is None and wanted != COLUMNS:
            found = named(wanted, shape) if wanted else detect(shape, records)
            if found and (wanted or not _speaks_other_names(found, records, assignment)):
                return _FileReader(found.name, found.parse, found.rows)
            if wanted:
                raise Invalid(f"{wanted} is not read from {shape.upper()}", "format")
        return _FileReader(COLUMNS, lambda record: columns.parse(record, assignment))

    def _record(self, row: SourceRow, parse: Parse) -> Item | None:
        try:
            check(row.values)
            thing = parse(FieldRecord(row.values, self._times, self._usage))
        except Invalid as problem:
            return RejectedInput(row.where, problem.field, self._with_way_out(problem))
        if isinstance(thing, SkippedRecord):
            self._skipped.setdefault(thing.reason, []).append(row.where)
            return None
        self._usage.observe(row.values)
        key = (thing.source or "", thing.id)
        digest = hashlib.blake2b(repr(thing).encode(), digest_size=8).digest()
        earlier, line = self._seen.setdefault(key, (digest, row.line))
        if earlier != digest:
            return RejectedInput(
                row.where,
                "id",
                f"the id {thing.id!r} already appears in line {line} with other content; keep one of them",
            )
        return thing

    def _with_way_out(self, problem: Invalid) -> str:
        """What is wrong, and where a mapping could mend it how to get one."""
        missing = str(problem).startswith(("there is no ", UNTIMED))
        if not missing or problem.field not in MAPPABLE or self._how.mapping is not None:
            return str(problem)
        return f"{problem} (`onrecall import {self._name} --suggest-mapping` writes a mapping file to fill in)"

    def _notes(self) -> Iterator[ImportNote]:
        for note in self._times.notes():
            yield ImportNote(self._name, note)
        for reason, places in self._skipped.items():
            yield ImportNote(self._name, f"skipped: {len(places)} records, {reason}; the first is {places[0]}")
        if unused := tuple(self._usage.unused()):
            yield UnusedFields.of(self._name, unused, self._usage.not_counted)


def _speaks_other_names(found: Format, records: Sequence[Mapping[str, Any]], assignment: columns.Assignment) -> bool:
    """Whether records that look like our own JSON have their start or their title under another name than ours."""
    if found.name != "native" or any("text" in values for values in records):
        return False
    missing = [name for name in ("started_at", "title") if not any(name in values for values in records)]
    return any(assignment.fields.get(name) for name in missing)


def _texts(value: Any) -> Iterator[str]:
    """All texts in a record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _until_known(rows: Iterator[SourceRow | RejectedInput]) -> list[SourceRow | RejectedInput]:
    """The first rows: enough to tell the format and how dates are written."""
    ahead: list[SourceRow | RejectedInput] = []
    for row in rows:
        ahead.append(row)
        if len(ahead) >= _AHEAD:
            break
    return ahead


def _chain(
    ahead: list[SourceRow | RejectedInput], rest: Iterator[SourceRow | RejectedInput]
) -> Iterator[SourceRow | RejectedInput]:
    yield from ahead
    ahead.clear()
    yield from rest
