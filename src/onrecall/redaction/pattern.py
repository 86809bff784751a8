"""Regular expressions that are compiled when they are first asked for: of hundreds, most texts need few."""

import re
from collections.abc import Iterator

Match = re.Match[str]


class Pattern:
    """A regular expression; two threads may compile it at once, which does no harm."""

    __slots__ = ("_compiled", "written")

    def __init__(self, written: str) -> None:
        self.written = written
        self._compiled: re.Pattern[str] | None = None

    def match(self, text: str, start: int = 0) -> Match | None:
        """Its match at a place of the text."""
        return self._get().match(text, start)

    def finditer(self, text: str) -> Iterator[Match]:
        """Its matches everywhere in the text."""
        return self._get().finditer(text)

    def _get(self) -> re.Pattern[str]:
        if self._compiled is None:
            self._compiled = re.compile(self.written)
        return self._compiled
