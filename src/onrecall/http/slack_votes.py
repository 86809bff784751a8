"""Turns button presses into a person's outcome for an answer: each press adds to the earlier ones."""

from dataclasses import dataclass, replace
from datetime import datetime

from onrecall.domain.recommendation import OutcomeVerdict, RecommendationOutcome, StepVerdict


@dataclass(frozen=True, slots=True)
class StepVote:
    """A vote on whether an answer, or one step of it, helped."""

    recommendation: str
    helped: bool
    step: int | None
    at: datetime
    by: str


def merge_vote(vote: StepVote, earlier: RecommendationOutcome | None) -> RecommendationOutcome | None:
    """Merge a vote into the earlier outcome; None if nothing changes or a later vote exists."""
    is_older = earlier is not None and earlier.at > vote.at
    if is_older and (vote.step is None or vote.step in _steps(earlier)):
        return None
    steps = _steps(earlier)
    if vote.step is not None:
        steps[vote.step] = StepVerdict(vote.step, "worked" if vote.helped else "did_not_help")
    verdict = _verdict(vote, earlier)
    merged = RecommendationOutcome(
        vote.recommendation, verdict, vote.at, tuple(steps[n] for n in sorted(steps)), by=vote.by
    )
    if earlier is None:
        return merged
    merged = replace(merged, at=max(vote.at, earlier.at), note=earlier.note)
    return None if replace(merged, at=earlier.at) == earlier else merged


def _verdict(vote: StepVote, earlier: RecommendationOutcome | None) -> OutcomeVerdict:
    """Return the verdict: a step that worked means that the answer helped; a failed one keeps the earlier verdict."""
    if vote.helped:
        return "helped"
    return earlier.verdict if vote.step is not None and earlier is not None else "did_not_help"


def _steps(earlier: RecommendationOutcome | None) -> dict[int, StepVerdict]:
    return {step.n: step for step in earlier.steps} if earlier else {}
