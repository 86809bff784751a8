"""Backup as one zip file with a manifest and every row, written atomically and verified before use."""

import hashlib
import json
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Literal

from pydantic import BaseModel, Field, ValidationError

from onrecall import __version__
from onrecall.domain.errors import Conflict, Invalid
from onrecall.storage import Storage, migrations

MANIFEST = "manifest.json"
ROWS = "rows.jsonl"
KIND: Final = "onrecall backup"
FORMAT = 1
MAX_MANIFEST_BYTES = 1024 * 1024
MAX_ROW_BYTES = 128 * 1024 * 1024
"""In bytes; no stored document comes near it."""
READ_BYTES = 64 * 1024
PROGRESS_ROWS = 5000
"""Rows between two progress reports."""
DAMAGE_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError)
"""Errors from reading a damaged zip; encryption raises RuntimeError, a missing entry KeyError."""

Advance = Callable[[int], None]


class Manifest(BaseModel):
    """What a backup says of itself."""

    kind: Literal["onrecall backup"] = KIND
    format: int
    schema_version: int = Field(alias="schema")
    written_by: str
    written_at: datetime
    rows: dict[str, int]
    sha256: str

    @property
    def total(self) -> int:
        """How many rows there are."""
        return sum(self.rows.values())

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as JSON-ready data."""
        return self.model_dump(mode="json", by_alias=True)


@dataclass(frozen=True, slots=True)
class Restored:
    """Result of a restore, with the state of the store."""

    manifest: Manifest
    replaced: bool
    audit_rows: int
    problems: tuple[str, ...]


def write(store: Storage, path: Path, advance: Advance, *, force: bool = False) -> Manifest:
    """Write a consistent snapshot; `path` appears only once the file is complete and synced to disk."""
    _check_free(path, force=force)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _create_private_file(part) as file:
            manifest = _pack(store, file, advance)
        _check_free(path, force=force)
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise Invalid(f"can't write {path}: {error.strerror or error}", "file") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return manifest


def _check_free(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise Invalid(f"{path} is a folder; name a file", "file")
    if path.exists() and not force:
        raise Conflict(f"{path} already exists; name another file, or overwrite it with --force")


@contextmanager
def _create_private_file(path: Path) -> Iterator[IO[bytes]]:
    """Create a new file readable only by the owner, synced to disk at the end."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Sync the folder to disk, if folders can be opened on this system."""
    with suppress(PermissionError):  # Windows opens none
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _pack(store: Storage, file: IO[bytes], advance: Advance) -> Manifest:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        with packed.open(ROWS, "w", force_zip64=True) as rows:
            manifest = _write_rows(store, rows, advance)
        packed.writestr(MANIFEST, json.dumps(manifest.to_json(), indent=2) + "\n")
    return manifest


def _write_rows(store: Storage, file: IO[bytes], advance: Advance) -> Manifest:
    """Write all rows, one line of JSON each; returns what they are."""
    counts: Counter[str] = Counter()
    digest = hashlib.sha256()
    schema = 0
    for number, row in enumerate(store.backups.rows(), start=1):
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        digest.update(line)
        file.write(line)
        counts[row["table"]] += 1
        schema = row.get("schema", schema)
        if number % PROGRESS_ROWS == 0:
            advance(PROGRESS_ROWS)
    return Manifest(
        format=FORMAT,
        schema=schema,
        written_by=f"onrecall {__version__}",
        written_at=datetime.now(UTC),
        rows=dict(counts),
        sha256=digest.hexdigest(),
    )


def check(path: Path, advance: Advance) -> Manifest:
    """Read a whole backup and verify that it is complete, unchanged and supported. Raises Invalid."""
    with _open_backup(path) as packed:
        manifest = _manifest(path, packed)
        counts: Counter[str] = Counter()
        for row in _rows(path, packed, manifest, advance):
            counts[str(row.get("table"))] += 1
    if counts != manifest.rows:
        raise Invalid(f"{path} is damaged: its number of rows differs from its manifest", "file")
    return manifest


def restore(store: Storage, path: Path, manifest: Manifest, advance: Advance, *, replace: bool = False) -> Restored:
    """Restore a verified backup atomically, then check the integrity of the store."""
    replaced = not store.backups.empty()
    detail = {"sha256": manifest.sha256, "written_at": manifest.written_at.isoformat(), "rows": manifest.total}
    with _open_backup(path) as packed:
        store.backups.restore(_rows(path, packed, manifest, advance), detail, replace=replace)
    audit_rows, wrong = store.audit.verify()
    return Restored(
        manifest, replaced, audit_rows, (*(f"audit: {problem}" for problem in wrong), *store.health.check())
    )


@contextmanager
def _open_backup(path: Path) -> Iterator[zipfile.ZipFile]:
    with _translate_errors(path):
        packed = zipfile.ZipFile(path)
    with packed:
        yield packed


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    """Translate errors from reading the file to Invalid."""
    try:
        yield
    except OSError as error:
        raise Invalid(f"{path} can't be read: {error.strerror or error}", "file") from error
    except DAMAGE_ERRORS as error:
        raise Invalid(f"{path} is not a backup, or is damaged or truncated: {error}", "file") from error


def _manifest(path: Path, packed: zipfile.ZipFile) -> Manifest:
    with _translate_errors(path), packed.open(MANIFEST) as file:
        content = file.read(MAX_MANIFEST_BYTES)
    try:
        data = json.loads(content)
        if data["kind"] == KIND and data["format"] > FORMAT:
            raise Invalid(
                f"{path} is of format {data['format']}, and this version reads {FORMAT}; update OnRecall", "format"
            )
        manifest = Manifest.model_validate(data)
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise Invalid(f"{path} is not a backup of OnRecall: its manifest is invalid", "file") from error
    if manifest.schema_version > migrations.newest_version():
        raise Invalid(
            f"{path} has schema {manifest.schema_version}, but this OnRecall knows {migrations.newest_version()}: "
            f"a newer one ({manifest.written_by}) wrote it; upgrade",
            "schema",
        )
    return manifest


def _rows(path: Path, packed: zipfile.ZipFile, manifest: Manifest, advance: Advance) -> Iterator[Mapping[str, Any]]:
    """Yield every row; raises Invalid at the end if the checksum differs."""
    digest = hashlib.sha256()
    with _translate_errors(path), packed.open(ROWS) as lines:
        for number, line in enumerate(_lines(path, lines), start=1):
            if number > manifest.total:
                raise Invalid(
                    f"{path} is damaged: it has more rows than the {manifest.total:,} of its manifest", "file"
                )
            digest.update(line)
            yield _row(path, number, line)
            if number % PROGRESS_ROWS == 0:
                advance(PROGRESS_ROWS)
    if digest.hexdigest() != manifest.sha256:
        raise Invalid(f"{path} was changed after it was written: its SHA-256 differs", "file")


def _lines(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    """Yield lines with bounded memory, as a few bytes may decompress to gigabytes; Invalid if one is too long."""
    number, buffer = 1, bytearray()
    while part := file.read(READ_BYTES):
        *ended, tail = part.split(b"\n")
        for end in ended:
            yield bytes(buffer) + end + b"\n"
            number += 1
            buffer.clear()
        buffer += tail
        if len(buffer) > MAX_ROW_BYTES:
            raise Invalid(f"{path} is damaged: row {number} is longer than {MAX_ROW_BYTES:,} bytes", "file")
    if buffer:
        yield bytes(buffer)


def _row(path: Path, number: int, line: bytes) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise Invalid(f"{path} is damaged: row {number} is not JSON", "file") from error
    if not isinstance(row, dict):
        raise Invalid(f"{path} is damaged: row {number} is not valid", "file")
    return row
