"""Lists of words, read from `word_lists.txt`."""

from functools import cache
from importlib.resources import files


def words(name: str) -> frozenset[str]:
    """Return the single words of a list."""
    return frozenset(" ".join(_lists()[name]).split())


def phrases(name: str) -> tuple[str, ...]:
    """Return the phrases of a list, in their order."""
    return tuple(part.strip() for line in _lists()[name] for part in line.split("|") if part.strip())


@cache
def _lists() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    held: list[str] = []
    for line in files(__package__).joinpath("word_lists.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            held = found.setdefault(line.strip("[]"), [])
        elif not line.startswith("# "):
            held.append(line)
    return found
