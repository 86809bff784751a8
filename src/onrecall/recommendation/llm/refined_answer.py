"""From a draft that passed every check to the answer: all but its sentences is taken from what it chose from."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from onrecall.domain.incident import Alternative, CitedSentence, Recommendation, Step
from onrecall.recommendation.llm.checks import CHECK_FIRST, check_before, risk_of
from onrecall.recommendation.llm.draft import Draft, Sentence
from onrecall.recommendation.llm.options import Cause, Options
from onrecall.recommendation.llm.routing import RefinementResult

OTHER_CAUSE = "a model chose another cause than the evidence alone; how often that is right was not measured"


def refined(
    answer: Recommendation,
    draft: Draft,
    outcome: RefinementResult,
    options: Options,
    now: datetime,
    restore: Callable[[str], str] = str,
) -> Recommendation:
    """The answer that takes the place of one made of the same evidence without a model."""
    cause = options.causes[draft.cause]
    same = cause.alternative is None
    made = replace(
        answer,
        id=f"rec-{hashlib.sha256(f'{answer.id}|refined|{outcome.model}|{draft.model_dump_json()}'.encode()).hexdigest()[:16]}",
        cause=cause.sentence,
        cause_label=cause.label,
        cause_citation=cause.citation,
        confidence=answer.confidence if same else None,
        confidence_reason=answer.confidence_reason if same else OTHER_CAUSE,
        features=answer.features if same else {},
        steps=_steps(draft, cause, options, restore),
        tried_before=cause.tried,
        alternatives=answer.alternatives if same else _alternatives(answer, cause),
        explanation=tuple(_said(one, options, restore) for one in draft.explanation),
        composer="llm",
        model=outcome.model,
        route_reason=outcome.route_reason,
        tokens=outcome.tokens,
        cost_usd=outcome.cost_usd,
        refines=answer.id,
        prompt_hash=outcome.prompt_hash,
        created_at=now,
    )
    return replace(made, changed=tuple(_changed(answer, made)))


def _steps(draft: Draft, cause: Cause, options: Options, restore: Callable[[str], str]) -> tuple[Step, ...]:
    number = {one.step: n for n, one in enumerate(draft.steps, start=1)}
    return tuple(
        replace(
            step,
            n=number[one.step],
            command=_command(step, one.command),
            risk=risk_of(step, one.command),
            precondition=_first(cause, one.step, number),
            why=_said(one.why, options, restore) if one.why else None,
        )
        for one in draft.steps
        for step in [cause.steps[one.step]]
    )


def _command(step: Step, given: str | None) -> str | None:
    """Its own command, blanks and all, unless placeholders were filled."""
    if given is None or step.command is None or given.split() == step.command.split():
        return step.command
    return given


def _first(cause: Cause, name: str, number: dict[str, int]) -> str | None:
    check = check_before(cause, name)
    return None if check is None else f"{CHECK_FIRST}{number[check]}: {cause.steps[check].text}"


def _said(one: Sentence, options: Options, restore: Callable[[str], str]) -> CitedSentence:
    return CitedSentence(restore(one.text.strip()), tuple(options.lines[name] for name in dict.fromkeys(one.cites)))


def _alternatives(answer: Recommendation, chosen: Cause) -> tuple[Alternative, ...]:
    """The cause that led before is an alternative now."""
    told = dict.fromkeys(
        [answer.cause_citation.evidence_id]
        if answer.cause_citation
        else [step.citation.evidence_id for step in answer.steps]
    )
    before = [Alternative(answer.cause, tuple(told))] if answer.cause else []
    return (*before, *(one for one in answer.alternatives if one != chosen.alternative))


def _changed(before: Recommendation, after: Recommendation) -> Iterator[str]:
    if after.cause != before.cause:
        yield "another cause leads"
    keys = [step.citation for step in after.steps]
    had = [step.citation for step in before.steps]
    if left := [step.n for step in before.steps if step.citation not in keys]:
        yield f"steps left out: {', '.join(map(str, left))}"
    if new := [step.n for step in after.steps if step.citation not in had]:
        yield f"steps for the other cause: {', '.join(map(str, new))}"
    if [one for one in keys if one in had] != [one for one in had if one in keys]:
        yield "steps in another order"
    commands = {step.citation: step.command for step in before.steps}
    if filled := [s.n for s in after.steps if s.citation in commands and commands[s.citation] != s.command]:
        yield f"placeholders filled in steps {', '.join(map(str, filled))}"
    yield "explained"
