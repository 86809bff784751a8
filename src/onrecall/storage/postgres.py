"""The PostgreSQL backend: connecting, queueing writers, and what its errors mean."""

import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.storage import postgres_connection
from onrecall.storage.postgres_connection import array_literal
from onrecall.storage.postgres_teams import SCHEMA_PREFIX, team_of

OLDEST_VERSION = 160000
WRITER_LOCK_KEY = 6_171_620_262_801
"""The advisory lock that every writer holds until it commits, so that change numbers become visible in their order."""
NOTICE_CHANNEL = "onrecall_events"
"""The channel that transactions notify after recording events."""
LISTEN_SECONDS = 0.5
"""How often a listener checks whether to stop."""
COLUMN_TYPES = {"key": 'text collate "C"', "number": "bigint", "json": "json", "time": "timestamptz", "raw": "bytea"}
SCHEMA_SIZE = """select sum(pg_total_relation_size(c.oid)) from pg_class c
join pg_namespace n on n.oid = c.relnamespace where n.nspname = :schema and c.relkind in ('r', 'm')"""
TRANSIENT_SQLSTATES = ("08", "25006", "40", "53", "55P03", "57", "58")
"""SQLSTATEs of transient errors: connection, rollback, resources, lock timeout, shutdown."""


class PostgreSQL:
    """A server with pgvector, shared by any number of processes."""

    name: Literal["postgresql"] = "postgresql"
    in_memory = False
    types: Mapping[str, str] = COLUMN_TYPES

    def __init__(self, url: URL) -> None:
        team = team_of(url)
        self._lock_key = WRITER_LOCK_KEY + (zlib.crc32(team.schema.encode()) if team else 0)
        self.notifies = not postgres_connection.is_pooled(url)
        """Whether `listen` works: behind a pooler no session lasts long enough to hear anything."""
        self.engine = postgres_connection.make_engine(url)
        self.reader = postgres_connection.read_only(self.engine)
        self.writer: Engine = self.engine

    @contextmanager
    def write_queue(self) -> Iterator[None]:
        """Do nothing: writers queue at the server."""
        yield

    def lock(self, connection: Connection) -> None:
        """Wait for the write lock; PostgreSQL releases it at the end of the transaction."""
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": self._lock_key})

    def prepare(self, connection: Connection) -> None:
        """Refuse a server that is too old or lacks pgvector, before anything is written."""
        number = int(connection.scalar(text("show server_version_num")) or 0)
        if number < OLDEST_VERSION:
            raise Invalid(f"PostgreSQL {number // 10000} is too old; OnRecall needs 16 or newer", "database_url")
        try:
            connection.execute(text("create extension if not exists vector"))
        except DBAPIError as error:
            raise Invalid(
                f"the database needs the extension pgvector: {error.orig}; install it, or have an administrator run "
                "`create extension vector` in this database",
                "database_url",
            ) from error

    @staticmethod
    def in_numbers(column: str) -> str:
        """Return the condition that a column is in `:numbers`, a list bound as one value."""
        return f"{column} = any(cast(:numbers as bigint[]))"

    @staticmethod
    def in_names(column: str) -> str:
        """Return the condition that a column is in `:names`, a list bound as one value."""
        return f"{column} = any(cast(:names as text[]))"

    @staticmethod
    def bind_list(numbers: Sequence[int] | Sequence[str]) -> str | list[str]:
        """Return the list as one bind value."""
        names = [name for name in numbers if isinstance(name, str)]
        return names or array_literal(number for number in numbers if not isinstance(number, str))

    @staticmethod
    def size(connection: Connection) -> int:
        """Return the size of the database in bytes, or of the team's schema in it."""
        schema = str(connection.scalar(text("select current_schema()")))
        if schema.startswith(SCHEMA_PREFIX):
            return int(connection.scalar(text(SCHEMA_SIZE), {"schema": schema}) or 0)
        return int(connection.scalar(text("select pg_database_size(current_database())")) or 0)

    @staticmethod
    def integrity_errors(connection: Connection) -> list[str]:  # noqa: ARG004
        """Return nothing: PostgreSQL checks its own files."""
        return []

    def unavailable(self, error: BaseException | None) -> str | None:
        """Return the message for a transient error; None for any other."""
        import psycopg  # noqa: PLC0415 - slow to import, and where it is asked SQLAlchemy has done so

        if not isinstance(error, psycopg.Error):
            return None
        if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
            return f"PostgreSQL does not answer: {' '.join(str(error).split())}"
        return (
            f"PostgreSQL cannot do this at the moment: {error}"
            if (error.sqlstate or "").startswith(TRANSIENT_SQLSTATES)
            else None
        )

    def listen(self, on_notice: Callable[[], None], stopping: threading.Event) -> None:
        """Call back at every notification, on a separate connection, until stopped. Raises Unavailable."""
        import psycopg  # noqa: PLC0415 - as above

        try:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.detach()
                connection.exec_driver_sql(f"listen {NOTICE_CHANNEL}")
                on_notice()  # what came before it listened
                raw = connection.connection.dbapi_connection  # of a detached one SQLAlchemy names no driver's
                assert isinstance(raw, psycopg.Connection)
                while not stopping.is_set():
                    for _ in raw.notifies(timeout=LISTEN_SECONDS, stop_after=1):
                        on_notice()
        except (DBAPIError, psycopg.Error, PoolTimeout) as error:
            raise Unavailable(f"PostgreSQL does not answer: {' '.join(str(error).split())}") from error

    @staticmethod
    def damaged(error: BaseException | None) -> str | None:
        """Return the message for damaged files; None for any other error."""
        if not (getattr(error, "sqlstate", None) or "").startswith(("XX00", "42P01")):
            return None
        return f"PostgreSQL finds its database damaged ({error}); restore a backup"

    @staticmethod
    def check_file() -> tuple[str, ...]:
        """Return nothing: PostgreSQL checks its own files."""
        return ()

    @staticmethod
    def overwrite_deleted(connection: Connection) -> None:
        """Do nothing: the server overwrites deleted rows when it cleans up (autovacuum)."""

    @staticmethod
    def empty_log() -> None:
        """Do nothing: the log is the server's."""

    @staticmethod
    def lack_of_room() -> str | None:
        """Return nothing: the disk is the server's, and it reports what it can't write."""
        return None

    @staticmethod
    def probe(connection: Connection) -> None:
        """Allocate a transaction id, which only a writable server does."""
        connection.execute(text("select pg_current_xact_id()"))
