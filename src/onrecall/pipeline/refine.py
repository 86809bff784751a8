"""Refinement: LLMs select, order and explain after the first answer, within limits on time, cost and calls."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from onrecall.domain.errors import NotFound, Unavailable
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.situation import Situation
from onrecall.domain.spans import span
from onrecall.pipeline.calibrate import CalibrationService, with_public_confidence
from onrecall.pipeline.observers import Observers
from onrecall.pipeline.recommend import situation_of
from onrecall.recommendation import step_key, step_keys
from onrecall.recommendation.llm import (
    ModelError,
    Options,
    Prompt,
    RefinementResult,
    Reply,
    build_options,
    build_refined_answer,
    escalate,
)
from onrecall.recommendation.llm.routing import Role
from onrecall.redaction.reversible_mask import Mask
from onrecall.storage import CircuitState, DailyModelUsage, IncidentEvent, ModelCall, ModelUsage, Storage, UsageLimits

CURSOR = "refine"
BATCH = 20
LEASE = timedelta(seconds=10)
CLOCK_STEP = timedelta(milliseconds=1)
"""A refined answer is dated after the one it refines, even if the clock stands still."""


class Remote(Protocol):
    """A model at a provider."""

    @property
    def name(self) -> str:
        """Configured name."""
        ...

    @property
    def provider(self) -> str:
        """Provider that runs it."""
        ...

    @property
    def model(self) -> str:
        """The provider's name of the model."""
        ...

    def ready(self) -> None:
        """Load what calls need."""
        ...

    def worst_cost(self, prompt: Prompt) -> float | None:
        """Return the maximum cost of a call; None if the price is unknown."""
        ...

    def send(self, prompt: Prompt, seconds: float) -> Reply:
        """Return the reply within the given seconds. Raises ModelError."""
        ...


@dataclass(frozen=True, slots=True)
class Models:
    """The models that refine, and their limits."""

    by_role: Sequence[tuple[Role, Remote]] = ()
    """The draft model, then the strong one; either may be missing."""
    limits: UsageLimits = UsageLimits(20, None)  # noqa: RUF009 - frozen
    deadline_seconds: float = 8.0
    """Deadline of a whole refinement."""

    @property
    def lease(self) -> timedelta:
        """How long a refining process may be silent before another takes over."""
        return max(LEASE, timedelta(seconds=2 * self.deadline_seconds))

    @property
    def providers(self) -> tuple[str, ...]:
        """The distinct providers."""
        return tuple(dict.fromkeys(model.provider for _, model in self.by_role))


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The use of models, and whether they may be called now."""

    models: Sequence[tuple[Role, str]]
    days: tuple[DailyModelUsage, ...]
    spent_today_usd: float
    """What is known, and the most that the rest may cost."""
    daily_budget_usd: float | None
    calls_per_minute: int
    breakers: tuple[CircuitState, ...]


class Refiner:
    """Refines answers. If a model fails, the answer stays as it was."""

    def __init__(
        self,
        store: Storage,
        trust: CalibrationService,
        clock: Callable[[], datetime],
        models: Models,
        observers: Observers,
    ) -> None:
        self._observers = observers
        self._store = store
        self._trust = trust
        self._clock = clock
        self._models = models
        self._holder = secrets.token_hex(8)
        self._code = secrets.token_hex(8)
        """Marker code in prompts, one per process, so that prompts for the same evidence share a prefix."""

    @property
    def active(self) -> bool:
        """Whether a model is configured."""
        return bool(self._models.by_role)

    def ready(self) -> None:
        """Load what calls need in advance, as it takes seconds."""
        for _, model in self._models.by_role:
            model.ready()

    def begin(self) -> None:
        """Start refining answers from now on; earlier answers are not refined."""
        if self.active:
            self._store.consumer_offsets.acquire(CURSOR, self._holder, self._clock(), self._models.lease)

    def run(self) -> int:
        """Refine new answers, in one process at a time; returns how many were considered."""
        place = (
            self._store.consumer_offsets.acquire(CURSOR, self._holder, self._clock(), self._models.lease)
            if self.active
            else None
        )
        if place is None:
            return 0
        looked = 0
        events = self._store.events.feed(place, BATCH)
        for event in events:
            if event.type == "recommended":
                self._refine_event(event)
                looked += 1
                self._store.consumer_offsets.advance(CURSOR, self._holder, event.seq, self._clock(), self._models.lease)
        if events:
            self._store.consumer_offsets.advance(
                CURSOR, self._holder, events[-1].seq, self._clock(), self._models.lease
            )
        return looked

    def release(self) -> None:
        """Release the lease, so that another process may take over at once."""
        if self.active:
            self._store.consumer_offsets.release(CURSOR, self._holder)

    def refine(self, answer: Recommendation, situation: Situation) -> Recommendation:
        """Return the answer to a question, refined if that succeeds, without storing it."""
        if not self.active:
            return answer
        refined_answer, outcome = self._refined(answer, situation)
        return refined_answer or _unrefined_answer(answer, outcome)

    def usage(self, days: int = 30) -> UsageReport:
        """Return the usage of the last days."""
        now = self._clock()
        return UsageReport(
            models=tuple((role, model.name) for role, model in self._models.by_role),
            days=self._store.usage.by_day(days, now),
            spent_today_usd=self._store.usage.spent_today(now),
            daily_budget_usd=self._models.limits.daily_budget_usd,
            calls_per_minute=self._models.limits.calls_per_minute,
            breakers=tuple(self._store.usage.breaker(provider, now) for provider in self._models.providers),
        )

    def _refine_event(self, event: IncidentEvent) -> None:
        """Refine the answer of an event, if it is the newest answer to an unresolved incident."""
        try:
            answer = self._store.recommendations.get(str(event.detail.get("recommendation", "")))
            incident = self._store.incidents.get(event.incident)
        except NotFound:
            return
        if not self._is_refinable(answer, incident):
            return
        refined_answer, outcome = self._refined(answer, situation_of(incident), incident)
        if refined_answer is None and outcome.attempts:
            refined_answer = replace(
                _unrefined_answer(answer, outcome),
                id=f"{answer.id}-stands-{secrets.token_hex(4)}",
                refines=answer.id,
                created_at=max(self._clock(), answer.created_at + CLOCK_STEP),
            )
        if refined_answer is not None:
            self._store.usage.keep(refined_answer, [step_key(step.text, step.command) for step in refined_answer.steps])

    def _is_refinable(self, answer: Recommendation, incident: Incident) -> bool:
        """Return whether an answer is the newest, is not refined yet, and was not rejected with the same evidence."""
        newest = self._store.recommendations.newest(incident.id)
        if answer.refines or newest is None or newest.id != answer.id or incident.status == "resolved":
            return False
        return not self._store.usage.was_rejected(answer.id)

    def _metered(self, model: Remote, answer: Recommendation) -> "MeteredModel":
        return MeteredModel(model, self._store, self._models.limits, self._clock, answer.id)

    def _refined(
        self, answer: Recommendation, situation: Situation, incident: Incident | None = None
    ) -> tuple[Recommendation | None, RefinementResult]:
        self.ready()
        ends = time.monotonic() + self._models.deadline_seconds
        chosen = self._options(answer, situation, incident)
        mask = Mask(self._code)
        metered = [(role, self._metered(model, answer)) for role, model in self._models.by_role]
        with span("refine", {"onrecall.recommendation": answer.id}) as refining:
            outcome = escalate(chosen, mask, metered, lambda: ends - time.monotonic())
            refining.set_attribute("onrecall.refined", outcome.draft is not None)
        if outcome.draft is None:
            return None, outcome
        now = max(self._clock(), answer.created_at + CLOCK_STEP)
        recommendation = with_public_confidence(
            build_refined_answer(answer, outcome.draft, outcome, chosen, now, mask.restore)
        )
        self._observers.answer(recommendation)
        return recommendation, outcome

    def _options(self, answer: Recommendation, situation: Situation, incident: Incident | None) -> Options:
        records = self._store.step_executions.track_records(step_keys(answer.evidence), answer.as_of)
        return build_options(answer, situation, records, self._trust.measured().thresholds, incident)


class MeteredModel:
    """A model whose every call is counted before it is made."""

    def __init__(
        self, remote: Remote, store: Storage, limits: UsageLimits, clock: Callable[[], datetime], recommendation: str
    ) -> None:
        self._remote = remote
        self._store = store
        self._limits = limits
        self._clock = clock
        self._recommendation = recommendation
        self._number = 0

    @property
    def name(self) -> str:
        return self._remote.name

    def ask(self, prompt: Prompt, role: Role, seconds: float) -> Reply:
        usage, remote = self._store.usage, self._remote
        call = ModelCall(self._recommendation, role, remote.provider, remote.model, prompt.hash)
        began = time.monotonic()
        try:
            self._number = usage.reserve(call, remote.worst_cost(prompt), self._limits, self._clock())
        except Unavailable as refusal:
            raise ModelError(f"refused: {refusal}", free=True) from refusal
        try:
            reply = remote.send(prompt, seconds - (time.monotonic() - began))
        except ModelError as failure:
            usage.failed(self._number, str(failure), _milliseconds(began), free=failure.free)
            raise
        usage.answered(
            self._number, ModelUsage(reply.input_tokens, reply.output_tokens, reply.cost_usd, _milliseconds(began))
        )
        return reply

    def report_validation(self, reasons: Sequence[str]) -> None:
        if reasons:
            self._store.usage.rejected(self._number, reasons)


def _unrefined_answer(answer: Recommendation, outcome: RefinementResult) -> Recommendation:
    """Return the unrefined answer with the attempts that were made."""
    return replace(
        answer,
        route_reason=outcome.route_reason,
        tokens=outcome.tokens,
        cost_usd=outcome.cost_usd,
        prompt_hash=outcome.prompt_hash,
    )


def _milliseconds(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
