"""Divide a document's rows into sections by heading and label."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from onrecall.importers.postmortem.clock import find_stamp, opening_span, opens_with_time
from onrecall.importers.postmortem.deeds import reports_action, split_sentences
from onrecall.importers.postmortem.label_lines import split_labels
from onrecall.importers.postmortem.outline import split_fact_line, split_running_log, unfold_lists
from onrecall.importers.postmortem.rows import DocumentRow, RowKind, plain_text
from onrecall.importers.postmortem.step_tables import column_roles
from onrecall.importers.postmortem.topic_by_content import is_list_of_action_items, names_action_columns
from onrecall.importers.postmortem.vocabulary import (
    SECTIONS,
    Topic,
    asks_why,
    heading_topic,
    names_chain,
    normalize_heading,
    section_topic,
    without_pictures,
)
from onrecall.importers.postmortem.word_lists import phrase_list

SHALLOW = 3
"""Deepest heading of a section of its own."""
LABEL_LEVEL = 8
"""Level of a section opened by a label; headings have 1 to 7."""
_LABEL = re.compile(
    r"\s*(?:(?P<mark>\*\*|__|\*|_)(?P<bold>[^*_|:\uff1a]{1,60}?)\s*(?:(?P=mark)\s*[:\uff1a–—-]?|[:\uff1a]\s*(?P=mark))"
    r"|(?P<plain>[^\s*_|`:\uff1a][^*_|`:\uff1a]{0,59}?)\s*(?:\uff1a|(?<=[\u3040-\u30ff\u3400-\u9fff]):|:(?=\s|$|[^\s/\d])))\s*(?P<value>.*)"
)
_ASKED = re.compile(r"\s*(?P<mark>)(?P<bold>)(?P<plain>[^?.!`]{8,70}\?)\s+(?P<value>\S.*)")
_ASKED_TOPICS = ("detection", "fix", "failed_fix", "impact", "actions", "trigger")
_UPDATE = re.compile(
    r"\s*(\*\*|__)(?:resolved|monitoring|identified|investigating|update|verifying|completed|in progress)\1\s*[-–—:]\s",
    re.IGNORECASE,
)
"""The opening of a status page's update, which belongs to no label above it."""
_SHORTCODE = "{{<"
"""Opens the time of a status page's update, whose state is no label."""
_UNLABELLED_TOPICS = frozenset(("actions", "timeline", "fix", "failed_fix"))
"""Topics whose list items are never labels of another topic."""
_INCIDENT_FACTS = frozenset(("severity", "service", "start", "end", "duration", "environment"))
_PHASES = frozenset(("detection", "fix", "impact", "trigger", "summary"))


@dataclass(slots=True)
class LabelledSection:
    """The rows under one heading or label."""

    topic: Topic | None
    heading: str
    line: int
    level: int
    rows: list[DocumentRow] = field(default_factory=list)
    item_level: int | None = None
    """Level of the list item that opened it, if one did."""

    @property
    def by_label(self) -> bool:
        """Return whether a label in a line or table opened it."""
        return self.level >= LABEL_LEVEL


def split_sections(rows: Sequence[DocumentRow]) -> tuple[LabelledSection, ...]:
    """Return the sections in document order; the first holds the rows before any heading."""
    return tuple(_Divider(rows).sections())


class _Divider:
    """Iterates over the rows and opens a section when a heading, label or table row names a topic."""

    def __init__(self, rows: Sequence[DocumentRow]) -> None:
        self._rows = [
            part
            for row in unfold_lists(rows)
            for entry in split_running_log(row)
            for line in split_fact_line(entry)
            for part in split_labels(line)
        ]
        self._sections = [LabelledSection(None, "", 0, 0)]

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
                self._text_row(row, place)
            else:
                self._current.rows.append(row)
        for section in self._sections:
            if section.topic == "fix" and is_list_of_action_items(section.heading, section.rows):
                section.topic = "actions"
        _accept_what_went_wrong(self._sections)
        _accept_contributors(self._sections)
        _accept_corrective_action(self._sections)
        return self._sections

    @property
    def _current(self) -> LabelledSection:
        return self._sections[-1]

    def _open(self, about: Topic | None, heading: str, row: DocumentRow, level: int) -> None:
        self._sections.append(LabelledSection(about, plain_text(heading).strip(" :\uff1a"), row.number, level))

    def _heading(self, row: DocumentRow, place: int) -> None:
        if row.level == 7 and self._open_label(row, place):
            return
        about = section_topic(row.text)
        if self._belongs_to_current(row, about, place):
            self._current.rows.append(row)
        elif about is None and self._is_within_actions(row):
            self._open("actions", row.text, row, row.level)
        else:
            self._open(about, row.text, row, row.level)

    def _is_within_actions(self, row: DocumentRow) -> bool:
        """Return whether the parent heading is that of the action items."""
        above = next(
            (section for section in reversed(self._sections) if not section.by_label and 0 < section.level < row.level),
            None,
        )
        return above is not None and above.topic == "actions"

    def _belongs_to_current(self, row: DocumentRow, about: Topic | None, place: int) -> bool:
        current = self._current
        deeper = row.level > current.level
        if current.topic == "actions":
            return deeper and not current.by_label and about != "aside" and not (row.level == 7 and about in SECTIONS)
        if opens_with_time(plain_text(row.text)) and current.topic == "timeline":
            return True
        if current.topic == "timeline":
            return deeper and (about is None or (row.level < 7 and about in _PHASES and self._time_follows(place)))
        return deeper and about is None and current.topic is not None and not current.by_label and current.level > 0

    def _time_follows(self, place: int) -> bool:
        below = next((row for row in self._rows[place + 1 : place + 4] if row.kind != "blank"), None)
        return below is not None and opens_with_time(plain_text(below.text.strip("| ")))

    def _table_row(self, row: DocumentRow, place: int) -> int:
        """Read a table row as label and value, or a one-row table as several; return how many further rows it used."""
        in_table = self._current.topic in ("actions", "timeline") and not self._current.by_label
        in_table = in_table or (self._current.topic == "cause" and names_chain(self._current.heading))
        if not row.cells or in_table or self._heads_chronology(place):
            self._current.rows.append(row)
            return 0
        if self._heads_actions(row, place):
            self._open("actions", self._current.heading, row, LABEL_LEVEL)
            self._current.rows.append(row)
            return 0
        if skipped := self._header_and_values(row, place):
            return skipped
        self._labelled_row(row)
        return 0

    def _labelled_row(self, row: DocumentRow) -> None:
        """Open a section for a row of a label and its value; another row belongs to the current one."""
        about = heading_topic(plain_text(row.cells[0]))
        if len(row.cells) not in (2, 3) or about is None or not any(row.cells[1:]) or _is_header(row):
            self._current.rows.append(row)
            return
        about = "end" if about == "fix" and _is_time(row.cells[1]) else about
        self._open(about, row.cells[0], row, LABEL_LEVEL)
        rows = _cell_rows(row, "<br>".join(cell for cell in row.cells[1:] if cell))
        is_list = about == "actions" and len(rows) > 1
        self._current.rows += [replace(own, kind="item") for own in rows] if is_list else rows

    def _heads_actions(self, row: DocumentRow, place: int) -> bool:
        """Return whether a row heads a table of action items, and not one of the cause or of steps with results."""
        tells_steps = self._current.topic in ("fix", "failed_fix") and bool(column_roles(row))
        is_elsewhere = self._current.topic != "cause" and not tells_steps
        return is_elsewhere and self._is_table_header(place) and _heads_action_items(row)

    def _is_table_header(self, place: int) -> bool:
        delimiter = self._rows[place + 1] if place + 1 < len(self._rows) else None
        return delimiter is not None and delimiter.kind == "cells" and not delimiter.cells

    def _heads_chronology(self, place: int) -> bool:
        """Return whether a row heads a table whose rows begin with a time."""
        below = self._rows[place + 2 : place + 4]
        return (
            self._is_table_header(place)
            and len(below) > 1
            and all(row.kind == "cells" and row.cells and opens_with_time(plain_text(row.cells[0])) for row in below)
        )

    def _header_and_values(self, row: DocumentRow, place: int) -> int:
        """Read a table with names in its header and one row of values; return the rows used, 0 if it is none."""
        below = self._rows[place + 1 : place + 4]
        if len(below) < 2 or below[0].kind != "cells" or below[0].cells or below[1].kind != "cells":
            return 0
        one_row = len(below) < 3 or below[2].kind != "cells"
        topics = [heading_topic(plain_text(cell)) for cell in row.cells]
        if (
            not one_row
            or len(below[1].cells) != len(row.cells)
            or sum(column_topic is not None for column_topic in topics) < 2
        ):
            return 0
        if sum(column_topic is not None for column_topic in topics) * 2 < len(topics):
            return 0
        for about, name, value in zip(topics, row.cells, below[1].cells, strict=True):
            if about is not None and value:
                self._open(about, name, below[1], LABEL_LEVEL)
                self._current.rows += _cell_rows(below[1], value)
        self._open(None, "", below[1], LABEL_LEVEL)
        return 2

    def _text_row(self, row: DocumentRow, place: int) -> None:
        if self._is_bare_heading(row, place):
            self._open(section_topic(row.text), row.text, row, 7)
        elif _SHORTCODE in row.text or not self._open_label(row, place):
            self._leave_label(row, place)
            self._current.rows.append(row)

    def _is_bare_heading(self, row: DocumentRow, place: int) -> bool:
        """Return whether a line holds only the name of a section and follows a blank line."""
        if row.kind != "text" or row.nested or len(row.text) > 60 or row.text.rstrip().endswith("."):
            return False
        if place and self._rows[place - 1].kind not in ("blank", "heading"):
            return False
        return section_topic(row.text) in SECTIONS

    def _open_label(self, row: DocumentRow, place: int) -> bool:
        """Open a section if the row begins with a label; the rest of the row is its first line."""
        text = f"**{row.text}**" if row.kind == "heading" else without_pictures(row.text)
        label = _LABEL.fullmatch(text.replace("\\", "")) or self._answered_question(row)
        if label is None:
            return self._open_definition(row, place)
        name = label["bold"] or label["plain"]
        about = section_topic(name)
        if about is None or self._is_part_of_current(row, about, name, bold=bool(label["mark"])):
            return False
        value = _LABEL.fullmatch(text)
        content = (value or label)["value"].strip()
        about = "end" if about == "fix" and _is_time(content) else about
        is_untimed = about in ("start", "end") and bool(content) and find_stamp(content) is None
        if is_untimed or (row.kind == "heading" and content.strip("*_ ") == ""):
            return False
        if (
            label["mark"]
            and not content
            and row.kind == "text"
            and not text.rstrip().endswith((":", "\uff1a"))
            and about not in SECTIONS
        ):
            return False
        self._open(about, name, row, LABEL_LEVEL)
        self._current.item_level = row.level if row.kind == "item" else None
        if content.strip("*_ "):
            self._current.rows.append(
                replace(row, kind="text", text=content.removesuffix("**") if row.kind == "heading" else content)
            )
        return True

    def _answered_question(self, row: DocumentRow) -> re.Match[str] | None:
        """Return a question of a template and its answer on one line: `How did you mitigate the impact? We …`."""
        question = _ASKED.fullmatch(row.text) if row.kind == "text" else None
        if question is None or self._current.topic in ("cause", "timeline"):
            return None
        return question if section_topic(question["plain"]) in _ASKED_TOPICS else None

    def _open_definition(self, row: DocumentRow, place: int) -> bool:
        """Open a section for a definition list: the name on one line, `: value` on the next."""
        below = self._rows[place + 1] if place + 1 < len(self._rows) else None
        about = section_topic(row.text)
        if row.kind != "text" or about is None or below is None or not re.match(r":\s+\S", below.text):
            return False
        self._open(about, row.text, row, LABEL_LEVEL)
        return True

    def _is_part_of_current(self, row: DocumentRow, about: Topic, name: str, *, bold: bool) -> bool:
        current = self._current
        if about == "cause" and current.topic == "cause" and names_chain(current.heading) and asks_why(name):
            return True
        if row.kind == "item" and row.level == current.item_level:
            return False
        if current.topic in _UNLABELLED_TOPICS and (row.kind == "item" or row.nested):
            return not (current.by_label and bold and row.kind == "item" and row.level == 0 and about in SECTIONS)
        if current.topic == "timeline" and not current.by_label:
            return not bold or about not in SECTIONS or about == "summary"
        if current.topic == "actions" and not current.by_label:
            return about not in SECTIONS or about == "aside"
        return False

    def _leave_label(self, row: DocumentRow, place: int) -> None:
        """Close a label's section after its paragraph; later rows belong to the heading above."""
        current = self._current
        goes_on = current.topic in SECTIONS and not (self._tells_of_deed(row, place) or _UPDATE.match(row.text))
        if not current.by_label or goes_on:
            return
        if place and self._rows[place - 1].kind == "blank" and current.rows:
            above = next((section for section in reversed(self._sections) if not section.by_label), self._sections[0])
            self._open(above.topic, above.heading, row, above.level)

    def _tells_of_deed(self, row: DocumentRow, place: int) -> bool:
        """Return whether a paragraph below that of a label such as `Root cause:` goes on with what was done."""
        is_apart = row.kind == "text" and bool(self._rows[place - 1 : place]) and self._rows[place - 1].kind == "blank"
        if self._current.topic not in ("cause", "trigger", "impact", "detection") or not is_apart:
            return False
        return reports_action(split_sentences(plain_text(row.text))[0])


_EITHER_ACTIONS = frozenset(phrase_list("headings of what was or will be done"))
"""Names under which some teams write what they did and others what they will do."""


def _accept_what_went_wrong(sections: Sequence[LabelledSection]) -> None:
    """Take "What went wrong" for the cause where no section is about it, and it is not the lessons' half of a pair."""
    if any(section.topic == "cause" for section in sections):
        return
    names = [normalize_heading(section.heading) for section in sections]
    if any(name.startswith(("what went well", "what went right", "where we got lucky")) for name in names):
        return
    for section, name in zip(sections, names, strict=True):
        if section.topic == "aside" and name == "what went wrong" and section.level <= SHALLOW:
            section.topic = "cause"


def _accept_corrective_action(sections: Sequence[LabelledSection]) -> None:
    """Take "Corrective action", "Maßnahmen" and the like for the fix if nothing else is and follow-ups stand apart."""
    if any(section.topic == "fix" for section in sections):
        return
    listed = [section for section in sections if section.topic == "actions" and section.rows]
    either = [section for section in listed if normalize_heading(section.heading) in _EITHER_ACTIONS]
    if len(either) < len(listed):
        for section in either:
            section.topic = "fix"


def _accept_contributors(sections: Sequence[LabelledSection]) -> None:
    """Take "Contributors" and "Mitigators" for cause and fix where both are there: alone, contributors are people."""
    names = {normalize_heading(section.heading): section for section in sections if section.topic == "aside"}
    if {"contributors", "mitigators"} <= names.keys():
        names["contributors"].topic, names["mitigators"].topic = "cause", "fix"


def _heads_action_items(row: DocumentRow) -> bool:
    """Return whether a row heads a table of action items, and not one of the facts of an incident."""
    topics = {heading_topic(plain_text(cell)) for cell in row.cells}
    return names_action_columns(row) and not topics & _INCIDENT_FACTS


def _is_time(value: str) -> bool:
    """Return whether a value is nothing but a time: a label such as *Recovery* then says when, not how."""
    text = plain_text(value).strip(" .")
    return bool(text) and opening_span(text).strip() == text


def _is_header(row: DocumentRow) -> bool:
    """Return whether a row is a header such as `| Field | Value |` or `| Item | Details |`."""
    return plain_text(row.cells[1]).casefold() in (
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
    """Split a cell at `<br>` into rows with the table row's number."""
    parts = [part.strip() for part in re.split(r"<br\s*/?>", value, flags=re.IGNORECASE)]
    rows = []
    for part in parts:
        if part:
            item = re.fullmatch(r"(?P<mark>[-*•]|\d{1,2}[.)])\s+(?P<text>\S.*)", part)
            kind: RowKind = "item" if item else "text"
            rows.append(
                DocumentRow(row.number, kind, item["text"] if item else part, ordered=bool(item) and part[0].isdigit())
            )
    return rows
