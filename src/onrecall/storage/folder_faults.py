"""What keeps a folder or a file of ours from being written: a sentence with its name, the fault and the fix."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from onrecall.domain.errors import Unavailable

MIN_FREE_BYTES = 1024 * 1024
"""With less free disk space, in bytes, the disk counts as full."""
COMPANIONS = ("", "-wal", "-shm")
"""What SQLite appends to the name of a database for the files beside it."""
_ELSEWHERE = "name another folder in ONRECALL_DATA_DIR (or, for the database alone, in ONRECALL_DATABASE_URL)"


def folder_fault(folder: Path) -> str | None:
    """Return why nothing can be written in a folder, or why it can't be made; None if nothing speaks against it."""
    place = next((path for path in (folder, *folder.absolute().parents) if os.path.lexists(path)), folder)
    if not place.exists():
        return f"{place} is a link to something that is missing: make that folder, or {_ELSEWHERE}"
    if not place.is_dir():
        return f"{place} is a file, not a folder: move it away, or {_ELSEWHERE}"
    return _unwritable(place, "folder") or lack_of_room(place)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder of ours where it is missing. Raises Unavailable with what keeps it from being made."""
    try:
        folder.mkdir(mode, parents=True, exist_ok=True)
    except OSError as error:
        fault = folder_fault(folder) or f"{error.strerror}; {_ELSEWHERE}"
        raise Unavailable(f"the data folder {folder} can't be made: {fault}") from error


def database_fault(file: Path) -> str | None:
    """Return what keeps a database file from being used: its folder, the file itself or the files beside it."""
    if fault := folder_fault(file.parent):
        return fault
    return next((fault for path in _companions(file) if (fault := _file_fault(path))), None)


def lack_of_room(folder: Path) -> str | None:
    """Return a message if the disk of a folder is full, else None."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f"the folder {folder} cannot be read: {error.strerror}"
    if free >= MIN_FREE_BYTES:
        return None
    return f"the disk of {folder} is full: {free:,} bytes are free; make room on it, or {_ELSEWHERE}"


def _companions(file: Path) -> Iterable[Path]:
    return (path for ending in COMPANIONS if (path := file.with_name(file.name + ending)).exists())


def _file_fault(path: Path) -> str | None:
    if path.is_dir():
        return f"{path} is a folder, not a database file: move it away, or {_ELSEWHERE}"
    return _unwritable(path, "file")


def _unwritable(path: Path, kind: str) -> str | None:
    """Return why a folder or file that exists can't be written."""
    if _is_on_read_only_disk(path):
        return f"the {kind} {path} is on a read-only file system: mount it for writing, or {_ELSEWHERE}"
    if os.access(path, os.R_OK | os.W_OK | (os.X_OK if kind == "folder" else 0)):
        return None
    return f"the {kind} {path} may not be written{_rights(path)}, or {_ELSEWHERE}"


def _is_on_read_only_disk(path: Path) -> bool:
    if not hasattr(os, "statvfs"):  # Windows has no such file systems
        return False
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _rights(path: Path) -> str:
    """Say whose a path is and who we are, and how to change that."""
    if not hasattr(os, "geteuid"):
        return ": change its permissions"
    user, owner, mode = os.geteuid(), path.stat().st_uid, path.stat().st_mode & 0o777
    command = f"chmod u+rwX {path}" if owner == user else f"chown -R {user} {path}"
    return f" by user {user}: it belongs to user {owner} and has mode {mode:o}; run `{command}`"
