"""Read the incidents and documents in a file or folder on disk."""

import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import RejectedInput
from onrecall.importers import chroma, slack_export
from onrecall.importers import reader as reading
from onrecall.importers.encoding import SAMPLE
from onrecall.importers.options import ImportedItem, ImportOptions, ImportSource, ImportTally, build_options
from onrecall.importers.record import ImportNote
from onrecall.importers.records import Records

_NOTION_TABLE = re.compile(r"(?P<name>.+) (?P<id>[0-9a-f]{32})(?:_all)?\.csv")


def read(
    path: Path,
    format: str | None = None,  # noqa: A002 - what everybody calls it
    mapping: Path | Mapping[str, Any] | None = None,
    timezone: str | tzinfo | None = None,
    undated: datetime | None = None,
    encoding: str | None = None,
) -> Iterator[ImportedItem]:
    """Yield everything in a file or a folder tree, one record at a time; skipped input yields a note."""
    options = build_options(format, mapping, timezone, undated, encoding)
    if place := chroma.parse_location(path):
        return _read_collections(place, options)
    return _read_folder(path, options) if path.is_dir() else _read_file(path, str(path), path.name, options)


def _read_collections(place: chroma.Location, options: ImportOptions) -> Iterator[ImportedItem]:
    tally = ImportTally()
    for name, rows in chroma.rows(place):
        source = ImportSource(str(place.folder), name, io.BytesIO(), 0)
        yield from Records(source, "json", options, tally).collection(rows, name)


def _read_folder(folder: Path, options: ImportOptions) -> Iterator[ImportedItem]:
    tally, item_count = ImportTally(), 0
    channels = _Channels(folder, options, tally)
    for path in list_files(folder):
        if isinstance(path, RejectedInput | ImportNote):
            yield path
            continue
        place = path.relative_to(folder).as_posix()
        if pages := _database_pages(path):
            yield ImportNote(
                place,
                f"skipped: the table of a Notion database, whose {count_noun(pages, 'page is', 'pages are')} read",
            )
            continue
        for item in channels.items(path) or _read_file(path, place, place, options, tally):
            item_count += not isinstance(item, RejectedInput | ImportNote)
            yield item
    if tally.files:
        yield ImportNote(
            str(folder), "read " + ", ".join(f"{name}: {count}" for name, count in tally.files.most_common())
        )
    yield from tally.findings.notes(str(folder))
    if not item_count:
        yield RejectedInput(str(folder), None, "nothing in this folder could be read as incidents or documents")


def _database_pages(path: Path) -> int:
    """Return the number of pages in the folder beside a Notion database's table; 0 for any other file."""
    name = _NOTION_TABLE.fullmatch(path.name)
    if name is None:
        return 0
    beside = (path.with_name(f"{name['name']} {name['id']}"), path.with_name(name["name"]))
    return next((count for place in beside if place.is_dir() and (count := len(list(place.glob("*.md"))))), 0)


class _Channels:
    """The channels of a Slack export in a folder; all days of a channel are read together."""

    def __init__(self, folder: Path, options: ImportOptions, tally: ImportTally) -> None:
        self._folder, self._options, self._tally = folder, options, tally
        self._read: dict[Path, bool] = {}
        """Folders whose first day was read → whether they are Slack channels."""

    def items(self, path: Path) -> list[ImportedItem]:
        """Return the items of a file that belongs to a Slack export; empty if it does not."""
        place = path.relative_to(self._folder).as_posix()
        if path.name in slack_export.OTHER_FILES and self._is_export(path.parent):
            return [ImportNote(place, "skipped: it lists people and channels of a Slack export, not messages")]
        if not slack_export.is_day(path):
            return []
        if path.parent in self._read:
            within = f"read together with the other days of {path.parent.name}"
            return [ImportNote(place, within)] if self._read[path.parent] else []
        items = self._channel(path.parent)
        self._read[path.parent] = bool(items)
        return items

    def _channel(self, channel: Path) -> list[ImportedItem]:
        days = sorted(path for path in channel.iterdir() if slack_export.is_day(path) and path.is_file())
        content = slack_export.channel_json(days)
        if content is None:
            return []
        name = channel.relative_to(self._folder).as_posix() if channel != self._folder else channel.resolve().name
        source = ImportSource(name, f"{name}.json", io.BytesIO(content), len(content), inside=True)
        return list(reading.read_file(source, self._options, self._tally))

    def _is_export(self, folder: Path) -> bool:
        return any(slack_export.is_day(path) for path in folder.glob("*/*.json"))


def list_files(folder: Path) -> Iterator[Path | RejectedInput | ImportNote]:
    """Yield the files below a folder sorted by name; symlinked folders are not followed, hidden files are skipped."""
    broken: list[OSError] = []
    for directory, folders, names in os.walk(folder, onerror=broken.append):
        place = Path(directory)
        for folder_name in sorted(folders):
            reason = _skip_reason(place / folder_name)
            if reason:
                folders.remove(folder_name)
                yield ImportNote((place / folder_name).relative_to(folder).as_posix(), f"skipped: {reason}")
        folders.sort()
        for name in sorted(names):
            if name.startswith("."):
                yield ImportNote((place / name).relative_to(folder).as_posix(), "skipped: hidden")
            else:
                yield place / name
    for problem in broken:
        yield RejectedInput(str(problem.filename), None, f"the folder can't be read: {problem.strerror}")


def estimate_record_count(path: Path) -> int:
    """Estimate the number of records for a progress bar; 0 if unknown."""
    if place := chroma.parse_location(path):
        return chroma.count_records(place)
    if path.is_dir():
        return sum(estimate_record_count(file) for file in list_files(path) if isinstance(file, Path))
    if path.suffix.lower() in reading.DOCUMENTS:
        return 1
    try:
        size = path.stat().st_size if path.is_file() else 0
        with path.open("rb") as stream:
            sample = stream.read(SAMPLE)
    except OSError:
        return 0
    sample_count = sum(
        not isinstance(item, RejectedInput | ImportNote) for item in reading.read_bytes(path.name, sample)
    )
    return sample_count if size <= len(sample) else round(sample_count * size / len(sample))


def _skip_reason(folder: Path) -> str | None:
    if folder.name.startswith("."):
        return "hidden"
    return "a link to a folder; name the folder itself to read it" if folder.is_symlink() else None


def _read_file(
    path: Path, name: str, place: str, options: ImportOptions, tally: ImportTally | None = None
) -> Iterator[ImportedItem]:
    try:
        file_stat = path.stat()
        if not stat.S_ISREG(file_stat.st_mode):
            yield RejectedInput(name, None, "it is not a regular file; save its content to one")
            return
        with path.open("rb") as stream:
            source = ImportSource(name, place, stream, file_stat.st_size, inside=tally is not None)
            yield from reading.read_file(source, options, tally or ImportTally())
    except OSError as problem:
        yield RejectedInput(name, None, f"it can't be read: {problem.strerror}")
    except ValueError as problem:  # a path with a NUL in it
        yield RejectedInput(name, None, f"it can't be read: {problem}")
