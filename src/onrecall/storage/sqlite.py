"""The SQLite backend: opening the file, queueing writers, and what its errors mean."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.storage.folder_faults import database_fault, folder_fault, lack_of_room

LOCK_TIMEOUT_SECONDS = 60
BUSY_TIMEOUT_MS = 8
"""`busy_timeout` per attempt, in ms: how long SQLite waits for another writer (it checks after 1, 3 and 8 ms)."""
COLUMN_TYPES = {"key": "text", "number": "integer", "json": "text", "time": "text", "raw": "blob"}

# synchronous=FULL syncs the log at every commit: NORMAL is faster, and a power cut may take back what was acknowledged.
# fullfsync makes macOS sync for real; elsewhere it does nothing.
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "fullfsync=1",
    "foreign_keys=ON",
    "cache_size=-8000",
)

BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
PROBE_BYTES = 64 * 1024
DAMAGE_CODES = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
TRANSIENT_CODES = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
)


class SQLite:
    """A file or an in-memory database, used by many threads and processes."""

    name: Literal["sqlite"] = "sqlite"
    types: Mapping[str, str] = COLUMN_TYPES

    def __init__(self, url: URL) -> None:
        self._timeout = _lock_timeout(url)
        self.in_memory = url.database in (None, "", ":memory:")
        self._file = Path(str(url.database))
        if not self.in_memory:
            _make_folder(self._file.parent)
        # In memory there is one connection, shared by all threads in turn; on a file every thread gets its own.
        self.engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=1 if self.in_memory else 5,
            max_overflow=0 if self.in_memory else -1,
            pool_timeout=self._timeout,
            connect_args={"check_same_thread": False, "isolation_level": None, "timeout": self._timeout},
        )
        event.listen(self.engine, "connect", _prepare)
        event.listen(self.engine, "begin", self._begin)
        self.reader: Engine = self.engine
        self.writer: Engine = self.engine.execution_options(writes=True)
        self._write_lock = threading.Lock()

    @contextmanager
    def write_queue(self) -> Iterator[None]:
        """Queue the writers of this process: SQLite's own waiting is unfair, as all of them poll."""
        if not self._write_lock.acquire(timeout=self._timeout):
            raise Unavailable(f"other writers blocked the database for {self._timeout:g} s; try again")
        try:
            yield
        finally:
            self._write_lock.release()

    def _begin(self, connection: Connection) -> None:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        if connection.get_execution_options().get("writes"):
            self._begin_to_write(connection, raw.cursor())
        else:
            raw.cursor().execute("BEGIN")  # touches nothing yet, so nothing can fail; a question begins five times

    def _begin_to_write(self, connection: Connection, cursor: DBAPICursor) -> None:
        """Wait for writers of other processes, polling at short intervals."""
        # A reader that becomes a writer fails at once if another one wrote in between; IMMEDIATE waits for the lock.
        # SQLite's own polling slows down to every 100 ms, so that a busy writer would starve the others.
        deadline = time.monotonic() + self._timeout
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        try:
            while True:
                try:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                except OperationalError as error:
                    busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in BUSY_CODES
                    if not busy or time.monotonic() > deadline:
                        raise
                else:
                    return
        finally:
            cursor.execute(f"PRAGMA busy_timeout={round(1000 * self._timeout)}")

    def lock(self, connection: Connection) -> None:
        """Do nothing: BEGIN IMMEDIATE took the lock already."""

    def prepare(self, connection: Connection) -> None:
        """Do nothing before the first migration."""

    @staticmethod
    def in_numbers(column: str) -> str:
        """Return the condition that a column is in `:numbers`, a list bound as one value."""
        return f"{column} in (select value from json_each(:numbers))"  # noqa: S608

    @staticmethod
    def in_names(column: str) -> str:
        """Return the condition that a column is in `:names`, a list bound as one value."""
        return f"{column} in (select value from json_each(:names))"  # noqa: S608

    @staticmethod
    def bind_list(numbers: Sequence[int] | Sequence[str]) -> str:
        """Return the list as one bind value."""
        return json.dumps(list(numbers))

    @staticmethod
    def size(connection: Connection) -> int:
        """Return the size of the file in bytes, without the write-ahead log."""
        pages, page_size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("page_count", "page_size")
        )
        return int(pages or 0) * int(page_size or 0)

    @staticmethod
    def integrity_errors(connection: Connection) -> list[str]:
        """Return errors that SQLite finds in the file."""
        errors = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check(10)") if row[0] != "ok"]
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        return errors + [f"{row[0]} row {row[1]} points to a missing row of {row[2]}" for row in broken[:10]]

    def check_file(self) -> tuple[str, ...]:
        """Check the file on disk, bypassing caches; takes time in proportion to its size."""
        if self.in_memory:
            return ()
        try:
            with closing(sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True)) as fresh:
                rows = fresh.execute("PRAGMA quick_check(3)").fetchall()
        except sqlite3.DatabaseError as error:
            return (self.damaged(error) or f"the file can't be checked: {error}",)
        return tuple(str(row[0]) for row in rows if row[0] != "ok")

    @staticmethod
    def overwrite_deleted(connection: Connection) -> None:
        """Overwrite with zeros what this connection deletes from now on."""
        connection.exec_driver_sql("PRAGMA secure_delete=ON")

    def empty_log(self) -> None:
        """Empty the write-ahead log, which holds earlier states; while somebody reads, a later commit does it."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # a checkpoint runs outside any transaction
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql(f"PRAGMA busy_timeout={round(1000 * self._timeout)}")
            connection.exec_driver_sql("BEGIN")

    def lack_of_room(self) -> str | None:
        """Return a message if the disk is full, else None."""
        return None if self.in_memory else lack_of_room(self._file.parent)

    @staticmethod
    def probe(connection: Connection) -> None:
        """Allocate and free pages, then rewrite the header, which needs real disk space."""
        connection.exec_driver_sql("SAVEPOINT room")
        connection.exec_driver_sql("CREATE TABLE onrecall_room (filling BLOB)")
        connection.exec_driver_sql("INSERT INTO onrecall_room VALUES (zeroblob(?))", (PROBE_BYTES,))
        connection.exec_driver_sql("ROLLBACK TO room")
        connection.exec_driver_sql("RELEASE room")
        version = connection.exec_driver_sql("PRAGMA user_version").scalar()
        connection.exec_driver_sql(f"PRAGMA user_version = {int(version or 0)}")

    def unavailable(self, error: BaseException | None) -> str | None:
        """Return the message for a transient error; None for any other."""
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return None
        if code & 0xFF in BUSY_CODES:
            return f"the database was locked for longer than {self._timeout:g} s; try again"
        if code & 0xFF not in TRANSIENT_CODES:
            return None
        fault = None if self.in_memory else database_fault(self._file)
        return f"the database can't be used ({error}): {fault}" if fault else f"the database can't be used: {error}"

    @staticmethod
    def damaged(error: BaseException | None) -> str | None:
        """Return the message for a damaged file or one that is no SQLite database; None for any other error."""
        is_missing = isinstance(error, sqlite3.OperationalError) and str(error).startswith("no such table")
        if not is_missing and getattr(error, "sqlite_errorcode", 0) & 0xFF not in DAMAGE_CODES:
            return None
        return f"the database is damaged ({error}); stop OnRecall and restore a backup (`onrecall restore`)"


def _lock_timeout(url: URL) -> float:
    """Return the lock timeout in seconds: `?timeout=5` in the URL, or the default."""
    timeout = url.query.get("timeout", str(LOCK_TIMEOUT_SECONDS))
    try:
        return float(str(timeout))
    except ValueError as error:
        raise Invalid(f"timeout is {timeout!r}; give a number of seconds", "database_url") from error


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fault = folder_fault(folder) or f"{error.strerror}; choose another folder"
        raise Invalid(f"the folder {folder} can't be made: {fault}", "database_url") from error
