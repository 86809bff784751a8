"""Documents that a team shares with another: copies that follow their source, and go when the share ends."""

import hashlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, Invalid, NotFound, OnRecallError, Unavailable
from onrecall.domain.team import INSTALLATION
from onrecall.pipeline.incident_service import IncidentService
from onrecall.storage.document_shares import DocumentShare
from onrecall.storage.validation import KEY_BYTES

COPY_PREFIX = "shared/"
"""How the ids of copies begin, followed by the team and the id there."""
SHARED_LABEL = "shared_from"
VERSION_LABEL = "shared_version"

log = logging.getLogger(__name__)


class DocumentSharing:
    """Keeps the copies in the stores of an installation as the shares say. It reads shared documents alone."""

    def __init__(
        self, memories: Mapping[str, IncidentService], existing_teams: Callable[[], Collection[str]] | None = None
    ) -> None:
        """`memories` are those of all teams by name, and the installation's own as `default`.

        `existing_teams` lists the teams as of now: one that was added since has no memory here, and its copies stay.
        """
        self._memories = memories
        self._existing_teams = existing_teams or (lambda: ())

    def share(self, team: str, document_id: str, target: str, by: str | None) -> bool:
        """Share a team's runbook with another team; False where it is shared already.

        Raises NotFound without the document or the team, Invalid for what tells of an incident or has too long an id,
        Conflict for a copy, and where the other team has a document of its own under the copy's id.
        """
        if target not in self._memories or target == team:
            raise NotFound(f"there is no other team {target}; `onrecall teams list` shows all")
        memory = self._memories[team]
        document = memory.store.documents.get(document_id)
        if document.kind != "runbook":
            raise Invalid(f"{document_id} is a {document.kind}, which tells of an incident; share runbooks", "document")
        if document_id.startswith(COPY_PREFIX):
            raise Conflict(f"{document_id} is a copy; ask the team that it comes from to share it")
        shares = memory.store.document_shares
        if not any(share.document == document_id for share in shares.all(target)):
            self._check_copy(_copy(document, team).id, target)
        return shares.add(DocumentShare(document_id, target, memory.now(), by))

    def _check_copy(self, copy_id: str, target: str) -> None:
        if len(copy_id.encode()) > KEY_BYTES:
            raise Invalid(f"the copy's id {copy_id[:60]}… would be too long; share it under a shorter id", "document")
        if copy_id in _own_documents(self._memories[target]):
            raise Conflict(f"{target} has a document {copy_id} of its own; it must be deleted or renamed there first")

    def unshare(self, team: str, document_id: str, target: str, by: str | None) -> bool:
        """End a share; False where there is none."""
        return self._memories[team].store.document_shares.remove(document_id, target, by)

    def synchronize(self) -> int:
        """Bring all copies up to date; returns how many changed. A repetition changes nothing."""
        wanted: dict[str, dict[str, Document]] = {team: {} for team in self._memories}
        for team, memory in self._memories.items():
            for document_id, shares in groupby(memory.store.document_shares.all(), attrgetter("document")):
                if (document := _find_runbook(memory, document_id)) is not None:
                    copy = _copy(document, team)
                    for target in {share.team for share in shares} & wanted.keys():
                        wanted[target][copy.id] = copy
        return sum(self._write_copies(team, copies) for team, copies in wanted.items())

    def _write_copies(self, team: str, wanted: Mapping[str, Document]) -> int:
        """Delete ended copies, then write changed ones; one that can't be written keeps no other from being so."""
        memory = self._memories[team]
        ended = self._ended_copies(memory, wanted)
        for copy_id in ended:
            memory.delete_document(copy_id)
        changed = [copy for copy in wanted.values() if not memory.is_unchanged(copy)]
        return len(ended) + sum(_write_copy(memory, copy) for copy in changed)

    def _ended_copies(self, memory: IncidentService, wanted: Mapping[str, Document]) -> list[str]:
        """Return the copies that no share asks for, without those of teams that this process does not serve."""
        stored = memory.store.document_shares.copies(COPY_PREFIX)
        ended = [copy_id for copy_id, source in stored if copy_id not in wanted and source == _source_of(copy_id)]
        if all(_team_of(copy_id) in self._memories for copy_id in ended):
            return ended
        added_since = set(self._existing_teams()) - self._memories.keys()
        return [copy_id for copy_id in ended if _team_of(copy_id) not in added_since]


def _find_runbook(memory: IncidentService, document_id: str) -> Document | None:
    """Return a runbook; None if it is gone, or has become something that tells of an incident."""
    try:
        document = memory.store.documents.get(document_id)
    except NotFound:
        return None
    return document if document.kind == "runbook" else None


def _write_copy(memory: IncidentService, copy: Document) -> bool:
    try:
        memory.put_document(copy)
    except Unavailable:
        raise
    except OnRecallError as error:
        log.warning("the shared document %s can't be copied: %s", copy.id[:80], error)
        return False
    return True


def _own_documents(memory: IncidentService) -> frozenset[str]:
    """Return the ids of a team's own documents that look like those of copies."""
    stored = memory.store.document_shares.copies(COPY_PREFIX)
    return frozenset(copy_id for copy_id, source in stored if source != _source_of(copy_id))


def _copy(document: Document, team: str) -> Document:
    digest = hashlib.sha256(repr((document.title, document.text, sorted(document.labels.items()))).encode()).hexdigest()
    labels = {**document.labels, SHARED_LABEL: team, VERSION_LABEL: digest[:12]}
    copy_id = f"{COPY_PREFIX}{team}/{document.id}"
    return replace(document, id=copy_id, labels=labels, source=_source_of(copy_id))


def _source_of(copy_id: str) -> str:
    """Return the source that a copy names: whose it is."""
    team = _team_of(copy_id)
    return f"shared by the installation {INSTALLATION}" if team == INSTALLATION else f"shared by the team {team}"


def _team_of(copy_id: str) -> str:
    return copy_id.removeprefix(COPY_PREFIX).partition("/")[0]
