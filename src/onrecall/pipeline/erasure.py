"""Erasing a person or an incident, with a receipt."""

from collections.abc import Callable, Sequence
from datetime import datetime

from onrecall.domain.erasure import ErasureReceipt
from onrecall.domain.errors import NotFound
from onrecall.recommendation.step_keys import step_key
from onrecall.retrieval import Retriever
from onrecall.storage import Storage
from onrecall.storage.erasure import Derivation

OUT_OF_REACH = (
    "Backups and exports made before still hold it: delete them, or erase again after restoring one. The same goes for "
    "what was sent elsewhere: messages in chats and mail, another memory that mirrors this one, copies of runbooks "
    "that other teams share, files from which it was imported, logs and traces, and what a model's provider keeps."
)
"""What no erasure here can reach."""


class ErasureService:
    """Erases from one store; the search index and everything derived follow at once."""

    def __init__(self, store: Storage, recall: Retriever, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._forget_removed = recall.forget_removed
        self._derive = Derivation(recall.prepare, lambda text: step_key(text, None).partition(" ")[2])
        self._clock = clock

    def erase_person(self, names: Sequence[str], by: str | None) -> ErasureReceipt:
        """Put a pseudonym in place of a person's names, all forms of which are given. Raises Invalid."""
        receipt = self._store.erasures.erase_person(tuple(names), self._derive, self._clock(), by)
        self._forget_removed()
        return receipt

    def erase_incident(self, incident_id: str, by: str | None) -> ErasureReceipt:
        """Delete an incident and everything that belongs to it; one that is erased already changes nothing.

        Raises NotFound for an id that never was, and Conflict if a document tells of the incident.
        """
        receipt = self._store.erasures.erase_incident(incident_id, self._derive, self._clock(), by)
        if receipt.id is None and not self._store.erasures.is_erased(incident_id):
            raise NotFound(f"there is no incident {incident_id}")
        self._forget_removed()
        return receipt
