"""How long a backtest takes, on a made-up history of any size."""

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
from onrecall.retrieval.tokenizer import number

DIMENSIONS = 384
WORDS = 128
"""Words of a text that its drawn vector is made of."""
_WORD = re.compile(r"\w+")
Progress = Callable[[str, int, int], None]


class RandomWordVectors:
    """Vectors that need no model and no time: the sum of one drawn for each word."""

    name, dimensions = "drawn", DIMENSIONS

    def embed(self, texts: Sequence[str], progress: Embedding | None = None) -> Vectors:  # noqa: ARG002
        """One row per text."""
        rows = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            for word in _WORD.findall(text.lower())[:WORDS]:
                rows[row] += _drawn(word)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return rows


@dataclass(frozen=True, slots=True)
class BacktestRun:
    """One backtest, what it took and on what machine."""

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


def history(incidents: int) -> Iterator[Incident]:
    """Resolved incidents, each with a label for its cause: what broke, why and where, so that some recur."""
    for place in itertools.count():
        made = corpus.thing(place)
        if incidents and isinstance(made, Incident) and made.resolution:
            told = corpus.facts(place)
            cause = f"{told.fault.alert} {told.fault.causes.index(told.cause) + 1} {told.service}"
            yield replace(made, resolution=replace(made.resolution, cause=cause))
            incidents -= 1
        if not incidents:
            return


def run(incidents: int, embedder: Embedder, progress: Progress | None = None) -> BacktestRun:
    """Make the history up and replay it."""
    given = History.of(history(incidents))
    before, began, used = os.getloadavg()[0], time.perf_counter(), _processor()
    replaying: list[float] = []

    def heard(stage: str, done: int, of: int) -> None:
        if stage == "replaying" and not replaying:
            replaying.append(time.perf_counter())
        if progress:
            progress(stage, done, of)

    report = backtest(given, embedder, heard)
    ended = time.perf_counter()
    return BacktestRun(
        incidents=incidents,
        vectors=embedder.name,
        embedding_seconds=round(replaying[0] - began, 1),
        replay_seconds=round(ended - replaying[0], 1),
        processor_seconds=round(_processor() - used, 1),
        hit_at_3=report.hits.hit_at_3.value,
        machine=f"{platform.system()} {platform.machine()}",
        processors=os.cpu_count() or 1,
        load=(round(before, 1), round(os.getloadavg()[0], 1)),
    )


def _processor() -> float:
    """Seconds of processor time of this process and of those that it started and saw end."""
    there = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + there.ru_utime + there.ru_stime


@cache
def _drawn(word: str) -> Vectors:
    return np.random.default_rng(number(word)).standard_normal(DIMENSIONS, np.float32)
