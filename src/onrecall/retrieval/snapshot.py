"""The local index in a file, as it was at one place of the change log: a small SQLite database, safe to delete."""

import io
import logging
import sqlite3
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import fields
from pathlib import Path

import numpy as np

from onrecall.retrieval.postings import Postings
from onrecall.retrieval.segment import Segment

FORMAT = "1"
"""Increase it when segments or terms change; stored files are then rebuilt."""
BUSY_TIMEOUT_SECONDS = 10
SCHEMA = (
    "create table if not exists head (format text not null, model text, seq integer not null)",
    "create table if not exists segments (name text primary key, body blob not null, dead blob not null)",
)
DAMAGE_ERRORS = (sqlite3.DatabaseError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, ValueError)
"""What reading a damaged file may end in."""
_SEGMENT_ARRAYS = [field.name for field in fields(Segment) if field.name not in ("first", "last", "dead", "words")]
_POSTINGS_ARRAYS = [field.name for field in fields(Postings)]
_log = logging.getLogger(__name__)


def load(path: Path, model: str | None) -> tuple[tuple[Segment, ...], int] | None:
    """The segments and their place in the log; None when there are none for this model, or they are damaged."""
    try:
        if not path.exists():
            return None
        with closing(_open(path)) as file, file:
            file.execute("begin")
            head = _read_head(file)
            if head is None or head[:2] != (FORMAT, model):
                return None
            segments = [_decode_segment(*row) for row in file.execute("select body, dead from segments")]
            return tuple(sorted(segments, key=lambda segment: segment.first)), head[2]
    except (sqlite3.OperationalError, PermissionError) as error:
        _log.warning("the local index %s cannot be read, so it is rebuilt in memory: %s", path, error)
    except DAMAGE_ERRORS as error:
        _remove_damaged(path, error)
    return None


def save(path: Path, model: str | None, segments: Sequence[Segment], seq: int) -> None:
    """Keep the segments, all or nothing; what another process kept and is newer stays."""
    try:
        with closing(_open(path)) as file, file:
            file.execute("begin immediate")
            head = _read_head(file)
            ours = head is not None and head[:2] == (FORMAT, model)
            if head is None or not ours or head[2] < seq:
                _replace(file, segments, afresh=not ours)
                file.execute("delete from head")
                file.execute("insert into head values (?, ?, ?)", (FORMAT, model, seq))
    except sqlite3.OperationalError as error:
        _log.warning("the local index cannot be stored in %s: %s", path, error)
    except sqlite3.DatabaseError as error:
        _remove_damaged(path, error)


def remove(path: Path) -> None:
    """Delete the file; where that may not be, what it holds is found out again at the next start."""
    for suffix in ("", "-journal"):
        with suppress(OSError):
            Path(f"{path}{suffix}").unlink(missing_ok=True)


def _remove_damaged(path: Path, error: Exception) -> None:
    _log.warning("the local index %s is damaged and will be rebuilt: %s", path, error)
    remove(path)


def _open(path: Path) -> sqlite3.Connection:
    """The file, its transactions in our hands."""
    file = sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
    for statement in SCHEMA:
        file.execute(statement)
    return file


def _read_head(file: sqlite3.Connection) -> tuple[str, str | None, int] | None:
    head: tuple[str, str | None, int] | None = file.execute("select format, model, seq from head").fetchone()
    return head


def _replace(file: sqlite3.Connection, segments: Sequence[Segment], *, afresh: bool) -> None:
    """Make the file hold exactly these segments; for those already stored only update the removed rows."""
    segments_by_name = {_segment_name(segment): segment for segment in segments}
    stored_names = {name for (name,) in file.execute("select name from segments")}
    obsolete = stored_names if afresh else stored_names - segments_by_name.keys()
    file.executemany("delete from segments where name = ?", [(name,) for name in obsolete])
    for name, segment in segments_by_name.items():
        dead = np.packbits(segment.dead).tobytes()
        if name in stored_names - obsolete:
            file.execute("update segments set dead = ? where name = ?", (dead, name))
        else:
            file.execute("insert into segments values (?, ?, ?)", (name, _encode_segment(segment), dead))


def _segment_name(segment: Segment) -> str:
    return f"{segment.first}-{segment.last}-{zlib.crc32(segment.ids.tobytes())}"


def _encode_segment(segment: Segment) -> bytes:
    """All arrays of a segment, each with a checksum."""
    body = io.BytesIO()
    arrays = {name: getattr(segment, name) for name in _SEGMENT_ARRAYS} | {
        name: getattr(segment.words, name) for name in _POSTINGS_ARRAYS
    }
    np.savez(body, span=np.array([segment.first, segment.last]), **arrays)
    return body.getvalue()


def _decode_segment(body: bytes, dead: bytes) -> Segment:
    """The segment that was kept."""
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        first, last = map(int, arrays["span"])
        own = {name: arrays[name] for name in _SEGMENT_ARRAYS}
        is_dead = np.unpackbits(np.frombuffer(dead, np.uint8), count=len(own["ids"])).astype(np.bool_)
        return Segment(
            first, last, **own, dead=is_dead, words=Postings(**{name: arrays[name] for name in _POSTINGS_ARRAYS})
        )
