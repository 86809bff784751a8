"""Insert the new incidents and documents of one transaction together, table by table."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, insert

from onrecall.domain.document import Document
from onrecall.domain.evidence import StepExecution
from onrecall.domain.incident import ActionItem, Incident
from onrecall.storage import document_rows, events, incident_rows, links, postmortem_actions, resolutions
from onrecall.storage.events import NewEvent
from onrecall.storage.tables import documents as documents_table
from onrecall.storage.tables import incidents as incidents_table
from onrecall.storage.tables import links as links_table
from onrecall.storage.tables import performed as performed_table
from onrecall.storage.tables import resolutions as resolutions_table

Rows = list[dict[str, object]]


class BulkInsert:
    """Collects rows until `write`; until then they can't be found in the database."""

    def __init__(self) -> None:
        # In order of their foreign keys.
        self._rows: dict[Table, Rows] = {
            incidents_table: [],
            documents_table: [],
            resolutions_table: [],
            performed_table: [],
            links_table: [],
        }
        self._new_events: list[NewEvent] = []
        self._reported: dict[str, Sequence[ActionItem]] = {}

    def add_incident(
        self, new: Incident, given_hash: str, tries: Sequence[StepExecution], *, waiting: bool
    ) -> frozenset[str]:
        """Add a new incident with its resolution and links. Returns the hashes it is known by."""
        row = incident_rows.to_row(new, given_hash, waiting=waiting)
        if new.resolution is not None:
            self._rows[resolutions_table].append(resolutions.to_row(new.id, 1, new.resolution))
            self._rows[performed_table] += resolutions.execution_rows(new.id, 1, new.resolution, tries)
        self._rows[links_table] += links.to_rows(new.id, tuple(dict.fromkeys(new.links)), known_from(new))
        self._rows[incidents_table].append(row)
        self._reported[new.id] = new.action_items
        return incident_rows.hashes(row)

    def add_document(self, new: Document, digest: str) -> None:
        """Add a new document."""
        self._rows[documents_table].append(document_rows.row(new, digest))

    def add_events(self, happened: Iterable[NewEvent]) -> None:
        """Add events in their order."""
        self._new_events += happened

    def write(self, connection: Connection, now: datetime) -> None:
        """Insert everything collected so far."""
        incident_rows.skip_ids(connection, [str(row["id"]) for row in self._rows[incidents_table]])
        for table, rows in self._rows.items():
            if rows:
                connection.execute(insert(table), rows)
                rows.clear()
        postmortem_actions.track(connection, self._reported)
        self._reported.clear()
        events.add(connection, self._new_events, now)
        self._new_events.clear()


def known_from(incident: Incident) -> datetime:
    """Return since when links of an imported incident are known: since its resolution, else from the start."""
    return incident.resolution.at if incident.resolution else incident.started_at
