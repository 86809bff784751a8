"""Parse comments in every form that exports use: cells prefixed by time and author, journals in one text, objects."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.importers import adf
from onrecall.importers.narrative import Comment
from onrecall.importers.record import FieldRecord
from onrecall.importers.time_syntax import LONGEST
from onrecall.importers.times import Times
from onrecall.importers.values import lines_of, value_at

_TIME_FIELDS = (
    "created_at", "createdAt", "created", "created_on", "updated_at", "at", "time", "timestamp", "date", "posted_at",
    "display_at", "ts",
)  # fmt: skip
_TEXT_FIELDS = ("body", "text", "content", "note", "comment", "message", "plain_body", "description", "value")
_METADATA_FIELDS = ("id", "self", "url", "type", "author", "author_id", "updateAuthor")
"""Fields of a comment that are ignored; authors are not stored."""
_JOURNAL_HEADER = re.compile(
    r"^[ \t]*(?P<at>\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},?[ T]+\d{1,2}:\d{2}(?::\d{2})?(?:[ \t]*[AaPp][Mm])?)[ \t]+-[ \t]+"
    r"(?P<author>[^\n]{1,120}?)[ \t]+\((?P<kind>[^()\n]{3,60})\)[ \t]*$",
    re.MULTILINE,
)
"""The header of each entry of a ServiceNow journal: `2026-02-03 10:15:00 - Ann Smith (Work notes)`."""

_BEGINS_WITH_TIME = re.compile(r"\s*\d{1,4}[-/. ]\w{2,9}[-/. ]\d{1,4}\b|\s*\d{10,13}$|\s*\d{4}[年년]")


def parse_comments(value: Any, times: Times, field: str = "comments") -> tuple[Comment, ...]:
    """Return the comments in a cell, a list of cells, an object or a list of objects."""
    if isinstance(value, list):
        return tuple(comment for part in value for comment in parse_comments(part, times, field))
    if isinstance(value, Mapping):
        return tuple(_object_comments(value, times, field))
    if not isinstance(value, str) or not value.strip():
        return ()
    journal = tuple(_journal_comments(value, times, field))
    return journal or (_cell_comment(value, times, field),)


def listed_comments(record: FieldRecord, name: str, texts: Sequence[str], times: Sequence[str]) -> tuple[Comment, ...]:
    """Return the comments in a list of objects, in its order; empty if there is no such list.

    Args:
        record: The record that contains the list.
        name: The field that holds the list.
        texts: Fields of a comment's text, most reliable first.
        times: Fields of the time it was written.
    """
    record.use(*(f"{name}[].{own}" for own in _METADATA_FIELDS))
    rows = record.object_list(name) if isinstance(value_at(record.values, name), list) else ()
    written = ((row, next((text for key in texts if (text := adf.to_text(row.get(key)))), None)) for row in rows)
    return tuple(Comment(text, comment_time(row, times)) for row, text in written if text)


def comment_time(row: FieldRecord, names: Sequence[str]) -> datetime | None:
    """Return the time of a comment, or None if it can't be parsed."""
    try:
        return row.time(*names)
    except Invalid:
        return None


def _object_comments(value: Mapping[str, Any], times: Times, field: str) -> Iterator[Comment]:
    text = next(
        (value[name] for name in _TEXT_FIELDS if isinstance(value.get(name), str) and value[name].strip()), None
    )
    content = text or "\n".join(lines_of(value))
    when = next((value[name] for name in _TIME_FIELDS if value.get(name)), None)
    if content.strip():
        yield Comment(content.strip(), _parse_moment(when, times, field))


def _cell_comment(cell: str, times: Times, field: str) -> Comment:
    """Parse a cell of Jira's CSV, which puts time and author before the text: `03/Feb/26 2:20 AM;ann;Restarted it`."""
    parts = cell.split(";", 2)
    if len(parts) == 3 and len(parts[0]) <= LONGEST and _BEGINS_WITH_TIME.match(parts[0]):
        return Comment(parts[2].strip(), _parse_moment(parts[0], times, field))
    return Comment(cell.strip())


def _journal_comments(text: str, times: Times, field: str) -> Iterator[Comment]:
    """Split a journal, which holds all entries in one text, newest first."""
    headers = list(_JOURNAL_HEADER.finditer(text))
    for header, following in zip(headers, [*headers[1:], None], strict=False):
        entry = text[header.end() : following.start() if following else len(text)].strip()
        if entry:
            yield Comment(entry, _parse_moment(header["at"], times, field))


def _parse_moment(value: Any, times: Times, field: str) -> datetime | None:
    """Return the time of a comment, or None if it can't be parsed."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return times.unix(value, field)
        return times.read(value, field) if isinstance(value, str) and value.strip() else None
    except Invalid:
        return None
