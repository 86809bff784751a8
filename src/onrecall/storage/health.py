"""Record counts, the worker's queue, and a consistency check."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, exists, func, or_, select

from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Unavailable
from onrecall.domain.incident import EXAMPLE
from onrecall.storage import sequences
from onrecall.storage import terms as packed
from onrecall.storage.database import BACKENDS, Database
from onrecall.storage.tables import (
    alerts,
    changes,
    documents,
    events,
    incidents,
    outcomes,
    passages,
    recommendations,
    resolutions,
)

BATCH_SIZE = 2000


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for the worker. If the last two do not move while something waits, no worker is running."""

    alerts: int
    incidents: int
    first_alert: int | None
    """The id of the alert that has waited longest."""
    answers: int
    """How many answers were ever given."""
    waits_since: datetime | None
    """When the next alert or incident began to wait."""


class HealthRepository:
    """What is stored and what waits, and whether the database is sound."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> Mapping[str, int]:
        """Return the number of records by kind; for resolutions and outcomes only current ones."""
        with self._database.read() as connection:
            is_current = resolutions.c.superseded_at.is_(None) & resolutions.c.revoked_at.is_(None)
            return {
                "incidents": _count(connection, incidents),
                "examples": _count(connection, incidents, incidents.c.source == EXAMPLE),
                "resolutions": _count(connection, resolutions, is_current),
                "documents": _count(connection, documents),
                "passages": sequences.current_value(connection, "passages"),
                "recommendations": _count(connection, recommendations),
                "outcomes": _count(connection, outcomes, outcomes.c.revoked_at.is_(None)),
                "events": _count(connection, events),
            }

    def queue(self, now: datetime) -> Queue:
        """Return what is due now."""
        with self._database.read() as connection:
            first = connection.execute(
                select(alerts.c.id, alerts.c.updated_at).where(alerts.c.waiting).order_by(alerts.c.id).limit(1)
            ).first()
            due = (incidents.c.waiting, or_(incidents.c.due_at.is_(None), incidents.c.due_at <= now))
            oldest = connection.scalar(select(func.min(incidents.c.due_at)).where(*due))
            since = [at for at in (first.updated_at if first else None, oldest) if at is not None]
            return Queue(
                alerts=_count(connection, alerts, alerts.c.waiting) if first else 0,
                incidents=_count(connection, incidents, *due),
                first_alert=first.id if first else None,
                answers=sequences.current_value(connection, "recommendation"),
                waits_since=min(since, default=None),
            )

    def check(self) -> tuple[str, ...]:
        """Return what is wrong, in sentences. Recounts all passages, which takes a while."""
        with self._database.read() as connection:
            return (
                *BACKENDS[connection.dialect.name].integrity_errors(connection),
                *_orphaned_passages(connection),
                *_wrong_counts(connection),
            )

    @property
    def problems(self) -> tuple[str, ...]:
        """Failures of the database that have not been cleared since, in sentences."""
        return self._database.condition.problems

    def probe(self) -> None:
        """Check that the store can be written. Raises Unavailable; `problems` has the reason."""
        if lack := self._database.kind.lack_of_room():
            self._database.condition.failure = lack
            raise Unavailable(lack)
        self._database.probe()

    def check_file(self) -> None:
        """Check the file on disk; `problems` has the result. Takes time in proportion to its size."""
        errors = self._database.kind.check_file()
        self._database.condition.damage = f"the database is damaged: {'; '.join(errors)}" if errors else None


def _orphaned_passages(connection: Connection) -> Iterator[str]:
    for kind, table in (("incident", incidents), ("document", documents)):
        owned = exists().where(table.c.id == passages.c.owner)
        if lost := _count(connection, passages, (passages.c.kind == kind) & ~owned):
            yield f"{count_noun(lost, 'passage belongs', 'passages belong')} to no {kind}"
    logged = exists().where(changes.c.passage == passages.c.id)
    if unlogged := _count(connection, passages, ~logged):
        missing = count_noun(unlogged, "passage is", "passages are")
        yield f"{missing} missing from the change log, so no index knows them"


def _wrong_counts(connection: Connection) -> Iterator[str]:
    counted: Counter[int] = Counter()
    number = length = 0
    for (packed_terms,) in connection.execute(select(passages.c.terms).execution_options(yield_per=BATCH_SIZE)):
        number += 1
        length += packed.count_terms(packed_terms)
        counted.update(packed.unpack_hashes(packed_terms).tolist())
    for name, right in (("passages", number), ("length", length)):
        stored = sequences.current_value(connection, "passages" if name == "passages" else "length")
        if stored != right:
            yield f"the total of {name} is {stored} and should be {right}"
    stored_counts = packed.all_frequencies(connection)
    wrong = sum(counted.pop(term, 0) != frequency for term, frequency in stored_counts) + len(counted)
    if wrong:
        yield f"{count_noun(wrong, 'term has', 'terms have')} a wrong count"


def _count(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    return int(connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0)
