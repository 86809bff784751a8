"""A fresh store with a task's corpus, so that the product itself is measured."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from onrecall.benchmarks.beir import CorpusDocument, Task
from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.retrieval.embeddings import Embedder
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.retriever import Retriever
from onrecall.storage import PreparedRecord, Storage

Progress = Callable[[str, int, int], None]
BATCH = 64
START = datetime(2000, 1, 1, tzinfo=UTC)


def ignore_progress(_stage: str, _count: int, _total: int) -> None:
    """Report no progress."""


@contextmanager
def task_memory(
    task: Task, embedder: Embedder | None, asking: Embedder | None, progress: Progress
) -> Iterator[Retriever]:
    """Yield a retriever over a fresh store with the task's corpus."""
    with tempfile.TemporaryDirectory(prefix="onrecall-bench-") as folder:
        store = Storage.open(f"sqlite:///{folder}/bench.db")
        try:
            index = LocalIndex(store.passages, embedder.name if embedder else None)
            recall = Retriever(store, embedder, index, asking)
            records = [_to_record(entry) for entry in task.corpus]
            for start in range(0, len(records), BATCH):
                batch = records[start : start + BATCH]
                entries = list(map(PreparedRecord, batch, recall.prepare(batch)))
                for saved in store.records.save(entries, START):
                    if saved.state == "rejected":
                        raise Invalid(f"corpus.jsonl: {saved.id}: {saved.message}", saved.field)
                progress("storing", start + len(batch), len(records))
            yield recall
        finally:
            store.close()


def _to_record(entry: CorpusDocument) -> Incident | Document:
    """Return an entry as the store keeps it: near duplicates are told among incidents alone."""
    if entry.is_incident:
        return Incident(entry.id, entry.title, START, entry.text, status="resolved")
    return Document(entry.id, entry.title, entry.text)
