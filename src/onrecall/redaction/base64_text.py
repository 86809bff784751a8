"""Read texts that are encoded in base64, over several lines too, so that secrets in them are found."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass

_NO_NAME = r"(?!={0,2}[\w.-])"
"""A line of letters that goes on like a name is none of the block; so the block ends before it, and is read once."""
_BLOCK = re.compile(
    rf"(?<![A-Za-z0-9+/=_.-])[A-Za-z0-9+/]{{20,}}+{_NO_NAME}"
    rf"(?:(?:\\n|\r?\n[ \t>|]{{0,80}}+)[A-Za-z0-9+/]{{16,}}+{_NO_NAME})*={{0,2}}+"
)
"""No group repeats possessively: the `re` of Python 3.11.0 to 3.11.4 then loses matches."""
_SPACE = re.compile(r"\\n|[^A-Za-z0-9+/=]+")
_HEAD = 16
"""So many letters tell whether a text is behind them: twelve random bytes are hardly ever printable."""
_UNPRINTABLE = re.compile(rb"[^\t\n\r\x20-\x7e\x80-\xf4]")
_BINARY = re.compile(rb"[^\t\n\r\x20-\x7e]")
_LARGEST = 200_000
_Utf8Decoder = getincrementaldecoder("utf-8")
"""Leaves out a letter of which only the first bytes are there, where more may follow."""


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A text in base64, and its place in the text around it."""

    start: int
    end: int
    plain: str


def encoded_texts(text: str) -> Iterator[EncodedText]:
    """Yield the texts in base64, in order."""
    for block in _BLOCK.finditer(text):
        letters = block[0]
        if not _BINARY.search(b64decode(letters[:_HEAD])) and (plain := _decode(letters)):
            yield EncodedText(block.start(), block.end(), plain)


def _decode(letters: str) -> str | None:
    """Return the text behind base64, of a long one its beginning, or None if it is something else."""
    joined = _SPACE.sub("", letters[:_LARGEST]).rstrip("=")
    is_cut = len(letters) > _LARGEST
    if is_cut:
        joined = joined[: len(joined) // 4 * 4]
    try:
        plain = b64decode(joined + "=" * (-len(joined) % 4))
        return None if _UNPRINTABLE.search(plain) else _Utf8Decoder().decode(plain, final=not is_cut)
    except (NotBase64, ValueError):
        return None
