"""What passages, alerts, incidents and questions cost at several sizes of a history: bytes and processor time.

Each store is filled in one process and used in another, so that memory and processor time are those of that work.
Processor time includes that of a store's servers. Elapsed time is not measured, since other work on a machine changes
it.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Self

from onrecall.benchmarks import synthetic_history as corpus
from onrecall.benchmarks import synthetic_vectors as vectors
from onrecall.benchmarks.capacity_stores import LocalStore, OpenSearchStore, PostgresStore, StoreKind
from onrecall.benchmarks.engines import EmbeddedRecord, require_embedder, resident_bytes
from onrecall.benchmarks.load_generator import make_notification
from onrecall.benchmarks.synthetic_history import SyntheticQuestion
from onrecall.benchmarks.synthetic_vectors import SyntheticVectors
from onrecall.domain.incident import Incident
from onrecall.domain.situation import Situation
from onrecall.pipeline import IncidentService
from onrecall.sources import WebhookRequest

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """How much is done to measure a store."""

    questions: int = 60
    """In a round."""
    rounds: int = 3
    """Each has questions of its own, as vectors of repeated ones are kept; its figure tells the spread."""
    alerts: int = 1_500
    batch: int = 25
    incidents: int = 30
    singles: int = 40
    """Records added one by one, with two passages each."""
    records_at_once: int = 500
    pool: int = 600
    """Records whose vectors are the model's own, beside those that questions ask for."""
    spread: int = 4_000
    """The right answers are among the first so many passages: so questions are the same at all sizes."""


@dataclass(frozen=True, slots=True)
class CapacityMeasurement:
    """One store at one size. Times are milliseconds of processor time, all processes together."""

    store: StoreKind
    passages: int
    disk_bytes: int
    """The database and its indexes; for OpenSearch the index in the cluster alone."""
    memory_bytes: int
    """Of the process that answers, after all questions."""
    server_memory_bytes: int
    build_ms: float
    """To store a passage among many, without its embedding."""
    single_ms: float
    """To store a passage in a transaction of two, and to bring the index up to date."""
    question_ms: tuple[float, ...]
    """A whole answer: mean of each round, of them in servers `question_server_ms`."""
    question_server_ms: tuple[float, ...]
    alert_ms: float
    """To read, redact, store and group an alert of a notification of 25."""
    alert_bytes: float
    incident_ms: float
    """To open an incident and to answer it, its embedding included."""
    incident_bytes: float
    right: float
    """How often the right record is among the evidence of a question (ten)."""


@dataclass(frozen=True, slots=True)
class _CapacityJob:
    store: StoreKind
    passages: int
    folder: Path
    meanings: Path
    opensearch: str | None
    plan: CapacityPlan


def measure(
    kind: StoreKind, sizes: Sequence[int], folder: Path, opensearch: str | None, plan: CapacityPlan, progress: Progress
) -> Iterator[CapacityMeasurement]:
    """Measure one kind of store at each size; what it builds is left in the folder."""
    questions = corpus.make_questions(plan.questions * plan.rounds, min(plan.spread, *sizes))
    meanings = folder / "meanings.npz"
    if not meanings.exists():
        progress("embedding the questions and what they ask for")
        vectors.write_vectors(meanings, require_embedder(), plan.pool, questions)
    for passages in sizes:
        job = _CapacityJob(kind, passages, folder / f"{kind}-{passages}", meanings, opensearch, plan)
        job.folder.mkdir(parents=True, exist_ok=True)
        progress(f"{kind}: filling {passages:,} passages")
        build_ms = _run_in_process(_fill, job)
        progress(f"{kind}: asking among {passages:,} passages")
        yield _run_in_process(partial(_use, questions=questions, build_ms=build_ms), job)


def _run_in_process(work: Callable[[_CapacityJob], Any], job: _CapacityJob) -> Any:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, job).result()


def _open(job: _CapacityJob) -> LocalStore:
    if job.store == "postgres":
        return PostgresStore(job.folder)
    if job.store == "opensearch":
        assert job.opensearch
        return OpenSearchStore(job.folder, job.opensearch)
    return LocalStore(job.folder)


def _fill(job: _CapacityJob) -> float:
    """Store all passages; returns milliseconds of processor time for one."""
    meanings, engine = SyntheticVectors(job.meanings), _open(job)
    meter = _Meter(engine)
    passages = 0
    for batch in _batches(meanings, job.passages, job.plan.records_at_once):
        with meter:
            engine.add(batch)
        passages += sum(len(rows) for _, rows in batch)
    with meter:
        engine.ready()
    engine.close()
    return meter.milliseconds / passages


def _batches(meanings: SyntheticVectors, passages: int, size: int) -> Iterator[list[EmbeddedRecord]]:
    records = corpus.make_records(passages)
    while batch := [(record, meanings.of(record)) for record in islice(records, size)]:
        yield batch


class _Meter:
    """Adds up the processor time of this process and of a store's servers while it is entered."""

    def __init__(self, engine: LocalStore) -> None:
        self._engine = engine
        self.own = self.server = 0.0

    def __enter__(self) -> Self:
        self._began = time.process_time(), self._engine.server_use().processor_seconds
        return self

    def __exit__(self, *_: object) -> None:
        own, server = self._began
        self.own += time.process_time() - own
        self.server += self._engine.server_use().processor_seconds - server

    @property
    def milliseconds(self) -> float:
        """All of it."""
        return (self.own + self.server) * 1000


def _use(job: _CapacityJob, questions: Sequence[SyntheticQuestion], build_ms: float) -> CapacityMeasurement:
    engine = _open(job)
    service = engine.service()
    disk = engine.disk_bytes()
    service.ask(Situation("what is loaded once is loaded now"))
    rounds = [_ask_all(engine, service, questions[n :: job.plan.rounds]) for n in range(job.plan.rounds)]
    memory = resident_bytes([os.getpid()])
    server_memory = engine.server_use().memory_bytes
    single_ms = _add_singles(engine, SyntheticVectors(job.meanings), job)
    alert_ms, alert_bytes = _take_alerts(engine, service, job.plan)
    incident_ms, incident_bytes = _answer_incidents(engine, service, job)
    engine.close()
    return CapacityMeasurement(
        store=job.store,
        passages=job.passages,
        disk_bytes=disk,
        memory_bytes=memory,
        server_memory_bytes=server_memory,
        build_ms=build_ms,
        single_ms=single_ms,
        question_ms=tuple(whole for whole, _, _ in rounds),
        question_server_ms=tuple(server for _, server, _ in rounds),
        alert_ms=alert_ms,
        alert_bytes=alert_bytes,
        incident_ms=incident_ms,
        incident_bytes=incident_bytes,
        right=rounds[0][2],
    )


def _ask_all(
    engine: LocalStore, service: IncidentService, questions: Sequence[SyntheticQuestion]
) -> tuple[float, float, float]:
    """Return milliseconds a question, those of servers among them, and the share of right answers."""
    right = 0
    with (meter := _Meter(engine)):
        for question in questions:
            answer = service.ask(Situation(question.text), 10)
            right += question.right in [item.id for item in answer.evidence]
    return meter.milliseconds / len(questions), meter.server * 1000 / len(questions), right / len(questions)


def _add_singles(engine: LocalStore, meanings: SyntheticVectors, job: _CapacityJob) -> float:
    new = [corpus.make_record(number) for number in range(job.passages, job.passages + job.plan.singles)]
    entries = [(record, meanings.of(record)) for record in new]
    with (meter := _Meter(engine)):
        for entry in entries:
            engine.add([entry])
            engine.ready()
    return meter.milliseconds / sum(len(rows) for _, rows in entries)


def _take_alerts(engine: LocalStore, service: IncidentService, plan: CapacityPlan) -> tuple[float, float]:
    """Return milliseconds and bytes an alert."""
    before = engine.disk_bytes()
    with (meter := _Meter(engine)):
        for n in range(plan.alerts // plan.batch):
            service.receive("alertmanager", [WebhookRequest(make_notification("capacity", n, plan.batch))])
            while service.grouping.run():
                pass
    return meter.milliseconds / plan.alerts, (engine.disk_bytes() - before) / plan.alerts


def _answer_incidents(engine: LocalStore, service: IncidentService, job: _CapacityJob) -> tuple[float, float]:
    """Return milliseconds and bytes an incident that is opened and answered."""
    numbers = range(2 * job.passages, 2 * job.passages + 2 * job.plan.incidents)
    records = [record for record in map(corpus.make_record, numbers) if isinstance(record, Incident)]
    records = records[: job.plan.incidents]
    before = engine.disk_bytes()
    with (meter := _Meter(engine)):
        for n, record in enumerate(records):
            opened = Incident(f"CAP-{n}", record.title, datetime.now(UTC), record.description, record.service)
            service.open(opened)
            service.recommend(opened.id)
    return meter.milliseconds / len(records), (engine.disk_bytes() - before) / len(records)
