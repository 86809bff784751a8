"""Convert Jupyter notebooks, including unSkript's, to Markdown: prose, and code cells as blocks."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_MAGIC = re.compile(r"%%(?P<language>bash|sh|script bash|sql|script sh)\b.*")
_NAMES = ("title", "name")


def is_notebook(values: Any) -> bool:
    """Return whether a JSON value is a notebook."""
    return (
        isinstance(values, Mapping)
        and isinstance(values.get("cells"), list)
        and ("nbformat" in values or "metadata" in values)
    )


def to_markdown(text: str) -> str:
    """Return the cells in order as Markdown; raise ValueError if it is not a notebook."""
    try:
        values = json.loads(text)
    except RecursionError:
        raise ValueError("the notebook is nested too deep") from None
    if not is_notebook(values):
        raise ValueError("it has no cells, so it is not a notebook")
    parts = [part for cell in values["cells"] if isinstance(cell, Mapping) for part in _cell_parts(cell)]
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def _cell_parts(cell: Mapping[str, Any]) -> Iterator[str]:
    source = cell.get("source")
    text = (
        "".join(line for line in source if isinstance(line, str))
        if isinstance(source, list)
        else source
        if isinstance(source, str)
        else ""
    )
    if cell.get("cell_type") in ("markdown", "heading", "raw"):
        yield text
    elif cell.get("cell_type") == "code":
        yield from _action_heading(cell.get("metadata"))
        yield _code_block(text)


def _action_heading(metadata: Any) -> Iterator[str]:
    """Yield the name and description that unSkript stores in an action cell's metadata."""
    if not isinstance(metadata, Mapping):
        return
    name = next((metadata[key] for key in _NAMES if isinstance(metadata.get(key), str) and metadata[key].strip()), None)
    if name:
        yield f"### {' '.join(name.split())}"
    if isinstance(description := metadata.get("description"), str):
        yield description


def _code_block(source: str) -> str:
    lines = source.splitlines()
    if not any(line.strip() for line in lines):
        return ""
    if magic := _MAGIC.fullmatch(lines[0].strip()):
        return _fence("sql" if magic["language"] == "sql" else "bash", lines[1:])
    if all(line.lstrip().startswith("!") for line in lines if line.strip()):
        return _fence("bash", [line.lstrip().removeprefix("!").strip() for line in lines])
    return _fence("python", lines)


def _fence(language: str, lines: list[str]) -> str:
    mark = "~~~~" if any("```" in line for line in lines) else "```"
    return "\n".join([f"{mark}{language}", *lines, mark])
