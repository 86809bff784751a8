"""Benchmark: how long a backtest takes on a synthetic history of any size."""

import itertools
import os
import platform
import re
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from onrecall.backtest.chronology import History
from onrecall.backtest.run import backtest
from onrecall.benchmarks import synthetic_history as corpus
from onrecall.domain.incident import Incident
from onrecall.retrieval.embeddings import Embedder, Vectors
from onrecall.retrieval.embeddings import Progress as Embedding
from onrecall.retrieval.tokenizer import term_id

DIMENSIONS = 384
MAX_WORDS = 128
"""Maximum number of words of a text used for its random vector."""
_WORD = re.compile(r"\w+")
Progress = Callable[[str, int, int], None]


class RandomWordVectors:
    """Cheap vectors without a model: the sum of one random vector per word."""

    name, dimensions = "drawn", DIMENSIONS

    def embed(self, texts: Sequence[str], progress: Embedding | None = None) -> Vectors:  # noqa: ARG002
        """One row per text."""
        rows = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            for word in _WORD.findall(text.lower())[:MAX_WORDS]:
                rows[row] += _word_vector(word)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return rows


@dataclass(frozen=True, slots=True)
class BacktestRun:
    """Resources used by one backtest, and the machine."""

    incidents: int
    vectors: str
    embedding_seconds: float
    """Until the replay began."""
    replay_seconds: float
    processor_seconds: float
    """Of all processors and of both processes, embedding included."""
    hit_at_3: float | None
    machine: str
    processors: int
    load: tuple[float, float]
    """Of the machine, before and after."""


def make_history(incidents: int) -> Iterator[Incident]:
    """Yield resolved incidents with cause labels, some of which recur."""
    for place in itertools.count():
        record = corpus.make_record(place)
        if incidents and isinstance(record, Incident) and record.resolution:
            outage = corpus.outage_facts(place)
            cause = f"{outage.fault.alert} {outage.fault.causes.index(outage.cause) + 1} {outage.service}"
            yield replace(record, resolution=replace(record.resolution, cause=cause))
            incidents -= 1
        if not incidents:
            return


def run(incidents: int, embedder: Embedder, progress: Progress | None = None) -> BacktestRun:
    """Generate the history and replay it."""
    replayed_history = History.of(make_history(incidents))
    before, began, used = os.getloadavg()[0], time.perf_counter(), _processor_seconds()
    replaying: list[float] = []

    def report_stage(stage: str, count: int, total: int) -> None:
        if stage == "replaying" and not replaying:
            replaying.append(time.perf_counter())
        if progress:
            progress(stage, count, total)

    report = backtest(replayed_history, embedder, report_stage)
    ended = time.perf_counter()
    return BacktestRun(
        incidents=incidents,
        vectors=embedder.name,
        embedding_seconds=round(replaying[0] - began, 1),
        replay_seconds=round(ended - replaying[0], 1),
        processor_seconds=round(_processor_seconds() - used, 1),
        hit_at_3=report.hits.hit_at_3.value,
        machine=f"{platform.system()} {platform.machine()}",
        processors=os.cpu_count() or 1,
        load=(round(before, 1), round(os.getloadavg()[0], 1)),
    )


def _processor_seconds() -> float:
    """Return the processor time in seconds of this process and its finished children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@cache
def _word_vector(word: str) -> Vectors:
    return np.random.default_rng(term_id(word)).standard_normal(DIMENSIONS, np.float32)
