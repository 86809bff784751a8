"""From a draft that passed every check to the answer: all but its sentences is taken from what it chose from."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from onrecall.domain.recommendation import Alternative, CitedSentence, Recommendation, Step
from onrecall.recommendation.llm.checks import CHECK_FIRST, check_before, risk_of
from onrecall.recommendation.llm.draft import Draft, Sentence
from onrecall.recommendation.llm.options import Cause, Options
from onrecall.recommendation.llm.routing import RefinementResult
from onrecall.recommendation.next_checks import renumber_checks

OTHER_CAUSE = "a model chose another cause than the evidence alone; how often such choices are right is not measured"


def build_refined_answer(
    answer: Recommendation,
    draft: Draft,
    outcome: RefinementResult,
    options: Options,
    now: datetime,
    restore: Callable[[str], str] = str,
) -> Recommendation:
    """The answer that takes the place of one made of the same evidence without a model."""
    cause = options.causes[draft.cause]
    same_cause = cause.alternative is None
    result = replace(
        answer,
        id=f"rec-{hashlib.sha256(f'{answer.id}|refined|{outcome.model}|{draft.model_dump_json()}'.encode()).hexdigest()[:16]}",
        cause=cause.sentence,
        cause_label=cause.label,
        cause_citation=cause.citation,
        confidence=answer.confidence if same_cause else None,
        confidence_reason=answer.confidence_reason if same_cause else OTHER_CAUSE,
        features=answer.features if same_cause else {},
        steps=_refined_steps(draft, cause, options, restore),
        tried_before=cause.tried,
        alternatives=answer.alternatives if same_cause else _refined_alternatives(answer, cause),
        explanation=tuple(_cited_sentence(sentence, options, restore) for sentence in draft.explanation),
        composer="llm",
        model=outcome.model,
        route_reason=outcome.route_reason,
        tokens=outcome.tokens,
        cost_usd=outcome.cost_usd,
        refines=answer.id,
        prompt_hash=outcome.prompt_hash,
        created_at=now,
    )
    result = replace(result, checks=tuple(renumber_checks(answer.checks, result.steps)))
    return replace(result, changed=tuple(_describe_changes(answer, result)))


def _refined_steps(draft: Draft, cause: Cause, options: Options, restore: Callable[[str], str]) -> tuple[Step, ...]:
    numbers = {chosen.step: n for n, chosen in enumerate(draft.steps, start=1)}
    return tuple(
        replace(
            step,
            n=numbers[chosen.step],
            command=_choose_command(step, chosen.command),
            risk=risk_of(step, chosen.command),
            precondition=_check_first(cause, chosen.step, numbers),
            why=_cited_sentence(chosen.why, options, restore) if chosen.why else None,
        )
        for chosen in draft.steps
        for step in [cause.steps[chosen.step]]
    )


def _choose_command(step: Step, proposed: str | None) -> str | None:
    """Its own command, blanks and all, unless placeholders were filled."""
    if proposed is None or step.command is None or proposed.split() == step.command.split():
        return step.command
    return proposed


def _check_first(cause: Cause, name: str, numbers: dict[str, int]) -> str | None:
    check = check_before(cause, name)
    return None if check is None else f"{CHECK_FIRST}{numbers[check]}: {cause.steps[check].text}"


def _cited_sentence(sentence: Sentence, options: Options, restore: Callable[[str], str]) -> CitedSentence:
    return CitedSentence(
        restore(sentence.text.strip()), tuple(options.lines[name] for name in dict.fromkeys(sentence.cites))
    )


def _refined_alternatives(answer: Recommendation, chosen: Cause) -> tuple[Alternative, ...]:
    """The cause that led before is an alternative now."""
    evidence_ids = dict.fromkeys(
        [answer.cause_citation.evidence_id]
        if answer.cause_citation
        else [step.citation.evidence_id for step in answer.steps]
    )
    before = [Alternative(answer.cause, tuple(evidence_ids))] if answer.cause else []
    return (*before, *(alternative for alternative in answer.alternatives if alternative != chosen.alternative))


def _describe_changes(before: Recommendation, after: Recommendation) -> Iterator[str]:
    if after.cause != before.cause:
        yield "another cause leads"
    citations = [step.citation for step in after.steps]
    previous_citations = [step.citation for step in before.steps]
    if omitted := [step.n for step in before.steps if step.citation not in citations]:
        yield f"steps left out: {', '.join(map(str, omitted))}"
    if new := [step.n for step in after.steps if step.citation not in previous_citations]:
        yield f"steps for the other cause: {', '.join(map(str, new))}"
    if [citation for citation in citations if citation in previous_citations] != [
        citation for citation in previous_citations if citation in citations
    ]:
        yield "steps in another order"
    commands = {step.citation: step.command for step in before.steps}
    if filled := [
        step.n for step in after.steps if step.citation in commands and commands[step.citation] != step.command
    ]:
        yield f"placeholders filled in steps {', '.join(map(str, filled))}"
    yield "explained"
