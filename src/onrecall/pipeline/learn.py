"""What resolutions and outcomes teach: step executions for the track record, and recurrence links."""

from collections.abc import Sequence
from dataclasses import replace

from onrecall.domain.cause_label import normalize_label
from onrecall.domain.commands import bare_command
from onrecall.domain.document import Document
from onrecall.domain.evidence import StepExecution
from onrecall.domain.incident import CauseOrigin, Incident, Resolution
from onrecall.domain.markdown_page import fold_words
from onrecall.domain.recommendation import Recommendation, RecommendationOutcome
from onrecall.domain.suggestion import Suggestion
from onrecall.recommendation import step_key


def name_commands(resolution: Resolution) -> Resolution:
    """Return the resolution with the command of each step whose text is nothing but one: `kubectl logs deploy/web`."""
    return replace(
        resolution,
        steps=tuple(replace(step, command=step.command or bare_command(step.text)) for step in resolution.steps),
    )


def executions_from_resolution(resolution: Resolution | None) -> tuple[StepExecution, ...]:
    """Return the step executions that a confirmed resolution reports."""
    if resolution is None or not resolution.confirmed:
        return ()
    return tuple(
        StepExecution(step_key(step.text, step.command), step.outcome, resolution.at) for step in resolution.steps
    )


def executions_from_outcome(
    recommendation: Recommendation, outcome: RecommendationOutcome
) -> tuple[StepExecution, ...]:
    """Return the step executions that an outcome reports."""
    keys = {step.n: step_key(step.text, step.command) for step in recommendation.steps}
    return tuple(StepExecution(keys[step.n], step.outcome, outcome.at) for step in outcome.steps)


def find_predecessor(
    incident: Incident,
    resolution: Resolution,
    candidates: Sequence[tuple[Incident | Document | Suggestion, float]],
    similar: float,
) -> str | None:
    """Return the earlier incident that this one repeats: same cause, and a score of at least `similar`."""
    for earlier, score in candidates:
        if not isinstance(earlier, Incident) or earlier.resolution is None or score < similar:
            continue
        if earlier.started_at < incident.started_at and is_same_cause(resolution, earlier.resolution):
            return earlier.id
    return None


def is_same_cause(first: Resolution, second: Resolution) -> bool:
    """Return whether both have the same cause label, or otherwise the same wording."""
    if first.cause and second.cause:
        return normalize_label(first.cause) == normalize_label(second.cause)
    return fold_words(first.root_cause) == fold_words(second.root_cause)


def find_cause_origin(resolution: Resolution, answers: Sequence[Recommendation]) -> CauseOrigin | None:
    """Return whether a person wrote the cause or took it over from an answer to the incident.

    The wording of an answer always counts as taken over. Returns None if no person stated the cause.
    """
    if resolution.provenance != "human":
        return resolution.cause_origin
    stated = fold_words(resolution.root_cause)
    suggested = {fold_words(answer.cause) for answer in answers if answer.cause}
    return "taken_over" if stated in suggested or resolution.cause_origin == "taken_over" else "written"
