"""Hostile text made fit to be shown: nothing in it moves the cursor, hides, or reverses what a reader sees."""

import re

from onrecall.domain.hidden_characters import HIDDEN_PATTERN
from onrecall.domain.markdown_page import collapse_whitespace

MAX_SENTENCE_LENGTH = 600
"""Characters of a sentence that are shown. A command is never cut: half of one is another command."""

MAX_READ_LENGTH = 20_000
"""Characters of a text that are looked at for what is shown of it."""

_ESCAPE = r"\x1b\[[0-?]{0,40}[ -/]{0,40}[@-~]|\x1b\][^\x07\x1b]{0,4000}(?:\x07|\x1b\\)|\x1b[@-Z\\^_]"
_UNSEEN = "[\u2039\u203a\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_HIDDEN = re.compile(f"{_ESCAPE}|{_UNSEEN}|{HIDDEN_PATTERN}")


def clean(text: str) -> str:
    """The text without control, bidirectional and invisible characters, and without the marks of old values."""
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def sentence(text: str, limit: int = MAX_SENTENCE_LENGTH) -> str:
    """The text on one line, clean, and cut where it grows too long to read."""
    line = collapse_whitespace(clean(text[:MAX_READ_LENGTH]))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def quote(line: str, limit: int = 2_000) -> str:
    """The longest stretch of a line that may be shown as it stands: verbatim, hence nothing is taken out of it."""
    return max((part.strip() for part in _HIDDEN.split(line[:MAX_READ_LENGTH])), key=len)[:limit].strip()
