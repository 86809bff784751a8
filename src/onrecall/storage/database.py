"""The database behind a URL: transactions, and driver errors as OnRecall errors."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.storage import migrations
from onrecall.storage.database_condition import Condition
from onrecall.storage.postgres import PostgreSQL
from onrecall.storage.read_replica import ReadFrom, ReadReplica, may_be_stale
from onrecall.storage.sqlite import SQLite

Backend = SQLite | PostgreSQL
Row = dict[str, Any]
BACKENDS: dict[str, type[SQLite] | type[PostgreSQL]] = {
    "sqlite": SQLite,
    "postgresql": PostgreSQL,
    "postgresql+psycopg": PostgreSQL,
    "postgres": PostgreSQL,
}


class DatabaseDamaged(Unavailable):
    """The database is damaged."""


class Database:
    """An open database whose schema is up to date."""

    def __init__(self, url: str, read_from: ReadFrom | None = None) -> None:
        """Open the database; reads that may be stale go to the replica `read_from`, where there is one."""
        self.kind = database_kind(url)
        self.replica = _open_replica(self.kind, read_from)
        self._moment = threading.local()
        self.commit_listeners: list[Callable[[], None]] = []
        """Callbacks that run after every committed write of this process or its worker, in the writing thread."""
        self.condition = Condition()
        try:
            self._migrate()
        except DatabaseDamaged as error:
            self.close()
            raise Invalid(f"this is not a database, or it is damaged: {error.__cause__}", "database_url") from error
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read-only transaction on one snapshot: that of `one_moment`, or its own."""
        shared: Connection | None = getattr(self._moment, "connection", None)
        if shared is not None:
            with self._errors_of(shared):
                yield shared
            return
        with self._reading() as connection:
            yield connection

    @contextmanager
    def read_newest(self) -> Iterator[Connection]:
        """Open a read-only transaction of its own on the primary, also within `one_moment` and `stale_reads`.

        For what is compared with a place in the change log: an older place would look like a database set back.
        """
        with self._transaction(self.kind.reader) as connection:
            yield connection

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Have all reads of this thread inside see one snapshot, in one transaction.

        A database in memory has one connection, which is left to whoever reads or writes in between.
        """
        if self.in_memory or getattr(self._moment, "connection", None) is not None:
            yield
            return
        with self._reading() as connection:
            self._moment.connection = connection
            try:
                yield
            finally:
                self._moment.connection = None

    def stream(self, rows: Callable[[Connection], Iterator[Row]]) -> Iterator[Row]:
        """Yield rows of one snapshot while others may write."""
        with self.read() as connection:
            if not self.kind.in_memory:
                yield from rows(connection)
                return
            buffered = list(rows(connection))  # the caller needs the only connection
        yield from buffered

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open an exclusive write transaction, committed as a whole."""
        with self.kind.write_queue(), self._transaction(self.kind.writer) as connection:
            self.kind.lock(connection)
            yield connection
        self.notify_commit()

    @contextmanager
    def erase(self) -> Iterator[Connection]:
        """Open a write transaction after which no file of ours holds what was deleted."""
        with self.write() as connection:
            self.kind.overwrite_deleted(connection)
            yield connection
        self.kind.empty_log()

    def probe(self) -> None:
        """Write without changing anything, and check for free disk space. Raises Unavailable if either fails."""
        with self.kind.write_queue(), self._transaction(self.kind.writer) as connection:
            self.kind.lock(connection)
            self.kind.probe(connection)
        self.condition.failure = None

    def notify_commit(self) -> None:
        """Notify listeners of a committed write, of this process or its worker."""
        if self.replica is not None:
            self.replica.note_write()
        for listener in tuple(self.commit_listeners):
            listener()

    @property
    def in_memory(self) -> bool:
        """Whether the database is in memory, visible to this process only."""
        return self.kind.name == "sqlite" and self.kind.in_memory

    def close(self) -> None:
        """Close all connections; one in use is closed when it is returned."""
        event.listen(self.kind.engine.pool, "checkin", _close_returned)
        self.kind.engine.dispose()
        if self.replica is not None:
            self.replica.close()

    def _migrate(self) -> None:
        with self.read() as connection:
            ready = migrations.current_version(connection) == migrations.newest_version()
        if not ready:
            with self.write() as connection:
                self.kind.prepare(connection)
                migrations.migrate(connection, self.kind.types, migrations.all_migrations())

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        connection = self.replica.connect() if self.replica is not None and may_be_stale() else None
        if connection is None:
            with self._transaction(self.kind.reader) as primary:
                yield primary
            return
        with self._errors_of(connection), connection:
            yield connection

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        with self._translated(), engine.begin() as connection:
            yield connection

    def _errors_of(self, connection: Connection) -> AbstractContextManager[None]:
        """Raise the driver's errors as our own: those of the replica say nothing about the database."""
        if self.replica is not None and self.replica.lends(connection):
            return self.replica.translated()
        return self._translated()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise the driver's errors as our own."""
        try:
            yield
        except PoolTimeout as error:
            raise Unavailable("all connections to the database are in use; try again") from error
        except DBAPIError as error:
            if message := self.kind.unavailable(error.orig):
                self.condition.failure = message
                raise Unavailable(message) from error
            if message := self.kind.damaged(error.orig):
                self.condition.damage = message
                raise DatabaseDamaged(message) from error.orig
            raise


def _open_replica(kind: Backend, read_from: ReadFrom | None) -> ReadReplica | None:
    if read_from is None:
        return None
    if not isinstance(kind, PostgreSQL):
        raise Invalid("only PostgreSQL has replicas to read from; set ONRECALL_DATABASE_URL, too", "read_url")
    return ReadReplica(read_from.url, kind.engine, read_from.max_lag_seconds)


def _close_returned(_raw: object, entry: ConnectionPoolEntry) -> None:
    entry.close()


def sqlite_file(url: str) -> Path | None:
    """Return the file that a URL of SQLite names; None for memory and for other databases."""
    parsed = _parse(url)
    in_file = parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:")
    return Path(str(parsed.database)) if in_file else None


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise Invalid(
            f"{url!r} is not a database URL; write sqlite:///path or postgresql://user@host/name", "database_url"
        ) from error


def database_kind(url: str) -> Backend:
    """Return the backend of a URL, not connected yet. Raises Invalid if it names none."""
    parsed = _parse(url)
    kind = BACKENDS.get(parsed.drivername)
    if kind is None:
        raise Invalid(
            f"{parsed.drivername!r} is not a supported database; write sqlite:///path or postgresql://user@host/name",
            "database_url",
        )
    try:
        return kind(parsed)
    except ModuleNotFoundError as error:
        raise Invalid(
            "PostgreSQL needs a library that is not installed; install it with: pip install 'onrecall[postgres]'",
            "database_url",
        ) from error
