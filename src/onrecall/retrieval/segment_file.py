"""A segment as a file that every process of the store maps: the pages of its arrays are in memory once for all of them.

A file is written whole under another name and never changed afterwards; whoever maps it keeps it after its removal.
"""

import json
import mmap
import os
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from onrecall.retrieval.postings import Postings
from onrecall.retrieval.segment import Segment

Array = npt.NDArray[Any]

ALIGNMENT = 64
"""Arrays begin at multiples of so many bytes, a line of the processor's cache."""
LENGTH_BYTES = 8
"""The file begins with the length of its table of contents."""
_SEGMENT_ARRAYS = [field.name for field in fields(Segment) if field.name not in ("first", "last", "dead", "words")]
_POSTINGS_ARRAYS = [field.name for field in fields(Postings)]


class SegmentDamaged(ValueError):
    """The file does not hold what was written."""


def write(path: Path, segment: Segment) -> int:
    """Write a segment without saying which of its passages are gone, and return the file's checksum. Raises OSError."""
    arrays = {name: getattr(segment, name) for name in _SEGMENT_ARRAYS} | {
        name: getattr(segment.words, name) for name in _POSTINGS_ARRAYS
    }
    contents: dict[str, Any] = {"span": [segment.first, segment.last], "arrays": {}}
    offset = 0
    for name, array in arrays.items():
        contents["arrays"][name] = [array.dtype.str, list(array.shape), offset]
        offset += array.nbytes + -array.nbytes % ALIGNMENT
    header = json.dumps(contents).encode()
    header += b" " * (-(LENGTH_BYTES + len(header)) % ALIGNMENT)
    temporary = Path(f"{path}.{os.getpid()}.part")
    checksum = 0
    try:
        with temporary.open("wb") as file:
            for part in (len(header).to_bytes(LENGTH_BYTES, "little"), header, *map(_padded, arrays.values())):
                file.write(part)
                checksum = zlib.crc32(part, checksum)
        temporary.replace(path)
    except OSError:  # such as a full disk, which the rest of a file would keep full
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return checksum


def read(path: Path, checksum: int) -> Segment:
    """Map a segment, with all its passages. Raises OSError, or SegmentDamaged if it is not what was written."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < LENGTH_BYTES:
            raise SegmentDamaged(f"{path} is cut off")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if zlib.crc32(mapped) != checksum:
        raise SegmentDamaged(f"{path} is not what was written")
    begin = LENGTH_BYTES + int.from_bytes(mapped[:LENGTH_BYTES], "little")
    contents = json.loads(mapped[LENGTH_BYTES:begin])
    arrays = {name: _mapped_array(mapped, begin, *where) for name, where in contents["arrays"].items()}
    return _assemble(contents["span"], arrays)


def _padded(array: Array) -> bytes:
    return array.tobytes() + bytes(-array.nbytes % ALIGNMENT)


def _mapped_array(mapped: mmap.mmap, begin: int, dtype: str, shape: list[int], offset: int) -> Array:
    count = int(np.prod(shape, dtype=np.int64))
    if not count:
        return np.zeros(shape, dtype)
    return np.frombuffer(mapped, dtype, count, begin + offset).reshape(shape)


def _assemble(span: tuple[int, int], arrays: Mapping[str, Array]) -> Segment:
    first, last = span
    own: dict[str, Any] = {name: arrays[name] for name in _SEGMENT_ARRAYS}
    words: dict[str, Any] = {name: arrays[name] for name in _POSTINGS_ARRAYS}
    return Segment(first, last, **own, dead=np.zeros(len(arrays["ids"]), np.bool_), words=Postings(**words))
