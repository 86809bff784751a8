"""Data files of words, with or without headings in square brackets; blank lines and `#` comments are left out."""

from importlib.resources import files


def read_sections(package: str, file: str) -> dict[str, tuple[str, ...]]:
    """Return the lines under each heading of a package's file, both in the order in which they stand there."""
    sections: dict[str, list[str]] = {}
    inside: list[str] = []
    for line in files(package).joinpath(file).read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            inside = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            inside.append(line)
    return {heading: tuple(lines) for heading, lines in sections.items()}


def read_words(package: str, file: str) -> frozenset[str]:
    """Return the words of a package's file that has no headings."""
    rows = files(package).joinpath(file).read_text(encoding="utf-8").splitlines()
    return frozenset(word for row in rows if not row.startswith("#") for word in row.split())
