"""The data files of this package: lines under headings in square brackets; `#` begins a comment."""

from functools import cache
from importlib.resources import files


@cache
def lines(file: str, section: str) -> tuple[str, ...]:
    """The lines of a section, in their order."""
    return _sections(file).get(section, ())


@cache
def words(file: str, section: str) -> frozenset[str]:
    """The words of a section."""
    return frozenset(word for line in lines(file, section) for word in line.split())


@cache
def _sections(file: str) -> dict[str, tuple[str, ...]]:
    text = files("onrecall.recommendation.risk").joinpath(file).read_text(encoding="utf-8")
    sections: dict[str, list[str]] = {}
    inside: list[str] = []
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            inside = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            inside.append(line)
    return {name: tuple(rows) for name, rows in sections.items()}
