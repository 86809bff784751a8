"""All stored incidents, the embeddings of their root causes, and the families that wait for a label."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from onrecall.domain.incident import Incident, Owner
from onrecall.pipeline.cause_proposals import Proposal, propose_families, select_causes
from onrecall.storage import Storage

PAGE_SIZE = 1000


def all_incidents(store: Storage, as_of: datetime | None = None) -> Iterator[Incident]:
    """Yield all incidents as of now or of a given time."""
    cursor: str | None = None
    while True:
        page = store.incidents.page(cursor=cursor, limit=PAGE_SIZE)
        if as_of is None:
            yield from page.items
        else:
            stored = store.records.get([("incident", incident.id) for incident in page.items], as_of).values()
            yield from (item for item in stored if isinstance(item, Incident))
        cursor = page.next_cursor
        if cursor is None:
            return


def cause_vectors(store: Storage, incidents: Sequence[str], as_of: datetime | None = None) -> dict[str, np.ndarray]:
    """Return the unit-length embedding of each incident's root cause and steps.

    Empty without a sentence model, or if the vectors come from different models.
    """
    vectors: dict[str, np.ndarray] = {}
    models: set[str | None] = set()
    for start in range(0, len(incidents), PAGE_SIZE):
        owners: list[Owner] = [("incident", name) for name in incidents[start : start + PAGE_SIZE]]
        for (_, name), passages in store.passages.of_owners(owners, as_of).items():
            for _, passage in passages:
                if passage.part == "resolution" and passage.n == 0 and passage.vector:
                    vectors[name] = np.frombuffer(passage.vector, np.float16).astype(np.float32)
                    models.add(passage.model)
    return vectors if len(models) == 1 else {}


def waiting_proposals(store: Storage, incidents: Sequence[Incident]) -> tuple[Proposal, ...]:
    """Return the proposed families on which nobody has decided yet."""
    selected = select_causes(incidents)
    dismissed = [set(family.incidents) for family in store.cause_families.all() if family.state == "dismissed"]
    families = propose_families(selected, cause_vectors(store, [incident.id for incident in selected]))
    return tuple(family for family in families if not any(set(family.incidents) <= members for members in dismissed))
