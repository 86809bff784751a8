"""How fast OnRecall answers, beside others in the same run: the same history, questions, vectors and model for all.

Each engine builds in one process and is asked in another, so that memory and the cold start are its own.
"""

import json
import multiprocessing
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar, get_args

import numpy as np

from onrecall.benchmarks import synthetic_history as corpus
from onrecall.benchmarks import synthetic_vectors as vectors
from onrecall.benchmarks.engine_registry import CLUSTER, check_engines, forget_in_cluster, open_engine
from onrecall.benchmarks.engines import EmbeddedRecord, Engine, Mode, require_embedder
from onrecall.benchmarks.synthetic_history import SyntheticQuestion
from onrecall.benchmarks.synthetic_vectors import SyntheticVectors
from onrecall.domain.errors import Invalid

MODES: tuple[Mode, ...] = get_args(Mode)
Result = TypeVar("Result")
Progress = Callable[[str, int, int], None]
NOTE_FILE = "built.json"
"""Build note in a kept folder. There are fewer records than passages, so record numbers from there on are unused."""
SINGLES_APART = 1_000
"""Distance between the first records that two runs add one by one."""


@dataclass(frozen=True, slots=True)
class SpeedPlan:
    """How much is measured."""

    questions: int = 200
    spread: int = 10_000
    """The right answers are among the first so many passages: so questions are the same at all sizes."""
    pool: int = 1_000
    """Things whose vectors are the model's own, beside those that questions ask for."""
    batch: int = 500
    """Things added at a time."""
    singles: int = 50
    """Things added one by one, each in its own transaction."""
    build_seconds: float = 7_200
    """An engine that takes longer to build is stopped."""
    peer_build_seconds: float = 1_800
    """A peer that takes longer than this is stopped, too."""
    asking_seconds: float = 60
    """Longest time of one series of questions; a slow engine is asked fewer."""
    warm: int = 5
    cluster: str = ""
    """Address of an OpenSearch node, for the peer `opensearch`."""


@dataclass(frozen=True, slots=True)
class LatencySeries:
    """A series of questions of one kind, in milliseconds from text to answer, and how often the answer was right."""

    mode: Mode
    asked: int
    p50: float
    p95: float
    p99: float
    cpu: float
    """Milliseconds of processor time that a question took in this process, the median: hardly moved by other load."""
    hit_at_10: float


@dataclass(frozen=True, slots=True)
class EngineResult:
    """One engine at one size."""

    engine: str
    asked_for: int
    """How many passages it was to hold."""
    passages: int
    """How many it held when it was asked, or when it was stopped."""
    complete: bool
    build_s: float
    disk_mb: float
    series: tuple[LatencySeries, ...] = ()
    cold_ms: float | None = None
    """From opening the files to the first answer, the model's loading included."""
    start_ms: float | None = None
    """The same from the start of the process: Python and its modules, too."""
    memory_mb: float | None = None
    """Most that the process ever held, and what processes hold that it keeps busy."""
    singles_per_s: float | None = None
    single_cpu_ms: float | None = None
    """Processor time in this process for one thing added, the median."""
    single_written_kb: float | None = None
    """What this process sends to the disk for one thing added, in kB; None where the system does not count it."""
    load: tuple[float, float] = (0.0, 0.0)
    """Processes that wanted to run, of the whole machine, before and after."""


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """A run."""

    machine: str
    processors: int
    questions: int
    day: str
    sizes: tuple[int, ...]
    peers: tuple[str, ...]
    series_seconds: float
    peer_build_seconds: float
    results: tuple[EngineResult, ...]


@dataclass(frozen=True, slots=True)
class _Job:
    """Parameters of a child process."""

    engine: str
    folder: Path
    meanings: Path
    passages: int
    plan: SpeedPlan
    new: int
    """Number of the first thing to add one by one: none was added under it."""
    started: float = field(default_factory=time.time)


def _check_request(sizes: Sequence[int], peers: Sequence[str], plan: SpeedPlan) -> None:
    check_engines(peers, plan.cluster)
    if not sizes or min(sizes) < plan.questions * 4:
        raise Invalid(f"give sizes of at least {plan.questions * 4} passages", "sizes")


def run(
    sizes: Sequence[int],
    peers: Sequence[str] = ("chroma",),
    plan: SpeedPlan | None = None,
    progress: Progress | None = None,
    keep: Path | None = None,
    on_report: Callable[[SpeedReport], None] | None = None,
) -> SpeedReport:
    """Measure OnRecall and its peers at each size. What is built stays in `keep`, and is not built again from there.

    `on_report` is called with the report after each engine, so that an interrupted run leaves its results.
    """
    plan, report_progress = plan or SpeedPlan(), progress or _ignore_progress
    _check_request(sizes, peers, plan)
    questions = corpus.make_questions(plan.questions, min(plan.spread, *sizes))
    names = list(dict.fromkeys(["onrecall", *peers]))
    with _folder(keep) as folder:
        meanings = folder / f"meanings-{plan.questions}-{min(plan.spread, *sizes)}-{plan.pool}.npz"
        if not meanings.exists():
            embedded = partial(report_progress, "embedding")
            vectors.write_vectors(meanings, require_embedder(), plan.pool, questions, embedded)
        results: list[EngineResult] = []
        jobs = [(name, size) for size in sizes for name in names]
        for n, (name, size) in enumerate(jobs, start=1):
            place = folder / f"{name}-{size}"
            results.append(_measure(name, place, meanings, size, plan, questions, keep=keep is not None))
            report_progress(f"measuring {name} at {size:,}", n, len(jobs))
            report = _report(sizes, names[1:], plan, len(questions), results)
            if on_report:
                on_report(report)
    return report


def _report(
    sizes: Sequence[int], peers: Sequence[str], plan: SpeedPlan, question_count: int, results: Sequence[EngineResult]
) -> SpeedReport:
    return SpeedReport(
        machine=f"{platform.machine()} {platform.system()}",
        processors=os.cpu_count() or 1,
        questions=question_count,
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        sizes=tuple(sizes),
        peers=tuple(peers),
        series_seconds=plan.asking_seconds,
        peer_build_seconds=plan.peer_build_seconds,
        results=tuple(results),
    )


def _ignore_progress(_stage: str, _count: int, _total: int) -> None:
    """Report no progress."""


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="onrecall-speed-") as folder:
            yield Path(folder)
        return
    keep.mkdir(parents=True, exist_ok=True)
    yield keep


def _measure(
    engine: str,
    folder: Path,
    meanings: Path,
    passages: int,
    plan: SpeedPlan,
    questions: Sequence[SyntheticQuestion],
    *,
    keep: bool,
) -> EngineResult:
    before = os.getloadavg()[0]
    stays = False
    building = _Job(engine, folder, meanings, passages, plan, 0)
    try:
        built = _build_or_reuse(building)
        stays = keep and built.complete
        if not built.complete:
            return built
        return _run_in_process(
            _ask,
            replace(building, new=_reserve_singles(folder, built), started=time.time()),
            built,
            questions,
            before,
        )
    finally:
        if not stays:
            _discard(building)


def _discard(job: _Job) -> None:
    """Remove what was built, in the cluster as well."""
    if job.engine == CLUSTER and job.folder.exists():
        _run_in_process(forget_in_cluster, job.folder, job.plan.cluster)
    shutil.rmtree(job.folder, ignore_errors=True)


def _build_or_reuse(job: _Job) -> EngineResult:
    """Build the engine's data, or reuse it according to its note."""
    note = job.folder / NOTE_FILE
    if note.exists():
        saved = json.loads(note.read_text("utf-8"))
        return EngineResult(
            job.engine,
            job.passages,
            saved["passages"],
            complete=True,
            build_s=saved["build_s"],
            disk_mb=saved["disk_mb"],
        )
    _discard(job)
    job.folder.mkdir()
    built = _run_in_process(_build, job)
    if built.complete:
        _write_note(note, built, built.passages)
    return built


def _reserve_singles(folder: Path, built: EngineResult) -> int:
    """Reserve and return the number of the first record to add one by one."""
    note = folder / NOTE_FILE
    first = int(json.loads(note.read_text("utf-8")).get("next", built.passages))
    _write_note(note, built, first + SINGLES_APART)
    return first


def _write_note(note: Path, built: EngineResult, following: int) -> None:
    saved = {"passages": built.passages, "build_s": built.build_s, "disk_mb": built.disk_mb, "next": following}
    note.write_text(json.dumps(saved), "utf-8")


def _run_in_process(work: Callable[..., Result], *arguments: object) -> Result:
    """Run a function in a separate process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def _build(job: _Job) -> EngineResult:
    meanings = SyntheticVectors(job.meanings)
    engine = open_engine(job.engine, job.folder, job.plan.cluster)
    spent, passage_count = 0.0, 0
    most = (
        job.plan.build_seconds if job.engine == "onrecall" else min(job.plan.build_seconds, job.plan.peer_build_seconds)
    )
    for batch in _batches(meanings, job.passages, job.plan.batch):
        spent += _timed(engine.add, batch)
        passage_count += sum(len(rows) for _, rows in batch)
        if spent > most:
            break
    complete = passage_count >= job.passages
    if complete:
        spent += _timed(engine.ready)
    disk = engine.server_disk() / 1e6
    engine.close()
    return EngineResult(job.engine, job.passages, passage_count, complete, spent, _size(job.folder) + disk)


def _batches(meanings: SyntheticVectors, passages: int, size: int) -> Iterator[list[EmbeddedRecord]]:
    records = corpus.make_records(passages)
    while batch := [(record, meanings.of(record)) for record in islice(records, size)]:
        yield batch


def _ask(job: _Job, built: EngineResult, questions: Sequence[SyntheticQuestion], load: float) -> EngineResult:
    opened = time.time()
    engine = open_engine(job.engine, job.folder, job.plan.cluster)
    engine.ask(questions[0], "all")
    first = time.time()
    for question in questions[1 : job.plan.warm]:
        engine.ask(question, "all")
    series = tuple(_series(engine, mode, questions, job.plan.asking_seconds) for mode in MODES)
    memory = _peak_memory() + engine.server_memory()
    rate, cpu, written = _singles(engine, SyntheticVectors(job.meanings), job.new, job.plan)
    engine.close()
    return EngineResult(
        engine=job.engine,
        asked_for=job.passages,
        passages=built.passages,
        complete=True,
        build_s=built.build_s,
        disk_mb=built.disk_mb,
        series=series,
        cold_ms=(first - opened) * 1000,
        start_ms=(first - job.started) * 1000,
        memory_mb=memory / 1e6,
        singles_per_s=rate,
        single_cpu_ms=cpu,
        single_written_kb=written,
        load=(load, os.getloadavg()[0]),
    )


def _series(engine: Engine, mode: Mode, questions: Sequence[SyntheticQuestion], patience: float) -> LatencySeries:
    spent: list[float] = []
    worked: list[float] = []
    right = 0
    for question in questions:
        began, working = time.perf_counter(), time.process_time()
        answers = engine.ask(question, mode)
        spent.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - working) * 1000)
        right += question.right in answers
        if sum(spent) > patience * 1000:
            break
    p50, p95, p99 = np.percentile(spent, [50, 95, 99]).tolist()
    return LatencySeries(mode, len(spent), p50, p95, p99, float(np.median(worked)), right / len(spent))


def _singles(
    engine: Engine, meanings: SyntheticVectors, first: int, plan: SpeedPlan
) -> tuple[float, float, float | None]:
    """Return the insertion rate per second, one transaction per incident, with ms of processor time and kB written."""
    records = [corpus.make_record(number) for number in range(first, first + plan.singles)]
    new = [(record, meanings.of(record)) for record in records]
    worked: list[float] = []
    written, began = _written_bytes(), time.perf_counter()
    for entry in new:
        working = time.process_time()
        engine.add([entry])
        worked.append((time.process_time() - working) * 1000)
        if time.perf_counter() - began > plan.asking_seconds:
            break
    spent, after = time.perf_counter() - began, _written_bytes()
    kilobytes = None if written is None or after is None else (after - written) / len(worked) / 1000
    return len(worked) / spent, float(np.median(worked)), kilobytes


def _written_bytes() -> int | None:
    """Return how many bytes this process has sent to disks; None where the system does not count them."""
    try:
        rows = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return None
    return next((int(row.split()[1]) for row in rows if row.startswith("write_bytes")), None)


def _timed(work: Callable[..., None], *arguments: object) -> float:
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _peak_memory() -> int:
    """Return the peak memory of this process in bytes; Linux reports kilobytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
