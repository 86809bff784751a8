"""Draft, check, escalate: the cheap model first, then the strong one with the reasons, and else the answer stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from onrecall.recommendation.llm.checks import CheckFailure, check
from onrecall.recommendation.llm.draft import Draft, read
from onrecall.recommendation.llm.options import Options
from onrecall.recommendation.llm.prompt import Prompt, prompt
from onrecall.redaction.reversible_mask import Mask

SHARE = 0.5
"""Of the time that is left, a first model may take so much while there is a second."""
LEAST = 0.2
"""Seconds below which nobody is asked any more."""
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
        """Its answer within so many seconds, or Failed."""
        ...

    def checked(self, reasons: Sequence[str]) -> None:
        """The answer just given was checked; with reasons it was rejected."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One model asked, and why its answer was not taken; no reasons: it was."""

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
        """Of all answers, rejected ones too, as far as they were told."""
        replies = [one.reply for one in self.attempts if one.reply]
        return sum((one.input_tokens or 0) + (one.output_tokens or 0) for one in replies)

    @property
    def cost_usd(self) -> float | None:
        """Of all calls; None as soon as that of one is not known."""
        costs = [one.reply.cost_usd if one.reply else None for one in self.attempts if not one.free]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None


def escalate(
    options: Options,
    mask: Mask,
    models: Sequence[tuple[Role, Model]],
    left: Callable[[], float],
) -> RefinementResult:
    """Ask one model after the other until a draft passes, within the time that is left."""
    if not models:
        return RefinementResult(None, None, "extractive: no model is configured")
    if options.addressed:
        return RefinementResult(
            None, None, "extractive: what the answer rests on speaks to a model instead of to people"
        )
    if not options.causes or not options.lines:
        return RefinementResult(None, None, "extractive: there is nothing to choose from")
    route = [one for one in models if one[0] == "strong"] if options.conflict else []
    first = f"straight to the strong model: {options.conflict}" if route and len(models) > 1 else None
    asked = route or list(models)
    flaws: tuple[CheckFailure, ...] = ()
    attempts: list[Attempt] = []
    for place, (role, model) in enumerate(asked):
        seconds = left() * (SHARE if place + 1 < len(asked) else 1)
        if seconds < LEAST:
            attempts.append(Attempt(role, model.name, ("no time was left",), free=True))
            break
        asked_for = prompt(options, mask, flaws)
        attempt, draft, flaws = _try(options, mask, asked_for, role, model, seconds)
        attempts.append(attempt)
        if draft is not None:
            return RefinementResult(draft, model.name, _passed(role, first, attempts), tuple(attempts), asked_for.hash)
    return RefinementResult(None, None, f"extractive: {_told(attempts)}", tuple(attempts))


def _try(
    options: Options, mask: Mask, asked: Prompt, role: Role, model: Model, seconds: float
) -> tuple[Attempt, Draft | None, tuple[CheckFailure, ...]]:
    try:
        reply = model.ask(asked, role, seconds)
    except ModelError as failure:
        return Attempt(role, model.name, (str(failure),), free=failure.free), None, ()
    draft = _read(reply.text, mask)
    flaws = (CheckFailure(draft),) if isinstance(draft, str) else check(draft, options, mask)
    kinds = tuple(dict.fromkeys(one.kind for one in flaws))
    model.checked(kinds)
    passed = draft if isinstance(draft, Draft) and not flaws else None
    return Attempt(role, model.name, kinds, reply), passed, flaws


def _read(text: str, mask: Mask) -> Draft | str:
    """The draft, with what was masked put back into its commands: sentences are looked at before."""
    draft = read(text)
    if isinstance(draft, str):
        return draft
    steps = [
        one.model_copy(update={"command": mask.restore(one.command)} if one.command else {}) for one in draft.steps
    ]
    return draft.model_copy(update={"steps": steps})


def _passed(role: Role, first: str | None, attempts: Sequence[Attempt]) -> str:
    if first:
        return f"{role}: {first}"
    return f"{role}: {_told(attempts[:-1])}" if len(attempts) > 1 else f"{role}: its first answer passed every check"


def _told(attempts: Sequence[Attempt]) -> str:
    """Who failed, and why."""
    return "; ".join(f"the {one.role} model failed ({', '.join(one.reasons[:3])})" for one in attempts)
