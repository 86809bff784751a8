"""The data files of this package: lines under headings in square brackets; `#` begins a comment."""

from fnmatch import fnmatchcase
from functools import cache

from onrecall.domain.word_file import read_sections


@cache
def lines(file: str, section: str) -> tuple[str, ...]:
    """The lines of a section, in their order."""
    return _sections(file).get(section, ())


@cache
def words(file: str, section: str) -> frozenset[str]:
    """The words of a section."""
    return frozenset(word for line in lines(file, section) for word in line.split())


def section_names(file: str) -> tuple[str, ...]:
    """The names of the sections of a file, in their order."""
    return tuple(_sections(file))


def matches(file: str, section: str, word: str) -> bool:
    """Return whether a word fits one of the patterns of a section, with `*` as in the names of files."""
    return any(fnmatchcase(word, pattern) for pattern in words(file, section))


@cache
def _sections(file: str) -> dict[str, tuple[str, ...]]:
    return read_sections("onrecall.recommendation.risk", file)
