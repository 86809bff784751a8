"""What a store asks its database meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event

from onrecall.storage import Storage


@contextmanager
def hearing(store: Storage, hear: Callable[[str, object], None]) -> Iterator[None]:
    """Call `hear` with each statement and with the values it is asked with, of many the first."""

    def note(_connection, _cursor, statement, values, _context, many) -> None:
        hear(statement, values[0] if many else values)

    engine = store.overview.database.kind.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def counting_statements(store: Storage) -> Iterator[list[str]]:
    """All statements that are asked meanwhile."""
    statements: list[str] = []
    with hearing(store, lambda statement, _: statements.append(statement)):
        yield statements
