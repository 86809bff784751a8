"""Read one file or request body into incidents, documents, rejections and notes."""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.importers import chroma, mail, markdown, markup, servicenow_xml, spreadsheet, status_feed
from onrecall.importers import csv_reader as csv_rows
from onrecall.importers.encoding import SAMPLE, binary_kind, decode, decode_sample
from onrecall.importers.format_table import MARKDOWN
from onrecall.importers.options import ImportedItem, ImportOptions, ImportSource, ImportTally, build_options
from onrecall.importers.record import ImportNote, SourceRow
from onrecall.importers.records import Records

LARGEST_DOCUMENT = 8 * 2**20
"""Maximum bytes of one document."""
LARGEST_XML = 64 * 2**20
"""Maximum bytes of an XML export."""
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
"""File endings of documents."""
_IMPORTABLE_ENDINGS = (*DOCUMENTS, *spreadsheet.SUFFIXES, ".json", ".jsonl", ".ndjson", ".csv", ".tsv", *mail.ENDINGS)
_PAGE = re.compile(r"\ufeff?\s*(?:<\?xml[^>]*>\s*)?(?:<!doctype html|<html|<ac:|<h1[ >]|<body)", re.IGNORECASE)
_XML_OPENING = re.compile(r"\ufeff?\s*(?:<\?xml[^>]*>\s*)?")
"""What may stand before the root of XML, or before a comment on it."""
_NOTEBOOK = re.compile(r"\s*\{\s*\"(?:cells|nbformat|nbformat_minor|metadata)\"\s*:\s*[\[{\d]")
_BLANK_BYTES = b"\xef\xbb\xbf\xff\xfe \t\r\n\0"


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
) -> Iterator[ImportedItem]:
    """Yield everything in an HTTP body; the media type counts if the name has no ending."""
    ending = _ENDINGS.get((media_type or "").partition(";")[0].strip().lower(), "")
    path = name if "." in name else name + ending
    options = build_options(format, mapping, timezone, undated, encoding)
    return read_file(ImportSource(name, path, io.BytesIO(data), len(data)), options, ImportTally())


def read_file(source: ImportSource, options: ImportOptions, tally: ImportTally) -> Iterator[ImportedItem]:
    """Yield everything in one file."""
    sample = source.stream.read(SAMPLE)
    source.stream.seek(0)
    if not sample.strip(_BLANK_BYTES) and source.size <= SAMPLE:
        if source.inside and _ending(source.path) in DOCUMENTS:
            yield ImportNote(source.name, "skipped: there is no text in it")
            return
        yield RejectedInput(source.name, None, "the file contains only blanks" if sample else "the file is empty")
    elif options.format in (None, "mail") and mail.is_mail(sample, _ending(source.path)):
        yield from _read_mail(source, options, tally)
    elif options.format in (None, "statuspage", "servicenow") and (
        reader := _xml_reader(decode_sample(sample[:4096], options.encoding))
    ):
        yield from _read_xml(source, reader, options, tally)
    elif options.format is None and (ending := _document_ending(source, sample, options)):
        yield from _read_translated(source, ending, options, tally)
    elif spreadsheet.is_workbook(sample, _ending(source.path)):
        yield from Records(source, "workbook", options, tally).read(sample)
    elif options.encoding is None and (kind := binary_kind(sample)):
        yield _unreadable_item(source, f"it is {kind}")
    elif (shape := _detect_shape(source.path, sample, options)) is None:
        yield _unreadable_item(source, _unknown_shape(_ending(source.path), sample))
    elif shape == MARKDOWN:
        yield from _read_markdown(source, options, tally)
    else:
        yield from Records(source, shape, options, tally).read(sample)


def _read_mail(source: ImportSource, options: ImportOptions, tally: ImportTally) -> Iterator[ImportedItem]:
    """Read a message that is a report as a document, and the threads of a mailbox as incidents."""
    if source.size > mail.LARGEST_MAILBOX:
        yield RejectedInput(
            source.name, None, f"the mailbox is larger than {mail.LARGEST_MAILBOX // 2**20} MB; split it"
        )
        return
    rows = mail.threads(source.name, source.stream.read())
    if markdown.has_sections(page := mail.first_text(rows)):
        yield from _read_document(source, page, options, tally)
    else:
        yield from Records(source, "json", options, tally).converted(iter(rows), "e-mail")


def _xml_reader(text: str) -> Callable[[str, str], Iterator[SourceRow]] | None:
    """Return the function that reads the records of a known kind of XML; None for other texts."""
    text = _without_opening(text)
    if status_feed.is_feed(text):
        return status_feed.entries
    return servicenow_xml.records if servicenow_xml.is_export(text) else None


def _without_opening(text: str) -> str:
    return _XML_OPENING.sub("", text, count=1)


def _read_xml(
    source: ImportSource, reader: Callable[[str, str], Iterator[SourceRow]], options: ImportOptions, tally: ImportTally
) -> Iterator[ImportedItem]:
    if source.size > LARGEST_XML:
        yield RejectedInput(
            source.name, None, f"the XML is larger than {LARGEST_XML // 2**20} MB; export it as CSV or JSON"
        )
        return
    text, _ = decode(source.stream.read(), options.encoding)
    rows = reader(source.name, _without_opening(text))
    yield from Records(source, "json", options, tally).converted(rows, "XML")


def _unknown_shape(ending: str, sample: bytes) -> str:
    """Return what a file is not, and what to do."""
    if ending in (".yaml", ".yml"):
        return "YAML is not read; write the runbook as Markdown, or the incidents as JSON"
    if sample.lstrip()[:1] == b"<":
        return "this kind of XML is not known (ServiceNow's export, Atom and RSS are); export it as CSV or JSON"
    return "it is neither JSON, CSV nor Markdown; rename it to .md, or name its format"


def record_rows(source: ImportSource, options: ImportOptions) -> Iterator[SourceRow | RejectedInput]:
    """Yield the raw records of one file.

    Raises:
        Invalid: it holds no records: it is a document, or nothing that can be read.
    """
    sample = source.stream.read(SAMPLE)
    source.stream.seek(0)
    workbook = spreadsheet.is_workbook(sample, _ending(source.path))
    document = not workbook and (
        _document_ending(source, sample, options) or (options.encoding is None and binary_kind(sample))
    )
    shape = "workbook" if workbook else None if document else _detect_shape(source.path, sample, options)
    if shape in (None, MARKDOWN):
        raise Invalid(
            f"{source.name} contains no records with fields; a mapping applies to JSON, CSV and workbooks", "paths"
        )
    return Records(source, str(shape), options, ImportTally()).rows(sample)


def _document_ending(source: ImportSource, sample: bytes, options: ImportOptions) -> str | None:
    """Return the ending of a non-Markdown document, by its name or its first bytes; None if it is none."""
    ending = _ending(source.path)
    if ending in markup.SUFFIXES:
        return ending
    text = decode_sample(sample[:4096], options.encoding) if sample[:1] in b"<{\n \xef" else ""
    if ending not in markdown.SUFFIXES and _PAGE.match(text):
        return ".html"
    return ".ipynb" if ending == ".json" and _NOTEBOOK.match(text) else None


def _read_translated(
    source: ImportSource, ending: str, options: ImportOptions, tally: ImportTally
) -> Iterator[ImportedItem]:
    """Read a document in a format other than Markdown."""
    if source.size > LARGEST_DOCUMENT:
        yield RejectedInput(source.name, None, f"the document is longer than {LARGEST_DOCUMENT // 2**20} MB; split it")
        return
    data = source.stream.read()
    guess = None
    try:
        if ending in markup.TEXTS:
            text, guess = decode(data, options.encoding)
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
    yield from _read_document(source, text, options, tally)


def _unreadable_item(source: ImportSource, reason: str) -> RejectedInput | ImportNote:
    """Report an unreadable file: skipped in a folder unless its ending is importable, otherwise rejected."""
    if source.inside and source.path.rpartition("/")[2] == chroma.DATABASE:
        folder = source.path.rpartition("/")[0] or "FOLDER"
        return ImportNote(source.name, f"skipped: a database of Chroma; import it as {chroma.PREFIX}{folder}")
    if source.inside and _ending(source.path) not in _IMPORTABLE_ENDINGS:
        return ImportNote(source.name, f"skipped: {reason}")
    return RejectedInput(source.name, None, f"it can't be read: {reason}")


def _ending(path: str) -> str:
    return "." + path.lower().removesuffix(".erb").rpartition(".")[2]


def _detect_shape(path: str, sample: bytes, options: ImportOptions) -> str | None:
    """Return the shape of a file, from the user's options, its ending or its content."""
    text = decode_sample(sample, options.encoding)
    ending = _ending(path)
    begin = text.lstrip()[:1]
    if options.format == MARKDOWN or (options.format is None and ending in markdown.SUFFIXES):
        return MARKDOWN
    if ending in (".jsonl", ".ndjson") or (begin == "{" and _is_json_lines(text)):
        return "jsonl"
    if ending == ".json" or (begin in ("{", "[") and ending not in (".csv", ".tsv")):
        return "json"
    if ending in (".csv", ".tsv") or options.format is not None or options.mapping is not None:
        return "csv"
    return _shape_by_content(text, ending)


def _shape_by_content(text: str, ending: str) -> str | None:
    """Guess the shape of a text from its content; None for unknown markup."""
    first = text.lstrip().partition("\n")[0]
    if first.startswith("<"):
        return None
    if first.startswith(("---", "# ", "## ")) or next(iter(markdown.headings(text)), None):
        return MARKDOWN
    if ending in (".txt", ".text") and (markdown.has_sections(text) or markdown.tells_of_outage(text)):
        return MARKDOWN
    return "csv" if any(first.count(mark) >= 2 for mark in csv_rows.DELIMITERS) else None


def _is_json_lines(text: str) -> bool:
    """Return whether the text is JSON lines: the first line is more than a brace and the second begins an object."""
    lines = [line for line in text.splitlines() if line.strip()][:2]
    return len(lines) == 2 and len(lines[0].strip()) > 1 and lines[1].startswith("{")


def _read_markdown(source: ImportSource, options: ImportOptions, tally: ImportTally) -> Iterator[ImportedItem]:
    if source.size > LARGEST_DOCUMENT:
        yield RejectedInput(source.name, None, f"the document is longer than {LARGEST_DOCUMENT // 2**20} MB; split it")
        return
    try:
        text, guess = decode(source.stream.read(), options.encoding)
    except Invalid as problem:
        yield RejectedInput(source.name, problem.field, str(problem))
        return
    if guess:
        yield ImportNote(f"{source.name}, line {guess.line}", guess.message)
    yield from _read_document(source, text, options, tally)


def _read_document(
    source: ImportSource, text: str, options: ImportOptions, tally: ImportTally
) -> Iterator[ImportedItem]:
    """Yield the document of a Markdown text and its incidents; a duplicate document id is rejected."""
    for item in markdown.read(source.name, text, source.path, options.times(), tally.findings):
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
