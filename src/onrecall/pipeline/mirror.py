"""The mirror: every incident as a document in a Hindsight bank, delivered through the outbox.

A document always contains the current state of the incident, so only the newest delivery is sent, and none is given
up. Deliveries wait while the server is down; sending the same document again changes nothing.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.errors import NotFound, Unavailable
from onrecall.domain.incident import Incident
from onrecall.notifications.hindsight import HindsightMirror, document_id, memory_item
from onrecall.pipeline.notify import Dispatcher
from onrecall.storage import IncidentEvent, Storage
from onrecall.storage.mirrored import MirroredDocument
from onrecall.storage.outbox import ChannelThread, PendingMessage

PULLED_FROM = "hindsight"
"""Source of incidents that came from a bank, which has their text already."""
DELIVERY_KINDS: Mapping[str, str] = {
    "opened": "opened",
    "alerted": "changed",
    "acknowledged": "changed",
    "edited": "changed",
    "resolved": "resolved",
    "reopened": "reopened",
    "merged": "merged",
    "split": "changed",
}
"""Events that change a document, and the kind of their deliveries."""
SWEEP_EVERY = timedelta(minutes=5)
SWEEP_BATCH = 100
MAX_WAIT = 60.0
"""Maximum seconds between attempts."""

log = logging.getLogger(__name__)


class DocumentChanges:
    """Decides which events change an incident's document."""

    def __init__(self, channel: HindsightMirror, store: Storage) -> None:
        self._channel, self._store = channel, store

    def concerns(self, event: IncidentEvent) -> bool:
        """Return whether the event may change the document, however old it is."""
        return event.type in DELIVERY_KINDS

    def letter(
        self, event: IncidentEvent, thread: ChannelThread | None, last_state: Mapping[str, Any] | None
    ) -> PendingMessage | None:
        """Return the current document, unless it is unchanged since the last post or came from the bank unchanged."""
        try:
            incident = self._store.incidents.get(event.incident)
        except NotFound:
            return None  # deleted meanwhile: the sweep deletes its document
        if thread is None and event.detail.get("imported") and incident.source == PULLED_FROM:
            return None
        item = current_item(self._store, incident)
        digest = item["metadata"]["digest"]
        if last_state is not None and last_state.get("digest") == digest:
            return None
        self._store.mirrored.add(self._channel.name, [MirroredDocument(incident.id, item["document_id"])])
        return PendingMessage(incident.id, event.seq, DELIVERY_KINDS[event.type], item, {"digest": digest})


class Mirror:
    """Delivers to one bank; use it from one thread."""

    def __init__(self, channel: HindsightMirror, store: Storage, clock: Callable[[], datetime]) -> None:
        self.name = channel.name
        self._channel, self._store, self._clock = channel, store, clock
        self._dispatcher = Dispatcher(
            channel, store, clock, DocumentChanges(channel, store), tries=None, longest_wait=MAX_WAIT
        )
        self._next_sweep = clock()

    def run_once(self) -> int:
        """Send changes, and periodically delete orphaned documents; returns the number of items handled."""
        handled = self._dispatcher.run_once()
        if self._clock() >= self._next_sweep:
            self._next_sweep = self._clock() + SWEEP_EVERY
            handled += delete_orphans(self._channel, self._store)
        return handled

    def release(self) -> None:
        """Release the lease, so that another process may send at once."""
        self._dispatcher.release()


def current_item(store: Storage, incident: Incident) -> dict[str, Any]:
    """Return the current document of an incident."""
    return memory_item(incident, len(store.incidents.resolutions(incident.id)))


def delete_orphans(channel: HindsightMirror, store: Storage) -> int:
    """Delete documents whose incident is gone; returns their number. Failed deletions are retried next time."""
    deleted = 0
    while orphans := store.mirrored.orphans(channel.name, SWEEP_BATCH):
        for orphan in orphans:
            try:
                channel.bank.delete(orphan.document)
            except Unavailable as error:
                log.warning("%s: %s is deleted later: %s", channel.name, orphan.document, error)
                return deleted
            store.mirrored.remove(channel.name, orphan.incident)
            deleted += 1
    return deleted


def note_documents(channel: HindsightMirror, store: Storage, incident_ids: list[str]) -> None:
    """Record that these incidents are about to have documents."""
    store.mirrored.add(channel.name, [MirroredDocument(name, document_id(name)) for name in incident_ids])
