"""From presses of buttons to what one person says came of an answer: each press adds to what was said before."""

from dataclasses import dataclass, replace
from datetime import datetime

from onrecall.domain.incident import OutcomeVerdict, RecommendationOutcome, StepVerdict


@dataclass(frozen=True, slots=True)
class StepVote:
    """A press: whether an answer, or one step of it, helped."""

    recommendation: str
    helped: bool
    step: int | None
    at: datetime
    by: str


def merge_vote(vote: StepVote, earlier: RecommendationOutcome | None) -> RecommendationOutcome | None:
    """What counts now; None: nothing new, for something later was said of the same, or the same."""
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
    """A step that fixed it is an answer that helped; one that did not says nothing against what was said before."""
    if vote.helped:
        return "helped"
    return earlier.verdict if vote.step is not None and earlier is not None else "did_not_help"


def _steps(earlier: RecommendationOutcome | None) -> dict[int, StepVerdict]:
    return {step.n: step for step in earlier.steps} if earlier else {}
