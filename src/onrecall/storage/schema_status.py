"""Which schema a store has, read without changing it: what an upgrade would do, and whether a start is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.storage import migrations
from onrecall.storage.database import Backend, database_kind, sqlite_file

SchemaState = Literal["blank", "current", "outdated", "newer"]


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """The schema of a store beside the one that this version works with."""

    database: str
    """`sqlite` or `postgresql`."""
    schema: int
    """Number of the newest migration that was taken; 0: no store yet."""
    supported: int
    release: str | None
    """The OnRecall that took it; None where it was one before 0.2.0, which recorded none."""
    pending: tuple[str, ...]
    """Migrations that this version would take, as `0026_name`, in order."""

    @property
    def state(self) -> SchemaState:
        """What a start of this version would find."""
        if self.schema == 0:
            return "blank"
        if self.schema > self.supported:
            return "newer"
        return "outdated" if self.pending else "current"


def read_schema_status(url: str) -> SchemaStatus:
    """Return the schema status of the store at a URL; reads only, and creates neither a file nor a folder.

    Raises Invalid where the URL or the database is none, Unavailable where it does not answer.
    """
    if (file := sqlite_file(url)) and not file.is_file():
        return _status("sqlite", 0, None)
    kind = database_kind(url)
    with _reader(kind, file) as connection:
        number = migrations.current_version(connection)
        return _status(kind.name, number, migrations.release(connection) if number else None)


def _status(database: str, number: int, release: str | None) -> SchemaStatus:
    names = {
        step.number: f"{step.number:04}_{step.name}" for step in migrations.all_migrations() if step.number > number
    }
    return SchemaStatus(database, number, migrations.newest_version(), release, tuple(names.values()))


@contextmanager
def _reader(kind: Backend, file: Path | None) -> Iterator[Connection]:
    engine = _read_only(file) if file else kind.reader
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        if kind.damaged(error.orig):
            raise Invalid(f"this is not a database, or it is damaged: {error.orig}", "database_url") from error
        raise Unavailable(kind.unavailable(error.orig) or f"the database can't be read: {error.orig}") from error
    finally:
        engine.dispose()
        kind.engine.dispose()


def _read_only(file: Path) -> Engine:
    """Open a SQLite file without the right to write, and without changing its journal mode."""
    return create_engine(f"sqlite:///file:{quote(str(file))}?mode=ro&uri=true")
