"""Connections to PostgreSQL: what each session begins with or, behind a pooler, each transaction."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.storage.postgres_teams import CONNECT_SECONDS, POOLER_PARAMETER, PostgresTeam, driver_url, team_of

LOCK_TIMEOUT_SECONDS = 60
IDLE_SECONDS = 1.0
"""How long a connection may lie idle before it is asked whether it still is one."""
TRANSACTION = "transaction"
"""The pooler's mode in which a session is another one from one transaction to the next, such as PgBouncer's."""
LOST_SERVER: Mapping[str, int] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 5,
    "tcp_user_timeout": 15_000,
}
"""After 15 s without a sign a server counts as lost: nobody hears that connections to a lost machine ended.

Parameters of libpq, in seconds, `tcp_user_timeout` in milliseconds. A server that computes for long is no lost one: its
machine still answers.
"""
LOST_CLIENT: Mapping[str, str] = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "5",
    "tcp_user_timeout": "15000",
}
"""What a session tells its server, so that it gives up a client whose machine is gone after 15 s, too.

Until then the writer's lock of that client is held, and nobody writes; by itself a server would wait for two hours.
Behind a pooler the server's client is the pooler, which has settings of its own.
"""
LEAST_EF_SEARCH = 500
"""HNSW's `ef_search`, at least."""
SETTINGS: Mapping[str, str] = {
    "timezone": "UTC",
    "lock_timeout": f"{LOCK_TIMEOUT_SECONDS}s",
    "jit": "off",
    "plan_cache_mode": "force_custom_plan",
    "hnsw.ef_search": str(LEAST_EF_SEARCH),
    "hnsw.iterative_scan": "relaxed_order",
}
"""Compiling a query would take longer than running it, and filters differ too much to share a plan."""


def array_literal(numbers: Iterable[float]) -> str:
    """Return numbers as an array's literal, which takes a tenth of the time that the driver needs for a list."""
    return "{" + ",".join(map(str, numbers)) + "}"


def set_local_sql(settings: Mapping[str, str]) -> str:
    """Return the statement that changes settings until the end of the transaction, in one round trip."""
    changes = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    return f"select {changes}"


def is_pooled(url: URL, setting: str = "database_url") -> bool:
    """Return whether sessions end with each transaction, as the URL says. Raises Invalid, which names the setting."""
    mode = url.query.get(POOLER_PARAMETER)
    if mode not in (None, TRANSACTION):
        raise Invalid(
            f"{POOLER_PARAMETER} is {mode!r}; write {POOLER_PARAMETER}={TRANSACTION} behind a pooler in transaction "
            "mode, such as PgBouncer, and nothing elsewhere",
            setting,
        )
    return mode is not None


def make_engine(url: URL, setting: str = "database_url") -> Engine:
    """Return an engine for what the URL in a setting names, not connected yet. Raises Invalid."""
    settings = dict(SETTINGS)
    if (team := team_of(url)) is not None:
        settings |= {"role": team.role, "search_path": _search_path(team)}
    pooled = is_pooled(url, setting)
    engine = create_engine(
        driver_url(url),
        pool_size=10,
        max_overflow=20,
        pool_timeout=LOCK_TIMEOUT_SECONDS,
        connect_args=_connect_arguments(url, settings, pooled=pooled),
    )
    if pooled:
        _begin_with(engine, settings)
    elif team is not None:
        _check_team(engine, team)
    _ping_idle(engine)
    event.listen(engine, "before_cursor_execute", _choose_format)
    return engine


def _connect_arguments(url: URL, settings: Mapping[str, str], *, pooled: bool) -> dict[str, Any]:
    """Return the driver's arguments for a connection: where no pooler stands between, it begins with the settings."""
    arguments: dict[str, Any] = {"application_name": "onrecall"}
    arguments |= {name: value for name, value in LOST_SERVER.items() if name not in url.query}
    if pooled:  # what is prepared in one session is unknown to the next
        return arguments | {"prepare_threshold": None}
    options = " ".join(f"-c {name}={value}" for name, value in {**settings, **LOST_CLIENT}.items())
    return arguments | {"options": options}


def read_only(engine: Engine) -> Engine:
    """Return the engine for read transactions: each sees one snapshot and can't write."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _begin_with(engine: Engine, settings: Mapping[str, str]) -> None:
    """Change settings until the end of each transaction, when it begins."""
    changes = set_local_sql(settings)

    def change_settings(connection: Connection) -> None:
        connection.exec_driver_sql(changes)

    event.listen(engine, "begin", change_settings)


def _check_team(engine: Engine, team: PostgresTeam) -> None:
    """Refuse a connection that does not begin as the team: it would work in the installation's own store."""

    def check(raw: Any, _entry: ConnectionPoolEntry) -> None:
        with raw.cursor() as cursor:
            cursor.execute("select current_user, current_setting('search_path')")
            began_as = cursor.fetchone()
        raw.rollback()
        if began_as != (team.role, _search_path(team)):
            raw.close()
            raise Unavailable(
                "something between here and PostgreSQL drops startup options; "
                f"add {POOLER_PARAMETER}={TRANSACTION} to the database's URL"
            )

    event.listen(engine, "connect", check)


def _search_path(team: PostgresTeam) -> str:
    return f"{team.schema},public"


def _ping_idle(engine: Engine) -> None:
    """Ask a connection that lay idle whether the server still has it; to ask each one would be a round trip more."""

    def note_return(_raw: object, entry: ConnectionPoolEntry) -> None:
        entry.info["returned"] = time.monotonic()

    def ping(raw: Any, entry: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - entry.info.get("returned", time.monotonic()) <= IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(raw)
        except (DBAPIError, engine.dialect.loaded_dbapi.Error) as error:
            raise DisconnectionError(str(error)) from error

    event.listen(engine.pool, "checkin", note_return)
    event.listen(engine.pool, "checkout", ping)


def _choose_format(
    _connection: Connection, cursor: Any, _statement: str, _parameters: object, context: Any, _many: object
) -> None:
    """Have the rows of statements that ask for it sent as they are stored, and not as text."""
    if context is not None and context.execution_options.get("binary"):
        cursor.format = 1
