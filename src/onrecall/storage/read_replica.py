"""A replica of the database that answers what may be a little old: whether it answers, and how far it is behind."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import URL, Connection, Engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.storage import postgres_connection

DEFAULT_MAX_LAG_SECONDS = 10.0
CHECK_SECONDS = 1.0
"""How long the primary's position in its log is good for, and how long a replica that failed is left alone."""
BACK_OFF_SECONDS = 10.0
"""How long a primary that did not say its position is not asked for it again."""
PATIENCE_SECONDS = 0.2
"""How long a replica may take to replay what was written after a long silence, which looks like a long lag at first."""
PRIMARY_POSITION = text("select cast(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') - 39 as bigint)")
"""The end of the log including what is not written yet, as a server that commits asynchronously has it.

That end may lie behind the header of a page without a record, which no replica replays: at most 40 bytes, and no
transaction ends in fewer.
"""
REPLICA_POSITION = text(
    "select pg_is_in_recovery() as follows,"
    " coalesce(cast(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') as bigint), 0) as replayed,"
    " coalesce(cast(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) as float8), 0) as age"
)

_log = logging.getLogger(__name__)
_may_be_stale: ContextVar[bool] = ContextVar("may_be_stale", default=False)


@contextmanager
def stale_reads() -> Iterator[None]:
    """Let reads inside be answered by a replica, if there is one: what was written just now may be missing there."""
    token = _may_be_stale.set(True)
    try:
        yield
    finally:
        _may_be_stale.reset(token)


def may_be_stale() -> bool:
    """Return whether what is read now may be a little old."""
    return _may_be_stale.get()


@dataclass(frozen=True, slots=True)
class ReadFrom:
    """The replica to read from, and how many seconds it may be behind."""

    url: str
    max_lag_seconds: float = DEFAULT_MAX_LAG_SECONDS


class ReadReplica:
    """Lends connections to a streaming replica as long as it answers and is near enough to its primary."""

    def __init__(self, url: str, primary: Engine, max_lag_seconds: float = DEFAULT_MAX_LAG_SECONDS) -> None:
        self._engine = postgres_connection.make_engine(_parse(url), "read_url")
        self._reader = postgres_connection.read_only(self._engine)
        self._primary, self._max_lag = primary, max_lag_seconds
        self._lock, self._retrying = threading.Lock(), threading.Lock()
        self._position: int | None = None
        self._own_position: int | None = None
        self._has_written = False
        self._position_at = self._primary_failed_at = self._failed_at = float("-inf")
        self.problem: str | None = None
        """Why the primary answers instead; None: the replica does."""
        self.lag_seconds = 0.0
        """How far it was behind when it was asked last."""

    def connect(self) -> Connection | None:
        """Return a connection; None where the primary must be asked. The caller closes it.

        A replica that failed is tried again by one caller at a time, because that may take long.
        """
        if self.problem is None:
            return self._try_connect()
        if time.monotonic() - self._failed_at < CHECK_SECONDS or not self._retrying.acquire(blocking=False):
            return None
        try:
            return self._try_connect()
        finally:
            self._retrying.release()

    def lends(self, connection: Connection) -> bool:
        """Return whether a connection is one to the replica."""
        return connection.engine.pool is self._engine.pool

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raise what the driver says about a connection to the replica as Unavailable; the primary answers next."""
        try:
            yield
        except DBAPIError as error:
            problem = f"the replica could not answer: {_describe(error)}"
            self._note(problem)
            raise Unavailable(problem) from error

    def _try_connect(self) -> Connection | None:
        connection: Connection | None = None
        try:
            connection = self._reader.connect()
            replayed, problem = self._measure(connection)
        except (DBAPIError, PoolTimeout, Unavailable) as error:
            replayed, problem = 0, f"the replica does not answer: {_describe(error)}"
        self._note(problem)
        is_current = self._own_position is None or replayed >= self._own_position
        if connection is not None and problem is None and is_current:
            if self._own_position is not None:
                connection.rollback()  # its snapshot may be older than what it said it has replayed
            return connection
        if connection is not None:
            connection.close()
        return None

    def check(self) -> str | None:
        """Ask the replica how far it is; returns why the primary answers instead, None if it does not."""
        if (connection := self.connect()) is not None:
            connection.close()
        return self.problem

    def note_write(self) -> None:
        """Ask the primary until the replica has what this process has just written."""
        self._has_written = True

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _measure(self, connection: Connection) -> tuple[int, str | None]:
        """Return how far the replica is, and why it may not be asked."""
        written, deadline = self._primary_position() or 0, time.monotonic() + PATIENCE_SECONDS
        while True:
            row = connection.execute(REPLICA_POSITION).one()
            if not row.follows:
                return 0, "the server of ONRECALL_READ_URL is no replica: it takes writes of its own"
            self.lag_seconds = max(0.0, row.age) if row.replayed < written else 0.0
            if self.lag_seconds <= self._max_lag:
                return row.replayed, None
            if time.monotonic() > deadline:
                return row.replayed, f"the replica is {self.lag_seconds:.0f} s behind, more than {self._max_lag:g} s"
            connection.rollback()  # its snapshot is of the moment before
            time.sleep(PATIENCE_SECONDS / 10)

    def _primary_position(self) -> int | None:
        """Return how far the primary's log goes, as of a moment ago; as last known where it does not answer."""
        with self._lock:
            now = time.monotonic()
            is_due = self._has_written or now - self._position_at > CHECK_SECONDS
            if is_due and now - self._primary_failed_at > BACK_OFF_SECONDS:
                self._ask_primary()
            return self._position

    def _ask_primary(self) -> None:
        """Ask how far the log goes; what this process has written stays to be asked for if there is no answer."""
        own, self._has_written = self._has_written, False
        try:
            with self._primary.connect() as connection:
                self._position = connection.scalar(PRIMARY_POSITION)
        except (DBAPIError, PoolTimeout, Unavailable):
            self._has_written = self._has_written or own
            self._primary_failed_at = time.monotonic()
        else:
            self._own_position = self._position if own else self._own_position
        finally:
            self._position_at = time.monotonic()

    def _note(self, problem: str | None) -> None:
        """Log when it changes who answers."""
        if problem is not None:
            self._failed_at = time.monotonic()
        if problem is not None and self.problem is None:
            _log.warning("questions are answered by the primary: %s", problem)
        elif problem is None and self.problem is not None:
            _log.info("questions are answered by the replica again")
        self.problem = problem


def _describe(error: DBAPIError | PoolTimeout | Unavailable) -> str:
    """Return what the driver says, on one line."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Invalid(f"{url!r} is not a database URL; write postgresql://user@replica/name", "read_url") from error
    if not parsed.drivername.startswith("postgres"):
        raise Invalid(f"{parsed.drivername!r} has no replicas; write postgresql://user@replica/name", "read_url")
    return parsed
