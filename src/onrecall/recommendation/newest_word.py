"""Newer evidence wins: later incidents of another cause that report that the leading cause's fix failed."""

from collections.abc import Mapping, Sequence

from onrecall.recommendation.actions import EvidenceAction
from onrecall.recommendation.causes import SCORE_TEMPERATURE, Hypothesis
from onrecall.recommendation.merged_actions import LONG_AGO, MergedAction, last_reports, merge_actions
from onrecall.recommendation.thresholds import Thresholds

Actions = Mapping[str, Sequence[EvidenceAction]]
"""The actions of each piece of evidence by its id."""


def promote_refuting_cause(
    hypotheses: Sequence[Hypothesis], actions: Actions, thresholds: Thresholds
) -> tuple[Hypothesis, ...]:
    """Move a cause to the front if it has a fix and a newer incident that refutes the leading cause's fix."""
    order = list(hypotheses)
    for _ in hypotheses:
        leading = next((cause for cause in order if cause.score >= thresholds.similar), None)
        later = _find_refuting_cause(leading, order, actions, thresholds) if leading else None
        if later is None:
            break
        order.remove(later)
        order.insert(0, later)
    return tuple(order)


def find_refuting_failures(
    leading: Hypothesis, other_causes: Sequence[Hypothesis], actions: Actions, thresholds: Thresholds
) -> list[EvidenceAction]:
    """Return the failures that incidents of other causes report which match about as well as the leading cause.

    What made it worse counts whatever its cause. What did not help counts if its cause contests the leading one: the
    right fix of one cause is no help against another that only looks alike.
    """
    minimum_score = max(thresholds.similar, leading.score - SCORE_TEMPERATURE)
    return [
        action
        for cause in other_causes
        for piece in cause.evidence
        if piece.score >= minimum_score
        for action in last_reports(actions[piece.id])
        if action.outcome == "made_it_worse" or (action.failed and _contests(cause, leading, thresholds))
    ]


def _find_refuting_cause(
    leading: Hypothesis, causes: Sequence[Hypothesis], actions: Actions, thresholds: Thresholds
) -> Hypothesis | None:
    """Return the cause of the newest refuting incident, if it competes with the leading one or no fix is left."""
    other_causes = [cause for cause in causes if cause is not leading]
    contradicting = find_refuting_failures(leading, other_causes, actions, thresholds)
    matching = [actions[piece.id] for piece in leading.evidence if piece.score >= thresholds.similar]
    merged = merge_actions(matching, (), contradicting, {})
    newest = _newest_refutation(merged)
    if newest is None:
        return None
    no_fix_left = all(action.recommended is None for action in merged)
    for cause in other_causes:
        reports = any(piece.id == newest.source.id for piece in cause.evidence)
        if reports and _has_fix(cause, actions) and (no_fix_left or _contests(cause, leading, thresholds)):
            return cause
    return None


def _newest_refutation(merged: Sequence[MergedAction]) -> EvidenceAction | None:
    reports = [(action.latest_failure, action.contradictions) for action in merged]
    failures = [failure for failure, contradicting in reports if failure is not None and failure in contradicting]
    return max(failures, key=lambda failure: failure.at or LONG_AGO, default=None)


def _has_fix(cause: Hypothesis, actions: Actions) -> bool:
    return any(action.outcome == "worked" for piece in cause.evidence for action in actions[piece.id])


def _contests(cause: Hypothesis, leading: Hypothesis, thresholds: Thresholds) -> bool:
    return cause.weight >= thresholds.contested * leading.weight
