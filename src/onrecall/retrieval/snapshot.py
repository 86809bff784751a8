"""The local index on disk, as it was at one place of the change log: safe to delete, shared by all processes.

A small SQLite database, the head, says which segment files there are and which of their passages are gone. Whoever
changes them holds its lock.
"""

import logging
import os
import sqlite3
import zlib
from collections.abc import Container, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from onrecall.retrieval import segment_file
from onrecall.retrieval.segment import Mask, Segment

FORMAT = "3"
"""Increase it when segments or terms change; stored files are then rebuilt."""
BUSY_TIMEOUT_SECONDS = 10
SCHEMA = (
    "create table if not exists head (format text not null, model text, seq integer not null)",
    "create table if not exists files (name text primary key, checksum integer not null, dead blob not null)",
)
FORMER_TABLE = "segments"
"""Format 1 held the segments themselves."""
DAMAGE_ERRORS = (sqlite3.DatabaseError, KeyError, OSError, ValueError, TypeError)
"""What reading a damaged file may end in."""
_log = logging.getLogger(__name__)

Stored = tuple[tuple[Segment, ...], int]
"""Segments and their place in the change log."""


def load(path: Path, model: str | None, known: Sequence[Segment] = ()) -> Stored | None:
    """Map the segments; None when there are none for this model, or they are damaged.

    Those `known` already are not mapped again.
    """
    try:
        if not path.exists():
            return None
        with _open(path) as file:
            file.execute("begin")  # until it ends nobody removes a file that the head names
            head = _read_head(file)
            if head is None or head[:2] != (FORMAT, model):
                return None
            segments_by_name = {segment_name(segment): segment for segment in known if is_mapped(segment)}
            rows = file.execute("select name, checksum, dead from files").fetchall()
            segments = [_with_dead(segments_by_name.get(row[0]) or _map(path, *row[:2]), row[2]) for row in rows]
            return tuple(sorted(segments, key=lambda segment: segment.first)), head[2]
    except (sqlite3.OperationalError, PermissionError) as error:
        _log.warning("the local index %s cannot be read, so it is rebuilt in memory: %s", path, error)
    except DAMAGE_ERRORS as error:
        _remove_damaged(path, error)
    return None


def save(
    path: Path, model: str | None, segments: Sequence[Segment], seq: int, *, rewrite: bool = False
) -> Stored | None:
    """Keep the segments, all or nothing, and return what is kept, mapped.

    What another process kept and is newer stays, and is returned instead; with `rewrite` only if it is. None: nothing
    can be kept here. A file is written without the passages that are gone, so that none comes back to the disk.
    """
    try:
        with _open(path) as file:
            file.execute("begin immediate")
            head = _read_head(file)
            ours = head is not None and head[:2] == (FORMAT, model)
            if head is not None and ours and head[2] >= seq + rewrite:
                file.execute("rollback")
                return load(path, model, segments)
            try:
                mapped_segments = _replace(file, path, segments, afresh=not ours)
            except OSError:
                file.execute("rollback")
                _remove_unnamed(file, path)  # what was written before the disk was full
                raise
            _set_head(file, model, seq)
            _remove_unnamed(file, path)
            _drop_former(file)
            return mapped_segments, seq
    except (sqlite3.OperationalError, segment_file.SegmentDamaged) as error:
        _log.warning("the local index cannot be stored in %s, so it stays in memory: %s", path, error)
    except OSError as error:
        _log.warning("the local index cannot be stored beside %s, so it stays in memory: %s", path, error)
    except sqlite3.DatabaseError as error:
        _remove_damaged(path, error)
    return None


def remove(path: Path) -> bool:
    """Delete the files, and return whether none is left; what one holds is found out again at the next start."""
    files = (path, Path(f"{path}-journal"), *_segment_files(path))
    for file in files:
        with suppress(OSError):
            file.unlink(missing_ok=True)
    return not any(map(os.path.lexists, files))


def segment_name(segment: Segment) -> str:
    """Return a name for what a segment holds."""
    return f"{segment.first}-{segment.last}-{zlib.crc32(segment.ids.tobytes())}"


def is_mapped(segment: Segment) -> bool:
    """Return whether a segment's arrays are those of its file; whoever maps a file may not write there."""
    return not segment.ids.flags.writeable


def _remove_damaged(path: Path, error: Exception) -> None:
    _log.warning("the local index %s is damaged and will be rebuilt: %s", path, error)
    remove(path)


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the head, its transactions in our hands; closing it ends one that is open."""
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)) as file:
        for statement in SCHEMA:
            file.execute(statement)
        yield file


def _read_head(file: sqlite3.Connection) -> tuple[str, str | None, int] | None:
    head: tuple[str, str | None, int] | None = file.execute("select format, model, seq from head").fetchone()
    return head


def _set_head(file: sqlite3.Connection, model: str | None, seq: int) -> None:
    """Say which state the files are of, which ends the transaction."""
    file.execute("delete from head")
    file.execute("insert into head values (?, ?, ?)", (FORMAT, model, seq))
    file.execute("commit")


def _replace(file: sqlite3.Connection, path: Path, segments: Sequence[Segment], *, afresh: bool) -> tuple[Segment, ...]:
    """Make the head name exactly these segments; for those already stored only update the removed rows."""
    if afresh:
        file.execute("delete from files")
    checksums: dict[str, int] = dict(file.execute("select name, checksum from files").fetchall())
    segments_by_name = dict(_without_gone(segments, checksums))
    file.executemany(
        "delete from files where name = ?", [(name,) for name in checksums.keys() - segments_by_name.keys()]
    )
    return tuple(_store(file, path, name, segment, checksums.get(name)) for name, segment in segments_by_name.items())


def _without_gone(segments: Sequence[Segment], stored_names: Container[str]) -> Iterator[tuple[str, Segment]]:
    """Yield segments by name; those that are to be written lose the passages that are gone."""
    for segment in segments:
        if segment.dead.any() and segment_name(segment) not in stored_names:
            segment = Segment.merged([segment])  # noqa: PLW2901 - the same passages
        if len(segment):
            yield segment_name(segment), segment


def _store(file: sqlite3.Connection, path: Path, name: str, segment: Segment, checksum: int | None) -> Segment:
    """Name a segment in the head, write its file if it has none, and return it, mapped."""
    dead = np.packbits(segment.dead).tobytes()
    if checksum is None:
        checksum = segment_file.write(_segment_path(path, name), segment)
        file.execute("insert into files values (?, ?, ?)", (name, checksum, dead))
    else:
        file.execute("update files set dead = ? where name = ?", (dead, name))
    return segment if is_mapped(segment) else replace(_map(path, name, checksum), dead=segment.dead)


def _map(path: Path, name: str, checksum: int) -> Segment:
    return segment_file.read(_segment_path(path, name), checksum)


def _with_dead(segment: Segment, packed: bytes) -> Segment:
    dead: Mask = np.unpackbits(np.frombuffer(packed, np.uint8), count=len(segment.ids)).astype(np.bool_)
    return replace(segment, dead=dead)


def _remove_unnamed(file: sqlite3.Connection, path: Path) -> None:
    """Delete the segment files that the head does not name, which nobody may be about to name."""
    file.execute("begin immediate")
    named = {_segment_path(path, name) for (name,) in file.execute("select name from files")}
    for unnamed in set(_segment_files(path)) - named:
        with suppress(OSError):
            unnamed.unlink(missing_ok=True)
    file.execute("commit")


def _drop_former(file: sqlite3.Connection) -> None:
    """Give back the room of what an earlier format held in the head itself."""
    if file.execute("select 1 from sqlite_master where name = ?", (FORMER_TABLE,)).fetchone():
        file.execute(f"drop table {FORMER_TABLE}")
        file.execute("vacuum")


def _segment_files(path: Path) -> Iterator[Path]:
    """Yield all segment files of this index, also those that were not finished."""
    prefix = f"{path.name}."
    for file in path.parent.glob("*.segment*") if path.parent.is_dir() else ():
        if file.name.startswith(prefix):
            yield file


def _segment_path(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}.{name}.segment")
