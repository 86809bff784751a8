"""Decode bytes to text line by line, with encoding detection and a maximum line length."""

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from onrecall.domain.errors import Invalid
from onrecall.importers.legacy_encodings import EncodingEvidence

LONGEST_LINE = 4 * 2**20
"""Maximum bytes of one line of JSONL or CSV; a longer line is rejected with a message."""
SAMPLE = 64 * 2**10

_MAGIC = (
    (b"PK\x03\x04", "a zip archive; unpack it first, or give an XLSX workbook the ending .xlsx"),
    (b"\x1f\x8b", "gzip-compressed; unpack it first"),
    (b"BZh", "bzip2-compressed; unpack it first"),
    (b"\xfd7zXZ", "xz-compressed; unpack it first"),
    (b"%PDF", "a PDF; save it as Markdown or text"),
    (b"\xd0\xcf\x11\xe0", "an old Office file; save it as XLSX, CSV or Markdown"),
    (b"SQLite format 3", "an SQLite database; export it as JSON or CSV"),
    (b"\x89PNG", "an image"),
    (b"GIF8", "an image"),
    (b"\xff\xd8\xff", "an image"),
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\f\x08\x1b")
_BLOCK = 2**18


@dataclass(frozen=True, slots=True)
class DecodedLine:
    """One line without its line end; `text` is None if the line was too long."""

    number: int
    text: str | None


@dataclass(frozen=True, slots=True)
class EncodingGuess:
    """The encoding assumed for bytes that are not UTF-8, and the first line that contains them."""

    line: int
    message: str
    encoding: str = "cp1252"


def binary_kind(sample: bytes) -> str | None:
    """Return the kind of a binary file, or None if the sample is text."""
    for magic, kind in _MAGIC:
        if sample.startswith(magic):
            return kind
    if detect_encoding(sample).startswith("utf-16"):
        return None
    strange = sum(byte in _CONTROL for byte in sample)
    return "not text" if strange > max(8, len(sample) // 50) else None


def detect_encoding(sample: bytes) -> str:
    """Detect the encoding from the byte order mark, or from the NULs of UTF-16 without one; default UTF-8."""
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return name
    head = sample[:64]
    if len(head) >= 8 and head[1::2].count(0) * 4 > len(head) and not head[::2].count(0):
        return "utf-16-le"
    if len(head) >= 8 and head[::2].count(0) * 4 > len(head) and not head[1::2].count(0):
        return "utf-16-be"
    return "utf-8"


def check_encoding(name: str) -> str:
    """Return Python's canonical name of an encoding; raise Invalid if it does not exist."""
    try:
        codec = codecs.lookup(name)
        codec.decode(b"a")
    except (LookupError, ValueError, UnicodeError):
        raise Invalid(
            f"there is no encoding {name!r}; write one such as utf-8, windows-1252, windows-1250 or shift_jis",
            "encoding",
        ) from None
    if not isinstance(codec.decode(b"")[0], str):
        raise Invalid(f"{name!r} is not a text encoding; write one such as utf-8 or shift_jis", "encoding")
    return codec.name


def decode_sample(sample: bytes, encoding: str | None = None) -> str:
    """Decode the beginning of a file, which may be cut within a character; undecodable bytes are replaced."""
    return sample.decode(encoding or detect_encoding(sample), errors="replace").removeprefix("\ufeff")


def decode(data: bytes, encoding: str | None = None) -> tuple[str, EncodingGuess | None]:
    """Return the whole text with normalised line ends, and the encoding that was assumed, if any.

    Args:
        data: The bytes of a file.
        encoding: The encoding given by the user; None detects it from the bytes.

    Raises:
        Invalid: the bytes are not valid in that encoding, or no encoding can be detected.
    """
    chosen = encoding or detect_encoding(data[:SAMPLE])
    guess = None
    try:
        text = data.decode(chosen)
    except UnicodeDecodeError as problem:
        if encoding is not None or chosen != "utf-8":
            line = data.count(b"\n", 0, problem.start) + 1
            raise _wrong_encoding_error(chosen, line) from None
        evidence = _collect_evidence(io.BytesIO(data))
        guess = _guess_or_raise(evidence)
        text = "".join(_decode_utf8_or_windows(line, guess) for line in data.splitlines(keepends=True))
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), guess


class DecodedLines:
    """The decoded lines of a stream; `check` scans it first, so that no line is decoded in the wrong encoding."""

    def __init__(self, stream: BinaryIO, sample: bytes, encoding: str | None = None) -> None:
        self._stream = stream
        self._requested_encoding = encoding
        self._encoding = encoding or detect_encoding(sample)
        self.guess: EncodingGuess | None = None
        """The encoding that was assumed, if any."""

    def check(self) -> None:
        """Raise Invalid if no encoding can be detected."""
        if self._encoding != "utf-8" or self._requested_encoding:
            return
        self.guess = _guess_or_raise(_collect_evidence(self._stream))
        self._stream.seek(0)

    def __iter__(self) -> Iterator[DecodedLine]:
        plain = self._encoding in ("utf-8", "ascii") and (self._requested_encoding is None or self.guess is not None)
        lines = self._utf8_lines() if plain else self._decoded_lines()
        for number, text in enumerate(lines, start=1):
            clean = text.removeprefix("\ufeff") if text is not None and number == 1 else text
            yield DecodedLine(number, clean)

    def _utf8_lines(self) -> Iterator[str | None]:
        while line := self._stream.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                while (remainder := self._stream.readline(LONGEST_LINE)) and not remainder.endswith(b"\n"):
                    pass
                yield None
            else:
                yield _decode_utf8_or_windows(line.rstrip(b"\r\n"), self.guess)

    def _decoded_lines(self) -> Iterator[str | None]:
        reader = io.TextIOWrapper(self._stream, self._encoding)
        number = 0
        try:
            while line := reader.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE and not line.endswith("\n"):
                    while (remainder := reader.readline(LONGEST_LINE)) and not remainder.endswith("\n"):
                        pass
                    yield None
                else:
                    yield line.rstrip("\r\n")
        except UnicodeDecodeError:
            raise _wrong_encoding_error(self._encoding, number + 1) from None
        finally:
            reader.detach()


def _decode_utf8_or_windows(line: bytes, guess: EncodingGuess | None) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode(guess.encoding if guess else "cp1252", errors="replace")


def _collect_evidence(stream: BinaryIO) -> EncodingEvidence:
    """Collect evidence of the encoding from the lines of a stream that are not UTF-8."""
    evidence = EncodingEvidence()
    start = stream.tell()
    if _all_utf8(stream):
        return evidence
    stream.seek(start)
    number, begins = 0, True
    while line := stream.readline(_BLOCK):
        number += begins
        if not _is_utf8(line) and (begins or evidence.first_line is None):
            evidence.add(number, line.rstrip(b"\r\n"))
        begins = line.endswith(b"\n")
    return evidence


def _all_utf8(stream: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := stream.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _guess_or_raise(evidence: EncodingEvidence) -> EncodingGuess | None:
    """Return the encoding assumed for non-UTF-8 bytes; raise Invalid if they can't be Windows-1252."""
    if evidence.first_line is None:
        return None
    if evidence.is_central:
        message = (
            "not UTF-8; read as Windows-1250 (Central European), for all its letters are those of one language there"
        )
        return EncodingGuess(evidence.first_line, message, "cp1250")
    if evidence.refusal:
        raise Invalid(f"line {evidence.first_line}: {evidence.refusal}", "encoding")
    return EncodingGuess(evidence.first_line, f"not UTF-8; read as Windows-1252{evidence.doubt}")


def _wrong_encoding_error(encoding: str, line: int) -> Invalid:
    return Invalid(
        f"line {line}: its bytes are not {encoding}; name the encoding that it has with --encoding", "encoding"
    )
