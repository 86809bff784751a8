"""Walking through a history: a memory that is told one event after the other, and those who ask it on the way."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from onrecall.backtest.baselines import Bm25, Cosine, UsualCause
from onrecall.backtest.chronology import ALWAYS, History, HistoryEvent, as_opened
from onrecall.backtest.learning_curve import LearningPlan
from onrecall.backtest.replay_result import ReplayedAnswer, Shown
from onrecall.backtest.replay_store import InlineExecutor, InMemoryStore, Owner
from onrecall.domain import markdown_page as page
from onrecall.domain.incident import Document, Evidence, Incident, Recommendation, Situation
from onrecall.pipeline.recommend import EVIDENCE, situation_of
from onrecall.pipeline.service import Dependencies, IncidentService
from onrecall.recommendation import step_key
from onrecall.redaction import redact_thing
from onrecall.retrieval import Retriever
from onrecall.retrieval.embeddings import Embedder
from onrecall.retrieval.local_index import LocalIndex

Said = dict[str, tuple[str, ...]]
"""What each baseline answered to one opening."""
Frozen = dict[int, dict[str, Shown]]
"""By how much a memory had learned when it stopped: what it shows for some later openings."""


class ReplayClock:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.at


@dataclass(frozen=True, slots=True)
class ReplaySpec:
    """What is replayed, and what is kept from the memory."""

    history: History
    plan: LearningPlan | None = None
    forget: frozenset[str] = frozenset()
    """Incidents that are answered and never remembered."""
    blank: frozenset[str] = frozenset()
    """Incidents whose resolution nobody writes down."""


class ReplayObserver(Protocol):
    """Somebody who walks along."""

    def opened(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:
        """Something opened; the memory knows what was known before."""

    def kept(self, thing: Incident | Document) -> None:
        """The memory was told this."""

    def after(self, event: HistoryEvent) -> None:
        """The event is over."""


class ReplayEngine:
    """The memory on its way; what it is told, it is told once, and its listeners after it."""

    def __init__(
        self, told: ReplaySpec, embedder: Embedder | None, recurrences: Callable[[], str | None] | None = None
    ) -> None:
        """`recurrences` tells the earlier incident of each resolution in turn, where another walk looked for them."""
        self._told, self._recurrences = told, recurrences
        self._silent = told.forget | told.blank
        self._clock = ReplayClock(ALWAYS)
        self.store = InMemoryStore()
        recall = Retriever(
            self.store, embedder, LocalIndex(self.store, embedder.name if embedder else None), beside=InlineExecutor()
        )
        self.memory = IncidentService(Dependencies(self.store, recall, self._clock))
        self.listeners: Sequence[ReplayObserver] = ()

    def take(self, event: HistoryEvent) -> str | None:
        """Let one thing happen; returns the earlier incident which the one that was resolved repeats."""
        self._clock.at = event.at
        found = None
        if event.incident:
            self._opened(event, event.incident)
        elif event.kind == "reported" and event.document:
            self._ask(event, situation_of(reported(event.document)), None)
        elif event.kind == "resolved" and event.id not in self._silent:
            found = self._resolved(event)
        elif event.kind == "dated" and event.document:
            self.memory.put_document(event.document)
            self._keep(redact_thing(event.document))
        for one in self.listeners:
            one.after(event)
        return found

    def looks(self, event: HistoryEvent) -> bool:
        """Whether this event resolves an incident whose predecessor is not on record and must be searched for."""
        return event.kind == "resolved" and event.id not in self._silent and self._known(event) is None

    def _known(self, event: HistoryEvent) -> str | None:
        return None if event.recurs in self._told.forget else event.recurs

    def _opened(self, event: HistoryEvent, incident: Incident) -> None:
        if event.id in self._told.forget:
            self._ask(event, situation_of(incident), incident.service)
            return
        stored, _ = self.memory.open(incident)
        self._ask(event, situation_of(stored), incident.service)
        self._keep(stored)

    def _resolved(self, event: HistoryEvent) -> str | None:
        assert event.resolution
        look = self._recurrences is None
        recurs = self._known(event)
        if recurs is None and self._recurrences is not None:
            recurs = self._recurrences()
        resolved = self.memory.resolve(event.id, event.resolution, recurs, look=look)
        self._keep(resolved)
        return next((link.incident for link in resolved.links), None)

    def _ask(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:
        for one in self.listeners:
            one.opened(event, situation, service)

    def _keep(self, thing: Incident | Document) -> None:
        for one in self.listeners:
            one.kept(thing)


class AnswerRecorder:
    """Asks for a recommendation at each incident opening and records it."""

    def __init__(self, walk: ReplayEngine) -> None:
        self.given: list[ReplayedAnswer] = []
        self._memory = walk.memory

    def opened(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:
        """Ask."""
        self.given.append(_taken(event, service, self._memory.ask(situation)))

    def kept(self, thing: Incident | Document) -> None:
        """The memory knows."""

    def after(self, event: HistoryEvent) -> None:
        """Nothing more is asked."""


class Baselines:
    """Answers each opening by simpler means."""

    def __init__(self, walk: ReplayEngine, embedder: Embedder | None) -> None:
        self._said: list[Said] = []
        self._store, self._embedder = walk.store, embedder
        self._usual, self._bm25 = UsualCause(), Bm25()
        self._cosine = Cosine(embedder.dimensions, EVIDENCE) if embedder else None
        self._papers: set[str] = set()

    def opened(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:  # noqa: ARG002
        """Answer, too."""
        said: Said = {
            "most_frequent_cause": self._usual.answer(service, EVIDENCE),
            "bm25": self._incidents(self._bm25.answer(situation.text, EVIDENCE)),
        }
        if self._cosine and self._embedder:
            self._cosine.ask(self._embedder.embed([situation.text])[0])
        self._said.append(said)

    def said(self) -> Sequence[Said]:
        """What each opening was answered, in turn."""
        if self._cosine:
            for said, owners in zip(self._said, self._cosine.answers(), strict=True):
                said["minilm"] = self._incidents(owners)
        return self._said

    def kept(self, thing: Incident | Document) -> None:
        """Learn what the memory was told."""
        if isinstance(thing, Document):
            self._papers.add(thing.id)
        elif (said := thing.resolution) and said.cause and said.confirmed:
            self._usual.learn(thing.service, said.cause)
        self._bm25.put(thing.id, f"{thing.title}\n{thing.text}" if isinstance(thing, Document) else page.text(thing))
        if self._cosine:
            owner: Owner = ("document" if isinstance(thing, Document) else "incident", thing.id)
            held = self._store.passages_of([owner]).get(owner, ())
            self._cosine.put(thing.id, [one.vector for _, one in held if one.vector])

    def after(self, event: HistoryEvent) -> None:
        """Nothing more is asked."""

    def _incidents(self, owners: Iterable[str]) -> tuple[str, ...]:
        """The incidents among what a baseline shows: there, too, a document takes a place and has no rank."""
        return tuple(one for one in owners if one not in self._papers)


class LearningStops:
    """Asks the later openings of the plan, each time as much is learned as it says."""

    def __init__(self, walk: ReplayEngine, told: ReplaySpec) -> None:
        self.frozen: Frozen = {}
        self._memory, self._plan = walk.memory, told.plan
        asked = set(told.plan.asked) if told.plan else ()
        self._situations = {one.id: situation_of(as_opened(one)) for one in told.history.incidents if one.id in asked}
        self._lessons = 0

    def opened(self, event: HistoryEvent, situation: Situation, service: str | None) -> None:
        """Its own openings come later."""

    def kept(self, thing: Incident | Document) -> None:
        """The memory knows."""

    def after(self, event: HistoryEvent) -> None:
        """Count the lesson, and stop where the plan says so."""
        plan = self._plan
        if plan is None or event.kind != ("resolved" if plan.unit == "resolutions" else "opened"):
            return
        self._lessons += 1
        if self._lessons in plan.stops:
            self.frozen[self._lessons] = {
                one: _shown(self._memory.recall(self._situations[one], EVIDENCE)) for one in plan.asked
            }


def reported(document: Document) -> Incident:
    """What was known when a reported incident opened: of its report, no more than the title."""
    assert document.dated
    return Incident(id=document.id, title=document.title, started_at=document.dated, service=document.service)


def _taken(event: HistoryEvent, service: str | None, answer: Recommendation) -> ReplayedAnswer:
    shown = _shown(answer.evidence)
    cited = answer.cause_citation.evidence_id if answer.cause_citation else None
    return ReplayedAnswer(
        incident=event.id,
        at=event.at,
        service=service,
        verdict=answer.verdict,
        cause=answer.cause_label,
        leader=cited or next((one[0] for one in shown), None),
        shown=shown,
        match=max((one.score for one in answer.evidence), default=0.0),
        steps=tuple(step_key(step.text, step.command) for step in answer.steps),
        features=answer.features,
        digest=answer.inputs_hash,
    )


def _shown(evidence: Iterable[Evidence]) -> Shown:
    return tuple((one.id, *one.family) for one in evidence if one.kind == "incident")
