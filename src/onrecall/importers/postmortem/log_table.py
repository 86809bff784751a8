"""A table that holds one incident a row, as the page that tells of each under a heading of its own."""

import re
from collections.abc import Iterator, Mapping, Sequence

from onrecall.importers.postmortem.clock import opening
from onrecall.importers.postmortem.rows import DocumentRow, plain
from onrecall.importers.postmortem.vocabulary import Topic, section_topic, topic

FEWEST = 2
"""Dated rows that make the tables of a page ones of incidents."""
_NAMING: tuple[Topic, ...] = ("title", "summary", "impact")
"""What may name the incident, best first."""
_EXPLAINING: frozenset[Topic] = frozenset(("cause", "fix"))
"""A column of these tells a table of incidents from the chronology of one."""
_NAMES = frozenset(("incident", "issue", "problem", "outage", "event", "name", "störung", "vorfall"))


def incident_rows(rows: Sequence[DocumentRow]) -> tuple[tuple[str, tuple[DocumentRow, ...]], ...]:
    """The heading and the rows of each incident of the page's tables; none where no table holds one a row."""
    above: Topic | None = None
    incidents: list[tuple[str, tuple[DocumentRow, ...]]] = []
    for place, row in enumerate(rows):
        if row.kind == "heading":
            above = section_topic(row.text)
        elif _is_header(rows, place) and above not in ("timeline", "actions"):
            incidents += _incidents(row, rows[place + 2 :])
    return tuple(incidents) if len(incidents) >= FEWEST else ()


def _is_header(rows: Sequence[DocumentRow], place: int) -> bool:
    """A table's header is the row above its rule."""
    return (
        rows[place].kind == "cells"
        and bool(rows[place].cells)
        and rows[place + 1 : place + 2] == (DocumentRow(rows[place].number + 1, "cells", ""),)
    )


def _incidents(header: DocumentRow, below: Sequence[DocumentRow]) -> Iterator[tuple[str, tuple[DocumentRow, ...]]]:
    columns = _columns(header)
    named = next((column for about in _NAMING if (column := columns.get(about)) is not None), None)
    dated = columns.get("start", columns.get("date"))
    if named is None or dated is None or not _EXPLAINING & columns.keys():
        return
    for row in below:
        if row.kind != "cells":
            return
        if len(row.cells) != len(header.cells):
            continue
        stamp = opening(plain(row.cells[dated]))
        name = plain(row.cells[named])
        if stamp is not None and stamp.day is not None and name:
            heading = f"{stamp.day.isoformat()}: {name}"
            yield heading, tuple(_labelled(header, row, heading, columns))


def _columns(header: DocumentRow) -> Mapping[Topic, int]:
    """Where each topic stands; of two columns the first."""
    columns: dict[Topic, int] = {}
    for number, cell in enumerate(header.cells):
        name = plain(cell)
        about = "title" if name.casefold() in _NAMES else section_topic(name) or topic(name)
        if about is not None:
            columns.setdefault(about, number)
    return columns


def _labelled(
    header: DocumentRow, row: DocumentRow, heading: str, columns: Mapping[Topic, int]
) -> Iterator[DocumentRow]:
    """A row's cells as labels with their values, all on the line of the row."""
    yield DocumentRow(row.number, "heading", heading, level=2)
    for number in columns.values():
        value = " ".join(re.split(r"\s*<br\s*/?>\s*", row.cells[number], flags=re.IGNORECASE)).strip()
        if value and columns.get("title") != number:
            yield DocumentRow(row.number, "text", f"**{plain(header.cells[number])}:** {value}")
