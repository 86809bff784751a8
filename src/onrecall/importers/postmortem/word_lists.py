"""Lists of words, read from `word_lists.txt`."""

from functools import cache

from onrecall.domain.word_file import read_sections


def word_set(name: str) -> frozenset[str]:
    """Return the single words of a list."""
    return frozenset(" ".join(_lists()[name]).split())


def phrase_list(name: str) -> tuple[str, ...]:
    """Return the phrases of a list, in their order."""
    return tuple(part.strip() for line in _lists()[name] for part in line.split("|") if part.strip())


@cache
def _lists() -> dict[str, tuple[str, ...]]:
    return read_sections("onrecall.importers.postmortem", "word_lists.txt")
