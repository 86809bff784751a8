"""Refining: after the answer without a model is out, models choose, order and explain, within time, money and turns."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from onrecall.domain.errors import NotFound, Unavailable
from onrecall.domain.incident import Incident, Recommendation, Situation
from onrecall.pipeline.calibrate import CalibrationService, with_public_confidence
from onrecall.pipeline.observers import Observers
from onrecall.pipeline.recommend import situation_of
from onrecall.recommendation import step_key, step_keys
from onrecall.recommendation.llm import ModelError, Options, Prompt, RefinementResult, Reply, escalate, options, refined
from onrecall.recommendation.llm.routing import Role
from onrecall.redaction.reversible_mask import Mask
from onrecall.storage import CircuitState, IncidentEvent, ModelCall, ModelUsage, ModelUse, Storage, UsageLimits

CURSOR = "refine"
BATCH = 20
LEASE = timedelta(seconds=10)
CLOCK_STEP = timedelta(milliseconds=1)
"""A refined answer comes after the one it refines, even by a clock that stands."""


class Remote(Protocol):
    """A model at a provider."""

    @property
    def name(self) -> str:
        """As it is configured."""
        ...

    @property
    def provider(self) -> str:
        """Who runs it."""
        ...

    @property
    def model(self) -> str:
        """What its provider calls it."""
        ...

    def ready(self) -> None:
        """Load what it takes to ask."""
        ...

    def worst_cost(self, prompt: Prompt) -> float | None:
        """The most that asking can cost; None when its price is not known."""
        ...

    def send(self, prompt: Prompt, seconds: float) -> Reply:
        """Its answer within so many seconds, or Failed."""
        ...


@dataclass(frozen=True, slots=True)
class Models:
    """Which models refine, and within which bounds."""

    asked: Sequence[tuple[Role, Remote]] = ()
    """The draft model, then the strong one; either may be missing."""
    limits: UsageLimits = UsageLimits(20, None)  # noqa: RUF009 - frozen
    deadline_seconds: float = 8.0
    """For all of it."""

    @property
    def lease(self) -> timedelta:
        """How long a process that refines need not be heard of before another goes on."""
        return max(LEASE, timedelta(seconds=2 * self.deadline_seconds))

    @property
    def providers(self) -> tuple[str, ...]:
        """Each once."""
        return tuple(dict.fromkeys(model.provider for _, model in self.asked))


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What models were used for, and whether they may be used now."""

    models: Sequence[tuple[Role, str]]
    days: tuple[ModelUse, ...]
    spent_today_usd: float
    """What is known, and the most that the rest may cost."""
    daily_budget_usd: float | None
    calls_per_minute: int
    breakers: tuple[CircuitState, ...]


class Refiner:
    """Refines what was answered. Whatever goes wrong with a model, the answer stands as it was."""

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
        """The code of the marks in prompts. One for the process: prompts of the same evidence begin alike."""

    @property
    def active(self) -> bool:
        """Whether there is a model at all."""
        return bool(self._models.asked)

    def ready(self) -> None:
        """Load what asking takes, which takes seconds, before anybody waits for it."""
        for _, model in self._models.asked:
            model.ready()

    def begin(self) -> None:
        """From now on answers are refined; those that were given before anybody did that are not."""
        if self.active:
            self._store.consumer_offsets.acquire(CURSOR, self._holder, self._clock(), self._models.lease)

    def run(self) -> int:
        """Refine answers that were given since the last look, one process at a time; how many were looked at."""
        place = (
            self._store.consumer_offsets.acquire(CURSOR, self._holder, self._clock(), self._models.lease) if self.active else None
        )
        if place is None:
            return 0
        looked = 0
        events = self._store.events(place, BATCH)
        for event in events:
            if event.type == "recommended":
                self._refine_event(event)
                looked += 1
                self._store.consumer_offsets.advance(CURSOR, self._holder, event.seq, self._clock(), self._models.lease)
        if events:
            self._store.consumer_offsets.advance(CURSOR, self._holder, events[-1].seq, self._clock(), self._models.lease)
        return looked

    def release(self) -> None:
        """Let another process go on at once."""
        if self.active:
            self._store.consumer_offsets.release(CURSOR, self._holder)

    def refine(self, answer: Recommendation, situation: Situation) -> Recommendation:
        """The answer to a question, refined if that succeeds; it is not kept."""
        if not self.active:
            return answer
        refined_answer, outcome = self._refined(answer, situation)
        return refined_answer or _unrefined_answer(answer, outcome)

    def usage(self, days: int = 30) -> UsageReport:
        """What was used in the last days."""
        now = self._clock()
        return UsageReport(
            models=tuple((role, model.name) for role, model in self._models.asked),
            days=self._store.usage.by_day(days, now),
            spent_today_usd=self._store.usage.spent_today(now),
            daily_budget_usd=self._models.limits.daily_budget_usd,
            calls_per_minute=self._models.limits.calls_per_minute,
            breakers=tuple(self._store.usage.breaker(provider, now) for provider in self._models.providers),
        )

    def _refine_event(self, event: IncidentEvent) -> None:
        """Refine the answer that an event tells of, while it is the newest to an incident that is not over."""
        try:
            answer = self._store.recommendation(str(event.detail.get("recommendation", "")))
            incident = self._store.incident(event.incident)
        except NotFound:
            return
        newest = self._store.newest_recommendation(incident.id)
        if answer.refines or newest is None or newest.id != answer.id or incident.status == "resolved":
            return
        if self._store.usage.was_rejected(answer.id):
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

    def _refined(
        self, answer: Recommendation, situation: Situation, incident: Incident | None = None
    ) -> tuple[Recommendation | None, RefinementResult]:
        self.ready()
        ends = time.monotonic() + self._models.deadline_seconds
        chosen = self._options(answer, situation, incident)
        mask = Mask(self._code)
        metered = [
            (role, _MeteredModel(model, self._store, self._models.limits, self._clock, answer.id))
            for role, model in self._models.asked
        ]
        outcome = escalate(chosen, mask, metered, lambda: ends - time.monotonic())
        if outcome.draft is None:
            return None, outcome
        now = max(self._clock(), answer.created_at + CLOCK_STEP)
        recommendation = with_public_confidence(refined(answer, outcome.draft, outcome, chosen, now, mask.restore))
        self._observers.answer(recommendation)
        return recommendation, outcome

    def _options(self, answer: Recommendation, situation: Situation, incident: Incident | None) -> Options:
        records = self._store.step_records(step_keys(answer.evidence), answer.as_of)
        return options(answer, situation, records, self._trust.measured().thresholds, incident)


class _MeteredModel:
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

    def checked(self, reasons: Sequence[str]) -> None:
        if reasons:
            self._store.usage.rejected(self._number, reasons)


def _unrefined_answer(answer: Recommendation, outcome: RefinementResult) -> Recommendation:
    """The answer as it was, with what was tried."""
    return replace(
        answer,
        route_reason=outcome.route_reason,
        tokens=outcome.tokens,
        cost_usd=outcome.cost_usd,
        prompt_hash=outcome.prompt_hash,
    )


def _milliseconds(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
