"""Replay a history through the real pipeline on an empty memory, in the order in which things became known."""

import itertools
import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from onrecall.backtest.chronology import History, HistoryEvent, as_opened, order_events
from onrecall.backtest.learning_curve import LearningPlan
from onrecall.backtest.parallel_replay import ProcessLost, RecurrenceProcess
from onrecall.backtest.replay_engine import (
    AnswerRecorder,
    Baselines,
    FrozenAnswers,
    LearningStops,
    ReplayEngine,
    ReplayObserver,
    ReplaySpec,
    incident_from_report,
)
from onrecall.backtest.replay_result import ReplayResult
from onrecall.backtest.replay_store import BatchingEmbedder
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident
from onrecall.pipeline.learn import executions_from_resolution
from onrecall.pipeline.recommend import situation_of
from onrecall.redaction import redact_model
from onrecall.retrieval import Retriever
from onrecall.retrieval.embeddings import Embedder, as_passages, as_questions
from onrecall.retrieval.query import parse_situation

Progress = Callable[[str, int, int], None]
"""Called with the stage, the number done and the total."""
MIN_EVENTS_FOR_HELPER = 500
"""Number of events from which a helper process pays off."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Replay:
    """One replay of a history."""

    history: History
    embedder: Embedder | None
    plan: LearningPlan | None = None
    forget: Collection[str] = frozenset()
    """Incidents that are answered but not stored."""
    blank: Collection[str] = frozenset()
    """Incidents whose resolution is withheld."""
    progress: Progress | None = None
    processes: int | None = None
    """Number of processes, one or two; None: two if available and worthwhile."""

    def run(self) -> ReplayResult:
        """Answer every opening with what was known at that time."""
        started = time.perf_counter()
        history_events = order_events(self.history)
        spec = ReplaySpec(self.history, self.plan, frozenset(self.forget), frozenset(self.blank))
        embedder = self._batching_embedder()
        processes = self.processes or (
            2 if len(history_events) >= MIN_EVENTS_FOR_HELPER and _has_second_processor() else 1
        )
        recorder, baselines, frozen = self._answer_all(spec, history_events, embedder, processes)
        answers_with_baselines = tuple(
            replace(answer, baselines=baseline)
            for answer, baseline in zip(recorder.answers, baselines.answers(), strict=True)
        )
        return ReplayResult(
            answers_with_baselines, frozen, _worked_steps(self.history.incidents), time.perf_counter() - started
        )

    def _answer_all(
        self,
        spec: ReplaySpec,
        history_events: Sequence[HistoryEvent],
        embedder: BatchingEmbedder | None,
        processes: int,
    ) -> tuple[AnswerRecorder, Baselines, FrozenAnswers]:
        if processes > 1:
            try:
                with RecurrenceProcess(spec, embedder.learned if embedder else None) as helper:
                    engine = ReplayEngine(spec, embedder, helper.recurrence)
                    recorder, baselines = AnswerRecorder(engine), Baselines(engine, embedder)
                    self._follow(engine, history_events, (recorder, baselines))
                    return recorder, baselines, helper.frozen()
            except ProcessLost as lost:
                _log.warning("%s; the replay restarts in this process alone", lost)
        engine = ReplayEngine(spec, embedder)
        recorder, baselines, stops = AnswerRecorder(engine), Baselines(engine, embedder), LearningStops(engine, spec)
        self._follow(engine, history_events, (recorder, baselines, stops))
        return recorder, baselines, stops.frozen

    def _follow(
        self, engine: ReplayEngine, history_events: Sequence[HistoryEvent], listeners: Sequence[ReplayObserver]
    ) -> None:
        engine.listeners = listeners
        for count, event in enumerate(history_events, start=1):
            engine.apply(event)
            if self.progress:
                self.progress("replaying", count, len(history_events))

    def _batching_embedder(self) -> BatchingEmbedder | None:
        """Return the embedder after embedding all texts of the replay in large batches."""
        if self.embedder is None:
            return None
        embedder = BatchingEmbedder(self.embedder)
        embedder.learn(
            self._texts(self.embedder), lambda count, total: self.progress and self.progress("embedding", count, total)
        )
        return embedder

    def _texts(self, embedder: Embedder) -> Iterator[str]:
        for incident in (*map(as_opened, self.history.incidents), *map(incident_from_report, self.history.reports)):
            situation = situation_of(redact_model(incident))
            yield from as_questions(embedder, [*parse_situation(situation).meaning, situation.text])
        records: Iterator[Incident | Document] = itertools.chain(self.history.incidents, self.history.documents)
        yield from as_passages(embedder, list(Retriever.embeds(redact_model(record) for record in records)))


def _has_second_processor() -> bool:
    """Return whether a second processor is available and a child process may be started."""
    return (os.cpu_count() or 1) > 1 and not multiprocessing.current_process().daemon


def _worked_steps(incidents: Iterable[Incident]) -> dict[str, frozenset[str]]:
    """Return the keys of the steps that worked, for incidents that report any."""
    tries = {incident.id: executions_from_resolution(incident.resolution) for incident in incidents}
    worked = {
        name: frozenset(execution.key for execution in executions if execution.outcome == "worked")
        for name, executions in tries.items()
    }
    return {name: keys for name, keys in worked.items() if keys}
