"""Bytes → text, a line at a time, whatever the encoding and however long the line."""

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_LINE = 4 * 2**20
"""Bytes of one line of JSONL or CSV; a longer one is left out with a message."""
SAMPLE = 64 * 2**10

_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an XLSX workbook; unpack it, or save the sheet as CSV"),
    (b"\x1f\x8b", "gzip-compressed; unpack it first"),
    (b"BZh", "bzip2-compressed; unpack it first"),
    (b"\xfd7zXZ", "xz-compressed; unpack it first"),
    (b"%PDF", "a PDF; save it as Markdown or text"),
    (b"\xd0\xcf\x11\xe0", "an old Office file; save it as CSV or Markdown"),
    (b"SQLite format 3", "an SQLite database; export it as JSON or CSV"),
    (b"\x89PNG", "an image"),
    (b"GIF8", "an image"),
    (b"\xff\xd8\xff", "an image"),
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\f\x08\x1b")


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; None where it was too long to be read."""

    number: int
    text: str | None


def binary(sample: bytes) -> str | None:
    """What kind of file it is, if it holds no text."""
    for magic, kind in _MAGIC:
        if sample.startswith(magic):
            return kind
    if encoding_of(sample).startswith("utf-16"):
        return None
    strange = sum(byte in _CONTROL for byte in sample)
    return "not text" if strange > max(8, len(sample) // 50) else None


def encoding_of(sample: bytes) -> str:
    """The encoding by its mark, or by the NULs of a UTF-16 without one; UTF-8 otherwise."""
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return name
    head = sample[:64]
    if len(head) >= 8 and head[1::2].count(0) * 4 > len(head) and not head[::2].count(0):
        return "utf-16-le"
    if len(head) >= 8 and head[::2].count(0) * 4 > len(head) and not head[1::2].count(0):
        return "utf-16-be"
    return "utf-8"


def decode(data: bytes) -> tuple[str, bool]:
    """The whole text with plain line ends, and whether it had to be taken as Windows-1252."""
    encoding = encoding_of(data[:SAMPLE])
    try:
        text, guessed = data.decode(encoding), False
    except UnicodeDecodeError:
        guessed = encoding == "utf-8"
        text = data.decode("cp1252" if guessed else encoding, errors="replace")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), guessed


class Lines:
    """The lines of a stream; remembers the first line that was not UTF-8."""

    def __init__(self, stream: BinaryIO, sample: bytes) -> None:
        self._stream = stream
        self._encoding = encoding_of(sample)
        self.not_utf8: int | None = None

    def __iter__(self) -> Iterator[Line]:
        lines = self._utf16() if self._encoding.startswith("utf-16") else self._bytes()
        for number, text in enumerate(lines, start=1):
            clean = text.removeprefix("\ufeff") if text is not None and number == 1 else text
            yield Line(number, clean)

    def _bytes(self) -> Iterator[str | None]:
        number = 0
        while line := self._stream.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                while (rest := self._stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                    pass
                yield None
            else:
                yield self._decode(line.rstrip(b"\r\n"), number)

    def _decode(self, line: bytes, number: int) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.not_utf8 = self.not_utf8 or number
            return line.decode("cp1252", errors="replace")

    def _utf16(self) -> Iterator[str | None]:
        reader = io.TextIOWrapper(self._stream, self._encoding, errors="replace")
        try:
            while line := reader.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE and not line.endswith("\n"):
                    while (rest := reader.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                        pass
                    yield None
                else:
                    yield line.rstrip("\r\n")
        finally:
            reader.detach()
