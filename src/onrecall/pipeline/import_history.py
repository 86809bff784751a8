"""Bringing old incidents and documents in: redact, compare, prepare and save, a batch a transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from onrecall.domain.errors import Rejected
from onrecall.domain.incident import Document, Incident
from onrecall.importers import Note, Quality, Survey
from onrecall.pipeline.learn import performed_in
from onrecall.redaction import redact_thing
from onrecall.retrieval import Recall
from onrecall.storage import Entry, Saved, Store

BATCH = 64


@dataclass(slots=True)
class Brought:
    """What became of an import."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    survey: Survey = field(default_factory=Survey)

    @property
    def quality(self) -> Quality:
        """How good the incidents are to learn from."""
        return self.survey.quality

    def add(self, saved: Saved) -> None:
        """Count one entry's fate."""
        if saved.state == "rejected":
            self.rejected.append(Rejected(saved.id, "id", saved.message or "it contradicts what is already known"))
        else:
            setattr(self, saved.state, getattr(self, saved.state) + 1)

    def add_all(self, other: "Brought") -> None:
        """Add another import's fate to this one's."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.rejected.extend(other.rejected)
        self.notes.extend(other.notes)
        self.survey.add_all(other.survey)


def bring(
    store: Store,
    recall: Recall,
    things: Iterable[Incident | Document | Rejected | Note],
    clock: Callable[[], datetime],
    progress: Callable[[int], None] | None = None,
    *,
    personal: bool = False,
    dry_run: bool = False,
    credit: bool = True,
) -> Brought:
    """Save everything that can be read; killed at any moment, a second run completes it and doubles nothing.

    Without `credit` the steps of a resolution are no tries that count.
    """
    brought = Brought()
    for batch, read in _batches(things, brought):
        clean = [redact_thing(thing, personal=personal) for thing in batch]
        for thing in clean:
            if isinstance(thing, Incident):
                brought.survey.add(thing)
        known = store.unchanged(clean)
        brought.unchanged += sum(known)
        fresh = [thing for thing, same in zip(clean, known, strict=True) if not same]
        if dry_run:
            brought.created += len(fresh)
        elif fresh:
            for saved in store.save(_entries(recall, fresh, credit=credit), clock()):
                brought.add(saved)
        if progress:
            progress(read)
    return brought


def _entries(recall: Recall, things: Sequence[Incident | Document], *, credit: bool) -> list[Entry]:
    prepared = recall.prepare(things)
    return [
        Entry(thing, passages, performed_in(thing.resolution if credit and isinstance(thing, Incident) else None))
        for thing, passages in zip(things, prepared, strict=True)
    ]


def _batches(
    things: Iterable[Incident | Document | Rejected | Note], brought: Brought
) -> Iterator[tuple[list[Incident | Document], int]]:
    """Batches of what can be saved, with how many parts were read for each; the rest goes to the report."""
    batch: list[Incident | Document] = []
    read = 0
    for thing in things:
        read += 1
        if isinstance(thing, Rejected):
            brought.rejected.append(thing)
        elif isinstance(thing, Note):
            brought.notes.append(str(thing))
        else:
            batch.append(thing)
        if len(batch) == BATCH:
            yield batch, read
            batch, read = [], 0
    yield batch, read
