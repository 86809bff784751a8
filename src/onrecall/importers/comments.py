"""Comments in whatever form an export has them: cells with time and author in front, journals in one text, objects."""

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

_TIMES = (
    "created_at", "createdAt", "created", "created_on", "updated_at", "at", "time", "timestamp", "date", "posted_at",
    "display_at", "ts",
)  # fmt: skip
_TEXTS = ("body", "text", "content", "note", "comment", "message", "plain_body", "description", "value")
_ABOUT = ("id", "self", "url", "type", "author", "author_id", "updateAuthor")
"""What stands with a comment and is no part of it: whoever wrote it is not kept."""
_JOURNAL_HEADER = re.compile(
    r"^[ \t]*(?P<at>\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},?[ T]+\d{1,2}:\d{2}(?::\d{2})?(?:[ \t]*[AaPp][Mm])?)[ \t]+-[ \t]+"
    r"(?P<author>[^\n]{1,120}?)[ \t]+\((?P<kind>[^()\n]{3,60})\)[ \t]*$",
    re.MULTILINE,
)
"""What stands above each entry of a ServiceNow journal: `2026-02-03 10:15:00 - Ann Smith (Work notes)`."""

_BEGINS_WITH_TIME = re.compile(r"\s*\d{1,4}[-/. ]\w{2,9}[-/. ]\d{1,4}\b|\s*\d{10,13}$|\s*\d{4}[年년]")


def comments_of(value: Any, times: Times, field: str = "comments") -> tuple[Comment, ...]:
    """Return the comments in a cell, a list of cells, an object or a list of objects."""
    if isinstance(value, list):
        return tuple(comment for part in value for comment in comments_of(part, times, field))
    if isinstance(value, Mapping):
        return tuple(_of_object(value, times, field))
    if not isinstance(value, str) or not value.strip():
        return ()
    journal = tuple(_of_journal(value, times, field))
    return journal or (_of_cell(value, times, field),)


def listed_comments(record: FieldRecord, name: str, texts: Sequence[str], times: Sequence[str]) -> tuple[Comment, ...]:
    """Return the comments in a list of objects, in its order; none where no list stands under the name.

    Args:
        record: What holds the list.
        name: Its name in the record.
        texts: Names of what a comment says, the surest first.
        times: Names of the moment when it was written.
    """
    record.use(*(f"{name}[].{own}" for own in _ABOUT))
    rows = record.rows(name) if isinstance(value_at(record.values, name), list) else ()
    written = ((row, next((text for key in texts if (text := adf.text(row.get(key)))), None)) for row in rows)
    return tuple(Comment(text, moment_of(row, times)) for row, text in written if text)


def moment_of(row: FieldRecord, names: Sequence[str]) -> datetime | None:
    """The moment of a comment; one that can't be read costs the comment only its time."""
    try:
        return row.time(*names)
    except Invalid:
        return None


def _of_object(value: Mapping[str, Any], times: Times, field: str) -> Iterator[Comment]:
    text = next((value[name] for name in _TEXTS if isinstance(value.get(name), str) and value[name].strip()), None)
    said = text or "\n".join(lines_of(value))
    when = next((value[name] for name in _TIMES if value.get(name)), None)
    if said.strip():
        yield Comment(said.strip(), _moment(when, times, field))


def _of_cell(cell: str, times: Times, field: str) -> Comment:
    """A cell of Jira's CSV has time and author before the text: `03/Feb/26 2:20 AM;ann;Restarted it`."""
    parts = cell.split(";", 2)
    if len(parts) == 3 and len(parts[0]) <= LONGEST and _BEGINS_WITH_TIME.match(parts[0]):
        return Comment(parts[2].strip(), _moment(parts[0], times, field))
    return Comment(cell.strip())


def _of_journal(text: str, times: Times, field: str) -> Iterator[Comment]:
    """A journal holds all entries in one text, the newest first."""
    headers = list(_JOURNAL_HEADER.finditer(text))
    for header, following in zip(headers, [*headers[1:], None], strict=False):
        said = text[header.end() : following.start() if following else len(text)].strip()
        if said:
            yield Comment(said, _moment(header["at"], times, field))


def _moment(value: Any, times: Times, field: str) -> datetime | None:
    """The time of a comment; one that can't be read costs the comment only its time."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return times.unix(value, field)
        return times.read(value, field) if isinstance(value, str) and value.strip() else None
    except Invalid:
        return None
