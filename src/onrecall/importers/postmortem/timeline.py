"""What happened when: the rows of a chronology, in headings, lists, tables or lines that begin with a time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from onrecall.importers.postmortem.clock import Chronology, Stamp, opening, opens_with_time, stamp_in
from onrecall.importers.postmortem.rows import DocumentRow, plain
from onrecall.importers.postmortem.sections import LabelledSection

_SEPARATOR = re.compile(r"^[\s\]):,;|*_`~–—→>=-]+")
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
    """One moment of a chronology with all that is written under it."""

    line: int
    at: datetime | None
    head: str
    """What stands behind the time, on its line."""
    rows: list[DocumentRow] = field(default_factory=list)
    """What stands below."""

    @property
    def text(self) -> str:
        """The whole as one line of plain words, code apart."""
        below = [plain(row.text) for row in self.rows if row.kind in ("text", "item", "heading")]
        return " ".join(filter(None, [self.head, *below]))


def entries(sections: Sequence[LabelledSection], chronology: Chronology) -> list[ChronologyEntry]:
    """The entries of all sections that hold a chronology, in the order in which they are written."""
    found = [entry for section in sections if holds_chronology(section) for entry in _entries(section, chronology)]
    return [entry for entry in found if entry.text or any(row.kind == "code" for row in entry.rows)]


def holds_chronology(section: LabelledSection) -> bool:
    """Whether it is headed as one, or has no topic and is made of rows that begin with a time."""
    if section.topic == "timeline":
        return True
    if section.topic not in (None, "aside", "summary", "fix"):
        return False
    marked = [row for row in section.rows if row.kind in ("item", "cells", "heading", "text") and row.text.strip()]
    timed = sum(_is_timed(row) for row in marked)
    if section.topic is not None:
        return timed >= 2 and timed * 2 > len(marked)
    return timed >= 2 or (timed == 1 and bool(opening(plain(section.heading))))


def _is_timed(row: DocumentRow) -> bool:
    if row.kind == "cells":
        return any(opens_with_time(plain(cell)) for cell in row.cells[:2])
    stamp = opening(plain(row.text))
    return stamp is not None and stamp.clock is not None


def _entries(section: LabelledSection, chronology: Chronology) -> Iterator[ChronologyEntry]:
    heading = opening(plain(section.heading))
    current: ChronologyEntry | None = None
    if heading is not None and section.topic is None:
        current = ChronologyEntry(section.line, chronology.moment(heading), _behind(plain(section.heading), heading))
    header: tuple[str, ...] = ()
    for row in section.rows:
        opened = _table_entry(row, header, chronology) if row.kind == "cells" else _opened(row, chronology)
        if row.kind == "cells":
            header = header or tuple(plain(cell).casefold() for cell in row.cells)
        if opened is not None:
            yield from [current] if current is not None else []
            current = opened
        elif row.kind == "cells" or (row.kind == "heading" and _only_date(row, chronology)):
            continue
        elif current is not None:
            current.rows.append(row)
        elif row.kind == "item" and section.topic == "timeline":
            yield ChronologyEntry(row.number, None, plain(row.text))
    yield from [current] if current is not None else []


def _opened(row: DocumentRow, chronology: Chronology) -> ChronologyEntry | None:
    """The entry that a row begins, if it begins with a time."""
    if row.kind not in ("heading", "item", "text") or (row.kind == "item" and row.level > 7):
        return None
    said = plain(row.text)
    if track := _TRACK.search(row.text):
        stamp = stamp_in(track["at"])
        words = plain(_TRACK.sub("", row.text)).strip("* -")
        return ChronologyEntry(row.number, chronology.moment(stamp) if stamp else None, words)
    stamp = opening(said)
    if stamp is None:
        behind = _SEPARATOR.sub("", re.sub(r"^\S+", "", said))
        return ChronologyEntry(row.number, None, behind) if opens_with_time(said) else None
    return (
        None
        if _is_day_alone(row, said, stamp, chronology)
        else ChronologyEntry(row.number, chronology.moment(stamp), _behind(said, stamp))
    )


def _is_day_alone(row: DocumentRow, said: str, stamp: Stamp, chronology: Chronology) -> bool:
    """Whether a row holds a date without a time of day, which tells the day of those below, or is prose."""
    rest = said[stamp.end :]
    if stamp.clock is not None or row.kind == "heading":
        return False
    if not rest.strip(" :*-\u2013"):
        chronology.moment(stamp)
        return True
    return row.kind == "text" and not _SEPARATOR.match(rest)


def _only_date(row: DocumentRow, chronology: Chronology) -> bool:
    stamp = stamp_in(plain(row.text))
    if stamp is not None and stamp.day is not None and stamp.clock is None:
        chronology.moment(stamp)
        return True
    return False


def _behind(said: str, stamp: Stamp) -> str:
    """What stands behind the time, without a second time that ends a span."""
    rest = said[stamp.end :]
    while until := _UNTIL.match(rest):
        second = opening(rest[until.end() :])
        if second is None:
            break
        rest = rest[until.end() + second.end :]
    return _SEPARATOR.sub("", rest).strip()


def _table_entry(row: DocumentRow, header: tuple[str, ...], chronology: Chronology) -> ChronologyEntry | None:
    """A table's row: a date and a time may have a column each, or share one."""
    cells = [plain(cell) for cell in row.cells]
    timed = [opens_with_time(cell) for cell in cells[:2]]
    if not any(timed):
        return None
    first, second = [*(opening(cell) if is_time else None for cell, is_time in zip(cells, timed, strict=False)), None][
        :2
    ]
    if first is None and second is None:
        return ChronologyEntry(row.number, None, _joined(cells[1:])) if header and timed[0] else None
    if first is None or second is None:
        return _entry_of_one(row, cells, first, second, chronology)
    if first.clock is None and second.day is None:
        stamp = Stamp(first.day, second.clock, second.zone, 0, second.unclear)
        return ChronologyEntry(row.number, chronology.moment(stamp), _joined(cells[2:]))
    return ChronologyEntry(row.number, chronology.moment(first), _joined([_behind(cells[0], first), *cells[1:]]))


def _entry_of_one(
    row: DocumentRow, cells: Sequence[str], first: Stamp | None, second: Stamp | None, chronology: Chronology
) -> ChronologyEntry | None:
    """The entry of a row that has its whole time in its first cell, or in its second."""
    if first is not None:
        return ChronologyEntry(row.number, chronology.moment(first), _joined([_behind(cells[0], first), *cells[1:]]))
    return ChronologyEntry(row.number, chronology.moment(second), _joined([cells[0], *cells[2:]])) if second else None


def _joined(cells: Sequence[str]) -> str:
    return ": ".join(cell for cell in cells if cell) if len(cells) < 3 else " ".join(cell for cell in cells if cell)


def headed_updates(sections: Sequence[LabelledSection], chronology: Chronology) -> list[ChronologyEntry]:
    """Updates of a status page that stand under their state as heading, with a line `Posted …`; else none."""
    found: list[ChronologyEntry] = []
    for section in sections:
        if section.by_label or not _STATE.fullmatch(section.heading):
            continue
        posted, stamp = next(((row, at) for row in section.rows if (at := _posted_at(row))), (None, None))
        if stamp is None:
            continue
        entry = ChronologyEntry(section.line, chronology.moment(stamp), f"{section.heading.capitalize()}:")
        entry.rows = [DocumentRow(0, "blank", ""), *(row for row in section.rows if row is not posted)]
        found.append(entry)
    return found if len(found) > 1 else []


def _posted_at(row: DocumentRow) -> Stamp | None:
    """The moment on a line that holds nothing else, or only `Posted` before it."""
    said = plain(row.text)
    stamp = opening(_POSTED.sub("", said)) if row.kind == "text" else None
    if stamp is None or stamp.day is None or stamp.clock is None:
        return None
    return stamp if _POSTED.match(said) or not said[stamp.end :].strip(" .)") else None


def status_updates(section: LabelledSection, chronology: Chronology) -> list[ChronologyEntry]:
    """Updates as status pages print them: a state, what it says, and the time on the line below."""
    found: list[ChronologyEntry] = []
    for row in section.rows:
        said = plain(row.text)
        state = _STATE.match(said)
        if state and row.kind in ("text", "item", "heading"):
            found.append(
                ChronologyEntry(row.number, None, f"{state['state'].capitalize()}: {said[state.end() :]}".rstrip(": "))
            )
        elif found and row.kind in ("text", "item") and (stamp := opening(_POSTED.sub("", said))):
            if found[-1].at is None:
                found[-1].at = chronology.moment(stamp)
        elif found and row.kind in ("text", "item"):
            found[-1].rows.append(row)
    return found if len(found) > 1 and sum(entry.at is not None for entry in found) * 2 > len(found) else []
