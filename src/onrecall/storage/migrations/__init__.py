"""A database of any earlier schema comes in.
The same database goes out with the newest schema: forward only, under the write lock, all or none.

A migration is a file `<number>_<name>.sql`, or `<number>_<name>.<dialect>.sql` for one database only.
A statement ends with a semicolon at the end of a line; `{key}`, `{time}` and so on stand for the database's own types.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import groupby

from sqlalchemy import Connection, inspect, text

from onrecall import __version__
from onrecall.domain.errors import Invalid

FILE_NAME = re.compile(r"(\d{4})_(\w+?)(?:\.(sqlite|postgresql))?\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered migration; without a dialect it is for both."""

    number: int
    name: str
    dialect: str | None
    file: Traversable


@cache
def all_migrations() -> tuple[Migration, ...]:
    """Return all migrations, in order."""
    matches = [(FILE_NAME.fullmatch(file.name), file) for file in files(__name__).iterdir()]
    migrations = [Migration(int(match[1]), match[2], match[3], file) for match, file in matches if match]
    return tuple(sorted(migrations, key=lambda step: step.number))


def newest_version() -> int:
    """Return the schema version that this release works with."""
    return all_migrations()[-1].number


def current_version(connection: Connection) -> int:
    """Return the schema version of the database; 0 if it is empty."""
    if not inspect(connection).has_table("migrations", _own_schema(connection)):
        return 0
    return int(connection.scalar(text("select coalesce(max(number), 0) from migrations")) or 0)


def _own_schema(connection: Connection) -> str | None:
    """Return the schema of the store: a team's, not another one on the search path, which a pooler may change later."""
    if connection.dialect.name != "postgresql":
        return None
    return str(connection.scalar(text("select current_schema()")))


def migrate(connection: Connection, types: Mapping[str, str], plan: Sequence[Migration]) -> None:
    """Apply the migrations that are missing; the caller holds the write lock and commits."""
    current = current_version(connection)
    last = plan[-1].number
    if current > last:
        raise Invalid(newer_store_message(current, last, release(connection)), "database_url")
    if current == 0:
        connection.exec_driver_sql("create table migrations (number integer primary key, name text, at text)")
    for number, variants in groupby(plan, key=lambda step: step.number):
        if number > current:
            _apply(connection, list(variants), types)
    _record_release(connection, current)


def release(connection: Connection) -> str | None:
    """Return the OnRecall version that took the newest step; None where no step recorded one."""
    if not _records_releases(connection):
        return None
    newest_release: str | None = connection.scalar(text("select release from migrations order by number desc limit 1"))
    return newest_release


def newer_store_message(here: int, supported: int, made_by: str | None) -> str:
    """Why this OnRecall refuses a store with a newer schema, and what to do."""
    maker = f"OnRecall {made_by}" if made_by else "a newer OnRecall"
    return (
        f"the database has schema {here}, made by {maker}, but this OnRecall {__version__} knows schema {supported}. "
        f"Nothing was changed. Install {maker if made_by else 'that version'} or newer, or restore a backup made "
        "before the upgrade into an empty store"
    )


def _record_release(connection: Connection, before: int) -> None:
    """Note which OnRecall took the steps after a number, where the schema has a column for it."""
    if current_version(connection) > before and _records_releases(connection):
        connection.execute(
            text("update migrations set release = :release where number > :before"),
            {"release": __version__, "before": before},
        )


def _records_releases(connection: Connection) -> bool:
    return any(column["name"] == "release" for column in inspect(connection).get_columns("migrations"))


def _apply(connection: Connection, variants: Sequence[Migration], types: Mapping[str, str]) -> None:
    """Run a migration's statements for this database, and record it once."""
    for step in variants:
        if step.dialect in (None, connection.dialect.name):
            for statement in step.file.read_text(encoding="utf-8").format_map(types).split(";\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)
    connection.execute(
        text("insert into migrations (number, name, at) values (:number, :name, cast(current_timestamp as text))"),
        {"number": variants[0].number, "name": variants[0].name},
    )
