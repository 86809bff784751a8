"""New incidents and documents of one transaction, written together: a table at a time, not an incident at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, insert

from onrecall.domain.incident import Document, Incident, StepExecution
from onrecall.storage import documents, events, incidents, links, resolutions
from onrecall.storage.events import NewEvent
from onrecall.storage.tables import documents as documents_table
from onrecall.storage.tables import incidents as incidents_table
from onrecall.storage.tables import links as links_table
from onrecall.storage.tables import performed as performed_table
from onrecall.storage.tables import resolutions as resolutions_table

Rows = list[dict[str, object]]


class BulkInsert:
    """What came and is not written yet; nobody looks for it in the database before it is."""

    def __init__(self) -> None:
        # In this order, for the later ones point to the first.
        self._rows: dict[Table, Rows] = {
            incidents_table: [],
            documents_table: [],
            resolutions_table: [],
            performed_table: [],
            links_table: [],
        }
        self._new_events: list[NewEvent] = []

    def add_incident(
        self, new: Incident, given_hash: str, tries: Sequence[StepExecution], *, waiting: bool
    ) -> frozenset[str]:
        """An incident that was not there, with its resolution and its ties; returns the hashes it is known by."""
        row = incidents.to_row(new, given_hash, waiting=waiting)
        if new.resolution is not None:
            self._rows[resolutions_table].append(resolutions.to_row(new.id, 1, new.resolution))
            self._rows[performed_table] += resolutions.execution_rows(new.id, 1, new.resolution, tries)
        self._rows[links_table] += links.to_rows(new.id, tuple(dict.fromkeys(new.links)), known_from(new))
        self._rows[incidents_table].append(row)
        return incidents.hashes(row)

    def add_document(self, new: Document, digest: str) -> None:
        """A document that was not there."""
        self._rows[documents_table].append(documents.row(new, digest))

    def add_events(self, happened: Iterable[NewEvent]) -> None:
        """What happened, in the order in which it is told."""
        self._new_events += happened

    def write(self, connection: Connection, now: datetime) -> None:
        """Write all that came so far."""
        incidents.skip_ids(connection, [str(row["id"]) for row in self._rows[incidents_table]])
        for table, rows in self._rows.items():
            if rows:
                connection.execute(insert(table), rows)
                rows.clear()
        events.add(connection, self._new_events, now)
        self._new_events.clear()


def known_from(incident: Incident) -> datetime:
    """Since when a tie is known that came with an incident: since its resolution, or else from the start."""
    return incident.resolution.at if incident.resolution else incident.started_at
