"""Gather the items, paragraphs and code of a section into drafts of steps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from onrecall.domain.commands import bare_command
from onrecall.importers.postmortem import code
from onrecall.importers.postmortem.deeds import reports_action
from onrecall.importers.postmortem.marked_steps import MARKS
from onrecall.importers.postmortem.rows import DocumentRow, plain_text, unescape_markdown
from onrecall.importers.postmortem.step_tables import column_roles, is_table_header, read_table_step

_ROLLBACK = re.compile(
    r"\s*\**(?:to\s+)?(?:roll\s?back|undo|revert|rückgängig)\**\s*[:\uff1a]\**\s*(?P<text>\S.*)", re.IGNORECASE
)

CONNECTIVE = re.compile(r"\W*(?:and|then|and then|followed by|after that|next)\W*", re.IGNORECASE)
"""All that stands between two code blocks of one step."""


@dataclass(slots=True)
class StepDraft:
    """A step being assembled: its words, its code, and the line it begins on."""

    line: int
    rows: list[DocumentRow] = field(default_factory=list)
    """Its words as lines of prose."""
    code: list[str] = field(default_factory=list)
    indent: int = 0
    rollback: str | None = None
    listed: bool = False
    lead: bool = False
    """Whether it is a paragraph rather than an item."""

    def add(self, line: int, text: str) -> None:
        """Add the words of one more line."""
        self.rows.append(DocumentRow(line, "text", text.strip()))

    @property
    def words(self) -> list[str]:
        """Return the words of each line."""
        return [row.text for row in self.rows]


def step_drafts(rows: Sequence[DocumentRow]) -> list[StepDraft]:
    """Return items and paragraphs with their code blocks."""
    drafts: list[StepDraft] = []
    block: list[DocumentRow] = []
    blank = True
    roles: tuple[str, ...] = ()
    for place, row in enumerate([*rows, DocumentRow(0, "blank", "")]):
        if row.kind == "code":
            block.append(row)
            continue
        if block:
            _add_block(block, drafts)
            block = []
        if row.kind == "item":
            _add_item(row, drafts)
        elif row.kind == "cells" and row.cells:
            if is_table_header(rows, place) and (roles := column_roles(row)):
                continue
            drafts.append(_row_draft(row, roles))
        elif row.kind == "text":
            _add_text(row, drafts, blank=blank)
        elif row.kind == "heading" and row.number:
            drafts.append(StepDraft(row.number, lead=True))
        blank = row.kind == "blank"
    return [draft for draft in drafts if draft.words or draft.code]


def _row_draft(row: DocumentRow, roles: Sequence[str]) -> StepDraft:
    """Return the draft of a table's row; without a header that names its columns its cells are its words."""
    if not roles:
        return _begin_draft(row.number, " ".join(filter(None, row.cells)), listed=True)
    step = read_table_step(row, roles)
    draft = _begin_draft(row.number, step.text, listed=True)
    draft.code += [step.command] if step.command else []
    return draft


def _begin_draft(line: int, text: str, *, indent: int = 0, listed: bool = False, lead: bool = False) -> StepDraft:
    draft = StepDraft(line, indent=indent, listed=listed, lead=lead)
    draft.add(line, text)
    return draft


def _add_block(block: Sequence[DocumentRow], drafts: list[StepDraft]) -> None:
    commands = code.block_commands(block)
    if not commands:
        return
    if not drafts or (
        drafts[-1].lead
        and not plain_text(" ".join(drafts[-1].words)).rstrip().endswith((":", "\uff1a"))
        and len(drafts[-1].words) > 3
    ):
        drafts.append(StepDraft(block[0].number, lead=True))
    drafts[-1].code += commands


def _add_item(row: DocumentRow, drafts: list[StepDraft]) -> None:
    if (rollback := _ROLLBACK.fullmatch(row.text)) and drafts:
        drafts[-1].rollback = _command_or_words(rollback["text"])
        return
    above = next((draft for draft in reversed(drafts) if draft.listed), None)
    if above is not None and row.level > above.indent + 1 and not _stands_alone(row):
        above.add(row.number, row.text)
        return
    drafts.append(_begin_draft(row.number, row.text, indent=row.level, listed=True))


def _stands_alone(row: DocumentRow) -> bool:
    """Return whether a nested item reports an action of its own."""
    return bool(code.command_spans(row.text)) or reports_action(plain_text(row.text))


def _add_text(row: DocumentRow, drafts: list[StepDraft], *, blank: bool) -> None:
    if drafts and (rollback := _ROLLBACK.fullmatch(row.text)):
        drafts[-1].rollback = _command_or_words(rollback["text"])
    elif drafts and drafts[-1].listed and "`" not in row.text and (command := bare_command(row.text.strip())):
        drafts[-1].code.append(command)
    elif row.text.lstrip().startswith(tuple(MARKS)):
        drafts.append(_begin_draft(row.number, row.text, listed=True))
    elif drafts and _continues(drafts[-1], row, blank=blank):
        drafts[-1].add(row.number, row.text)
    else:
        drafts.append(_begin_draft(row.number, row.text, lead=True))


def _continues(draft: StepDraft, row: DocumentRow, *, blank: bool) -> bool:
    """Return whether a line of text belongs to the draft above it."""
    if draft.code and CONNECTIVE.fullmatch(row.text):
        return True
    return (draft.listed and (not blank or row.nested)) or (draft.lead and not blank and not draft.code)


def _command_or_words(text: str) -> str:
    commands = code.command_spans(text)
    return commands[0] if commands else plain_text(unescape_markdown(text))
