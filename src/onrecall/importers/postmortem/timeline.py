"""Read chronologies written as headings, lists, tables or lines that begin with a time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from onrecall.importers.postmortem.clock import Chronology, WrittenClockTime, find_stamp, opening_stamp, opens_with_time
from onrecall.importers.postmortem.relative_clock import relative_offset
from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.step_tables import result_words, roles_of_names

_SEPARATOR = re.compile(r"^[\s\]):,;|*_~–—→>=-]+")
_UNTIL = re.compile(r"^\s*(?:-|–|—|to|until|bis)\s*(?=\d)")
_STATE = re.compile(
    r"^\**(?P<state>resolved|monitoring|identified|investigating|update|in progress|scheduled|completed"
    r"|postmortem|verifying)\**"
    r"\s*(?:[-–—:]|$)\s*",
    re.IGNORECASE,
)
_POSTED = re.compile(r"^posted\s+(?:on\s+)?", re.IGNORECASE)
_TRACK = re.compile(r"\{\{<\s*track\s+\"(?P<at>[^\"]+)\"\s*>\}\}")


@dataclass(slots=True)
class ChronologyEntry:
    """One entry of a chronology with the rows under it."""

    line: int
    at: datetime | None
    head: str
    """The text after the time, on its line."""
    rows: list[DocumentRow] = field(default_factory=list)
    """The rows below."""

    @property
    def text(self) -> str:
        """Return the whole entry as one plain line, without code."""
        below = [plain_text(row.text) for row in self.rows if row.kind in ("text", "item", "heading")]
        return " ".join(filter(None, [self.head, *below]))


def chronology_entries(sections: Sequence[LabelledSection], chronology: Chronology) -> list[ChronologyEntry]:
    """Return the entries of all chronology sections, in document order."""
    section_entries = [
        entry for section in sections if holds_chronology(section) for entry in _section_entries(section, chronology)
    ]
    return [entry for entry in section_entries if entry.text or any(row.kind == "code" for row in entry.rows)]


def holds_chronology(section: LabelledSection) -> bool:
    """Return whether a section is a chronology by its heading, or consists of rows that begin with a time."""
    if section.topic == "timeline":
        return True
    if section.topic not in (None, "aside", "summary", "fix"):
        return False
    marked = [row for row in section.rows if row.kind in ("item", "cells", "heading", "text") and row.text.strip()]
    timed = sum(_is_timed(row) for row in marked)
    if section.topic is not None:
        return timed >= 2 and timed * 2 > len(marked)
    return timed >= 2 or (timed == 1 and bool(opening_stamp(plain_text(section.heading))))


def _is_timed(row: DocumentRow) -> bool:
    if row.kind == "cells":
        return any(opens_with_time(plain_text(cell)) for cell in row.cells[:2])
    stamp = opening_stamp(plain_text(row.text))
    return stamp is not None and stamp.clock is not None


def _section_entries(section: LabelledSection, chronology: Chronology) -> Iterator[ChronologyEntry]:
    heading = opening_stamp(plain_text(section.heading))
    current: ChronologyEntry | None = None
    if heading is not None and section.topic is None and not (section.level == 1 and heading.day is None):
        current = ChronologyEntry(
            section.line, chronology.moment(heading), _text_after(plain_text(section.heading), heading)
        )
    header: tuple[str, ...] = ()
    for row in section.rows:
        opened = _table_entry(row, header, chronology) if row.kind == "cells" else _entry_from_row(row, chronology)
        if row.kind == "cells":
            header = header or tuple(plain_text(cell).casefold() for cell in row.cells)
        if opened is not None:
            yield from [current] if current is not None else []
            current = opened
        elif row.kind == "cells" or (row.kind == "heading" and _is_date_only(row, chronology)):
            continue
        elif current is not None:
            current.rows.append(row)
        elif row.kind == "item" and section.topic == "timeline":
            yield ChronologyEntry(row.number, None, plain_text(row.text))
    yield from [current] if current is not None else []


def _entry_from_row(row: DocumentRow, chronology: Chronology) -> ChronologyEntry | None:
    """Return the entry that a row opens if it begins with a time."""
    if row.kind not in ("heading", "item", "text") or (row.kind == "item" and row.level > 7):
        return None
    text = plain_text(row.text)
    if track := _TRACK.search(row.text):
        stamp = find_stamp(track["at"])
        words = plain_text(_TRACK.sub("", row.text)).strip("* -")
        return ChronologyEntry(row.number, chronology.moment(stamp) if stamp else None, words)
    stamp = opening_stamp(text)
    if stamp is None:
        return _relative_entry(row.number, text, chronology)
    return (
        None
        if _is_day_alone(row, text, stamp, chronology)
        else ChronologyEntry(row.number, chronology.moment(stamp), _text_after(text, stamp))
    )


def _relative_entry(line: int, text: str, chronology: Chronology) -> ChronologyEntry | None:
    """Return the entry of a line that opens with a time counted from the beginning, or with one that is crossed out."""
    relative = relative_offset(text)
    if relative is not None:
        at = chronology.origin + relative.since if chronology.origin else None
        return ChronologyEntry(line, at, _SEPARATOR.sub("", text[relative.end :]))
    behind = _SEPARATOR.sub("", re.sub(r"^\S+", "", text))
    return ChronologyEntry(line, None, behind) if opens_with_time(text) else None


def _is_day_alone(row: DocumentRow, text: str, stamp: WrittenClockTime, chronology: Chronology) -> bool:
    """Return whether a row has only a date, which applies to the rows below, or is prose."""
    remainder = text[stamp.end :]
    if stamp.clock is not None or row.kind == "heading":
        return False
    if not remainder.strip(" :*-\u2013"):
        chronology.moment(stamp)
        return True
    return row.kind == "text" and not _SEPARATOR.match(remainder)


def _is_date_only(row: DocumentRow, chronology: Chronology) -> bool:
    stamp = find_stamp(plain_text(row.text))
    if stamp is not None and stamp.day is not None and stamp.clock is None:
        chronology.moment(stamp)
        return True
    return False


def _text_after(text: str, stamp: WrittenClockTime) -> str:
    """Return the text after the time, skipping a second time that ends a range."""
    remainder = text[stamp.end :]
    while until := _UNTIL.match(remainder):
        second = opening_stamp(remainder[until.end() :])
        if second is None:
            break
        remainder = remainder[until.end() + second.end :]
    is_code = text[: len(text) - len(remainder)].count("`") % 2 == 1
    return _SEPARATOR.sub("", remainder.lstrip().removeprefix("`") if is_code else remainder).strip()


def _table_entry(row: DocumentRow, header: tuple[str, ...], chronology: Chronology) -> ChronologyEntry | None:
    """Return the entry of a table row; date and time may be in one column or two."""
    cells = _without_names([plain_text(cell) for cell in row.cells], header)
    timed = [opens_with_time(cell) for cell in cells[:2]]
    if not any(timed):
        return None
    first, second = [
        *(opening_stamp(cell) if is_time else None for cell, is_time in zip(cells, timed, strict=False)),
        None,
    ][:2]
    if first is None and second is None:
        opened = _relative_entry(row.number, cells[0], chronology) if header and timed[0] else None
        return ChronologyEntry(row.number, opened.at, _join_cells(cells[1:])) if opened else None
    if first is None or second is None:
        return _entry_from_one_cell(row, cells, first, second, chronology)
    if first.clock is None and second.day is None:
        stamp = WrittenClockTime(first.day, second.clock, second.zone, 0, second.unclear)
        return ChronologyEntry(row.number, chronology.moment(stamp), _join_cells(cells[2:]))
    return ChronologyEntry(
        row.number, chronology.moment(first), _join_cells([_text_after(cells[0], first), *cells[1:]])
    )


def _entry_from_one_cell(
    row: DocumentRow,
    cells: Sequence[str],
    first: WrittenClockTime | None,
    second: WrittenClockTime | None,
    chronology: Chronology,
) -> ChronologyEntry | None:
    """Return the entry of a row whose time is in its first or second cell."""
    if first is not None:
        return ChronologyEntry(
            row.number, chronology.moment(first), _join_cells([_text_after(cells[0], first), *cells[1:]])
        )
    return (
        ChronologyEntry(row.number, chronology.moment(second), _join_cells([cells[0], *cells[2:]])) if second else None
    )


def _without_names(cells: Sequence[str], header: Sequence[str]) -> list[str]:
    """Return the cells of a row without the columns of people, and with the words of a result behind a dash."""
    roles = roles_of_names(header)
    if not roles or len(roles) != len(cells):
        return list(cells)
    words = [cell for role, cell in zip(roles, cells, strict=True) if role not in ("owner", "result")]
    results = [result_words(cell) for role, cell in zip(roles, cells, strict=True) if role == "result" and cell]
    return [*words[:-1], " — ".join([words[-1], *results])] if words and results else words


def _join_cells(cells: Sequence[str]) -> str:
    return ": ".join(cell for cell in cells if cell) if len(cells) < 3 else " ".join(cell for cell in cells if cell)


def headed_updates(sections: Sequence[LabelledSection], chronology: Chronology) -> list[ChronologyEntry]:
    """Return status page updates headed by their state, with a `Posted …` line; empty unless there are several."""
    updates: list[ChronologyEntry] = []
    for section in sections:
        if section.by_label or not _STATE.fullmatch(section.heading):
            continue
        posted, stamp = next(((row, at) for row in section.rows if (at := _posted_at(row))), (None, None))
        if stamp is None:
            continue
        entry = ChronologyEntry(section.line, chronology.moment(stamp), f"{section.heading.capitalize()}:")
        entry.rows = [DocumentRow(0, "blank", ""), *(row for row in section.rows if row is not posted)]
        updates.append(entry)
    return updates if len(updates) > 1 else []


def _posted_at(row: DocumentRow) -> WrittenClockTime | None:
    """Return the time on a line that holds only a time, optionally after `Posted`."""
    text = plain_text(row.text)
    stamp = opening_stamp(_POSTED.sub("", text)) if row.kind == "text" else None
    if stamp is None or stamp.day is None or stamp.clock is None:
        return None
    return stamp if _POSTED.match(text) or not text[stamp.end :].strip(" .)") else None


def status_updates(section: LabelledSection, chronology: Chronology) -> list[ChronologyEntry]:
    """Return status page updates printed as state and text, with the time on a line below."""
    updates: list[ChronologyEntry] = []
    for row in section.rows:
        text = plain_text(_TRACK.sub("", row.text))
        state = _STATE.match(text)
        if state and (track := _TRACK.search(row.text)) and (tracked := find_stamp(track["at"])):
            words = f"{state['state'].capitalize()}: {text[state.end() :]}".rstrip(": ")
            updates.append(ChronologyEntry(row.number, chronology.moment(tracked), words))
        elif state and row.kind in ("text", "item", "heading"):
            updates.append(
                ChronologyEntry(row.number, None, f"{state['state'].capitalize()}: {text[state.end() :]}".rstrip(": "))
            )
        elif updates and row.kind in ("text", "item") and (stamp := opening_stamp(_POSTED.sub("", text))):
            if updates[-1].at is None:
                updates[-1].at = chronology.moment(stamp)
        elif updates and row.kind in ("text", "item"):
            updates[-1].rows.append(row)
    return updates if len(updates) > 1 and sum(entry.at is not None for entry in updates) * 2 > len(updates) else []
