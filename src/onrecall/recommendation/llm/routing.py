"""Draft, check, escalate: the cheap model first, then the strong one with the reasons, and else the answer stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from onrecall.recommendation.llm.checks import CheckFailure, check_draft
from onrecall.recommendation.llm.draft import Draft, parse_draft
from onrecall.recommendation.llm.options import Options
from onrecall.recommendation.llm.prompt import Prompt, build_prompt
from onrecall.redaction.reversible_mask import Mask

FIRST_MODEL_TIME_SHARE = 0.5
"""Share of the remaining time that the first model may use if there is a second."""
MIN_SECONDS = 0.2
"""Minimum remaining seconds for another model call."""
Role = Literal["draft", "strong"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, and what that took; None: not known."""

    text: str
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


class ModelError(Exception):
    """A model gave no answer: why, in a few words of ours."""

    def __init__(self, reason: str, *, free: bool) -> None:
        super().__init__(reason)
        self.free = free
        """Whether it is certain that it cost nothing."""


class Model(Protocol):
    """A language model. It has no tools."""

    @property
    def name(self) -> str:
        """Its provider and name, as `groq:llama-3.3-70b-versatile`."""
        ...

    def ask(self, prompt: Prompt, role: Role, seconds: float) -> Reply:
        """Return its answer within this many seconds, or raise ModelError."""
        ...

    def report_validation(self, reasons: Sequence[str]) -> None:
        """Record that the last answer was checked; it was rejected if there are reasons."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a model, and why its answer was rejected; without reasons it was accepted."""

    role: Role
    model: str
    reasons: tuple[str, ...]
    reply: Reply | None = None
    free: bool = False
    """Whether it is certain that it cost nothing."""


@dataclass(frozen=True, slots=True)
class RefinementResult:
    """The draft that passed every check, if any did; and how it came about."""

    draft: Draft | None
    model: str | None
    route_reason: str
    attempts: tuple[Attempt, ...] = ()
    prompt_hash: str | None = None

    @property
    def tokens(self) -> int:
        """Tokens of all answers, rejected ones included, as far as reported."""
        replies = [attempt.reply for attempt in self.attempts if attempt.reply]
        return sum((reply.input_tokens or 0) + (reply.output_tokens or 0) for reply in replies)

    @property
    def cost_usd(self) -> float | None:
        """Cost of all calls; None if the cost of any is unknown."""
        costs = [attempt.reply.cost_usd if attempt.reply else None for attempt in self.attempts if not attempt.free]
        known_costs = [cost for cost in costs if cost is not None]
        return sum(known_costs) if len(known_costs) == len(costs) else None


def _why_no_model(options: Options, models: Sequence[tuple[Role, Model]]) -> str | None:
    """Return why no model is asked; None if one is."""
    if not models:
        return "no model is configured"
    if options.addressed:
        return "what the answer rests on speaks to a model instead of to people"
    return None if options.causes and options.lines else "there is nothing to choose from"


def escalate(
    options: Options,
    mask: Mask,
    models: Sequence[tuple[Role, Model]],
    seconds_left: Callable[[], float],
) -> RefinementResult:
    """Ask one model after the other until a draft passes, within the time that is left."""
    if refusal := _why_no_model(options, models):
        return RefinementResult(None, None, f"extractive: {refusal}")
    route = [candidate for candidate in models if candidate[0] == "strong"] if options.conflict else []
    first = f"straight to the strong model: {options.conflict}" if route and len(models) > 1 else None
    models_to_ask = route or list(models)
    flaws: tuple[CheckFailure, ...] = ()
    attempts: list[Attempt] = []
    for position, (role, model) in enumerate(models_to_ask):
        seconds = seconds_left() * (FIRST_MODEL_TIME_SHARE if position + 1 < len(models_to_ask) else 1)
        if seconds < MIN_SECONDS:
            attempts.append(Attempt(role, model.name, ("no time was left",), free=True))
            break
        request = build_prompt(options, mask, flaws)
        attempt, draft, flaws = _ask_and_check(options, mask, request, role, model, seconds)
        attempts.append(attempt)
        if draft is not None:
            reason = _describe_success(role, first, attempts)
            return RefinementResult(draft, model.name, reason, tuple(attempts), request.hash)
    return RefinementResult(None, None, f"extractive: {_describe_failures(attempts)}", tuple(attempts))


def _ask_and_check(
    options: Options, mask: Mask, request: Prompt, role: Role, model: Model, seconds: float
) -> tuple[Attempt, Draft | None, tuple[CheckFailure, ...]]:
    try:
        reply = model.ask(request, role, seconds)
    except ModelError as failure:
        return Attempt(role, model.name, (str(failure),), free=failure.free), None, ()
    draft = _parse_reply(reply.text, mask)
    flaws = (CheckFailure(draft),) if isinstance(draft, str) else check_draft(draft, options, mask)
    kinds = tuple(dict.fromkeys(flaw.kind for flaw in flaws))
    model.report_validation(kinds)
    passed = draft if isinstance(draft, Draft) and not flaws else None
    return Attempt(role, model.name, kinds, reply), passed, flaws


def _parse_reply(text: str, mask: Mask) -> Draft | str:
    """Parse the draft and restore masked values in its commands; sentences are checked while masked."""
    draft = parse_draft(text)
    if isinstance(draft, str):
        return draft
    steps = [
        step.model_copy(update={"command": mask.restore(step.command)} if step.command else {}) for step in draft.steps
    ]
    return draft.model_copy(update={"steps": steps})


def _describe_success(role: Role, first: str | None, attempts: Sequence[Attempt]) -> str:
    if first:
        return f"{role}: {first}"
    return (
        f"{role}: {_describe_failures(attempts[:-1])}"
        if len(attempts) > 1
        else f"{role}: its first answer passed every check"
    )


def _describe_failures(attempts: Sequence[Attempt]) -> str:
    """Describe which models failed and why."""
    return "; ".join(f"the {attempt.role} model failed ({', '.join(attempt.reasons[:3])})" for attempt in attempts)
