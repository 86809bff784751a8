"""Tell action items from a fix by their form: columns for owner and state, tick boxes, names and tickets at the end."""

import re
from collections.abc import Sequence

from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.vocabulary import normalize_heading
from onrecall.importers.postmortem.word_lists import phrase_list

_ITEM_NAMES = frozenset(phrase_list("column text"))
_OWNER_NAMES = frozenset(phrase_list("column owner"))
_TRACKING_NAMES = frozenset((*phrase_list("column state"), *phrase_list("column due"), *phrase_list("column ticket")))
_EITHER = frozenset(("remediation", "remediations", "mitigations", "remediation steps", "corrective actions taken"))
"""Headings under which some teams write what fixed the incident and others what is still to be done."""
_TRACKED = re.compile(
    r"\(@?[A-Z][\w. -]{1,40}(?:,[^()]*)?\)\s*\.?$|@\w[\w.-]*\s*\.?$|\b[A-Z][A-Z0-9]+-\d+\b|\bowner\s*:|\bdue\b",
)


_TICKET_LINE = re.compile(r"\s*\[?[A-Z][A-Z0-9]+-\d+\b")
"""A line that begins with a ticket stands for an item of a list."""


def is_ticket_line(row: DocumentRow) -> bool:
    """Return whether a line of text begins with a ticket, as an item of a list without marks does."""
    return row.kind == "text" and not row.nested and _TICKET_LINE.match(row.text) is not None


def names_action_columns(row: DocumentRow) -> bool:
    """Return whether the header of a table has columns for a task and for its owner."""
    names = {plain_text(cell).casefold().strip(" *:") for cell in row.cells}
    has_owner = bool(names & _OWNER_NAMES)
    return bool(names & _ITEM_NAMES) and (has_owner or len(names & _TRACKING_NAMES) > 1) and len(names) > 1


def is_list_of_action_items(heading: str, rows: Sequence[DocumentRow]) -> bool:
    """Return whether the items under a heading such as "Remediation" are tasks with tick boxes, owners or tickets."""
    items = [row for row in rows if (row.kind == "item" and not row.level) or is_ticket_line(row)]
    if normalize_heading(heading) not in _EITHER or not items or any(row.kind == "code" for row in rows):
        return False
    tracked = sum(row.ticked is not None or _TRACKED.search(plain_text(row.text)) is not None for row in items)
    return tracked * 2 > len(items)
