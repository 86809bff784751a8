"""From presses of buttons to what one person says came of an answer: each press adds to what was said before."""

from dataclasses import dataclass, replace
from datetime import datetime

from onrecall.domain.incident import Helped, RecommendationOutcome, StepVerdict


@dataclass(frozen=True, slots=True)
class StepVote:
    """A press: whether an answer, or one step of it, helped."""

    recommendation: str
    helped: bool
    step: int | None
    at: datetime
    by: str


def marked(mark: StepVote, before: RecommendationOutcome | None) -> RecommendationOutcome | None:
    """What counts now; None: nothing new, for something later was said of the same, or the same."""
    late = before is not None and before.at > mark.at
    if late and (mark.step is None or mark.step in _steps(before)):
        return None
    steps = _steps(before)
    if mark.step is not None:
        steps[mark.step] = StepVerdict(mark.step, "worked" if mark.helped else "did_not_help")
    verdict = _verdict(mark, before)
    new = RecommendationOutcome(
        mark.recommendation, verdict, mark.at, tuple(steps[n] for n in sorted(steps)), by=mark.by
    )
    if before is None:
        return new
    new = replace(new, at=max(mark.at, before.at), note=before.note)
    return None if replace(new, at=before.at) == before else new


def _verdict(mark: StepVote, before: RecommendationOutcome | None) -> Helped:
    """A step that fixed it is an answer that helped; one that did not says nothing against what was said before."""
    if mark.helped:
        return "helped"
    return before.verdict if mark.step is not None and before is not None else "did_not_help"


def _steps(before: RecommendationOutcome | None) -> dict[int, StepVerdict]:
    return {one.n: one for one in before.steps} if before else {}
