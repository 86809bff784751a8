"""Teams on PostgreSQL: each has a schema of its own, owned by a role of its own that may use no other.

The process logs in with the role of the installation and takes a team's role in each of that team's connections, from
the connection's first moment on, so that the server itself refuses what belongs to others.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from onrecall.domain.errors import Forbidden, Unavailable

TEAM_PARAMETER = "onrecall_team"
"""The parameter of a database URL that names a team; it is never sent to the server."""
POOLER_PARAMETER = "pooler"
"""The one that says what pools connections in between; it is never sent to the server either."""
SCHEMA_PREFIX = "onrecall_team_"
CONNECT_SECONDS = 10
NOT_ALLOWED = "42501"
"""SQLSTATE of a lack of privileges."""


@dataclass(frozen=True, slots=True)
class PostgresTeam:
    """A team's schema and the role that owns it."""

    schema: str
    role: str


def team_of(url: URL) -> PostgresTeam | None:
    """Return the team that a URL names; None for the installation's own store."""
    name = url.query.get(TEAM_PARAMETER)
    return None if name is None else _team(url, str(name))


def driver_url(url: URL) -> URL:
    """Return what the driver connects to: a URL without the parameters that are ours."""
    return url.difference_update_query([TEAM_PARAMETER, POOLER_PARAMETER]).set(drivername="postgresql+psycopg")


def team_url(url: str, team: str) -> str:
    """Return the URL of a team's store in the database of the installation."""
    return make_url(url).update_query_dict({TEAM_PARAMETER: team}).render_as_string(hide_password=False)


def team_names(url: str) -> tuple[str, ...]:
    """Return the teams that have a schema whose role this login may take, by name."""
    query = (
        "select nspname, pg_get_userbyid(nspowner) as owner from pg_namespace"
        " where starts_with(nspname, :prefix) and pg_has_role(current_user, nspowner, 'SET') order by nspname"
    )
    parsed = make_url(url)
    with _connect(parsed) as connection:
        rows = connection.execute(text(query), {"prefix": SCHEMA_PREFIX}).all()
    names = [(row.nspname.removeprefix(SCHEMA_PREFIX), row.owner) for row in rows]
    return tuple(name for name, owner in names if owner == _team(parsed, name).role)


def add_team(url: str, team: str) -> None:
    """Make the role and the schema of a team, all or nothing; what exists stays. Raises Forbidden."""
    parsed = make_url(url)
    names = _team(parsed, team)
    with _connect(parsed) as connection:
        _create_role(connection, names)
        connection.execute(text(f"create schema if not exists {names.schema} authorization {names.role}"))


def remove_team(url: str, team: str) -> None:
    """Delete the schema of a team with everything in it, and its role, all or nothing."""
    parsed = make_url(url)
    names = _team(parsed, team)
    with _connect(parsed) as connection:
        connection.execute(text(f"set local role {names.role}"))
        connection.execute(text(f"drop schema if exists {names.schema} cascade"))
        connection.execute(text("set local role none"))
        connection.execute(text(f"drop role {names.role}"))


def _team(url: URL, name: str) -> PostgresTeam:
    """Roles belong to all databases of a server, so the role's name also says which database."""
    database = zlib.crc32((url.database or url.username or "").encode())
    return PostgresTeam(f"{SCHEMA_PREFIX}{name}", f"{SCHEMA_PREFIX}{name}_{database:08x}")


def _create_role(connection: Connection, names: PostgresTeam) -> None:
    """Make the role; the login may take it, but does not have its privileges before."""
    if connection.scalar(text("select 1 from pg_roles where rolname = :role"), {"role": names.role}) is None:
        connection.execute(text(f"create role {names.role} nologin"))
    may_take = text("select pg_has_role(current_user, cast(:role as name), 'SET')")
    if not connection.scalar(may_take, {"role": names.role}) or _is_superuser(connection):
        connection.execute(text(f"grant {names.role} to current_user with inherit false, set true"))


def _is_superuser(connection: Connection) -> bool:
    return bool(connection.scalar(text("select rolsuper from pg_roles where rolname = current_user")))


@contextmanager
def _connect(url: URL) -> Iterator[Connection]:
    """Open one transaction of the installation's own role, on a connection that ends with it."""
    engine = create_engine(driver_url(url), connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == NOT_ALLOWED:
            raise Forbidden(
                f"PostgreSQL does not allow it: {' '.join(str(error.orig).split())}; the role of ONRECALL_DATABASE_URL "
                "needs CREATEROLE, and CREATE on the database"
            ) from error
        if state is None or state.startswith(("08", "53", "57")):
            raise Unavailable(f"PostgreSQL does not answer: {' '.join(str(error.orig).split())}") from error
        raise
    finally:
        engine.dispose()
