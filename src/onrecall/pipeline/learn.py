"""What a resolution and an outcome teach: tries that count, and recurrences that become links."""

from collections.abc import Sequence

from onrecall.domain.incident import (
    CauseOrigin,
    Document,
    Incident,
    Recommendation,
    RecommendationOutcome,
    Resolution,
    StepExecution,
)
from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.domain.suggestion import Suggestion
from onrecall.recommendation import step_key


def executions_from_resolution(resolution: Resolution | None) -> tuple[StepExecution, ...]:
    """The tries that a resolution reports; what a model wrote or a sender suggests reports none."""
    if resolution is None or not resolution.confirmed:
        return ()
    return tuple(
        StepExecution(step_key(step.text, step.command), step.outcome, resolution.at) for step in resolution.steps
    )


def executions_from_outcome(recommendation: Recommendation, outcome: RecommendationOutcome) -> tuple[StepExecution, ...]:
    """The tries that an outcome reports, step by step."""
    keys = {step.n: step_key(step.text, step.command) for step in recommendation.steps}
    return tuple(StepExecution(keys[step.n], step.outcome, outcome.at) for step in outcome.steps)


def find_predecessor(
    incident: Incident,
    resolution: Resolution,
    candidates: Sequence[tuple[Incident | Document | Suggestion, float]],
    similar: float,
) -> str | None:
    """The earlier incident which this one repeats: the same cause, and alike at least as much as `similar`."""
    for earlier, score in candidates:
        if not isinstance(earlier, Incident) or earlier.resolution is None or score < similar:
            continue
        if earlier.started_at < incident.started_at and is_same_cause(resolution, earlier.resolution):
            return earlier.id
    return None


def is_same_cause(first: Resolution, second: Resolution) -> bool:
    """Whether both name the same cause: by label, or else in the same words."""
    if first.cause and second.cause:
        return first.cause.casefold() == second.cause.casefold()
    return collapse_whitespace(first.root_cause).casefold() == collapse_whitespace(second.root_cause).casefold()


def find_cause_origin(resolution: Resolution, answers: Sequence[Recommendation]) -> CauseOrigin | None:
    """Return whether a person wrote the cause, or took over what an answer to the incident suggested.

    The same words as an answer's are taken over, whoever says otherwise. None: no person said it.
    """
    if resolution.provenance != "human":
        return resolution.cause_origin
    stated = collapse_whitespace(resolution.root_cause).casefold()
    suggested = {collapse_whitespace(answer.cause).casefold() for answer in answers if answer.cause}
    return "taken_over" if stated in suggested or resolution.cause_origin == "taken_over" else "written"
