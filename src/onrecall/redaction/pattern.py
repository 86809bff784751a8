"""Regular expressions compiled on first use, since most texts need few of hundreds."""

import re
from collections.abc import Callable, Iterator

Match = re.Match[str]


class Pattern:
    """A lazily compiled regular expression; concurrent compilation is harmless."""

    __slots__ = ("finditer", "match", "written")

    match: Callable[..., Match | None]
    """Match at a position of the text: `match(text, start=0)`."""
    finditer: Callable[[str], Iterator[Match]]
    """Yield all matches in the text."""

    def __init__(self, written: str) -> None:
        self.written = written
        self.match = self._compile_and_match
        self.finditer = self._compile_and_find

    def _compile(self) -> None:
        compiled = re.compile(self.written)
        self.match, self.finditer = compiled.match, compiled.finditer

    def _compile_and_match(self, text: str, start: int = 0) -> Match | None:
        self._compile()
        return self.match(text, start)

    def _compile_and_find(self, text: str) -> Iterator[Match]:
        self._compile()
        return self.finditer(text)
