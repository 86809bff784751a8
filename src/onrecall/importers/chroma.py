"""Chroma: the records of a collection, from its folder (`chroma:FOLDER[#collection]`) or a dump of `collection.get()`.

Chroma keeps a text and flat metadata for each record; nested values stand there as JSON, and the text often repeats
what the metadata says. A record with an incident's fields is an incident, any other one a document.
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

from onrecall.domain.errors import Invalid, RejectedInput, Unavailable
from onrecall.domain.extras import missing_extra
from onrecall.domain.incident import Document
from onrecall.domain.markdown_page import one_line
from onrecall.importers import ragoffire
from onrecall.importers.record import SourceRow, check, check_id

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

PREFIX = "chroma:"
DATABASE = "chroma.sqlite3"
PAGE = 500
"""Records that are asked for at once."""
INSTALL = missing_extra("reading Chroma", "chroma")
INCIDENT_FIELDS = frozenset(
    ("incident_id", "root_cause", "resolution_action", "mitigation_metric", "mitigation_steps", "fix", "fix_applied",
     "resolution", "started_at", "resolved_at")
)  # fmt: skip
"""One of these in the metadata makes a record an incident."""
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
"""What a record's text may say in labelled parts, and the field that each part fills."""
DATES = ("started_at", "occurred_at", "incident_date", "date", "created_at", "timestamp")
ENDS = ("resolved_at", "recovery_seconds", "recovery_time_seconds", "resolution_time", "resolution_time_minutes")
_LABEL = re.compile(
    rf"(?:^|(?<=[\n.;|]))[ \t*_-]*(?P<label>{'|'.join(sorted(LABELS, key=len, reverse=True))})[*_]*\s*:[*_]*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_FIXES = ("root_cause", "resolution_action", "mitigation_metric", "mitigation_steps", "fix", "fix_applied")


@dataclass(frozen=True, slots=True)
class Location:
    """A folder that Chroma persists in, and one of its collections; None: all of them."""

    folder: Path
    collection: str | None


def location(path: Path) -> Location | None:
    """Where `chroma:FOLDER[#collection]` points; None for any other path."""
    text = str(path)
    if not text.startswith(PREFIX):
        return None
    whole = Path(text.removeprefix(PREFIX))
    folder, mark, name = str(whole).rpartition("#")
    if not mark or whole.exists():
        return Location(whole, None)
    return Location(Path(folder), name or None)


def is_collection(path: Path) -> bool:
    """Whether a path names Chroma's collections instead of a file."""
    return str(path).startswith(PREFIX)


def rows(place: Location) -> Iterator[tuple[str, list[SourceRow]]]:
    """The records of each collection with its name. The folder is copied first, so nothing in it changes.

    Raises:
        Invalid: there is no such folder or collection, or chromadb is not installed.
        Unavailable: something writes to the folder meanwhile.
    """
    with _opened(place) as collections:
        for collection in collections:
            yield collection.name, list(_rows(collection))


def count(place: Location) -> int:
    """How many records there are."""
    with _opened(place) as collections:
        return sum(collection.count() for collection in collections)


def dump_rows(name: str, text: str) -> list[SourceRow] | None:
    """The records of a JSON dump of `collection.get()`; None where the text is no such dump."""
    if '"ids"' not in text or '"metadatas"' not in text:
        return None
    try:
        dump = json.loads(text)
    except (ValueError, RecursionError):
        return None  # the reader of JSON says what is wrong with it
    if not isinstance(dump, dict) or not isinstance(dump.get("ids"), list):
        return None
    ids = dump["ids"]
    texts, metadata = (_column(dump, column, len(ids)) for column in ("documents", "metadatas"))
    return [
        _row(f"{name}, record {number}", number, record_id, *record)
        for number, (record_id, *record) in enumerate(zip(ids, texts, metadata, strict=True), start=1)
    ]


def is_incident(row: SourceRow) -> bool:
    """Whether a record has an incident's fields."""
    return not INCIDENT_FIELDS.isdisjoint(row.values)


def document(row: SourceRow, collection: str) -> Document | RejectedInput:
    """A record without an incident's fields, as a document under its own id within its collection."""
    values = row.values
    try:
        check(values)
        record_id = check_id(_text(values, "id"))
    except Invalid as problem:
        return RejectedInput(row.where, problem.field, str(problem))
    text = values.get("document")
    if not isinstance(text, str) or not text.strip():
        return RejectedInput(row.where, "document", "the record has no text and none of an incident's fields")
    first_line = one_line(text.strip().splitlines()[0].lstrip("# "))
    title = _text(values, "title") or _text(values, "source") or first_line
    known = {key: str(value) for key, value in values.items() if key not in ("id", "document", "title")}
    return Document(
        id=f"chroma:{collection}/{record_id}",
        title=one_line(title)[:200],
        text=text,
        service=_text(values, "service"),
        labels={key: value for key, value in known.items() if value},
        source=_text(values, "source"),
    )


def with_end(row: SourceRow) -> SourceRow:
    """The record; one that says when it happened and what fixed it, but not when, was fixed on its date."""
    values = row.values
    date = next((values[name] for name in DATES if values.get(name)), None)
    if not date or any(values.get(name) for name in ENDS) or not any(values.get(name) for name in _FIXES):
        return row
    return replace(row, values={**values, "resolved_at": date})


@contextmanager
def _opened(place: Location) -> Iterator[Sequence["Collection"]]:
    """The collections of a copy of the folder's database: opening the folder itself would write to it."""
    try:
        import chromadb  # noqa: PLC0415 - an extra
        from chromadb.errors import ChromaError  # noqa: PLC0415
    except ImportError as error:
        raise Invalid(INSTALL, "paths") from error
    with tempfile.TemporaryDirectory(prefix="onrecall-chroma-") as scratch:
        _copy(place.folder, Path(scratch))
        settings = chromadb.Settings(anonymized_telemetry=False)
        try:
            client = chromadb.PersistentClient(scratch, settings=settings)
        except (ChromaError, sqlite3.Error, ValueError, RuntimeError) as error:
            raise Invalid(f"{place.folder} is not a Chroma folder that can be read: {error}", "paths") from error
        with client:
            yield _chosen(client.list_collections(), place)


def _copy(folder: Path, scratch: Path) -> None:
    database = folder / DATABASE
    if not database.is_file():
        raise Invalid(f"{folder} holds no {DATABASE}; name the folder that Chroma persists in", "paths")
    files = [file for file in (database, *(folder / f"{DATABASE}{end}" for end in ("-wal", "-shm"))) if file.exists()]
    before = [_state(file) for file in files]
    try:
        for file in files:
            shutil.copyfile(file, scratch / file.name)
    except OSError as error:
        raise Invalid(f"{folder} can't be read: {error.strerror}", "paths") from error
    if [_state(file) for file in files] != before:
        raise Unavailable(f"something writes to {folder}; stop it, then import again")


def _state(file: Path) -> tuple[int, int]:
    try:
        state = file.stat()
    except FileNotFoundError:
        return 0, 0
    return state.st_size, state.st_mtime_ns


def _chosen(collections: Sequence["Collection"], place: Location) -> Sequence["Collection"]:
    names = ", ".join(sorted(collection.name for collection in collections)) or "none"
    chosen = [collection for collection in collections if place.collection in (None, collection.name)]
    if not chosen:
        raise Invalid(f"{place.folder} has no collection {place.collection or 'at all'}; there are: {names}", "paths")
    return sorted(chosen, key=lambda collection: collection.name)


def _rows(collection: "Collection") -> Iterator[SourceRow]:
    number = 0
    while True:
        page = collection.get(limit=PAGE, offset=number, include=["documents", "metadatas"])
        ids = page["ids"]
        texts, metadata = page["documents"] or [None] * len(ids), page["metadatas"] or [None] * len(ids)
        for record_id, text, fields in zip(ids, texts, metadata, strict=True):
            number += 1
            yield _row(f"{collection.name}, record {number} ({record_id})", number, record_id, text, fields)
        if len(ids) < PAGE:
            return


def _row(where: str, number: int, record_id: Any, text: Any, metadata: Any) -> SourceRow:
    """One record: its metadata, what its text says beside that in labelled parts, and the text."""
    fields = {key: _nested(value) for key, value in metadata.items()} if isinstance(metadata, Mapping) else {}
    values: dict[str, Any] = {"id": record_id, "document": text} | fields
    if INCIDENT_FIELDS.isdisjoint(fields) or not isinstance(text, str):
        return SourceRow(number, values, where)
    values = {key: value for key, value in values.items() if key != "document"}
    values |= {key: said for key, said in _labelled(text).items() if not values.get(key)}
    if not any(values.get(key) for key in ("summary", "description", "impact")):
        values["summary" if ragoffire.recognises(values) else "description"] = _without_fix(text, values)
    return SourceRow(number, values, where)


def _nested(value: Any) -> Any:
    """A metadata value; JSON that was put into text, since Chroma's metadata is flat, is what it was before."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _labelled(text: str) -> dict[str, str]:
    """The parts of a text that begin with a known label, such as `Root cause:`."""
    found = list(_LABEL.finditer(text))
    parts: dict[str, str] = {}
    for match, following in itertools.zip_longest(found, found[1:]):
        end = following.start() if following else len(text)
        said = text[match.end() : end].strip(" \t\r\n*_|;")
        if said:
            parts.setdefault(LABELS[" ".join(match["label"].lower().split())], said)
    return parts


def _without_fix(text: str, values: Mapping[str, Any]) -> str:
    """The text less the sentences that repeat what fixed the incident: nobody knew that when it opened."""
    told = [_plain(value) for value in map(values.get, _FIXES) if isinstance(value, str) and value.strip()]
    kept = [one for one in _SENTENCE.split(text) if not any(fix in _plain(one) for fix in told)]
    return "\n".join(kept).strip()


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".!")


def _column(dump: Mapping[str, Any], column: str, length: int) -> list[Any]:
    values = dump.get(column)
    if values is None:
        return [None] * length
    if not isinstance(values, list) or len(values) != length:
        raise Invalid(f"`{column}` must be a list with one value for each of the {length} `ids`", column)
    return values


def _text(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    return value.strip() or None if isinstance(value, str) else None
