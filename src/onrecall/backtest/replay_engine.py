"""The replay engine: feeds a memory one event after the other and notifies observers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from onrecall.backtest.baselines import Bm25, Cosine, UsualCause
from onrecall.backtest.chronology import BEGINNING_OF_TIME, History, HistoryEvent, as_opened
from onrecall.backtest.learning_curve import LearningPlan
from onrecall.backtest.replay_result import ReplayedAnswer, ShownIncidents
from onrecall.backtest.replay_store import InlineExecutor, ReplayStore
from onrecall.domain import markdown_page as page
from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.situation import Situation
from onrecall.pipeline.calibrate import Uncalibrated
from onrecall.pipeline.memory import IncidentMemory
from onrecall.pipeline.recommend import EVIDENCE_LIMIT, situation_of
from onrecall.recommendation import step_key
from onrecall.redaction import redact_model
from onrecall.retrieval import Retriever
from onrecall.retrieval.embeddings import Embedder, as_questions
from onrecall.retrieval.local_index import LocalIndex

BaselineAnswers = dict[str, tuple[str, ...]]
"""Answers of each baseline to one opening."""
FrozenAnswers = dict[int, dict[str, ShownIncidents]]
"""By number of lessons before a memory stopped learning: what it shows for later openings."""


class ReplayClock:
    """A clock that is set manually."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """Return the current time."""
        return self.at


@dataclass(frozen=True, slots=True)
class ReplaySpec:
    """What is replayed, and what is withheld from the memory."""

    history: History
    plan: LearningPlan | None = None
    forget: frozenset[str] = frozenset()
    """Incidents that are answered but not stored."""
    blank: frozenset[str] = frozenset()
    """Incidents whose resolution is withheld."""


class ReplayObserver(Protocol):
    """Observer of a replay."""

    def opened(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:
        """Called at an opening, before it is stored."""

    def stored(self, record: Incident | Document) -> None:
        """Called after a record was stored."""

    def after(self, event: HistoryEvent) -> None:
        """Called after each event."""


class ReplayEngine:
    """Feeds events to a memory and then to its listeners."""

    def __init__(
        self, spec: ReplaySpec, embedder: Embedder | None, recurrences: Callable[[], str | None] | None = None
    ) -> None:
        """`recurrences` returns the predecessor for each resolution in turn, if another process searches for them."""
        self._spec, self._recurrences = spec, recurrences
        self._unresolved = spec.forget | spec.blank
        self._clock = ReplayClock(BEGINNING_OF_TIME)
        self.store = ReplayStore()
        recall = Retriever(
            self.store,
            embedder,
            LocalIndex(self.store.passages, embedder.name if embedder else None),
            beside=InlineExecutor(),
        )
        self.memory = IncidentMemory(self.store, recall, self._clock, Uncalibrated())
        self.listeners: Sequence[ReplayObserver] = ()

    def apply(self, event: HistoryEvent) -> str | None:
        """Process one event; returns the predecessor of a resolved incident, if any."""
        self._clock.at = event.at
        predecessor = None
        if event.incident:
            self._opened(event, event.incident)
        elif event.kind == "reported" and event.document:
            self._notify_opened(event, situation_of(incident_from_report(event.document)), None)
        elif event.kind == "resolved" and event.id not in self._unresolved:
            predecessor = self._resolved(event)
        elif event.kind in ("closed", "resolved") and event.id not in self._spec.forget:
            self.store.incidents.close(event.id)
        elif event.kind == "dated" and event.document:
            self.memory.put_document(event.document)
            self._notify_stored(redact_model(event.document))
        for listener in self.listeners:
            listener.after(event)
        return predecessor

    def needs_predecessor(self, event: HistoryEvent) -> bool:
        """Whether this event resolves an incident whose predecessor is not on record and must be searched for."""
        return (
            event.kind == "resolved" and event.id not in self._unresolved and self._recorded_predecessor(event) is None
        )

    def _recorded_predecessor(self, event: HistoryEvent) -> str | None:
        return None if event.recurs in self._spec.forget else event.recurs

    def _opened(self, event: HistoryEvent, incident: Incident) -> None:
        if event.id in self._spec.forget:
            self._notify_opened(event, situation_of(incident), incident.service)
            return
        stored, _ = self.memory.open(incident)
        self._notify_opened(event, situation_of(stored), incident.service)
        self._notify_stored(stored)

    def _resolved(self, event: HistoryEvent) -> str | None:
        assert event.resolution
        look = self._recurrences is None
        recurs = self._recorded_predecessor(event)
        if recurs is None and self._recurrences is not None:
            recurs = self._recurrences()
        resolved = self.memory.resolve(event.id, event.resolution, recurs, look=look)
        self._notify_stored(resolved)
        return next((link.incident for link in resolved.links), None)

    def _notify_opened(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:
        for listener in self.listeners:
            listener.opened(event, situation, service)

    def _notify_stored(self, record: Incident | Document) -> None:
        for listener in self.listeners:
            listener.stored(record)


class AnswerRecorder:
    """Asks for a recommendation at each incident opening and records it."""

    def __init__(self, engine: ReplayEngine) -> None:
        self.answers: list[ReplayedAnswer] = []
        self._memory = engine.memory

    def opened(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:
        """Record the answer."""
        self.answers.append(_replayed_answer(event, service, self._memory.ask(situation)))

    def stored(self, record: Incident | Document) -> None:
        """Ignore."""

    def after(self, event: HistoryEvent) -> None:
        """Ignore."""


class Baselines:
    """Answers each opening with the baselines."""

    def __init__(self, engine: ReplayEngine, embedder: Embedder | None) -> None:
        self._answers: list[BaselineAnswers] = []
        self._store, self._embedder = engine.store, embedder
        self._usual, self._bm25 = UsualCause(), Bm25()
        self._cosine = Cosine(embedder.dimensions, EVIDENCE_LIMIT) if embedder else None
        self._documents: set[str] = set()

    def opened(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:  # noqa: ARG002
        """Record the baselines' answers."""
        baseline_answers: BaselineAnswers = {
            "most_frequent_cause": self._usual.answer(service, EVIDENCE_LIMIT),
            "bm25": self._incidents(self._bm25.answer(situation.text, EVIDENCE_LIMIT)),
        }
        if self._cosine and self._embedder:
            self._cosine.ask(self._embedder.embed(as_questions(self._embedder, [situation.text]))[0])
        self._answers.append(baseline_answers)

    def answers(self) -> Sequence[BaselineAnswers]:
        """Return the answers to each opening, in order."""
        if self._cosine:
            for baseline_answers, owners in zip(self._answers, self._cosine.answers(), strict=True):
                baseline_answers["minilm"] = self._incidents(owners)
        return self._answers

    def stored(self, record: Incident | Document) -> None:
        """Update the baselines with a stored record."""
        if isinstance(record, Document):
            self._documents.add(record.id)
        elif (resolution := record.resolution) and resolution.cause and resolution.confirmed:
            self._usual.learn(record.service, resolution.cause)
        self._bm25.upsert(
            record.id, f"{record.title}\n{record.text}" if isinstance(record, Document) else page.to_markdown(record)
        )
        if self._cosine:
            owner: Owner = ("document" if isinstance(record, Document) else "incident", record.id)
            stored_passages = self._store.passages.of_owners([owner]).get(owner, ())
            self._cosine.add(record.id, [passage.vector for _, passage in stored_passages if passage.vector])

    def after(self, event: HistoryEvent) -> None:
        """Ignore."""

    def _incidents(self, owners: Iterable[str]) -> tuple[str, ...]:
        """Keep only incidents; documents take up a place among the results but have no rank."""
        return tuple(owner for owner in owners if owner not in self._documents)


class LearningStops:
    """Asks the planned openings whenever the planned number of lessons is reached."""

    def __init__(self, engine: ReplayEngine, spec: ReplaySpec) -> None:
        self.frozen: FrozenAnswers = {}
        self._memory, self._plan = engine.memory, spec.plan
        planned = set(spec.plan.questions) if spec.plan else ()
        self._situations = {
            incident.id: situation_of(as_opened(incident))
            for incident in spec.history.incidents
            if incident.id in planned
        }
        self._lessons = 0

    def opened(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:
        """Ignore: the planned openings are asked at the stops."""

    def stored(self, record: Incident | Document) -> None:
        """Ignore."""

    def after(self, event: HistoryEvent) -> None:
        """Count lessons and ask the planned openings at each stop."""
        plan = self._plan
        if plan is None or event.kind != ("resolved" if plan.unit == "resolutions" else "opened"):
            return
        self._lessons += 1
        if self._lessons in plan.stops:
            self.frozen[self._lessons] = {
                opening: _shown_incidents(self._memory.recall(self._situations[opening], EVIDENCE_LIMIT))
                for opening in plan.questions
            }


def incident_from_report(document: Document) -> Incident:
    """Return what was known when a reported incident opened: only the title of its report."""
    assert document.dated
    return Incident(id=document.id, title=document.title, started_at=document.dated, service=document.service)


def _replayed_answer(event: HistoryEvent, service: str | None, answer: Recommendation) -> ReplayedAnswer:
    ranked = _shown_incidents(answer.evidence)
    cited = answer.cause_citation.evidence_id if answer.cause_citation else None
    return ReplayedAnswer(
        incident=event.id,
        at=event.at,
        service=service,
        verdict=answer.verdict,
        cause=answer.cause_label,
        leader=cited or next((family[0] for family in ranked), None),
        shown=ranked,
        match=max((evidence.score for evidence in answer.evidence), default=0.0),
        steps=tuple(step_key(step.text, step.command) for step in answer.steps),
        features=answer.features,
        digest=answer.inputs_hash,
    )


def _shown_incidents(evidence: Iterable[Evidence]) -> ShownIncidents:
    return tuple((item.id, *item.family) for item in evidence if item.kind == "incident")
