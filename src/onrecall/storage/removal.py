"""Columns that hold an incident's id, and removing incidents with everything that belongs to them."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, delete, select, update

from onrecall.storage import incident_rows
from onrecall.storage.batching import chunked
from onrecall.storage.cause_families import cause_family_members
from onrecall.storage.passages import PassageChanges
from onrecall.storage.suggestions import suggestions
from onrecall.storage.tables import (
    alerts,
    citations,
    incidents,
    links,
    metadata,
    notices,
    outcomes,
    performed,
    recommendations,
)
from onrecall.storage.trust import judged

UNCONSTRAINED_REFERENCES: tuple[Column[Any], ...] = (
    links.c.target,
    citations.c.evidence,
    performed.c.occasion,
    judged.c.incident,
    cause_family_members.c.incident,
)
"""Columns with an incident's id but no foreign key, because some rows outlive the incident."""
SURVIVING_REFERENCES = frozenset({alerts.c.incident, citations.c.evidence, cause_family_members.c.incident})
"""Columns whose rows stay when the incident is removed."""


@cache
def referring_columns() -> tuple[Column[Any], ...]:
    """Return all columns that hold an incident's id, referenced tables last."""
    enforced = {
        column
        for table in metadata.tables.values()
        for column in table.columns
        if any(key.column is incidents.c.id for key in column.foreign_keys)
    }
    columns = enforced | set(UNCONSTRAINED_REFERENCES)
    return tuple(column for table in reversed(metadata.sorted_tables) for column in table.columns if column in columns)


def linked_to(connection: Connection, incident_ids: Iterable[str]) -> set[str]:
    """Return the incidents that link to one of these."""
    return {
        name
        for chunk in chunked(incident_ids)
        for name in connection.scalars(select(links.c.incident).where(links.c.target.in_(chunk)))
    }


def rehash(connection: Connection, names: Iterable[str]) -> None:
    """Update the state hashes of incidents whose links changed."""
    for incident in incident_rows.by_id(connection, names).values():
        incident_rows.update_state(connection, incident)


def remove_incidents(connection: Connection, incident_ids: Sequence[str]) -> None:
    """Remove incidents; answers that cite them keep the quotes, and their alerts are grouped again."""
    linked = linked_to(connection, incident_ids) - set(incident_ids)
    passage_changes = PassageChanges()
    for name in incident_ids:
        passage_changes.set_passages(("incident", name), ())
    for chunk in chunked(incident_ids):
        for name in connection.scalars(select(suggestions.c.id).where(suggestions.c.incident.in_(chunk))):
            passage_changes.set_passages(("suggestion", name), ())
    passage_changes.write(connection)
    for chunk in chunked(incident_ids):
        _remove_rows(connection, chunk)
    rehash(connection, linked)


def _remove_rows(connection: Connection, incident_ids: Sequence[str]) -> None:
    answers = select(recommendations.c.id).where(recommendations.c.incident.in_(incident_ids))
    for column in (citations.c.recommendation, outcomes.c.recommendation):
        connection.execute(delete(column.table).where(column.in_(answers)))
    connection.execute(update(notices).where(notices.c.decision.in_(answers)).values(decision=None))
    freed = {"incident": None, "joined": None, "waiting": True}
    connection.execute(update(alerts).where(alerts.c.incident.in_(incident_ids)).values(freed))
    for column in referring_columns():
        if column not in SURVIVING_REFERENCES:
            connection.execute(delete(column.table).where(column.in_(incident_ids)))
    connection.execute(delete(incidents).where(incidents.c.id.in_(incident_ids)))
