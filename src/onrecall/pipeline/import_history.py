"""Bringing old incidents and documents in: redact, compare, prepare and save, a batch a transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Document, Incident
from onrecall.importers import ImportNote, ImportQuality, QualitySurvey, UnusedFields
from onrecall.pipeline.attach_reports import described, on_record
from onrecall.pipeline.learn import performed_in
from onrecall.redaction import redact_thing
from onrecall.retrieval import Retriever
from onrecall.storage import SaveResult, Storage, StoreEntry

BATCH = 64
MOST_WAITING = 2_000
"""Postmortems that wait at a time for the incident that they name."""


@dataclass(slots=True)
class ImportReport:
    """What became of an import."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[RejectedInput] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unused: list[UnusedFields] = field(default_factory=list)
    """Fields that say something and were not used, a list for each file."""
    survey: QualitySurvey = field(default_factory=QualitySurvey)

    @property
    def quality(self) -> ImportQuality:
        """How good the incidents are to learn from."""
        return self.survey.quality

    def add(self, saved: SaveResult) -> None:
        """Count one entry's fate."""
        if saved.state == "rejected":
            self.rejected.append(RejectedInput(saved.id, "id", saved.message or "it contradicts what is already known"))
        else:
            setattr(self, saved.state, getattr(self, saved.state) + 1)

    def add_all(self, other: "ImportReport") -> None:
        """Add another import's fate to this one's."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.rejected.extend(other.rejected)
        self.notes.extend(other.notes)
        self.unused.extend(other.unused)
        self.survey.add_all(other.survey)


def bring(
    store: Storage,
    recall: Retriever,
    things: Iterable[Incident | Document | RejectedInput | ImportNote],
    clock: Callable[[], datetime],
    progress: Callable[[int], None] | None = None,
    *,
    personal: bool = False,
    dry_run: bool = False,
    credit: bool = True,
) -> ImportReport:
    """Save everything that can be read; killed at any moment, a second run completes it and doubles nothing.

    Without `credit` the steps of a resolution are no tries that count.
    """
    bringing = _ImportRun(store, recall, clock, personal=personal, dry_run=dry_run, credit=credit)
    for batch, read in _batches(things, bringing.brought):
        bringing.take(batch)
        if progress:
            progress(read)
    bringing.finish()
    if bringing.brought.updated and not dry_run:
        store.cause_families.label_again()
    return bringing.brought


class _ImportRun:
    """One import: what is saved at once, and postmortems that name an incident, which wait until it may have come."""

    def __init__(
        self,
        store: Storage,
        recall: Retriever,
        clock: Callable[[], datetime],
        *,
        personal: bool,
        dry_run: bool,
        credit: bool,
    ) -> None:
        self._store, self._recall, self._clock = store, recall, clock
        self._personal, self._dry_run, self._credit = personal, dry_run, credit
        self._naming: list[Incident] = []
        self.brought = ImportReport()

    def take(self, batch: Sequence[Incident | Document]) -> None:
        """Redact a batch and save what is new or says something else."""
        clean = [redact_thing(thing, personal=self._personal) for thing in batch]
        self._naming += [thing for thing in clean if isinstance(thing, Incident) and thing.named_on_record]
        self._save([thing for thing in clean if isinstance(thing, Document) or not thing.named_on_record])
        if len(self._naming) >= MOST_WAITING:
            self.finish()

    def finish(self) -> None:
        """Add to incidents on record what their postmortems say; where none is on record, the postmortem is it."""
        for start in range(0, len(self._naming), BATCH):
            part = self._naming[start : start + BATCH]
            stored = on_record(self._store, part)
            for told in part:
                if told.id in stored:
                    self._attach(stored[told.id], told)
            self._save([told for told in part if told.id not in stored])
        self._naming.clear()

    def _attach(self, stored: Incident, told: Incident) -> None:
        whole = described(stored, told)
        if whole == stored:
            self.brought.unchanged += 1
            return
        self.brought.updated += 1
        if not self._dry_run:
            (passages,) = self._recall.prepare([whole])
            self._store.attach_report(
                whole, passages, performed_in(whole.resolution if self._credit else None), self._clock()
            )

    def _save(self, clean: Sequence[Incident | Document]) -> None:
        for thing in clean:
            if isinstance(thing, Incident):
                self.brought.survey.add(thing)
        known = self._store.unchanged(clean)
        self.brought.unchanged += sum(known)
        fresh = [thing for thing, same in zip(clean, known, strict=True) if not same]
        if self._dry_run:
            self.brought.created += len(fresh)
        elif fresh:
            for saved in self._store.save(_entries(self._recall, fresh, credit=self._credit), self._clock()):
                self.brought.add(saved)


def _entries(recall: Retriever, things: Sequence[Incident | Document], *, credit: bool) -> list[StoreEntry]:
    prepared = recall.prepare(things)
    return [
        StoreEntry(thing, passages, performed_in(thing.resolution if credit and isinstance(thing, Incident) else None))
        for thing, passages in zip(things, prepared, strict=True)
    ]


def _batches(
    things: Iterable[Incident | Document | RejectedInput | ImportNote], brought: ImportReport
) -> Iterator[tuple[list[Incident | Document], int]]:
    """Batches of what can be saved, with how many parts were read for each; the rest goes to the report."""
    batch: list[Incident | Document] = []
    read = 0
    for thing in things:
        read += not (isinstance(thing, Incident) and thing.document)  # its document was counted
        if isinstance(thing, RejectedInput):
            brought.rejected.append(thing)
        elif isinstance(thing, ImportNote):
            brought.notes.append(str(thing))
            if isinstance(thing, UnusedFields):
                brought.unused.append(thing)
        else:
            batch.append(thing)
        if len(batch) == BATCH:
            yield batch, read
            batch, read = [], 0
    yield batch, read
