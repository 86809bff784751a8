"""The backup as one file: a zip of a manifest and every row, written whole or not at all, checked before it is used."""

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
"""In bytes; no document that is taken in comes near to it."""
READ_BYTES = 64 * 1024
PROGRESS_ROWS = 5000
"""Rows from one sign of progress to the next."""
DAMAGE_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError)
"""What reading a damaged zip comes to; an encrypted one is a RuntimeError, one without the name a KeyError."""

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

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return self.model_dump(mode="json", by_alias=True)


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of a restore, and how the store is after it."""

    manifest: Manifest
    replaced: bool
    audit_rows: int
    problems: tuple[str, ...]


def write(store: Storage, path: Path, advance: Advance, *, force: bool = False) -> Manifest:
    """Write everything as it stands at one moment; until it is whole and on the disk, nothing stands at `path`."""
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
        raise Conflict(f"{path} is there already; name another file, or overwrite it with --force")


@contextmanager
def _create_private_file(path: Path) -> Iterator[IO[bytes]]:
    """A new file that nobody else may read, and that is on the disk at the end."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Have the file's new name on the disk, where a folder can be opened."""
    with suppress(PermissionError):  # Windows opens none
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _pack(store: Storage, file: IO[bytes], advance: Advance) -> Manifest:
    counts: Counter[str] = Counter()
    digest = hashlib.sha256()
    schema = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        with packed.open(ROWS, "w", force_zip64=True) as rows:
            for number, row in enumerate(store.backups.rows(), start=1):
                line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                rows.write(line)
                counts[row["table"]] += 1
                schema = row.get("schema", schema)
                if number % PROGRESS_ROWS == 0:
                    advance(PROGRESS_ROWS)
        manifest = Manifest(
            format=FORMAT,
            schema=schema,
            written_by=f"onrecall {__version__}",
            written_at=datetime.now(UTC),
            rows=dict(counts),
            sha256=digest.hexdigest(),
        )
        packed.writestr(MANIFEST, json.dumps(manifest.plain(), indent=2) + "\n")
    return manifest


def check(path: Path, advance: Advance) -> Manifest:
    """Read all of a backup and make sure that it is whole, unchanged, and one that this version reads."""
    with _open_backup(path) as packed:
        manifest = _manifest(path, packed)
        counts: Counter[str] = Counter()
        for row in _rows(path, packed, manifest, advance):
            counts[str(row.get("table"))] += 1
    if counts != manifest.rows:
        raise Invalid(f"{path} is damaged: its number of rows differs from its manifest", "file")
    return manifest


def restore(store: Storage, path: Path, manifest: Manifest, advance: Advance, *, replace: bool = False) -> Restored:
    """Put a checked backup in place, all or nothing, and look whether all holds together."""
    replaced = not store.backups.empty()
    detail = {"sha256": manifest.sha256, "written_at": manifest.written_at.isoformat(), "rows": manifest.total}
    with _open_backup(path) as packed:
        store.backups.restore(_rows(path, packed, manifest, advance), detail, replace=replace)
    audit_rows, wrong = store.audit.verify()
    return Restored(manifest, replaced, audit_rows, (*(f"audit: {problem}" for problem in wrong), *store.check()))


@contextmanager
def _open_backup(path: Path) -> Iterator[zipfile.ZipFile]:
    with _translate_errors(path):
        packed = zipfile.ZipFile(path)
    with packed:
        yield packed


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    """What can go wrong while something is read from the file, in our own words."""
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
            f"{path} has schema {manifest.schema_version}, but this OnRecall knows {migrations.newest_version()}: a newer one "
            f"({manifest.written_by}) wrote it; upgrade",
            "schema",
        )
    return manifest


def _rows(path: Path, packed: zipfile.ZipFile, manifest: Manifest, advance: Advance) -> Iterator[Mapping[str, Any]]:
    """Every row; at the end Invalid, when the file is not the one that was written."""
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
        raise Invalid(f"{path} was changed after it was written: its SHA-256 is another", "file")


def _lines(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, none of which is held before it is known to end; a few bytes may unpack to gigabytes."""
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
