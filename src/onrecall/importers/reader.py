"""One file or body → incidents, documents, what was left out, and notes."""

import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Document
from onrecall.importers import chroma, markdown, markup, spreadsheet
from onrecall.importers import csv_reader as csv_rows
from onrecall.importers.encoding import SAMPLE, binary, decode, peek
from onrecall.importers.format_table import MARKDOWN
from onrecall.importers.options import ImportOptions, ImportSource, ImportTally, Item, how
from onrecall.importers.record import ImportNote, SourceRow
from onrecall.importers.records import Records

LARGEST_DOCUMENT = 8 * 2**20
"""Bytes of one Markdown file."""
_ENDINGS = {
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/markdown": ".md",
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "text/x-rst": ".rst",
    "text/asciidoc": ".adoc",
    "text/org": ".org",
    "application/x-ipynb+json": ".ipynb",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
DOCUMENTS = (*markdown.SUFFIXES, *markup.SUFFIXES)
"""The endings of files that hold one document each."""
_PROMISING = (*DOCUMENTS, *spreadsheet.SUFFIXES, ".json", ".jsonl", ".ndjson", ".csv", ".tsv")
_PAGE = re.compile(r"\ufeff?\s*(?:<\?xml[^>]*>\s*)?(?:<!doctype html|<html|<ac:|<h1[ >]|<body)", re.IGNORECASE)
_NOTEBOOK = re.compile(r"\s*\{\s*\"(?:cells|nbformat|nbformat_minor|metadata)\"\s*:\s*[\[{\d]")
_NOTHING = b"\xef\xbb\xbf\xff\xfe \t\r\n\0"


def read_bytes(
    name: str,
    data: bytes,
    media_type: str | None = None,
    *,
    format: str | None = None,  # noqa: A002 - what everybody calls it
    mapping: Path | Mapping[str, Any] | None = None,
    timezone: str | tzinfo | None = None,
    undated: datetime | None = None,
    encoding: str | None = None,
) -> Iterator[Item]:
    """Everything in a body that came by HTTP; its media type is heard where the name has no ending."""
    ending = _ENDINGS.get((media_type or "").partition(";")[0].strip().lower(), "")
    path = name if "." in name else name + ending
    wishes = how(format, mapping, timezone, undated, encoding)
    return file(ImportSource(name, path, io.BytesIO(data), len(data)), wishes, ImportTally())


def file(source: ImportSource, how: ImportOptions, tally: ImportTally) -> Iterator[Item]:
    """Everything in one file."""
    sample = source.stream.read(SAMPLE)
    source.stream.seek(0)
    if not sample.strip(_NOTHING) and source.size <= SAMPLE:
        if source.inside and _ending(source.path) in DOCUMENTS:
            yield ImportNote(source.name, "skipped: there is no text in it")
            return
        yield RejectedInput(source.name, None, "the file holds nothing but blanks" if sample else "the file is empty")
    elif how.format is None and (ending := _document_ending(source, sample, how)):
        yield from _translated(source, ending, how, tally)
    elif spreadsheet.is_workbook(sample, _ending(source.path)):
        yield from Records(source, "workbook", how, tally).read(sample)
    elif how.encoding is None and (kind := binary(sample)):
        yield _other(source, f"it is {kind}")
    elif (shape := _shape(source.path, sample, how)) is None:
        yield _other(source, "it is neither JSON, CSV nor Markdown; rename it to .md, or say its format")
    elif shape == MARKDOWN:
        yield from _markdown(source, how, tally)
    else:
        yield from Records(source, shape, how, tally).read(sample)


def record_rows(source: ImportSource, how: ImportOptions) -> Iterator[SourceRow | RejectedInput]:
    """Return the records of one file as they stand in it.

    Raises:
        Invalid: it holds no records: it is a document, or nothing that can be read.
    """
    sample = source.stream.read(SAMPLE)
    source.stream.seek(0)
    workbook = spreadsheet.is_workbook(sample, _ending(source.path))
    document = not workbook and (_document_ending(source, sample, how) or (how.encoding is None and binary(sample)))
    shape = "workbook" if workbook else None if document else _shape(source.path, sample, how)
    if shape in (None, MARKDOWN):
        raise Invalid(
            f"{source.name} contains no records with fields; a mapping applies to JSON, CSV and workbooks", "paths"
        )
    return Records(source, str(shape), how, ImportTally()).rows(sample)


def _document_ending(source: ImportSource, sample: bytes, how: ImportOptions) -> str | None:
    """The ending of a document in another form than Markdown, by its name or by how it begins."""
    ending = _ending(source.path)
    if ending in markup.SUFFIXES:
        return ending
    text = peek(sample[:4096], how.encoding) if sample[:1] in b"<{\n \xef" else ""
    if ending not in markdown.SUFFIXES and _PAGE.match(text):
        return ".html"
    return ".ipynb" if ending == ".json" and _NOTEBOOK.match(text) else None


def _translated(source: ImportSource, ending: str, how: ImportOptions, tally: ImportTally) -> Iterator[Item]:
    """A document in another form than Markdown."""
    if source.size > LARGEST_DOCUMENT:
        yield RejectedInput(source.name, None, f"the document is longer than {LARGEST_DOCUMENT // 2**20} MB; split it")
        return
    data = source.stream.read()
    guess = None
    try:
        if ending in markup.TEXTS:
            text, guess = decode(data, how.encoding)
            text = markup.TEXTS[ending](text)
        else:
            text = markup.BINARIES[ending](data)
    except Invalid as problem:
        yield RejectedInput(source.name, problem.field, str(problem))
        return
    except ValueError as problem:
        yield RejectedInput(source.name, None, f"it can't be read: {problem}")
        return
    if guess:
        yield ImportNote(f"{source.name}, line {guess.line}", guess.message)
    yield from _document(source, text, how, tally)


def _other(source: ImportSource, reason: str) -> RejectedInput | ImportNote:
    """Nothing of ours: skipped in a folder, unless its ending promised otherwise."""
    if source.inside and source.path.rpartition("/")[2] == chroma.DATABASE:
        folder = source.path.rpartition("/")[0] or "FOLDER"
        return ImportNote(source.name, f"skipped: a database of Chroma; import it as {chroma.PREFIX}{folder}")
    if source.inside and _ending(source.path) not in _PROMISING:
        return ImportNote(source.name, f"skipped: {reason}")
    return RejectedInput(source.name, None, f"it can't be read: {reason}")


def _ending(path: str) -> str:
    return "." + path.lower().removesuffix(".erb").rpartition(".")[2]


def _shape(path: str, sample: bytes, how: ImportOptions) -> str | None:
    """The shape of a file: as the user said, as its ending says, as it looks."""
    text = peek(sample, how.encoding)
    ending = _ending(path)
    begin = text.lstrip()[:1]
    if how.format == MARKDOWN or (how.format is None and ending in markdown.SUFFIXES):
        return MARKDOWN
    if ending in (".jsonl", ".ndjson") or (begin == "{" and _one_a_line(text)):
        return "jsonl"
    if ending == ".json" or (begin in ("{", "[") and ending not in (".csv", ".tsv")):
        return "json"
    if ending in (".csv", ".tsv") or how.format is not None or how.mapping is not None:
        return "csv"
    return _looks_like(text, ending)


def _looks_like(text: str, ending: str) -> str | None:
    """The shape of a text whose name tells nothing: markup that is none of ours has none."""
    first = text.lstrip().partition("\n")[0]
    if first.startswith("<"):
        return None
    if first.startswith(("---", "# ", "## ")) or next(iter(markdown.headings(text)), None):
        return MARKDOWN
    if ending in (".txt", ".text") and markdown.has_sections(text):
        return MARKDOWN
    return "csv" if any(first.count(mark) >= 2 for mark in csv_rows.DELIMITERS) else None


def _one_a_line(text: str) -> bool:
    """Whether the second line begins an object too, and the first was more than a brace."""
    lines = [line for line in text.splitlines() if line.strip()][:2]
    return len(lines) == 2 and len(lines[0].strip()) > 1 and lines[1].startswith("{")


def _markdown(source: ImportSource, how: ImportOptions, tally: ImportTally) -> Iterator[Item]:
    if source.size > LARGEST_DOCUMENT:
        yield RejectedInput(source.name, None, f"the document is longer than {LARGEST_DOCUMENT // 2**20} MB; split it")
        return
    try:
        text, guess = decode(source.stream.read(), how.encoding)
    except Invalid as problem:
        yield RejectedInput(source.name, problem.field, str(problem))
        return
    if guess:
        yield ImportNote(f"{source.name}, line {guess.line}", guess.message)
    yield from _document(source, text, how, tally)


def _document(source: ImportSource, text: str, how: ImportOptions, tally: ImportTally) -> Iterator[Item]:
    """The document of a Markdown text and its incidents; two documents with one id are a mistake."""
    for item in markdown.read(source.name, text, source.path, how.times(), tally.findings):
        if isinstance(item, Document):
            earlier = tally.documents.setdefault(item.id, source.name)
            if earlier != source.name:
                yield RejectedInput(
                    source.name, "id", f"the id {item.id!r} is already that of {earlier}; give one of them another `id`"
                )
                return
            tally.files[item.kind] += 1
        yield item
    if not source.inside:
        yield from tally.findings.notes(source.name)
