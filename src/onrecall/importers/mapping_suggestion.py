"""Suggest a mapping file for a file of records: detected columns are filled in, the rest are comments."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.importers import columns
from onrecall.importers.column_names import FIELDS
from onrecall.importers.field_usage import FieldUsage, UnusedField
from onrecall.importers.mapping import FieldMapping
from onrecall.importers.options import ImportOptions, ImportSource
from onrecall.importers.reader import record_rows
from onrecall.importers.record import SourceRow
from onrecall.importers.times import Times, detect_date_order
from onrecall.importers.values import name_of, value_at

MAX_RECORDS = 1_000
"""Records examined at the beginning of a file."""
_MEANINGS = {
    "id": "required: its unique id",
    "title": "required: what happened, in a few words",
    "started_at": "required: when it began",
    "resolved_at": "when it ended, or how long it took",
    "service": "where it happened",
    "severity": "how bad it was",
    "root_cause": "why it happened, in prose",
    "cause": "the short label that incidents with the same cause share",
    "fix": "what fixed it",
    "comments": "what people wrote about it at the time",
}


@dataclass(frozen=True, slots=True)
class MappingSuggestion:
    """A mapping file for one file of records."""

    fields: Mapping[str, str]
    """Our field → their column, where detected."""
    guessed: frozenset[str]
    """Fields that were guessed from the content of the columns."""
    text: str
    """The mapping file as YAML."""


def suggest_mapping(path: Path, options: ImportOptions) -> MappingSuggestion:
    """Return a mapping file for a file of records.

    Raises:
        Invalid: the file can't be read, or contains no records with fields.
    """
    with _open_file(path) as stream:
        source = ImportSource(str(path), path.name, stream, path.stat().st_size)
        rows = itertools.islice(record_rows(source, options), MAX_RECORDS)
        records = [row.values for row in rows if isinstance(row, SourceRow)]
    if not records:
        raise Invalid(f"there is no record in {path} to suggest a mapping for", "paths")
    present = columns.list_columns(records)
    assigned = {field: names[0] for field, names in columns.assign(present, FieldMapping()).fields.items()}
    guesses = {field: column for field, column in _guess_columns(records, present, assigned) if field not in assigned}
    fields = {field: column for field in FIELDS if (column := {**assigned, **guesses}.get(field))}
    if "resolved_at" not in fields and "started_at" in fields and {"fix", "root_cause", "cause"} & set(fields):
        fields["resolved_at"] = guesses["resolved_at"] = fields["started_at"]
    text = "\n".join(_mapping_lines(path, fields, guesses, _unused_columns(records, fields)))
    return MappingSuggestion(fields, frozenset(guesses), f"{text}\n")


def _open_file(path: Path) -> Any:
    try:
        return path.open("rb")
    except OSError as problem:
        raise Invalid(f"{path} can't be read: {problem.strerror}; name a file", "paths") from None


def _guess_columns(
    records: Sequence[Mapping[str, Any]], present: Sequence[str], assigned: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Guess the columns of the required fields from their content."""
    free = [column for column in present if column not in assigned.values()]
    texts = {column: [text for values in records if (text := name_of(value_at(values, column)))] for column in free}
    full = [column for column in free if len(texts[column]) == len(records)]
    dated = next((column for column in full if _are_times(texts[column])), None)
    if dated:
        yield "started_at", dated
    remaining = [column for column in full if column != dated]
    unique = [column for column in remaining if len(set(texts[column])) == len(records)]
    numbered = next((column for column in unique if all(len(text.split()) == 1 for text in texts[column])), None)
    if numbered:
        yield "id", numbered
    worded = [column for column in remaining if column != numbered and _mean_word_count(texts[column]) >= 2]
    if worded:
        yield "title", min(worded, key=lambda column: abs(_mean_word_count(texts[column]) - 6))


def _are_times(texts: Sequence[str]) -> bool:
    times = Times(order=detect_date_order(texts) or "day_first")
    try:
        for text in texts:
            times.read(text, "started_at")
    except Invalid:
        return False
    return True


def _mean_word_count(texts: Sequence[str]) -> float:
    return sum(len(text.split()) for text in texts) / len(texts)


def _unused_columns(records: Sequence[Mapping[str, Any]], fields: Mapping[str, str]) -> list[UnusedField]:
    usage = FieldUsage()
    for column in fields.values():
        usage.use(column)
    for values in records:
        usage.observe(values)
    return list(usage.unused())


def _mapping_lines(
    path: Path, fields: Mapping[str, str], guesses: Mapping[str, str], unused: Sequence[UnusedField]
) -> Iterator[str]:
    yield "# Our fields, each with the name of your column; of a list, the first with content counts (of texts, all)."
    yield f"# Then: onrecall import {path.name} --mapping THIS_FILE --dry-run"
    for field in FIELDS:
        meaning = _MEANINGS.get(field)
        if field == "resolved_at" and fields.get(field) == fields.get("started_at"):
            yield f"{field}: {_quoted(fields[field])}  # nothing says when it was fixed: on its date; check it"
        elif field in guesses:
            yield f"{field}: {_quoted(fields[field])}  # guessed from its content; check it"
        elif field in fields:
            yield f"{field}: {_quoted(fields[field])}"
        elif meaning:
            yield f"# {field}:  # {meaning}"
    yield "# dates: day_first  # or month_first, where 03/04/2026 stands alone"
    yield "# timezone: Europe/Berlin  # for times without a zone"
    if unused:
        yield "# Not used so far; give a column to a field above, or keep it as a label:"
        yield "labels:"
        for column in unused:
            comment = " ".join(f"{column.count} of {column.of}, e.g. {column.example}".split())
            yield f"  # {_quoted(column.field)}: {_quoted(column.field)}  # {comment}"


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
