"""Replaying a history through the line itself, on an empty memory that is told everything when it became known."""

import itertools
import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from onrecall.backtest.chronology import History, HistoryEvent, as_opened, events
from onrecall.backtest.learning_curve import LearningPlan
from onrecall.backtest.parallel_replay import ProcessLost, RecurrenceProcess
from onrecall.backtest.replay_engine import (
    AnswerRecorder,
    Baselines,
    Frozen,
    LearningStops,
    ReplayEngine,
    ReplayObserver,
    ReplaySpec,
    reported,
)
from onrecall.backtest.replay_result import ReplayResult
from onrecall.backtest.replay_store import BatchingEmbedder
from onrecall.domain.incident import Document, Incident
from onrecall.pipeline.learn import performed_in
from onrecall.pipeline.recommend import situation_of
from onrecall.redaction import redact_thing
from onrecall.retrieval import Retriever
from onrecall.retrieval.embeddings import Embedder
from onrecall.retrieval.query import understand

Progress = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is."""
WORTH = 500
"""Events from which on a second process saves more than it takes to start it."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Replay:
    """One replay of a history."""

    history: History
    embedder: Embedder | None
    plan: LearningPlan | None = None
    forget: Collection[str] = frozenset()
    """Incidents that are answered and never remembered."""
    blank: Collection[str] = frozenset()
    """Incidents whose resolution nobody writes down."""
    progress: Progress | None = None
    processes: int | None = None
    """On how many processors, one or two; None: on two where there are two and the history is worth it."""

    def run(self) -> ReplayResult:
        """Answer every opening with what was known then."""
        started = time.perf_counter()
        happened = events(self.history)
        told = ReplaySpec(self.history, self.plan, frozenset(self.forget), frozenset(self.blank))
        known = self._primed()
        processes = self.processes or (2 if len(happened) >= WORTH and _two() else 1)
        answers, baselines, frozen = self._answered(told, happened, known, processes)
        given = tuple(replace(one, baselines=said) for one, said in zip(answers.given, baselines.said(), strict=True))
        return ReplayResult(given, frozen, _worked(self.history.incidents), time.perf_counter() - started)

    def _answered(
        self, told: ReplaySpec, happened: Sequence[HistoryEvent], embedder: BatchingEmbedder | None, processes: int
    ) -> tuple[AnswerRecorder, Baselines, Frozen]:
        if processes > 1:
            try:
                with RecurrenceProcess(told, embedder.learned if embedder else None) as second:
                    walk = ReplayEngine(told, embedder, second.recurrence)
                    answers, baselines = AnswerRecorder(walk), Baselines(walk, embedder)
                    self._follow(walk, happened, (answers, baselines))
                    return answers, baselines, second.frozen()
            except ProcessLost as lost:
                _log.warning("%s; the replay restarts in this process alone", lost)
        walk = ReplayEngine(told, embedder)
        answers, baselines, stops = AnswerRecorder(walk), Baselines(walk, embedder), LearningStops(walk, told)
        self._follow(walk, happened, (answers, baselines, stops))
        return answers, baselines, stops.frozen

    def _follow(
        self, walk: ReplayEngine, happened: Sequence[HistoryEvent], listeners: Sequence[ReplayObserver]
    ) -> None:
        walk.listeners = listeners
        for done, event in enumerate(happened, start=1):
            walk.take(event)
            if self.progress:
                self.progress("replaying", done, len(happened))

    def _primed(self) -> BatchingEmbedder | None:
        """The embedder, when all that will ever be asked of it is embedded in one go."""
        if self.embedder is None:
            return None
        embedder = BatchingEmbedder(self.embedder)
        embedder.learn(self._texts(), lambda done, total: self.progress and self.progress("embedding", done, total))
        return embedder

    def _texts(self) -> Iterator[str]:
        for one in (*map(as_opened, self.history.incidents), *map(reported, self.history.reports)):
            situation = situation_of(redact_thing(one))
            yield from understand(situation).meaning
            yield situation.text
        things: Iterator[Incident | Document] = itertools.chain(self.history.incidents, self.history.documents)
        yield from Retriever.embeds(redact_thing(one) for one in things)


def _two() -> bool:
    """Whether there is a second processor, and a second process may be started."""
    return (os.cpu_count() or 1) > 1 and not multiprocessing.current_process().daemon


def _worked(incidents: Iterable[Incident]) -> dict[str, frozenset[str]]:
    """The keys of the steps that worked, for the incidents that tell."""
    tries = {one.id: performed_in(one.resolution) for one in incidents}
    worked = {name: frozenset(one.key for one in done if one.outcome == "worked") for name, done in tries.items()}
    return {name: keys for name, keys in worked.items() if keys}
