"""One file or body → incidents, documents, what was left out, and notes."""

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, BinaryIO

from onrecall.errors import Invalid, Rejected
from onrecall.history import columns, csv_rows, json_rows, markdown
from onrecall.history.encoding import SAMPLE, Lines, binary, decode
from onrecall.history.formats import COLUMNS, MARKDOWN, Shape, detect, formats, named
from onrecall.history.record import Note, Record, Row, check
from onrecall.history.times import Times, order_of, zone
from onrecall.incident import Document, Incident

Item = Incident | Document | Rejected | Note
Parse = Callable[[Record], Incident | Document]

LARGEST_DOCUMENT = 8 * 2**20
"""Bytes of one Markdown file."""
_ENDINGS = {
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/markdown": ".md",
}
_PROMISING = (*markdown.SUFFIXES, ".json", ".jsonl", ".ndjson", ".csv", ".tsv")
_NOTHING = b"\xef\xbb\xbf\xff\xfe \t\r\n\0"
_AHEAD = 200
"""Rows looked at before the first is read, to tell day from month."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file or a body: what it is called in messages, its place in the folder, and its bytes."""

    name: str
    path: str
    stream: BinaryIO
    size: int
    inside: bool = False
    """Found in a folder, not named by the user: what is plainly something else is skipped, not rejected."""


@dataclass(frozen=True, slots=True)
class How:
    """What the user said about reading."""

    format: str | None = None
    mapping: columns.Mapped | None = None
    timezone: tzinfo | None = None
    undated: datetime | None = None

    def times(self) -> Times:
        """A fresh reader of times, for one file."""
        return Times(self.timezone, self.undated, self.mapping.dates if self.mapping else None)


def how(
    format: str | None,  # noqa: A002 - what everybody calls it
    mapping: Path | Mapping[str, Any] | None,
    timezone: str | tzinfo | None,
    undated: datetime | None,
) -> How:
    """The user's wishes, checked before anything is read."""
    if format is not None and format not in formats():
        raise Invalid(f"there is no format {format!r}; there are {', '.join(formats())}", "format")
    if undated is not None and undated.tzinfo is None:
        raise Invalid("the time for incidents without one needs a zone, such as 2024-01-31T00:00:00Z", "undated")
    mapped = columns.load(mapping) if isinstance(mapping, Path) else columns.mapped(mapping) if mapping else None
    local = timezone or (mapped.timezone if mapped else None)
    return How(format, mapped, zone(local) if isinstance(local, str) else local, undated)


@dataclass(slots=True)
class Tally:
    """What has been read so far in one go: ids that are taken, and how many files of each format there were."""

    documents: dict[str, str] = field(default_factory=dict)
    files: Counter[str] = field(default_factory=Counter)


def read_bytes(  # noqa: PLR0913 - each is a wish of its own
    name: str,
    data: bytes,
    media_type: str | None = None,
    *,
    format: str | None = None,  # noqa: A002 - what everybody calls it
    mapping: Path | Mapping[str, Any] | None = None,
    timezone: str | tzinfo | None = None,
    undated: datetime | None = None,
) -> Iterator[Item]:
    """Everything in a body that came by HTTP; its media type is heard where the name has no ending."""
    ending = _ENDINGS.get((media_type or "").partition(";")[0].strip().lower(), "")
    path = name if "." in name else name + ending
    return file(Source(name, path, io.BytesIO(data), len(data)), how(format, mapping, timezone, undated), Tally())


def file(source: Source, how: How, tally: Tally) -> Iterator[Item]:
    """Everything in one file."""
    sample = source.stream.read(SAMPLE)
    source.stream.seek(0)
    if not sample.strip(_NOTHING) and source.size <= SAMPLE:
        yield Rejected(source.name, None, "the file holds nothing but blanks" if sample else "the file is empty")
    elif kind := binary(sample):
        yield _other(source, f"it is {kind}")
    elif (shape := _shape(source.path, sample, how)) is None:
        yield _other(source, "it is neither JSON, CSV nor Markdown; rename it to .md, or say its format")
    elif shape == MARKDOWN:
        yield _markdown(source, how, tally)
    else:
        yield from _Rows(source, shape, how, tally).read(sample)


def _other(source: Source, reason: str) -> Rejected | Note:
    """Nothing of ours: skipped in a folder, unless its ending promised otherwise."""
    if source.inside and _ending(source.path) not in _PROMISING:
        return Note(source.name, f"skipped: {reason}")
    return Rejected(source.name, None, f"it can't be read: {reason}")


def _ending(path: str) -> str:
    return "." + path.lower().removesuffix(".erb").rpartition(".")[2]


def _shape(path: str, sample: bytes, how: How) -> str | None:
    """The shape of a file: as the user said, as its ending says, as it looks."""
    text = decode(sample)[0]
    ending = _ending(path)
    begin = text.lstrip()[:1]
    if how.format == MARKDOWN or (how.format is None and ending in markdown.SUFFIXES):
        return MARKDOWN
    if ending in (".jsonl", ".ndjson") or (begin == "{" and _one_a_line(text)):
        return "jsonl"
    if ending == ".json" or (begin in ("{", "[") and ending not in (".csv", ".tsv")):
        return "json"
    first = text.lstrip().partition("\n")[0]
    if ending in (".csv", ".tsv") or how.format is not None or how.mapping is not None:
        return "csv"
    if first.startswith(("---", "# ", "## ")) or next(markdown.headings(text), None):
        return MARKDOWN
    return "csv" if any(first.count(mark) >= 2 for mark in csv_rows.DELIMITERS) else None


def _one_a_line(text: str) -> bool:
    """Whether the second line begins an object too, and the first was more than a brace."""
    lines = [line for line in text.splitlines() if line.strip()][:2]
    return len(lines) == 2 and len(lines[0].strip()) > 1 and lines[1].startswith("{")


def _markdown(source: Source, how: How, tally: Tally) -> Item:
    if source.size > LARGEST_DOCUMENT:
        return Rejected(source.name, None, f"the document is longer than {LARGEST_DOCUMENT // 2**20} MB; split it")
    found = markdown.parse(source.name, decode(source.stream.read())[0], source.path, how.times())
    if isinstance(found, Document):
        earlier = tally.documents.setdefault(found.id, source.name)
        if earlier != source.name:
            return Rejected(
                source.name, "id", f"the id {found.id!r} is already that of {earlier}; give one of them another `id`"
            )
        tally.files[found.kind] += 1
    return found


class _Rows:
    """Reads the records of one file."""

    def __init__(self, source: Source, shape: str, how: How, tally: Tally) -> None:
        self._source = source
        self._name = source.name
        self._shape = shape
        self._how = how
        self._times = how.times()
        self._tally = tally
        self._seen: dict[tuple[str, str], tuple[bytes, int]] = {}

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
            yield from self._records("json", json_rows.whole(self._name, text), lambda: "JSON")
        yield from self._notes(lines)

    def _records(self, shape: Shape, rows: Iterator[Row | Rejected], described: Callable[[], str]) -> Iterator[Item]:
        ahead = _until_known(rows)
        known = [row.values for row in ahead if isinstance(row, Row)]
        if not known:
            yield from (row for row in ahead if isinstance(row, Rejected))
            if not ahead:
                yield Rejected(self._name, None, "there is no record in it")
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
            thing = parse(Record(row.values, self._times))
        except Invalid as problem:
            return Rejected(row.where, problem.field, str(problem))
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

    def _notes(self, lines: Lines) -> Iterator[Note]:
        times = self._times
        if lines.not_utf8:
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
