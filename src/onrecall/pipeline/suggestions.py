"""Suggestions: what a source says fixed an incident counts only after a responder confirms it."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, NotFound
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.domain.suggestion import Suggestion
from onrecall.importers.steps import parse_steps
from onrecall.redaction import redact_model
from onrecall.retrieval import Retriever
from onrecall.storage import Storage, StoredNote

EXTRACTED = "extract"
"""The source of suggestions that a model quoted from a postmortem."""
TRUSTED_PREFIX = "trusted source "
"""Prefix of the confirming name for suggestions of trusted sources."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Corrections made when confirming; None keeps the suggested value."""

    root_cause: str | None = None
    cause: str | None = None


class SuggestionDesk:
    """Stores suggestions and applies the decisions of responders."""

    def __init__(
        self,
        store: Storage,
        recall: Retriever,
        clock: Callable[[], datetime],
        resolve: Callable[[str, Resolution], Incident],
        put_document: Callable[[Document], str],
        trusted: frozenset[str] = frozenset(),
        *,
        personal: bool = False,
    ) -> None:
        self._store = store
        self._recall = recall
        self._clock = clock
        self._resolve = resolve
        self._put_document = put_document
        self._trusted = trusted
        self._personal = personal

    def suggest_resolution(self, incident: Incident, note: StoredNote, resolution: Resolution) -> Suggestion:
        """Store a note as a suggested resolution, idempotently; confirm it at once if the source is trusted."""
        suggestion = redact_model(suggested_resolution(incident, note, resolution), self._personal)
        (passages,) = self._recall.prepare([suggestion])
        self._store.suggestions.add(suggestion, passages, self._clock())
        stored = self._store.suggestions.get(suggestion.id)
        states_a_fix = resolution.provenance != "suggested"
        if note.source not in self._trusted or not states_a_fix or stored.state != "pending" or incident.resolution:
            return stored
        self._resolve(incident.id, replace(resolution, by=suggestion.by))
        return self._store.suggestions.decide(stored.id, "confirmed", f"{TRUSTED_PREFIX}{note.source}", self._clock())

    def confirm(
        self,
        suggestion_id: str,
        by: str | None,
        correction: Correction = Correction(),
        *,
        may_replace: bool = False,
    ) -> Suggestion:
        """Apply a suggestion as a resolution or document.

        Args:
            suggestion_id: Which one.
            by: Who confirms; becomes the author of the resolution.
            correction: Values that replace suggested ones.
            may_replace: Whether a different document with the same id may be replaced.

        Raises:
            Conflict: It was dismissed, the incident has a resolution of a person, or a document is in the way.
        """
        suggestion = self._store.suggestions.get(suggestion_id)
        if suggestion.state == "pending":
            self._carry_out(suggestion, by, correction, may_replace=may_replace)
        return self._store.suggestions.decide(suggestion_id, "confirmed", by, self._clock())

    def dismiss(self, suggestion_id: str, by: str | None) -> Suggestion:
        """Dismiss a suggestion: it is no longer recalled and does not reappear when sent again."""
        return self._store.suggestions.decide(suggestion_id, "dismissed", by, self._clock())

    def _carry_out(self, suggestion: Suggestion, by: str | None, correction: Correction, *, may_replace: bool) -> None:
        if suggestion.document is not None:
            if not may_replace:
                self._refuse_to_replace(suggestion.document)
            self._put_document(suggestion.document)
        elif suggestion.incident is not None and suggestion.resolution is not None:
            completes = suggestion.source == EXTRACTED
            self._confirm_resolution(suggestion.incident, suggestion.resolution, by, correction, completes=completes)

    def _confirm_resolution(
        self, incident_id: str, suggested: Resolution, by: str | None, correction: Correction, *, completes: bool
    ) -> None:
        current = self._store.incidents.get(incident_id).resolution
        confirmed = replace(
            suggested,
            root_cause=correction.root_cause or suggested.root_cause,
            cause=correction.cause or suggested.cause,
            provenance="human",
            by=by,
            at=self._clock(),
        )
        if current is None:
            self._resolve(incident_id, confirmed)
        elif completes and current.provenance == "imported":
            self._resolve(incident_id, complete_resolution(current, confirmed))
        elif not current.same_as(confirmed):
            raise Conflict(f"incident {incident_id} is already resolved; dismiss the suggestion, or resolve it again")

    def _refuse_to_replace(self, document: Document) -> None:
        try:
            stored = self._store.documents.get(document.id)
        except NotFound:
            return
        if stored != document:
            raise Conflict(f"document {document.id} already exists with other content; an admin may confirm it")


def suggested_resolution(incident: Incident, note: StoredNote, resolution: Resolution) -> Suggestion:
    """Return a note as a suggestion; its id depends only on the note."""
    return Suggestion(
        id=suggestion_id(note.source, incident.id, note.id, note.text or ""),
        kind="resolution",
        source=note.source,
        by=note.by or note.source,
        at=note.at,
        title=incident.title,
        text=note.text or "",
        service=incident.service,
        incident=incident.id,
        resolution=replace(resolution, provenance="suggested", by=note.by or note.source),
    )


def complete_resolution(current: Resolution, suggested: Resolution) -> Resolution:
    """Return what the rules found, with what a model added and a person confirmed where they found nothing."""
    has_fix = any(step.outcome == "worked" for step in current.steps)
    return replace(
        suggested,
        root_cause=current.root_cause or suggested.root_cause,
        root_cause_line=current.root_cause_line if current.root_cause else suggested.root_cause_line,
        cause=suggested.cause or current.cause,
        steps=current.steps if has_fix else (*current.steps, *suggested.steps),
        summary=current.summary or suggested.summary,
    )


def suggested_document(source: str, document: Document, by: str, at: datetime) -> Suggestion:
    """Return a document from a source as a suggestion."""
    return Suggestion(
        id=suggestion_id(source, document.id, document.title, document.text),
        kind="document",
        source=source,
        by=by,
        at=document.dated or at,
        title=document.title,
        text=document.text,
        service=document.service,
        document=document,
    )


def suggestion_id(*content: str) -> str:
    """Return an id that depends only on the content."""
    return f"sug-{hashlib.sha256(chr(0).join(content).encode(errors='replace')).hexdigest()[:16]}"


def resolution_from_text(note: StoredNote, at: datetime) -> Resolution:
    """Return a note as a suggested resolution: its text as root cause, its actions as steps."""
    text = (note.text or "").strip()
    return Resolution(
        collapse_whitespace(text)[:2_000], at, steps=parse_steps(text), summary=text, provenance="suggested"
    )


def newest_notes(notes: Iterable[StoredNote]) -> list[StoredNote]:
    """Return the non-empty notes, newest first."""
    written = [note for note in notes if note.type == "note" and (note.text or "").strip()]
    return sorted(written, key=lambda note: (note.at, note.id), reverse=True)
