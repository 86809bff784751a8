"""Import of incidents and documents: redact, compare, prepare and save, one transaction per batch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from onrecall.domain.count_noun import count_noun
from onrecall.domain.document import Document
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.domain.markdown import strip_emphasis
from onrecall.importers import ImportNote, ImportQuality, QualitySurvey, UnusedFields
from onrecall.pipeline.attach_reports import keep_stored_ids, match_stored_incidents, merge_report
from onrecall.pipeline.calibrate import CalibrationService
from onrecall.pipeline.learn import executions_from_resolution
from onrecall.redaction import redact_model
from onrecall.retrieval import Retriever
from onrecall.storage import PreparedRecord, SaveResult, Storage

BATCH = 64
MAX_WAITING = 2_000
"""Maximum number of postmortems that wait for the incident they name."""


@dataclass(slots=True)
class ImportReport:
    """Result of an import."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[RejectedInput] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unused: list[UnusedFields] = field(default_factory=list)
    """Non-empty fields that were not used, per file."""
    survey: QualitySurvey = field(default_factory=QualitySurvey)
    postmortems: list[str] = field(default_factory=list)
    """Ids of the incidents that were read from documents."""

    @property
    def quality(self) -> ImportQuality:
        """Quality of the imported incidents for learning."""
        return self.survey.quality

    def add(self, saved: SaveResult) -> None:
        """Count the result of one entry."""
        if saved.state == "rejected":
            self.rejected.append(RejectedInput(saved.id, "id", saved.message or "it contradicts what is already known"))
        else:
            setattr(self, saved.state, getattr(self, saved.state) + 1)

    def add_all(self, report: "ImportReport") -> None:
        """Add the counts of another report."""
        self.created += report.created
        self.updated += report.updated
        self.unchanged += report.unchanged
        self.rejected.extend(report.rejected)
        self.notes.extend(report.notes)
        self.unused.extend(report.unused)
        self.survey.add_all(report.survey)
        self.postmortems.extend(report.postmortems)


def import_history(
    store: Storage,
    recall: Retriever,
    items: Iterable[Incident | Document | RejectedInput | ImportNote],
    clock: Callable[[], datetime],
    progress: Callable[[int], None] | None = None,
    *,
    personal: bool = False,
    dry_run: bool = False,
    credit: bool = True,
) -> ImportReport:
    """Save everything that can be read. Idempotent: a second run completes an interrupted one without duplicates.

    Without `credit`, the steps of resolutions add to no track record.
    """
    import_run = _ImportRun(store, recall, clock, personal=personal, dry_run=dry_run, credit=credit)
    for batch, read in _split_batches(items, import_run.brought):
        import_run.take(batch)
        if progress:
            progress(read)
    import_run.finish()
    import_run.note_attached()
    if import_run.brought.updated and not dry_run:
        store.cause_families.label_again()
        CalibrationService(store).judge_again(clock())
    return import_run.brought


class _ImportRun:
    """One import run. Postmortems that name an incident wait until that incident may have been imported."""

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
        self._attached = 0
        self.brought = ImportReport()

    def take(self, batch: Sequence[Incident | Document]) -> None:
        """Redact a batch and save what is new or changed."""
        redacted = (_without_emphasis(redact_model(item, personal=self._personal)) for item in batch)
        clean = keep_stored_ids(self._store, redacted)
        self._naming += [item for item in clean if isinstance(item, Incident) and item.named_on_record]
        self._save([item for item in clean if isinstance(item, Document) or not item.named_on_record])
        if len(self._naming) >= MAX_WAITING:
            self.finish()

    def finish(self) -> None:
        """Merge waiting postmortems into the stored incidents they name, or save them as incidents."""
        for start in range(0, len(self._naming), BATCH):
            part = self._naming[start : start + BATCH]
            stored = match_stored_incidents(self._store, part)
            for report in part:
                if report.id in stored:
                    self._attach(stored[report.id], report)
            self._save([report for report in part if report.id not in stored])
        self._naming.clear()

    def note_attached(self) -> None:
        """Explain the updates that postmortems made, which surprise in an import into an empty store."""
        if self._attached:
            self.brought.notes.append(
                count_noun(
                    self._attached,
                    "postmortem extends the incident that it names",
                    "postmortems extend the incidents that they name",
                )
                + " (counted as updated)"
            )

    def _attach(self, stored: Incident, report: Incident) -> None:
        merged = merge_report(stored, report)
        self.brought.postmortems.append(stored.id)
        if merged == stored:
            self.brought.unchanged += 1
            return
        self.brought.updated += 1
        self._attached += 1
        if not self._dry_run:
            (passages,) = self._recall.prepare([merged])
            self._store.incidents.attach_report(
                merged, passages, executions_from_resolution(merged.resolution if self._credit else None), self._clock()
            )

    def _save(self, clean: Sequence[Incident | Document]) -> None:
        for item in clean:
            if isinstance(item, Incident):
                self.brought.survey.add(item)
                self.brought.postmortems += [item.id] if item.document else []
        unchanged = self._store.records.unchanged(clean)
        self.brought.unchanged += sum(unchanged)
        new_items = [item for item, is_unchanged in zip(clean, unchanged, strict=True) if not is_unchanged]
        if self._dry_run:
            self.brought.created += len(new_items)
        elif new_items:
            for saved in self._store.records.save(
                _store_entries(self._recall, new_items, credit=self._credit), self._clock()
            ):
                self.brought.add(saved)


def _without_emphasis(item: Incident | Document) -> Incident | Document:
    """Return a record whose title, cause and steps have no bold marks: they are shown as plain text."""
    titled = replace(item, title=strip_emphasis(item.title))
    if isinstance(titled, Document) or titled.resolution is None:
        return titled
    resolution = titled.resolution
    steps = tuple(replace(step, text=strip_emphasis(step.text)) for step in resolution.steps)
    return replace(
        titled, resolution=replace(resolution, root_cause=strip_emphasis(resolution.root_cause), steps=steps)
    )


def _store_entries(recall: Retriever, items: Sequence[Incident | Document], *, credit: bool) -> list[PreparedRecord]:
    prepared = recall.prepare(items)
    return [
        PreparedRecord(
            item,
            passages,
            executions_from_resolution(item.resolution if credit and isinstance(item, Incident) else None),
        )
        for item, passages in zip(items, prepared, strict=True)
    ]


def _split_batches(
    items: Iterable[Incident | Document | RejectedInput | ImportNote], brought: ImportReport
) -> Iterator[tuple[list[Incident | Document], int]]:
    """Yield batches of records with the number of items read for each; rejections and notes go to the report."""
    batch: list[Incident | Document] = []
    read = 0
    for item in items:
        read += not (isinstance(item, Incident) and item.document)  # its document was counted
        if isinstance(item, RejectedInput):
            brought.rejected.append(item)
        elif isinstance(item, ImportNote):
            brought.notes.append(str(item))
            if isinstance(item, UnusedFields):
                brought.unused.append(item)
        else:
            batch.append(item)
        if len(batch) == BATCH:
            yield batch, read
            batch, read = [], 0
    yield batch, read
