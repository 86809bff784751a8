"""Chroma: the records of a collection, from its folder (`chroma:FOLDER[#collection]`) or a dump of `collection.get()`.

Chroma stores a text and flat metadata for each record; nested values are stored as JSON, and the text often repeats
the metadata. A record with an incident's fields becomes an incident, any other a document.
"""

import itertools
import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, RejectedInput, Unavailable
from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.domain.optional_packages import missing_extra
from onrecall.importers import ragoffire
from onrecall.importers.record import SourceRow, check_id, check_values

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

PREFIX = "chroma:"
DATABASE = "chroma.sqlite3"
PAGE = 500
"""Records requested at a time."""
INSTALL = missing_extra("reading Chroma", "chroma")
INCIDENT_FIELDS = frozenset(
    ("incident_id", "root_cause", "resolution_action", "mitigation_metric", "mitigation_steps", "fix", "fix_applied",
     "resolution", "started_at", "resolved_at")
)  # fmt: skip
"""Any of these in the metadata makes a record an incident."""
LABELS: Mapping[str, str] = {
    "title": "title",
    "summary": "summary",
    "description": "description",
    "impact": "impact",
    "root cause": "root_cause",
    "resolution action": "resolution_action",
    "resolution": "resolution_action",
    "mitigation metric": "mitigation_metric",
    "mitigation": "mitigation_metric",
    "error type": "error_type",
    "affected service": "affected_service",
    "affected tenant": "affected_tenant",
    "severity": "severity",
}
"""Label in a record's text → the field that the labelled part fills."""
DATE_FIELDS = ("started_at", "occurred_at", "incident_date", "date", "created_at", "timestamp")
END_FIELDS = ("resolved_at", "recovery_seconds", "recovery_time_seconds", "resolution_time", "resolution_time_minutes")
_LABEL = re.compile(
    rf"(?:^|(?<=[\n.;|]))[ \t*_-]*(?P<label>{'|'.join(sorted(LABELS, key=len, reverse=True))})[*_]*\s*:[*_]*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_FIX_FIELDS = ("root_cause", "resolution_action", "mitigation_metric", "mitigation_steps", "fix", "fix_applied")


@dataclass(frozen=True, slots=True)
class Location:
    """A folder that Chroma persists in, and one of its collections, or None for all of them."""

    folder: Path
    collection: str | None


def parse_location(path: Path) -> Location | None:
    """Parse `chroma:FOLDER[#collection]`; return None for any other path."""
    text = str(path)
    if not text.startswith(PREFIX):
        return None
    full_path = Path(text.removeprefix(PREFIX))
    folder, mark, name = str(full_path).rpartition("#")
    if not mark or full_path.exists():
        return Location(full_path, None)
    return Location(Path(folder), name or None)


def is_collection(path: Path) -> bool:
    """Return whether a path names Chroma's collections instead of a file."""
    return str(path).startswith(PREFIX)


def rows(place: Location) -> Iterator[tuple[str, list[SourceRow]]]:
    """Yield each collection's name and records. The folder is copied first, so nothing in it changes.

    Raises:
        Invalid: there is no such folder or collection, or chromadb is not installed.
        Unavailable: another process writes to the folder at the same time.
    """
    with _open_copy(place) as collections:
        for collection in collections:
            yield collection.name, list(_collection_rows(collection))


def count_records(place: Location) -> int:
    """Return the number of records."""
    with _open_copy(place) as collections:
        return sum(collection.count() for collection in collections)


def dump_rows(name: str, text: str) -> list[SourceRow] | None:
    """Return the records of a JSON dump of `collection.get()`, or None if the text is not such a dump."""
    if '"ids"' not in text or '"metadatas"' not in text:
        return None
    try:
        dump = json.loads(text)
    except (ValueError, RecursionError):
        return None  # the JSON reader reports the error
    if not isinstance(dump, dict) or not isinstance(dump.get("ids"), list):
        return None
    ids = dump["ids"]
    texts, metadata = (_column(dump, column, len(ids)) for column in ("documents", "metadatas"))
    return [
        _to_row(f"{name}, record {number}", number, record_id, *record)
        for number, (record_id, *record) in enumerate(zip(ids, texts, metadata, strict=True), start=1)
    ]


def is_incident(row: SourceRow) -> bool:
    """Return whether a record has any of an incident's fields."""
    return not INCIDENT_FIELDS.isdisjoint(row.values)


def to_document(row: SourceRow, collection: str) -> Document | RejectedInput:
    """Convert a record without an incident's fields to a document, with an id made of collection and record id."""
    values = row.values
    try:
        check_values(values)
        record_id = check_id(_text_value(values, "id"))
    except Invalid as problem:
        return RejectedInput(row.where, problem.field, str(problem))
    text = values.get("document")
    if not isinstance(text, str) or not text.strip():
        return RejectedInput(row.where, "document", "the record has no text and none of an incident's fields")
    first_line = collapse_whitespace(text.strip().splitlines()[0].lstrip("# "))
    title = _text_value(values, "title") or _text_value(values, "source") or first_line
    labels = {key: str(value) for key, value in values.items() if key not in ("id", "document", "title")}
    return Document(
        id=f"chroma:{collection}/{record_id}",
        title=collapse_whitespace(title)[:200],
        text=text,
        service=_text_value(values, "service"),
        labels={key: value for key, value in labels.items() if value},
        source=_text_value(values, "source"),
    )


def with_resolved_at(row: SourceRow) -> SourceRow:
    """Return the record with `resolved_at` set to its date if it names a fix but no end."""
    values = row.values
    date = next((values[name] for name in DATE_FIELDS if values.get(name)), None)
    if not date or any(values.get(name) for name in END_FIELDS) or not any(values.get(name) for name in _FIX_FIELDS):
        return row
    return replace(row, values={**values, "resolved_at": date})


@contextmanager
def _open_copy(place: Location) -> Iterator[Sequence["Collection"]]:
    """Open a copy of the folder's database and return its collections; opening the folder itself would write to it."""
    try:
        import chromadb  # noqa: PLC0415 - an extra
        from chromadb.errors import ChromaError  # noqa: PLC0415
    except ImportError as error:
        raise Invalid(INSTALL, "paths") from error
    with tempfile.TemporaryDirectory(prefix="onrecall-chroma-") as scratch:
        _copy_database(place.folder, Path(scratch))
        settings = chromadb.Settings(anonymized_telemetry=False)
        try:
            client = chromadb.PersistentClient(scratch, settings=settings)
        except (ChromaError, sqlite3.Error, ValueError, RuntimeError) as error:
            raise Invalid(f"{place.folder} is not a Chroma folder that can be read: {error}", "paths") from error
        with client:
            yield _select_collections(client.list_collections(), place)


def _copy_database(folder: Path, scratch: Path) -> None:
    database = folder / DATABASE
    if not database.is_file():
        raise Invalid(f"{folder} holds no {DATABASE}; name the folder that Chroma persists in", "paths")
    files = [file for file in (database, *(folder / f"{DATABASE}{end}" for end in ("-wal", "-shm"))) if file.exists()]
    before = [_file_state(file) for file in files]
    try:
        for file in files:
            shutil.copyfile(file, scratch / file.name)
    except OSError as error:
        raise Invalid(f"{folder} can't be read: {error.strerror}", "paths") from error
    if [_file_state(file) for file in files] != before:
        raise Unavailable(f"another process is writing to {folder}; stop it, then import again")


def _file_state(file: Path) -> tuple[int, int]:
    try:
        state = file.stat()
    except FileNotFoundError:
        return 0, 0
    return state.st_size, state.st_mtime_ns


def _select_collections(collections: Sequence["Collection"], place: Location) -> Sequence["Collection"]:
    names = ", ".join(sorted(collection.name for collection in collections)) or "none"
    chosen = [collection for collection in collections if place.collection in (None, collection.name)]
    if not chosen:
        raise Invalid(f"{place.folder} has no collection {place.collection or 'at all'}; there are: {names}", "paths")
    return sorted(chosen, key=lambda collection: collection.name)


def _collection_rows(collection: "Collection") -> Iterator[SourceRow]:
    number = 0
    while True:
        page = collection.get(limit=PAGE, offset=number, include=["documents", "metadatas"])
        ids = page["ids"]
        texts, metadata = page["documents"] or [None] * len(ids), page["metadatas"] or [None] * len(ids)
        for record_id, text, fields in zip(ids, texts, metadata, strict=True):
            number += 1
            yield _to_row(f"{collection.name}, record {number} ({record_id})", number, record_id, text, fields)
        if len(ids) < PAGE:
            return


def _to_row(where: str, number: int, record_id: Any, text: Any, metadata: Any) -> SourceRow:
    """Build a row from the metadata, the labelled parts of the text that the metadata lacks, and the text itself."""
    fields = {key: _parse_nested(value) for key, value in metadata.items()} if isinstance(metadata, Mapping) else {}
    values: dict[str, Any] = {"id": record_id, "document": text} | fields
    if INCIDENT_FIELDS.isdisjoint(fields) or not isinstance(text, str):
        return SourceRow(number, values, where)
    values = {key: value for key, value in values.items() if key != "document"}
    values |= {key: part for key, part in _labelled_parts(text).items() if not values.get(key)}
    if not any(values.get(key) for key in ("summary", "description", "impact")):
        values["summary" if ragoffire.recognises(values) else "description"] = _without_fix(text, values)
    return SourceRow(number, values, where)


def _parse_nested(value: Any) -> Any:
    """Decode a metadata value that was stored as JSON text because Chroma's metadata is flat."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _labelled_parts(text: str) -> dict[str, str]:
    """Return the parts of a text that begin with a known label, such as `Root cause:`, by field."""
    matches = list(_LABEL.finditer(text))
    parts: dict[str, str] = {}
    for match, following in itertools.zip_longest(matches, matches[1:]):
        end = following.start() if following else len(text)
        content = text[match.end() : end].strip(" \t\r\n*_|;")
        if content:
            parts.setdefault(LABELS[" ".join(match["label"].lower().split())], content)
    return parts


def _without_fix(text: str, values: Mapping[str, Any]) -> str:
    """Return the text without the sentences that repeat the fix, which was not known when the incident opened."""
    fixes = [_normalize(value) for value in map(values.get, _FIX_FIELDS) if isinstance(value, str) and value.strip()]
    sentences = [
        sentence for sentence in _SENTENCE.split(text) if not any(fix in _normalize(sentence) for fix in fixes)
    ]
    return "\n".join(sentences).strip()


def _normalize(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".!")


def _column(dump: Mapping[str, Any], column: str, length: int) -> list[Any]:
    values = dump.get(column)
    if values is None:
        return [None] * length
    if not isinstance(values, list) or len(values) != length:
        raise Invalid(f"`{column}` must be a list with one value for each of the {length} `ids`", column)
    return values


def _text_value(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    return value.strip() or None if isinstance(value, str) else None
