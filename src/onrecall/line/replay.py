"""Replaying a history through the line itself, on an empty memory that is told everything when it became known."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from onrecall import page
from onrecall.calibration.answer import Answer, Run, Shown
from onrecall.calibration.baselines import Bm25, Cosine, UsualCause
from onrecall.calibration.chronology import ALWAYS, Event, History, as_opened, events
from onrecall.calibration.learning import Plan
from onrecall.incident import Document, Evidence, Incident, Recommendation, Situation
from onrecall.line.advise import EVIDENCE, situation_of
from onrecall.line.kept import Kept, Owner, Primed
from onrecall.line.learn import performed_in
from onrecall.line.memory import Memory, Parts
from onrecall.recall import Recall
from onrecall.recall.embedding import Embedder
from onrecall.recall.local import LocalIndex
from onrecall.recommendation import step_key
from onrecall.redaction import redact_thing

Progress = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is."""


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.at


@dataclass(slots=True)
class Replay:
    """One replay of a history."""

    history: History
    embedder: Embedder | None
    plan: Plan | None = None
    forget: Collection[str] = frozenset()
    """Incidents that are answered and never remembered."""
    blank: Collection[str] = frozenset()
    """Incidents whose resolution nobody writes down."""
    progress: Progress | None = None

    def run(self) -> Run:
        """Answer every opening with what was known then."""
        started = time.perf_counter()
        happened = events(self.history)
        embedder = Primed(self.embedder) if self.embedder else None
        clock = Clock(happened[0].at if happened else ALWAYS)
        kept = Kept()
        recall = Recall(kept, embedder, LocalIndex(kept, embedder.name if embedder else None))
        if embedder:
            _prime(embedder, recall, self.history, self.progress)
        walk = _Walk(self, Memory(Parts(kept, recall, clock)), kept, embedder)
        for done, event in enumerate(happened, start=1):
            clock.at = event.at
            walk.take(event)
            if self.progress:
                self.progress("replaying", done, len(happened))
        return Run(tuple(walk.answers), walk.frozen, _worked(self.history.incidents), time.perf_counter() - started)


class _Walk:
    """The memory and the baselines, told one event after the other."""

    def __init__(self, replay: Replay, memory: Memory, kept: Kept, embedder: Embedder | None) -> None:
        self.answers: list[Answer] = []
        self.frozen: dict[int, dict[str, Shown]] = {}
        self._replay = replay
        self._memory, self._kept, self._embedder = memory, kept, embedder
        self._usual, self._bm25 = UsualCause(), Bm25()
        self._cosine = Cosine(embedder.dimensions) if embedder else None
        self._situations = {one.id: situation_of(as_opened(one)) for one in replay.history.incidents}
        self._papers: set[str] = set()
        self._silent = {*replay.forget, *replay.blank}
        self._lessons = 0

    def take(self, event: Event) -> None:
        """Let one thing happen."""
        if event.incident:
            self._opened(event, event.incident)
        elif event.kind == "reported" and event.document:
            self._answer(event, situation_of(_reported(event.document)), None)
        elif event.kind == "resolved" and event.id not in self._silent:
            self._resolved(event)
        elif event.kind == "dated" and event.document:
            self._memory.put_document(event.document)
            self._papers.add(event.id)
            self._keep(redact_thing(event.document))
        self._stop(event)

    def _opened(self, event: Event, incident: Incident) -> None:
        if event.id in self._replay.forget:
            self._answer(event, self._situations[event.id], incident.service)
            return
        stored, _ = self._memory.open(incident)
        self._answer(event, situation_of(stored), incident.service)
        self._keep(stored)

    def _resolved(self, event: Event) -> None:
        assert event.resolution
        recurs = None if event.recurs in self._replay.forget else event.recurs
        resolved = self._memory.resolve(event.id, event.resolution, recurs)
        self._keep(resolved)
        said = resolved.resolution
        if said and said.cause and said.provenance != "model":
            self._usual.learn(resolved.service, said.cause)

    def _answer(self, event: Event, situation: Situation, service: str | None) -> None:
        answer = self._memory.ask(situation)
        said = {
            "most_frequent_cause": self._usual.answer(service, EVIDENCE),
            "bm25": self._incidents(self._bm25.answer(situation.text, EVIDENCE)),
        }
        if self._cosine and self._embedder:
            vector = self._embedder.embed([situation.text])[0]
            said["minilm"] = self._incidents(self._cosine.answer(vector, EVIDENCE))
        self.answers.append(_taken(event, service, answer, said))

    def _incidents(self, owners: Iterable[str]) -> tuple[str, ...]:
        """The incidents among what a baseline shows: there, too, a document takes a place and has no rank."""
        return tuple(one for one in owners if one not in self._papers)

    def _keep(self, thing: Incident | Document) -> None:
        """Tell the baselines what the memory was told."""
        text = f"{thing.title}\n{thing.text}" if isinstance(thing, Document) else page.text(thing)
        self._bm25.put(thing.id, text)
        if self._cosine:
            owner: Owner = ("document" if isinstance(thing, Document) else "incident", thing.id)
            held = self._kept.passages_of([owner]).get(owner, ())
            self._cosine.put(thing.id, [one.vector for _, one in held if one.vector])

    def _stop(self, event: Event) -> None:
        """Ask the later openings of the plan, when as much is learned as it says."""
        plan = self._replay.plan
        if plan is None or event.kind != ("resolved" if plan.unit == "resolutions" else "opened"):
            return
        self._lessons += 1
        if self._lessons in plan.stops:
            self.frozen[self._lessons] = {
                one: _shown(self._memory.recall(self._situations[one], EVIDENCE)) for one in plan.asked
            }


def _taken(event: Event, service: str | None, answer: Recommendation, said: Mapping[str, tuple[str, ...]]) -> Answer:
    shown = _shown(answer.evidence)
    cited = answer.cause_citation.id if answer.cause_citation else None
    return Answer(
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
        baselines=said,
        digest=answer.inputs_hash,
    )


def _shown(evidence: Iterable[Evidence]) -> Shown:
    return tuple((one.id, *one.family) for one in evidence if one.kind == "incident")


def _reported(document: Document) -> Incident:
    """What was known when a reported incident opened: of its report, no more than the title."""
    assert document.dated
    return Incident(id=document.id, title=document.title, started_at=document.dated, service=document.service)


def _worked(incidents: Iterable[Incident]) -> dict[str, frozenset[str]]:
    """The keys of the steps that worked, for the incidents that tell."""
    tries = {one.id: performed_in(one.resolution) for one in incidents}
    worked = {name: frozenset(one.key for one in done if one.outcome == "worked") for name, done in tries.items()}
    return {name: keys for name, keys in worked.items() if keys}


def _prime(embedder: Primed, recall: Recall, history: History, progress: Progress | None) -> None:
    """Embed all that will ever be asked, in one go: rehearsed while the memory is still empty."""
    things: list[Incident | Document] = [redact_thing(one) for one in history.incidents]
    things += [redact_thing(one) for one in history.documents]
    openings = [*map(as_opened, history.incidents), *map(_reported, history.reports)]

    def rehearsal() -> None:
        for one in openings:
            situation = situation_of(redact_thing(one))
            recall.recall(situation)
            embedder.embed([situation.text])
        recall.prepare(things)

    def tell(done: int, total: int) -> None:
        if progress:
            progress("embedding", done, total)

    embedder.hear(rehearsal, tell)
