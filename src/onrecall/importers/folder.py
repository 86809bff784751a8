"""A file or a folder on disk → what is in it."""

import io
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from onrecall.domain.errors import RejectedInput
from onrecall.importers import chroma, slack_export
from onrecall.importers import reader as reading
from onrecall.importers.encoding import SAMPLE
from onrecall.importers.options import ImportOptions, ImportSource, ImportTally, Item, how
from onrecall.importers.record import ImportNote
from onrecall.importers.records import Records


def read(
    path: Path,
    format: str | None = None,  # noqa: A002 - what everybody calls it
    mapping: Path | Mapping[str, Any] | None = None,
    timezone: str | tzinfo | None = None,
    undated: datetime | None = None,
    encoding: str | None = None,
) -> Iterator[Item]:
    """Everything in a file, or in a folder and those below it, a record at a time; nothing is left out in silence."""
    wishes = how(format, mapping, timezone, undated, encoding)
    if place := chroma.location(path):
        return _collections(place, wishes)
    return _folder(path, wishes) if path.is_dir() else _file(path, str(path), path.name, wishes)


def _collections(place: chroma.Location, wishes: ImportOptions) -> Iterator[Item]:
    tally = ImportTally()
    for name, rows in chroma.rows(place):
        source = ImportSource(str(place.folder), name, io.BytesIO(), 0)
        yield from Records(source, "json", wishes, tally).collection(rows, name)


def _folder(folder: Path, wishes: ImportOptions) -> Iterator[Item]:
    tally, found = ImportTally(), 0
    channels = _Channels(folder, wishes, tally)
    for path in files(folder):
        if isinstance(path, RejectedInput | ImportNote):
            yield path
            continue
        place = path.relative_to(folder).as_posix()
        for item in channels.items(path) or _file(path, place, place, wishes, tally):
            found += not isinstance(item, RejectedInput | ImportNote)
            yield item
    if tally.files:
        yield ImportNote(
            str(folder), "read " + ", ".join(f"{name}: {count}" for name, count in tally.files.most_common())
        )
    yield from tally.findings.notes(str(folder))
    if not found:
        yield RejectedInput(str(folder), None, "nothing in this folder could be read as incidents or documents")


class _Channels:
    """The channels of a Slack export in a folder: all days of a channel are read together."""

    def __init__(self, folder: Path, wishes: ImportOptions, tally: ImportTally) -> None:
        self._folder, self._wishes, self._tally = folder, wishes, tally
        self._read: dict[Path, bool] = {}
        """Folders of which the first day was met, and whether they are channels."""

    def items(self, path: Path) -> list[Item]:
        """What a file gives where it belongs to an export; empty where it does not."""
        place = path.relative_to(self._folder).as_posix()
        if path.name in slack_export.OTHER_FILES and self._is_export(path.parent):
            return [ImportNote(place, "skipped: it tells of a Slack export's people and channels, not what was said")]
        if not slack_export.is_day(path):
            return []
        if path.parent in self._read:
            within = f"read together with the other days of {path.parent.name}"
            return [ImportNote(place, within)] if self._read[path.parent] else []
        items = self._channel(path.parent)
        self._read[path.parent] = bool(items)
        return items

    def _channel(self, channel: Path) -> list[Item]:
        days = sorted(path for path in channel.iterdir() if slack_export.is_day(path) and path.is_file())
        content = slack_export.channel_json(days)
        if content is None:
            return []
        name = channel.relative_to(self._folder).as_posix() if channel != self._folder else channel.resolve().name
        source = ImportSource(name, f"{name}.json", io.BytesIO(content), len(content), inside=True)
        return list(reading.file(source, self._wishes, self._tally))

    def _is_export(self, folder: Path) -> bool:
        return any(slack_export.is_day(path) for path in folder.glob("*/*.json"))


def files(folder: Path) -> Iterator[Path | RejectedInput | ImportNote]:
    """The files below a folder by name; links to folders are not followed, and what is hidden is skipped."""
    broken: list[OSError] = []
    for here, folders, names in os.walk(folder, onerror=broken.append):
        place = Path(here)
        for folder_name in sorted(folders):
            reason = _left_out(place / folder_name)
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


def count_hint(path: Path) -> int:
    """About how many records there are, for a progress bar; 0 where nothing can be told."""
    if place := chroma.location(path):
        return chroma.count(place)
    if path.is_dir():
        return sum(count_hint(one) for one in files(path) if isinstance(one, Path))
    if path.suffix.lower() in reading.DOCUMENTS:
        return 1
    try:
        size = path.stat().st_size if path.is_file() else 0
        with path.open("rb") as stream:
            sample = stream.read(SAMPLE)
    except OSError:
        return 0
    found = sum(not isinstance(item, RejectedInput | ImportNote) for item in reading.read_bytes(path.name, sample))
    return found if size <= len(sample) else round(found * size / len(sample))


def _left_out(folder: Path) -> str | None:
    if folder.name.startswith("."):
        return "hidden"
    return "a link to a folder; name the folder itself to read it" if folder.is_symlink() else None


def _file(path: Path, name: str, place: str, wishes: ImportOptions, tally: ImportTally | None = None) -> Iterator[Item]:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            yield RejectedInput(name, None, "it is not a regular file; save its content to one")
            return
        with path.open("rb") as stream:
            source = ImportSource(name, place, stream, found.st_size, inside=tally is not None)
            yield from reading.file(source, wishes, tally or ImportTally())
    except OSError as problem:
        yield RejectedInput(name, None, f"it can't be read: {problem.strerror}")
    except ValueError as problem:  # a path with a NUL in it
        yield RejectedInput(name, None, f"it can't be read: {problem}")
