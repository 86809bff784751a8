"""A retrieval task in BEIR form: a folder with corpus.jsonl, queries.jsonl and qrels.jsonl or qrels/test.tsv."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onrecall.domain.errors import Invalid

QRELS = ("qrels.jsonl", "qrels/test.tsv", "qrels.tsv", "qrels/dev.tsv")


@dataclass(frozen=True, slots=True)
class CorpusDocument:
    """A document of the corpus."""

    id: str
    title: str
    text: str
    is_incident: bool = False
    """Whether it tells of an incident (`metadata.kind` is `incident`) and is stored as one; otherwise it is a page."""


@dataclass(frozen=True, slots=True)
class BeirQuery:
    """A query; `exclude` names documents that may not answer it, because they are the query itself."""

    id: str
    text: str
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Task:
    """Queries, corpus and relevant documents. A query without relevant documents has none in the corpus."""

    name: str
    corpus: tuple[CorpusDocument, ...]
    queries: tuple[BeirQuery, ...]
    right: Mapping[str, Mapping[str, float]]


def read(folder: Path, corpus: Path | None = None) -> Task:
    """Read the task in a folder; its corpus may come from another task's folder."""
    path = _file((corpus or folder) / "corpus.jsonl")
    entries = tuple(_entry(where, row) for where, row in _rows(path))
    _unique(path, [entry.id for entry in entries])
    queries = read_queries(folder / "queries.jsonl")
    ids, query_ids = {entry.id for entry in entries}, {query.id for query in queries}
    right: dict[str, dict[str, float]] = {}
    for where, query, document, score in _judgements(folder):
        if query not in query_ids:
            raise Invalid(f"{where}: the query {query!r} is not in queries.jsonl", "query-id")
        if document not in ids:
            raise Invalid(f"{where}: the document {document!r} is not in corpus.jsonl", "corpus-id")
        if score > 0:
            right.setdefault(query, {})[document] = score
    return Task(folder.resolve().name, entries, queries, right)


def read_queries(path: Path) -> tuple[BeirQuery, ...]:
    """Read the queries in a file, in order."""
    queries = tuple(_question(where, row) for where, row in _rows(_file(path)))
    _unique(path, [query.id for query in queries])
    return queries


def _file(path: Path) -> Path:
    if not path.is_file():
        raise Invalid(f"there is no {path}; a task in BEIR format has corpus.jsonl and queries.jsonl", path.name)
    return path


def _unique(path: Path, ids: list[str]) -> None:
    seen_ids: set[str] = set()
    for line, entry_id in enumerate(ids, start=1):
        if entry_id in seen_ids:
            raise Invalid(f"{path}: the id {entry_id!r} of entry {line} appears twice; ids must be unique", "_id")
        seen_ids.add(entry_id)
    if not ids:
        raise Invalid(f"{path} is empty; put one JSON object on each line", path.name)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise Invalid(
                    f"{where}: this line is not JSON ({error}); put one object on each line", path.name
                ) from error
            if not isinstance(row, dict):
                raise Invalid(f"{where}: this line is not a JSON object", path.name)
            yield where, row


def _entry(where: str, row: Mapping[str, Any]) -> CorpusDocument:
    title = row.get("title")
    name = title.replace("\0", " ") if isinstance(title, str) else ""
    is_incident = bool(name.strip()) and _metadata(where, row).get("kind") == "incident"
    return CorpusDocument(_text(where, row, "_id"), name, _text(where, row, "text", empty=True), is_incident)


def _question(where: str, row: Mapping[str, Any]) -> BeirQuery:
    exclude = _metadata(where, row).get("exclude") or []
    if not isinstance(exclude, list):
        raise Invalid(f"{where}: metadata.exclude is not a list of ids", "metadata.exclude")
    return BeirQuery(_text(where, row, "_id"), _text(where, row, "text"), frozenset(map(str, exclude)))


def _metadata(where: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = row.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise Invalid(f"{where}: metadata is not an object", "metadata")
    return metadata


def _text(where: str, row: Mapping[str, Any], field: str, *, empty: bool = False) -> str:
    """Return a field's text; NUL, which databases reject, becomes a blank."""
    value = row.get(field)
    if isinstance(value, int) and field.endswith("id"):
        value = str(value)
    if not isinstance(value, str) or (not value.strip() and not empty):
        raise Invalid(f"{where}: {field} is missing or no text", field)
    return value.replace("\0", " ")


def _judgements(folder: Path) -> Iterator[tuple[str, str, str, float]]:
    """Yield location, query, document and score; a folder without judgements has only out-of-scope queries."""
    path = next((folder / name for name in QRELS if (folder / name).is_file()), None)
    if path is None:
        return
    rows = _rows(path) if path.suffix == ".jsonl" else _tab_separated(path)
    for where, row in rows:
        score = row.get("score")
        try:
            value = float(score)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise Invalid(f"{where}: score is {score!r}, not a number", "score") from error
        yield where, _text(where, row, "query-id"), _text(where, row, "corpus-id"), value


def _tab_separated(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, cells in enumerate(csv.reader(file, delimiter="\t"), start=1):
            if not cells or (number == 1 and not _is_number(cells[-1])):
                continue
            if len(cells) < 3:
                raise Invalid(f"{path}:{number}: query-id, corpus-id and score are needed, with tabs between", "score")
            yield f"{path}:{number}", {"query-id": cells[0], "corpus-id": cells[-2], "score": cells[-1]}


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
