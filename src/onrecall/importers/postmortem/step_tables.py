"""Read the rows of a table of what was done: `| # | Action | Command | Result |`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from onrecall.importers.postmortem.code import command_spans
from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.word_lists import phrase_list

_ROLES = {
    name: frozenset(phrase_list(f"column {name}")) for name in ("number", "command", "result", "owner", "instant")
}
_YES_OR_NO = {word: outcome for outcome in ("worked", "did not help") for word in phrase_list(f"result {outcome}")}


@dataclass(frozen=True, slots=True)
class TableStep:
    """What a row says was done."""

    text: str
    """Its words, with what came of it behind a dash."""
    command: str | None


def is_table_header(rows: Sequence[DocumentRow], place: int) -> bool:
    """Return whether a row is the header of a table, which a row without cells follows."""
    below = rows[place + 1] if place + 1 < len(rows) else None
    return bool(rows[place].cells) and below is not None and below.kind == "cells" and not below.cells


def column_roles(header: DocumentRow) -> tuple[str, ...]:
    """Return what each column of a table of steps holds; nothing for a table without commands or results."""
    return roles_of_names([plain_text(cell) for cell in header.cells])


def roles_of_names(header: Sequence[str]) -> tuple[str, ...]:
    """Return what the columns of these names hold; nothing for a table without commands or results."""
    names = [name.casefold().strip(" *:?") for name in header]
    roles = tuple(next((role for role, words in _ROLES.items() if name in words), "words") for name in names)
    return roles if {"command", "result"} & {*roles} and "words" in roles else ()


def read_table_step(row: DocumentRow, roles: Sequence[str]) -> TableStep:
    """Return the step of a row below such a header; numbers, times and names are left to the document."""
    cells = [(role, cell.strip()) for role, cell in zip(roles, row.cells, strict=False) if cell.strip()]
    words = " ".join(cell for role, cell in cells if role == "words")
    result = next((cell for role, cell in cells if role == "result"), "")
    result = result_words(result)
    written = next((cell for role, cell in cells if role == "command"), "")
    spans = command_spans(written)
    command = "\n".join(spans) or re.sub(r"^`+|`+$", "", written).strip()
    return TableStep(f"{words} — {result}" if result else words, command or None)


def result_words(cell: str) -> str:
    """Return what a cell says of the result: `no`, `✗` and the like in words."""
    return _YES_OR_NO.get(plain_text(cell).casefold().strip(" .!"), cell)
