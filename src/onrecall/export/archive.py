"""Export of a whole store as a folder: a manifest and one JSON line per row, which can be loaded again.

The folder also contains the incidents and documents in formats for people and other tools.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZipFile

from onrecall import __version__
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.importers import markdown, native
from onrecall.pipeline.import_history import ImportReport
from onrecall.redaction import announces_secret, contains_no_secrets, redact_model
from onrecall.storage import ResultPage, Storage
from onrecall.storage.archive import TEXT_COLUMNS

MANIFEST = "onrecall.json"
ROWS = "rows.jsonl"
FOLDER = "onrecall-export"
"""Top-level folder in the zip."""
FORMAT = 1
PAGE_SIZE = 200

Item = TypeVar("Item")


def is_export(path: Path) -> bool:
    """Return whether the folder was written by `onrecall export`."""
    return (path / MANIFEST).is_file()


def write(store: Storage, folder: Path) -> Mapping[str, int]:
    """Write everything; the manifest is written last, so that an interrupted export is not taken for a complete one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Invalid(f"{folder} is not empty; name an empty or a new folder", "folder")
        (folder / "documents").mkdir()
        counts: Counter[str] = Counter()
        for name, text in _files(store, counts):
            with (folder / name).open("w", encoding="utf-8") as file:
                file.writelines(text)
    except OSError as error:
        raise Invalid(f"can't write to {folder}: {error.strerror}", "folder") from error
    return counts


def pack(store: Storage, file: IO[bytes]) -> Mapping[str, int]:
    """Write the same as a zip, streaming row by row."""
    counts: Counter[str] = Counter()
    try:
        with ZipFile(file, "w", ZIP_DEFLATED) as packed:
            packed.mkdir(f"{FOLDER}/documents")
            for name, text in _files(store, counts):
                with packed.open(f"{FOLDER}/{name}", "w", force_zip64=True) as entry:
                    for part in text:
                        entry.write(part.encode())
    except OSError as error:
        raise Unavailable(f"the export can't be packed: {error.strerror}; the temporary folder needs room") from error
    return counts


def _files(store: Storage, counts: Counter[str]) -> Iterator[tuple[str, Iterator[str]]]:
    """Yield the files of an export by name, in the order of writing."""
    yield ROWS, _dump_rows(store, counts)
    yield (
        "incidents.jsonl",
        (json.dumps(native.dump(incident), ensure_ascii=False) + "\n" for incident in _all_pages(store.incidents.page)),
    )
    for document in _all_pages(store.documents.page):
        yield f"documents/{quote(document.id, safe=' ')}.md", iter((markdown.dump(document),))
    manifest = {"format": FORMAT, "written_by": f"onrecall {__version__}", "rows": dict(counts)}
    yield MANIFEST, iter((json.dumps(manifest, indent=2) + "\n",))


def _dump_rows(store: Storage, counts: Counter[str]) -> Iterator[str]:
    for row in store.archive.dump():
        counts[row["table"]] += 1
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _all_pages(fetch: Callable[..., ResultPage[Item]]) -> Iterator[Item]:
    cursor = None
    while True:
        page = fetch(cursor=cursor, limit=PAGE_SIZE)
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return


def read(store: Storage, folder: Path, *, dry_run: bool = False, personal: bool = False) -> ImportReport:
    """Load an export. Existing rows stay; a contradicting row aborts the whole load.

    Rows are redacted like all input, as an export may have been changed.
    """
    manifest = _manifest(folder)
    rows = folder / ROWS
    expected = sum(manifest["rows"].values())
    row_count = sum(1 for _ in _rows(rows))
    if row_count != expected:
        raise Invalid(f"{rows} has {row_count} rows but its manifest says {expected}; export it again", "rows")
    if dry_run:
        return ImportReport(notes=[f"{folder} is an export of {expected} rows; loading it keeps what is already here"])
    loaded = sum(store.archive.load(_redacted(_rows(rows), personal=personal)).values())
    about_itself = sum(manifest["rows"].get(name, 0) for name in ("archive", "counters"))
    return ImportReport(created=loaded, unchanged=expected - about_itself - loaded)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        readable = manifest["format"] == FORMAT and isinstance(manifest["rows"], dict)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{path} is not an export's manifest: {error}; export it again", "manifest") from error
    if not readable:
        raise Invalid(
            f"{path} is of format {manifest['format']}, and this version reads {FORMAT}; update OnRecall", "format"
        )
    return dict(manifest)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                yield _row(line, path, number)
    except OSError as error:
        raise Invalid(f"{path} can't be read: {error.strerror}", "rows") from error


def _redacted(rows: Iterator[dict[str, Any]], *, personal: bool) -> Iterator[dict[str, Any]]:
    """Yield the rows with their text columns redacted."""
    for row in rows:
        names = TEXT_COLUMNS.get(str(row["table"]), frozenset()) & row.keys()
        texts = [text for name in names for text in _strings(row[name])]
        if not any(map(announces_secret, _names([row[name] for name in names]))) and contains_no_secrets(
            texts, personal
        ):
            yield row
        else:
            yield row | {name: redact_model(row[name], personal) for name in names}


def _strings(value: Any) -> Iterator[str]:
    """Yield all strings in JSON data, those of a mapping as `name=value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _strings(item)
            yield f"{name}={item}"
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _names(value: Any) -> Iterator[str]:
    """Yield all mapping names in JSON data, and names given as values, as in `{"name": "X", "value": …}`."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield name
            if isinstance(item, str) and name.lower() in ("name", "key"):
                yield item
            yield from _names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)


def _row(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise Invalid(f"{path}, line {number}: not JSON: {error.msg}; export it again", "rows") from error
    if not isinstance(row, dict) or "table" not in row:
        raise Invalid(f"{path}, line {number}: not a row of an export; export it again", "rows")
    return row
