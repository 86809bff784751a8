"""Documents that a team shares with another: copies that follow their source, and go when the share ends."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.domain.incident import Document
from onrecall.domain.team import INSTALLATION
from onrecall.pipeline.incident_service import IncidentService
from onrecall.storage.document_shares import DocumentShare

COPY_PREFIX = "shared/"
"""How the ids of copies begin, followed by the team and the id there."""
SHARED_LABEL = "shared_from"
VERSION_LABEL = "shared_version"


class DocumentSharing:
    """Keeps the copies in the stores of an installation as the shares say. It reads shared documents alone."""

    def __init__(self, memories: Mapping[str, IncidentService]) -> None:
        """`memories` are those of all teams by name, and the installation's own as `default`."""
        self._memories = memories

    def share(self, team: str, document_id: str, target: str, by: str | None) -> bool:
        """Share a team's runbook with another team; False where it is shared already.

        Raises NotFound without the document or the team, Invalid for what tells of an incident, Conflict for a copy.
        """
        if target not in self._memories or target == team:
            raise NotFound(f"there is no other team {target}")
        memory = self._memories[team]
        document = memory.store.documents.get(document_id)
        if document.kind != "runbook":
            raise Invalid(f"{document_id} is a {document.kind}, which tells of an incident; share runbooks", "document")
        if document_id.startswith(COPY_PREFIX):
            raise Conflict(f"{document_id} is a copy; ask the team that it comes from to share it")
        return memory.store.document_shares.add(DocumentShare(document_id, target, memory.now(), by))

    def unshare(self, team: str, document_id: str, target: str, by: str | None) -> bool:
        """End a share; False where there is none."""
        return self._memories[team].store.document_shares.remove(document_id, target, by)

    def synchronize(self) -> int:
        """Bring all copies up to date; returns how many changed. A repetition changes nothing."""
        wanted: dict[str, dict[str, Document]] = {team: {} for team in self._memories}
        for team, memory in self._memories.items():
            for share in memory.store.document_shares.all():
                document = _find_runbook(memory, share.document)
                if document is not None and share.team in wanted:
                    copy = _copy(document, team)
                    wanted[share.team][copy.id] = copy
        return sum(_write_copies(self._memories[team], copies) for team, copies in wanted.items())


def _find_runbook(memory: IncidentService, document_id: str) -> Document | None:
    """Return a runbook; None if it is gone, or has become something that tells of an incident."""
    try:
        document = memory.store.documents.get(document_id)
    except NotFound:
        return None
    return document if document.kind == "runbook" else None


def _write_copies(memory: IncidentService, wanted: Mapping[str, Document]) -> int:
    changed = [copy for copy in wanted.values() if not memory.is_unchanged(copy)]
    for copy in changed:
        memory.put_document(copy)
    stored = memory.store.document_shares.copies(COPY_PREFIX)
    ended = [copy_id for copy_id, source in stored if copy_id not in wanted and source == _source_of(copy_id)]
    for copy_id in ended:
        memory.delete_document(copy_id)
    return len(changed) + len(ended)


def _copy(document: Document, team: str) -> Document:
    digest = hashlib.sha256(repr((document.title, document.text, sorted(document.labels.items()))).encode()).hexdigest()
    labels = {**document.labels, SHARED_LABEL: team, VERSION_LABEL: digest[:12]}
    copy_id = f"{COPY_PREFIX}{team}/{document.id}"
    return replace(document, id=copy_id, labels=labels, source=_source_of(copy_id))


def _source_of(copy_id: str) -> str:
    """Return the source that a copy names: whose it is."""
    team = copy_id.removeprefix(COPY_PREFIX).partition("/")[0]
    return f"shared by the installation {INSTALLATION}" if team == INSTALLATION else f"shared by the team {team}"
