"""Regular expressions compiled on first use, since most texts need few of hundreds."""

import re
from collections.abc import Iterator

Match = re.Match[str]


class Pattern:
    """A lazily compiled regular expression; concurrent compilation is harmless."""

    __slots__ = ("_compiled", "written")

    def __init__(self, written: str) -> None:
        self.written = written
        self._compiled: re.Pattern[str] | None = None

    def match(self, text: str, start: int = 0) -> Match | None:
        """Match at a position of the text."""
        return self._get().match(text, start)

    def finditer(self, text: str) -> Iterator[Match]:
        """Yield all matches in the text."""
        return self._get().finditer(text)

    def _get(self) -> re.Pattern[str]:
        if self._compiled is None:
            self._compiled = re.compile(self.written)
        return self._compiled
