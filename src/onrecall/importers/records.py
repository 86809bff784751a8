"""The records of one JSON or CSV file → nouns, in the words of whichever tool wrote them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from onrecall.domain.errors import Invalid, Rejected
from onrecall.domain.incident import Document, Incident
from onrecall.importers import chroma, columns
from onrecall.importers import csv_reader as csv_rows
from onrecall.importers import json_reader as json_rows
from onrecall.importers.encoding import Lines, decode
from onrecall.importers.formats import COLUMNS, WHOLE, Shape, detect, named
from onrecall.importers.options import How, Item, Source, Tally
from onrecall.importers.record import Note, Record, Row, check
from onrecall.importers.times import order_of

Parse = Callable[[Record], Incident | Document]

MOST_NAMED = 40
"""Names of fields that are said to be left out."""
_AHEAD = 200
"""Rows looked at before the first is read, to tell the format, and day from month."""


class Records:
    """Reads the records of one file: JSON or CSV, in whatever tool's words."""

    def __init__(self, source: Source, shape: str, how: How, tally: Tally) -> None:
        self._source = source
        self._name = source.name
        self._shape = shape
        self._how = how
        self._times = how.times()
        self._tally = tally
        self._seen: dict[tuple[str, str], tuple[bytes, int]] = {}
        self._unused: Counter[str] = Counter()

    def read(self, sample: bytes) -> Iterator[Item]:
        """The records, each as a noun or with the reason why not; then what is worth knowing about the whole."""
        lines = Lines(self._source.stream, sample)
        if self._shape == "csv":
            table = csv_rows.Table(self._name, lines)
            yield from self._records("csv", table.rows(), lambda: f"CSV, {table.delimiter_name}")
        elif self._shape == "jsonl":
            yield from self._records("json", json_rows.lines(self._name, lines), lambda: "one JSON object a line")
        elif self._source.size > json_rows.LARGEST:
            yield Rejected(
                self._name,
                None,
                f"the JSON is larger than {json_rows.LARGEST // 2**20} MB; save it as JSONL, one object a line",
            )
            return
        else:
            text, guessed = decode(self._source.stream.read())
            lines.not_utf8 = 1 if guessed else None
            yield from self._json(text)
        yield from self._notes(lines)

    def collection(self, rows: Sequence[Row], name: str) -> Iterator[Item]:
        """The records of a collection of Chroma: incidents where they have an incident's fields, else documents."""
        asked = self._how.format is not None or self._how.mapping is not None
        found = [row for row in rows if asked or chroma.is_incident(row)]
        incidents = [chroma.with_end(row) for row in found]
        if incidents or not rows:
            yield from self._records("json", iter(incidents), lambda: f"collection {name} of Chroma")
        if ended := sum(row is not other for row, other in zip(found, incidents, strict=True)):
            yield Note(self._name, f"{ended} records say what fixed them but not when: taken as fixed on their date")
        documents = [row for row in rows if not (asked or chroma.is_incident(row))]
        if documents:
            self._tally.files["chroma"] += 1
            yield Note(self._name, f"{len(documents)} records of {name} have no incident's fields: read as documents")
        for row in documents:
            yield chroma.document(row, name)
        yield from self._notes(None)

    def _json(self, text: str) -> Iterator[Item]:
        try:
            dump = chroma.dump_rows(self._name, text)
        except Invalid as problem:
            yield Rejected(self._name, problem.field, str(problem))
            return
        if dump is None:
            yield from self._records("json", json_rows.whole(self._name, text), lambda: "JSON")
        else:
            yield from self.collection(dump, "a dump")

    def _records(self, shape: Shape, rows: Iterator[Row | Rejected], described: Callable[[], str]) -> Iterator[Item]:
        ahead = _until_known(rows)
        known = [row.values for row in ahead if isinstance(row, Row)]
        if not known:
            yield from (row for row in ahead if isinstance(row, Rejected))
            if not ahead:
                yield Rejected(self._name, None, "there is no record in it")
            return
        if self._source.inside and not self._may_be_history(shape, known):
            yield Note(self._name, "skipped: it holds no incidents; none of its fields says when something began")
            return
        try:
            name, parse, note = self._format(shape, known)
        except Invalid as problem:
            yield Rejected(self._name, problem.field, str(problem))
            return
        self._tally.files[name] += 1
        yield Note(self._name, f"read as {name} ({described()}){note}")
        if shape == "csv" and self._times.order is None:
            values = (value for row in known for value in row.values())
            self._times.order = order_of(value for value in values if isinstance(value, str))
        for row in _chain(ahead, rows):
            yield row if isinstance(row, Rejected) else self._record(row, parse)
        if name in WHOLE and self._unused:
            yield self._left_out()

    def _may_be_history(self, shape: Shape, records: list[Mapping[str, Any]]) -> bool:
        """Whether a file that was only found in a folder could hold incidents: schemas and dashboards do not."""
        if self._how.format or self._how.mapping or detect(shape, records):
            return True
        present = dict.fromkeys(column for values in records for column in values)
        assigned = columns.assign(present, columns.Mapped())
        return "started_at" in assigned or (shape == "csv" and bool({"id", "title"} & set(assigned)))

    def _format(self, shape: Shape, records: list[Mapping[str, Any]]) -> tuple[str, Parse, str]:
        """The name of the format, its parser, and what there is to say about it."""
        wanted, mapping = self._how.format, self._how.mapping
        if mapping is None and wanted != COLUMNS:
            known = named(wanted, shape) if wanted else detect(shape, records)
            if known:
                return known.name, known.parse, ""
            if wanted:
                raise Invalid(f"{wanted} is not read from {shape.upper()}", "format")
        mapping = mapping or columns.Mapped()
        present = dict.fromkeys(column for values in records for column in values)
        assigned = columns.assign(present, mapping)
        labels = columns.label_columns(present, mapping)
        unused = [column for column in present if column and column not in {*assigned.values(), *labels.values()}]
        note = f"; not used: {', '.join(unused)[:300]}" if unused else ""
        return COLUMNS, lambda record: columns.parse(record, assigned, labels), note

    def _record(self, row: Row, parse: Parse) -> Item:
        try:
            check(row.values)
            record = Record(row.values, self._times)
            thing = parse(record)
        except Invalid as problem:
            return Rejected(row.where, problem.field, str(problem))
        self._unused.update(record.unused)
        key = (thing.source or "", thing.id)
        digest = hashlib.blake2b(repr(thing).encode(), digest_size=8).digest()
        earlier, line = self._seen.setdefault(key, (digest, row.line))
        if earlier != digest:
            return Rejected(
                row.where,
                "id",
                f"the id {thing.id!r} stands already in line {line} with other content; keep one of them",
            )
        return thing

    def _left_out(self) -> Note:
        counted = ", ".join(f"{name} ({count})" for name, count in self._unused.most_common(MOST_NAMED))
        return Note(self._name, f"left out, with the number of records: {counted}", tuple(sorted(self._unused)))

    def _notes(self, lines: Lines | None) -> Iterator[Note]:
        times = self._times
        if lines and lines.not_utf8:
            yield Note(f"{self._name}, line {lines.not_utf8}", "not UTF-8; read as Windows-1252")
        if times.assumed_utc:
            yield Note(
                self._name,
                f"{times.assumed_utc} times have no zone and were taken as UTC; if they are local, name the time zone",
            )
        if times.dated_by_user:
            yield Note(self._name, f"{times.dated_by_user} incidents without a start were given the time you named")


def _until_known(rows: Iterator[Row | Rejected]) -> list[Row | Rejected]:
    """The first rows: enough to tell the format and how dates are written."""
    ahead: list[Row | Rejected] = []
    for row in rows:
        ahead.append(row)
        if len(ahead) >= _AHEAD:
            break
    return ahead


def _chain(ahead: list[Row | Rejected], rest: Iterator[Row | Rejected]) -> Iterator[Row | Rejected]:
    yield from ahead
    ahead.clear()
    yield from rest
