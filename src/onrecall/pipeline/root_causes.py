"""Stored incidents to compare, the embeddings of their root causes, and the families that wait for a label."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from onrecall.domain.document import Document
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner
from onrecall.domain.suggestion import Suggestion
from onrecall.pipeline.cause_proposals import MAX_COMPARED, Proposal, propose_families, select_causes
from onrecall.recurrences.day_facts import EXPLAINED
from onrecall.recurrences.incident_table import IncidentTable
from onrecall.storage import Storage

PAGE_SIZE = 1000


def newest_incidents(store: Storage, as_of: datetime, most: int) -> list[Incident]:
    """Return the newest incidents that had begun at a time, at most so many, as they were known then."""
    incidents: list[Incident] = []
    cursor: str | None = None
    while len(incidents) < most:
        page = store.incidents.page(
            until=as_of + timedelta(microseconds=1), cursor=cursor, limit=min(PAGE_SIZE, most - len(incidents))
        )
        stored = store.records.get([("incident", incident.id) for incident in page.items], as_of).values()
        incidents += [item for item in stored if isinstance(item, Incident)]
        cursor = page.next_cursor
        if cursor is None:
            break
    return incidents


def incidents_in_rows(store: Storage, table: IncidentTable, rows: Sequence[int]) -> list[Incident]:
    """Return the incidents in rows of a table, in the same order; one that was removed meanwhile is absent."""
    ids = table.ids(rows)
    stored: dict[Owner, Incident | Document | Suggestion] = {}
    for start in range(0, len(ids), PAGE_SIZE):
        stored |= store.records.get([("incident", name) for name in ids[start : start + PAGE_SIZE]])
    incidents = (stored.get(("incident", name)) for name in ids)
    return [incident for incident in incidents if isinstance(incident, Incident)]


def cause_vectors(store: Storage, incidents: Sequence[str], as_of: datetime | None = None) -> dict[str, np.ndarray]:
    """Return the unit-length embedding of each incident's root cause and steps.

    Empty without a sentence model, or if the vectors come from different models.
    """
    vectors: dict[str, np.ndarray] = {}
    models: set[str | None] = set()
    for start in range(0, len(incidents), PAGE_SIZE):
        owners: list[Owner] = [("incident", name) for name in incidents[start : start + PAGE_SIZE]]
        for name, vector in store.passages.resolution_vectors(owners, as_of).items():
            vectors[name] = np.frombuffer(vector.data, np.float16).astype(np.float32)
            models.add(vector.model)
    return vectors if len(models) == 1 else {}


def waiting_proposals(store: Storage, incidents: Sequence[Incident]) -> tuple[Proposal, ...]:
    """Return the proposed families on which nobody has decided yet."""
    selected = select_causes(incidents)
    dismissed = [set(family.incidents) for family in store.cause_families.all() if family.state == "dismissed"]
    families = propose_families(selected, cause_vectors(store, [incident.id for incident in selected]))
    return tuple(family for family in families if not any(set(family.incidents) <= members for members in dismissed))


def comparable_incidents(store: Storage, table: IncidentTable) -> list[Incident]:
    """Return the newest incidents with a root cause, oldest first, to propose families of; none where each has a label.

    They are those that `select_causes` would select of all incidents.
    """
    return incidents_in_rows(store, table, explained_rows(table))


def explained_rows(table: IncidentTable) -> list[int]:
    """Return the rows of `comparable_incidents`."""
    return newest_rows(table, (table.facts["flags"] & EXPLAINED) > 0)


def read_selections(store: Storage, table: IncidentTable, *selections: Sequence[int]) -> tuple[list[Incident], ...]:
    """Return the incidents of each selection of rows, in the same order; what several select is read once."""
    rows = sorted({row for selection in selections for row in selection})
    by_id = {incident.id: incident for incident in incidents_in_rows(store, table, rows)}
    by_row = {row: by_id[name] for row, name in zip(rows, table.ids(rows), strict=True) if name in by_id}
    return tuple([by_row[row] for row in selection if row in by_row] for selection in selections)


def newest_rows(table: IncidentTable, rows: np.ndarray) -> list[int]:
    """Return the newest rows, oldest first, `MAX_COMPARED` with a label, as many without; none if each has one.

    `rows`: for each row of the table whether it is to be selected from.
    """
    labelled = table.causes >= 0
    unlabelled_rows = np.flatnonzero(rows & ~labelled)[-MAX_COMPARED:]
    if not len(unlabelled_rows):
        return []
    labelled_rows = np.flatnonzero(rows & labelled)[-MAX_COMPARED:]
    return [int(row) for row in np.sort(np.concatenate([unlabelled_rows, labelled_rows]))]
