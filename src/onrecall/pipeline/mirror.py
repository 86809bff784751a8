"""The mirror: every incident as a document in a Hindsight bank, through the outbox.

The document always says what the incident is now, so the newest delivery is enough and none is ever given up. What
happens while the other side is down waits; sending the same document again changes nothing there.
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
"""The source of incidents that came from a bank: their text is there already."""
DELIVERY_KINDS: Mapping[str, str] = {
    "opened": "opened",
    "alerted": "changed",
    "acknowledged": "changed",
    "resolved": "resolved",
    "reopened": "reopened",
    "merged": "merged",
    "split": "changed",
}
"""The events that change a document, and what their deliveries are called."""
SWEEP_EVERY = timedelta(minutes=5)
SWEEP_BATCH = 100
MAX_WAIT = 60.0
"""Seconds: a server that is back is noticed within this."""

log = logging.getLogger(__name__)


class DocumentChanges:
    """Decides which events change an incident's document."""

    def __init__(self, channel: HindsightMirror, store: Storage) -> None:
        self._channel, self._store = channel, store

    def concerns(self, event: IncidentEvent) -> bool:
        """Whether it may change what the document says, however long ago it happened."""
        return event.type in DELIVERY_KINDS

    def letter(
        self, event: IncidentEvent, thread: ChannelThread | None, last_state: Mapping[str, Any] | None
    ) -> PendingMessage | None:
        """The document as it is now, unless it says what was posted last, or came from the bank and is as it came."""
        try:
            incident = self._store.incident(event.incident)
        except NotFound:
            return None  # deleted meanwhile: the sweep takes its document away
        if thread is None and event.detail.get("imported") and incident.source == PULLED_FROM:
            return None
        item = current_item(self._store, incident)
        digest = item["metadata"]["digest"]
        if last_state is not None and last_state.get("digest") == digest:
            return None
        self._store.mirrored.add(self._channel.name, [MirroredDocument(incident.id, item["document_id"])])
        return PendingMessage(incident.id, event.seq, DELIVERY_KINDS[event.type], item, {"digest": digest})


class Mirror:
    """The way out to a bank, for one thread."""

    def __init__(self, channel: HindsightMirror, store: Storage, clock: Callable[[], datetime]) -> None:
        self.name = channel.name
        self._channel, self._store, self._clock = channel, store, clock
        self._dispatcher = Dispatcher(
            channel, store, clock, DocumentChanges(channel, store), tries=None, longest_wait=MAX_WAIT
        )
        self._next_sweep = clock()

    def round(self) -> int:
        """Store what changed, and from time to time delete documents whose incident is gone; how much there was."""
        handled = self._dispatcher.round()
        if self._clock() >= self._next_sweep:
            self._next_sweep = self._clock() + SWEEP_EVERY
            handled += delete_orphans(self._channel, self._store)
        return handled

    def release(self) -> None:
        """Let another process send here at once."""
        self._dispatcher.release()


def current_item(store: Storage, incident: Incident) -> dict[str, Any]:
    """The document that an incident is now."""
    return memory_item(incident, len(store.resolutions(incident.id)))


def delete_orphans(channel: HindsightMirror, store: Storage) -> int:
    """Delete documents whose incident is gone; how many. What can't be deleted now stays noted for the next time."""
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
    """Note that incidents are about to have documents."""
    store.mirrored.add(channel.name, [MirroredDocument(name, document_id(name)) for name in incident_ids])
