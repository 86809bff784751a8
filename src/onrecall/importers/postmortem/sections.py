"""A document's rows under the headings and labels they stand under."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from onrecall.importers.postmortem.clock import opens_with_time, stamp_in
from onrecall.importers.postmortem.outline import fact_rows, unfolded
from onrecall.importers.postmortem.rows import DocumentRow, RowKind, plain
from onrecall.importers.postmortem.vocabulary import SECTIONS, Topic, section_topic, topic, without_pictures

LABEL_LEVEL = 8
"""The level of a section that a label opens; headings have 1 to 7."""
_LABEL = re.compile(
    r"\s*(?:(?P<mark>\*\*|__|\*|_)(?P<bold>[^*_|:\uff1a]{1,60}?)\s*(?:(?P=mark)\s*[:\uff1a–—-]?|[:\uff1a]\s*(?P=mark))"
    r"|(?P<plain>[^\s*_|`:\uff1a][^*_|`:\uff1a]{0,59}?)\s*(?:\uff1a|:(?=\s|$|[^\s/\d])))\s*(?P<value>.*)"
)
_BOLD_LABEL = re.compile(r"\*\*[^*:]{2,40}(?::\*\*|\*\*\s*:)")
_OWN_FIELDS = frozenset(("actions", "timeline", "fix", "failed_fix"))
"""Topics whose list items are never labels of something else."""
_PHASES = frozenset(("detection", "fix", "impact", "trigger", "summary"))


@dataclass(slots=True)
class LabelledSection:
    """What stands under one heading or label."""

    topic: Topic | None
    heading: str
    line: int
    level: int
    rows: list[DocumentRow] = field(default_factory=list)
    item_level: int | None = None
    """Where a list item opened it: how deep that item stands."""

    @property
    def by_label(self) -> bool:
        """Whether a label within a line or a table opened it."""
        return self.level >= LABEL_LEVEL


def sections(rows: Sequence[DocumentRow]) -> tuple[LabelledSection, ...]:
    """The sections of a document in its order; the first holds what stands before any heading."""
    return tuple(_Divider(rows).sections())


class _Divider:
    """Goes through the rows and opens a section where a heading, a label or a table row names a topic."""

    def __init__(self, rows: Sequence[DocumentRow]) -> None:
        self._rows = [part for row in unfolded(rows) for line in fact_rows(row) for part in _split_labels(line)]
        self._found = [LabelledSection(None, "", 0, 0)]

    def sections(self) -> list[LabelledSection]:
        """Divide all rows."""
        skipped = 0
        for place, row in enumerate(self._rows):
            if skipped:
                skipped -= 1
            elif row.kind == "heading":
                self._heading(row, place)
            elif row.kind == "cells":
                skipped = self._table_row(row, place)
            elif row.kind in ("text", "item"):
                self._words(row, place)
            else:
                self._current.rows.append(row)
        return self._found

    @property
    def _current(self) -> LabelledSection:
        return self._found[-1]

    def _open(self, about: Topic | None, heading: str, row: DocumentRow, level: int) -> None:
        self._found.append(LabelledSection(about, plain(heading).strip(" :\uff1a"), row.number, level))

    def _heading(self, row: DocumentRow, place: int) -> None:
        if row.level == 7 and self._labelled(row, place):
            return
        about = section_topic(row.text)
        if self._belongs_to_current(row, about, place):
            self._current.rows.append(row)
        elif about is None and self._is_within_actions(row):
            self._open("actions", row.text, row, row.level)
        else:
            self._open(about, row.text, row, row.level)

    def _is_within_actions(self, row: DocumentRow) -> bool:
        """Whether the heading above, at the next higher level, is that of the action items."""
        above = next((one for one in reversed(self._found) if not one.by_label and 0 < one.level < row.level), None)
        return above is not None and above.topic == "actions"

    def _belongs_to_current(self, row: DocumentRow, about: Topic | None, place: int) -> bool:
        current = self._current
        deeper = row.level > current.level
        if current.topic == "actions":
            return deeper and not current.by_label and about != "aside" and not (row.level == 7 and about in SECTIONS)
        if opens_with_time(plain(row.text)) and current.topic == "timeline":
            return True
        if current.topic == "timeline":
            return deeper and (about is None or (row.level < 7 and about in _PHASES and self._time_follows(place)))
        return deeper and about is None and current.topic is not None and not current.by_label and current.level > 0

    def _time_follows(self, place: int) -> bool:
        below = next((row for row in self._rows[place + 1 : place + 4] if row.kind != "blank"), None)
        return below is not None and opens_with_time(plain(below.text.strip("| ")))

    def _table_row(self, row: DocumentRow, place: int) -> int:
        """Take a table's row as a label and its value, or a one-row table as many; returns how many rows that took."""
        if not row.cells:
            self._current.rows.append(row)
            return 0
        if self._current.topic in ("actions", "timeline") and not self._current.by_label:
            self._current.rows.append(row)
            return 0
        if taken := self._sideways(row, place):
            return taken
        about = topic(plain(row.cells[0]))
        if len(row.cells) in (2, 3) and about is not None and any(row.cells[1:]) and not _is_header(row):
            self._open(about, row.cells[0], row, LABEL_LEVEL)
            value = "<br>".join(cell for cell in row.cells[1:] if cell)
            self._current.rows += _cell_rows(row, value)
        else:
            self._current.rows.append(row)
        return 0

    def _sideways(self, row: DocumentRow, place: int) -> int:
        """A table of names in its header and one row of values."""
        below = self._rows[place + 1 : place + 4]
        if len(below) < 2 or below[0].kind != "cells" or below[0].cells or below[1].kind != "cells":
            return 0
        one_row = len(below) < 3 or below[2].kind != "cells"
        topics = [topic(plain(cell)) for cell in row.cells]
        if not one_row or len(below[1].cells) != len(row.cells) or sum(one is not None for one in topics) < 2:
            return 0
        if sum(one is not None for one in topics) * 2 < len(topics):
            return 0
        for about, name, value in zip(topics, row.cells, below[1].cells, strict=True):
            if about is not None and value:
                self._open(about, name, below[1], LABEL_LEVEL)
                self._current.rows += _cell_rows(below[1], value)
        self._open(None, "", below[1], LABEL_LEVEL)
        return 2

    def _words(self, row: DocumentRow, place: int) -> None:
        if self._is_bare_heading(row, place):
            self._open(section_topic(row.text), row.text, row, 7)
        elif not self._labelled(row, place):
            self._leave_label(row, place)
            self._current.rows.append(row)

    def _is_bare_heading(self, row: DocumentRow, place: int) -> bool:
        """A line that holds nothing but the name of a section, below a blank line."""
        if row.kind != "text" or row.nested or len(row.text) > 60 or row.text.rstrip().endswith("."):
            return False
        if place and self._rows[place - 1].kind not in ("blank", "heading"):
            return False
        return section_topic(row.text) in SECTIONS

    def _labelled(self, row: DocumentRow, place: int) -> bool:
        """Open a section where the row begins with a label; the rest of the row is its first line."""
        text = f"**{row.text}**" if row.kind == "heading" else without_pictures(row.text)
        label = _LABEL.fullmatch(text.replace("\\", ""))
        if label is None:
            return self._defined(row, place)
        name = label["bold"] or label["plain"]
        about = section_topic(name)
        if about is None or self._is_part_of_current(row, about, bold=bool(label["mark"])):
            return False
        value = _LABEL.fullmatch(text)
        said = (value["value"] if value else label["value"]).strip()
        if row.kind == "heading" and said.strip("*_ ") == "":
            return False
        if about in ("start", "end") and said and stamp_in(said) is None:
            return False
        if (
            label["mark"]
            and not said
            and row.kind == "text"
            and not text.rstrip().endswith((":", "\uff1a"))
            and about not in SECTIONS
        ):
            return False
        self._open(about, name, row, LABEL_LEVEL)
        self._current.item_level = row.level if row.kind == "item" else None
        if said.strip("*_ "):
            self._current.rows.append(
                replace(row, kind="text", text=said.removesuffix("**") if row.kind == "heading" else said)
            )
        return True

    def _defined(self, row: DocumentRow, place: int) -> bool:
        """A definition list: the name on one line, `: value` on the next."""
        below = self._rows[place + 1] if place + 1 < len(self._rows) else None
        about = section_topic(row.text)
        if row.kind != "text" or about is None or below is None or not re.match(r":\s+\S", below.text):
            return False
        self._open(about, row.text, row, LABEL_LEVEL)
        return True

    def _is_part_of_current(self, row: DocumentRow, about: Topic, *, bold: bool) -> bool:
        current = self._current
        if row.kind == "item" and row.level == current.item_level:
            return False
        if current.topic in _OWN_FIELDS and (row.kind == "item" or row.nested):
            return not (current.by_label and bold and row.kind == "item" and row.level == 0 and about in SECTIONS)
        if current.topic == "timeline" and not current.by_label:
            return not bold or about not in SECTIONS or about == "summary"
        if current.topic == "actions" and not current.by_label:
            return about not in SECTIONS or about == "aside"
        return False

    def _leave_label(self, row: DocumentRow, place: int) -> None:
        """A value ends with its paragraph: what follows a blank line belongs to the heading above."""
        current = self._current
        if not current.by_label or current.topic in SECTIONS:
            return
        if place and self._rows[place - 1].kind == "blank" and current.rows:
            above = next((one for one in reversed(self._found) if not one.by_label), self._found[0])
            self._open(above.topic, above.heading, row, above.level)


def _split_labels(row: DocumentRow) -> list[DocumentRow]:
    """A line with several bold labels, such as `**Severity:** High · **Duration:** 2 h`, as a row for each."""
    starts = [found.start() for found in _BOLD_LABEL.finditer(row.text)] if row.kind == "text" else []
    if len(starts) < 2:
        return [row]
    ends = [*starts[1:], len(row.text)]
    parts = [row.text[: starts[0]], *(row.text[start:end] for start, end in zip(starts, ends, strict=True))]
    return [replace(row, text=part.strip(" \t·|,;/–—-")) for part in parts if part.strip(" \t·|,;/–—-")]


def _is_header(row: DocumentRow) -> bool:
    """A row such as `| Field | Value |` or `| Item | Details |`."""
    return plain(row.cells[1]).casefold() in (
        "value",
        "values",
        "details",
        "detail",
        "description",
        "wert",
        "valeur",
        "valor",
        "内容",
    )


def _cell_rows(row: DocumentRow, value: str) -> list[DocumentRow]:
    """A cell's lines, which `<br>` parts, as rows of their own with the table row's number."""
    parts = [part.strip() for part in re.split(r"<br\s*/?>", value, flags=re.IGNORECASE)]
    found = []
    for part in parts:
        if part:
            item = re.fullmatch(r"(?P<mark>[-*•]|\d{1,2}[.)])\s+(?P<text>\S.*)", part)
            kind: RowKind = "item" if item else "text"
            found.append(
                DocumentRow(row.number, kind, item["text"] if item else part, ordered=bool(item) and part[0].isdigit())
            )
    return found
