"""Tables of commands in runbooks: a row for each symptom or step, with what to check, what to run and what mends it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from onrecall.domain.command_shapes import is_command
from onrecall.domain.commands import bare_command, without_prompt
from onrecall.domain.markdown import MarkdownTable, TableRow, code_spans, plain_text
from onrecall.domain.markdown_page import collapse_whitespace, fold_words

Column = Literal["case", "check", "command", "act", "rollback", "words"]

_COLUMNS: tuple[tuple[Column, re.Pattern[str]], ...] = (
    ("rollback", re.compile(r"(?:to )?(?:roll ?-?back|undo|revert|rückgängig|deshacer)(?: command)?")),
    (
        "command",
        re.compile(
            r"(?:the )?(?:commands?|cmds?|run|then run|run this|execute|command to run|shell|query|sql|example"
            r"|befehle?|commandes?|comandos?|コマンド|命令)"
        ),
    ),
    (
        "check",
        re.compile(
            r"(?:how to )?(?:checks?|diagnos(?:is|e|tics?)|verif(?:y|ication)|check command|confirm|investigate"
            r"|inspect|prüfung|prüfen|diagnose|comprobación|vérification|確認)"
        ),
    ),
    (
        "act",
        re.compile(
            r"(?:how to )?(?:fix(?:es)?|actions?|do|what to do|then|mitigat(?:ion|e)|solutions?|resolutions?"
            r"|remed(?:y|ies)|remediation|steps?|response|procedure|instructions?|task|maßnahmen?|behebung|lösung|schritt|aktion|acción"
            r"|solución|対応|対処|操作)"
        ),
    ),
    (
        "case",
        re.compile(
            r"(?:symptoms?|if|when|problems?|issues?|alerts?|errors?|conditions?|situations?|scenarios?|cases?"
            r"|(?:likely |possible )?causes?|failure|symptome?|problem|fehler|síntomas?|problema|症状)"
        ),
    ),
    (
        "words",
        re.compile(r"descriptions?|purpose|what(?: it does)?|meaning|notes?|use|why|beschreibung|zweck|descripción"),
    ),
)
_SYMPTOM_HEADER = re.compile(r"symptom|problem|issue|alert|error|failure|fehler|síntoma|症状")
_NOTHING = re.compile(r"[-–—./\s]*|n/?a|none|tbd|todo", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableInstruction:
    """One thing that a row says to do."""

    line: int
    text: str
    commands: tuple[str, ...]
    rollback: str | None = None
    case: str | None = None
    """The symptom that the row is about; rows of other symptoms are no part of what to do about it."""


def read_command_table(table: MarkdownTable) -> Iterator[TableInstruction]:
    """Yield what each row says to do, in order: what to check, then what to run, then what mends it.

    Nothing of tables that have neither a column for commands nor columns for a case and for what to do about it.
    """
    columns = [_column(cell) for cell in table.header.cells]
    if "command" not in columns and not ("act" in columns and {"case", "check"} & {*columns}):
        return
    for row in table.rows:
        symptom = _symptom(table, columns, row)
        yield from (replace(instruction, case=symptom) for instruction in _row_instructions(row, columns))


def _symptom(table: MarkdownTable, columns: Sequence[Column | None], row: TableRow) -> str | None:
    """Return the cell that names a symptom; a condition such as *If* may follow from the row above and is none."""
    if "case" not in columns or (place := columns.index("case")) >= len(row.cells):
        return None
    header = fold_words(plain_text(table.header.cells[place]))
    return _words(row.cells[place]) or None if _SYMPTOM_HEADER.match(header) else None


def _column(header: str) -> Column | None:
    name = fold_words(plain_text(header)).strip(" *:?")
    return next((column for column, pattern in _COLUMNS if pattern.fullmatch(name)), None)


def _row_instructions(row: TableRow, columns: Sequence[Column | None]) -> Iterator[TableInstruction]:
    cells: dict[Column, str] = {}
    for column, cell in zip(columns, row.cells, strict=False):
        if column is not None and not _NOTHING.fullmatch(cell.strip()):
            cells.setdefault(column, cell.strip())
    case = f"{_words(cells['case'])}: " if "case" in cells else ""
    rollback = _undo(cells.get("rollback"))
    commands = _commands(cells["command"], alone=True) if "command" in cells else ()
    own = {name: _commands(cells[name], alone=False) for name in ("check", "act") if name in cells}
    introduces = next((name for name in ("act", "check") if name in cells and not own[name]), None)
    if "check" in cells and "act" in cells and not own["check"]:
        introduces = "check"  # the command between the two columns shows what the check asks for
    for name in ("check", "command", "act"):
        if name == "command" and commands and introduces is None:
            text = _words(cells.get("words", "")) or case.rstrip(": ") or commands[0]
            yield TableInstruction(row.line, text if text == case.rstrip(": ") else case + text, commands, rollback)
        elif name == introduces:
            yield TableInstruction(row.line, case + _words(cells[name]), commands, rollback if name == "act" else None)
        elif name in own:
            yield TableInstruction(row.line, case + _words(cells[name]), own[name], rollback if name == "act" else None)


def _words(cell: str) -> str:
    return collapse_whitespace(plain_text(cell))


def _commands(cell: str, *, alone: bool) -> tuple[str, ...]:
    """Return the commands in a cell; in a column of commands code needs no known program, and may lack its marks."""
    spans = [without_prompt(span) for span in code_spans(cell)]
    commands = tuple(span for span in spans if is_command(span) or (alone and len(span.split()) > 1))
    bare = bare_command(_words(cell)) if alone and not spans else None
    return commands or ((bare,) if bare else ())


def _undo(cell: str | None) -> str | None:
    if cell is None:
        return None
    commands = _commands(cell, alone=True)
    return commands[0] if commands else _words(cell)
