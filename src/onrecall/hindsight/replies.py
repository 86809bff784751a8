"""What a Hindsight server answers, as far as OnRecall reads it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of a bank as the list shows it, without its text."""

    id: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    event_date: str | None = None
    """When what it tells of happened; None: nobody said."""
    created_at: str | None = None
    """When it was stored there."""
    content_hash: str = ""

    @property
    def version(self) -> str:
        """A hash of all that it says."""
        content = [self.content_hash, sorted(self.metadata.items()), self.event_date]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class BankMatch:
    """A document that is like a question: the best of its pieces."""

    document_id: str
    semantic: float
    """Cosine similarity of its most similar piece with the question. The server's own order and `final` mean less:
    there, nonsense has been seen above the right answer."""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BankState:
    """What a call with the key found."""

    version: str
    exists: bool
    mode: str | None = None
    """How the bank takes texts in; `chunks` keeps them as they are, without a model."""


def stored_document(item: Any) -> StoredDocument:
    """Return the document in a row of `list_documents`."""
    params = item.retain_params or {}
    metadata = item.document_metadata or params.get("metadata") or {}
    event_date = params.get("event_date")
    return StoredDocument(
        id=item.id,
        metadata={str(key): str(value) for key, value in metadata.items() if value is not None},
        event_date=str(event_date) if event_date else None,
        created_at=item.created_at or None,
        content_hash=item.content_hash or "",
    )


def best_matches(results: Iterable[Any], limit: int) -> tuple[BankMatch, ...]:
    """Return the documents of a recall, the most similar first, each by its most similar piece.

    Those without a similarity, found by a word alone, are left out.
    """
    best: dict[str, BankMatch] = {}
    for result in results:
        semantic = result.scores.semantic if result.scores else None
        if result.document_id is None or semantic is None:
            continue
        previous = best.get(result.document_id)
        if previous is None or semantic > previous.semantic:
            best[result.document_id] = BankMatch(result.document_id, float(semantic), dict(result.metadata or {}))
    return tuple(sorted(best.values(), key=lambda match: (-match.semantic, match.document_id))[:limit])
