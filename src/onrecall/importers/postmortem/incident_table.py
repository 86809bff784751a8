"""Convert a table with one incident per row to sections with one heading per incident."""

import re
from collections.abc import Iterator, Mapping, Sequence

from onrecall.importers.postmortem.clock import opening_stamp
from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.vocabulary import Topic, heading_topic, section_topic

FEWEST = 2
"""Minimum dated rows for a page's tables to count as incident tables."""
_TITLE_TOPICS: tuple[Topic, ...] = ("title", "summary", "impact")
"""Columns that may name the incident, best first."""
_INCIDENT_TOPICS: frozenset[Topic] = frozenset(("cause", "fix"))
"""One of these columns distinguishes a table of incidents from the chronology of one."""
_TITLE_COLUMNS = frozenset(("incident", "issue", "problem", "outage", "event", "name", "störung", "vorfall"))


def incident_rows(rows: Sequence[DocumentRow]) -> tuple[tuple[str, tuple[DocumentRow, ...]], ...]:
    """Return heading and rows of each incident in the page's tables; empty if there is no incident table."""
    above: Topic | None = None
    incidents: list[tuple[str, tuple[DocumentRow, ...]]] = []
    for place, row in enumerate(rows):
        if row.kind == "heading":
            above = section_topic(row.text)
        elif _is_header(rows, place) and above != "actions":
            incidents += _table_incidents(row, rows[place + 2 :], in_chronology=above == "timeline")
    return tuple(incidents) if len(incidents) >= FEWEST else ()


def _is_header(rows: Sequence[DocumentRow], place: int) -> bool:
    """Return whether a row is a table header, followed by its rule."""
    return (
        rows[place].kind == "cells"
        and bool(rows[place].cells)
        and rows[place + 1 : place + 2] == (DocumentRow(rows[place].number + 1, "cells", ""),)
    )


def _table_incidents(
    header: DocumentRow, below: Sequence[DocumentRow], *, in_chronology: bool
) -> Iterator[tuple[str, tuple[DocumentRow, ...]]]:
    columns = _columns(header)
    title_column = next((column for about in _TITLE_TOPICS if (column := columns.get(about)) is not None), None)
    date_columns = [columns[about] for about in ("start", "date") if about in columns]
    if title_column is None or not date_columns or not _INCIDENT_TOPICS & columns.keys():
        return
    if in_chronology and "cause" not in columns:
        return
    for row in below:
        if row.kind != "cells":
            return
        if len(row.cells) != len(header.cells):
            continue
        stamps = (opening_stamp(plain_text(row.cells[column])) for column in date_columns)
        day = next((stamp.day for stamp in stamps if stamp is not None and stamp.day is not None), None)
        name = plain_text(row.cells[title_column])
        if day is not None and name:
            heading = f"{day.isoformat()}: {name}"
            yield heading, tuple(_labelled_rows(header, row, heading, columns))


def _columns(header: DocumentRow) -> Mapping[Topic, int]:
    """Return topic → column index; of two columns the first counts."""
    columns: dict[Topic, int] = {}
    for number, cell in enumerate(header.cells):
        name = plain_text(cell)
        about = "title" if name.casefold() in _TITLE_COLUMNS else section_topic(name) or heading_topic(name)
        if about is not None:
            columns.setdefault(about, number)
    return columns


def _labelled_rows(
    header: DocumentRow, row: DocumentRow, heading: str, columns: Mapping[Topic, int]
) -> Iterator[DocumentRow]:
    """Yield a row's cells as labelled values, all with the row's line number."""
    yield DocumentRow(row.number, "heading", heading, level=2)
    for number in columns.values():
        value = " ".join(re.split(r"\s*<br\s*/?>\s*", row.cells[number], flags=re.IGNORECASE)).strip()
        if value and columns.get("title") != number:
            yield DocumentRow(row.number, "text", f"**{plain_text(header.cells[number])}:** {value}")
