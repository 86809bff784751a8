"""Databases of this process at less cost: no disk to wait for, and each piece of work that is always the same only once.

Other processes open theirs as the product does, and so do the tests that are about it (`durable_sqlite`,
`real_migrations`).
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from onrecall.storage import database, postgres_connection, sqlite
from onrecall.storage.database import Database

DURABLE_PRAGMAS = sqlite.PRAGMAS
MIGRATE: Callable[[Database], None] = Database._migrate
STATEMENTS: LRUCache[Any, Any] = LRUCache(4000)
"""All compiled statements: an engine has its own, and a test its own engine, which would compile them again."""


def sync_nothing(patch: pytest.MonkeyPatch) -> None:
    """Sync no SQLite file: a power cut is no part of any test."""
    patch.setattr(sqlite, "PRAGMAS", (*DURABLE_PRAGMAS, "synchronous=OFF"))


def share_compiled_statements(patch: pytest.MonkeyPatch) -> None:
    """Let all engines of one kind of database use each other's compiled statements."""
    patch.setattr(DefaultDialect, "__eq__", lambda own, other: type(own) is type(other))
    patch.setattr(DefaultDialect, "__hash__", lambda own: hash(type(own)))
    for module in (sqlite, postgres_connection):
        patch.setattr(module, "create_engine", _engine_with_shared_statements)


def _engine_with_shared_statements(*arguments: Any, **options: Any) -> Engine:
    return create_engine(*arguments, **options, execution_options={"compiled_cache": STATEMENTS})


def migrate_once(patch: pytest.MonkeyPatch, migrated: Path) -> None:
    """Begin each new SQLite database with a copy of a migrated one."""
    patch.setattr(database.Database, "_migrate", lambda opened: _migrate_copy(migrated, opened))


def _migrate_copy(migrated: Path, opened: Database) -> None:
    if isinstance(opened.kind, sqlite.SQLite):
        fill = partial(_fill_memory, opened) if opened.in_memory else partial(_make_file, opened.kind._file)
        fill(migrated)
    MIGRATE(opened)


def _fill_memory(opened: Database, migrated: Path) -> None:
    with closing(opened.kind.engine.raw_connection()) as connection, closing(sqlite3.connect(migrated)) as source:
        source.backup(connection.driver_connection)  # type: ignore[arg-type]


def _make_file(file: Path, migrated: Path) -> None:
    """Make the file in one step, as others may be opening it; where that can't be done, the product makes it."""
    if file.exists():
        return
    handle, copy = tempfile.mkstemp(dir=migrated.parent)
    os.close(handle)
    shutil.copy(migrated, copy)  # with its mode
    with suppress(OSError):
        os.link(copy, file)
    Path(copy).unlink()
