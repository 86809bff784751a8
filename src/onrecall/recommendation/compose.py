"""The extractive composer: from evidence to advice without any model, and where each word of it comes from."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from onrecall.domain.evidence import Evidence, TrackRecord
from onrecall.domain.recommendation import Advice, Alternative, Confidence
from onrecall.domain.situation import Situation
from onrecall.recommendation.actions import extract_actions, select_fitting_cases
from onrecall.recommendation.causes import Hypothesis, normalized_label, rank_causes
from onrecall.recommendation.discriminators import ObservationSet, discriminating_observations
from onrecall.recommendation.fault_types import find_contradiction
from onrecall.recommendation.merged_actions import merge_actions
from onrecall.recommendation.newest_word import find_refuting_failures, promote_refuting_cause
from onrecall.recommendation.runbook import names_alert
from onrecall.recommendation.steps import failed_before, select_steps
from onrecall.recommendation.text_similarity import extract_stems, normalize_label
from onrecall.recommendation.thresholds import Thresholds
from onrecall.recommendation.verdict import (
    VerdictDecision,
    decide_verdict,
    describe_evidence,
    explains_situation,
    is_similar,
)

MAX_ALTERNATIVES = 3
MAX_NEAR_MISSES = 3
"""Maximum number of near misses for which a never-seen answer lists discriminating observations."""
NEAR_MISS_SHARE = 0.5
"""Minimum score of a near miss, as a share of the score that counts as similar."""


def compose(
    situation: Situation,
    evidence: Sequence[Evidence],
    records: Mapping[str, TrackRecord],
    now: datetime,
    thresholds: Thresholds = Thresholds(),  # noqa: B008 (frozen)
    own: Confidence | None = None,
    *,
    relatives: Sequence[Evidence] = (),
) -> Advice:
    """Return what the evidence, best first, says about the situation.

    Every step is cited and belongs to the leading cause. Where a later incident, which matches about as well, reports
    that the leading cause's fix failed, the cause of that incident leads. `own` is what the own history says of this
    very answer, if it speaks. `relatives` are incidents that recurrence ties to the evidence: what did not help there
    did not help here, and nothing else is taken from them.
    """
    contradicting = {piece.id: why for piece in evidence if (why := find_contradiction(situation, piece))}
    consistent = [piece for piece in evidence if piece.id not in contradicting]
    actions = {piece.id: select_fitting_cases(extract_actions(piece), situation) for piece in evidence}
    hypotheses = promote_refuting_cause(rank_causes(consistent), actions, thresholds)
    decision = decide_verdict(situation, consistent, hypotheses, thresholds, own)
    if decision.verdict == "never_seen":
        return _never_seen_advice(
            situation, decision, _describe_contradicted(evidence, contradicting, thresholds), hypotheses, thresholds
        )
    leading = decision.leading
    competing = [cause for cause in hypotheses if cause is not leading and explains_situation(cause, thresholds)]
    sources = _step_sources(situation, decision, consistent, thresholds)
    used = {source.id for source in sources}
    own_actions = [actions[source.id] for source in sources]
    others = [action for piece in evidence if piece.id not in used for action in actions[piece.id]]
    contradictions = find_refuting_failures(leading, competing, actions, thresholds) if leading else ()
    merged = merge_actions(own_actions, others, contradictions, records)
    of_relatives = [extract_actions(piece) for piece in _relatives_of(leading, relatives) if piece.id not in used]
    recommended = {action.reports[0].key for action in merged if action.recommended}
    with_relatives = (
        merge_actions([*own_actions, *of_relatives], others, contradictions, records) if of_relatives else merged
    )
    not_to_repeat = [action for action in with_relatives if action.reports[0].key not in recommended]
    return Advice(
        verdict=decision.verdict,
        verdict_reason=decision.reason,
        cause=leading.sentence if leading else None,
        cause_label=leading.label if leading else None,
        cause_citation=leading.citation if leading else None,
        steps=select_steps(merged, [source.id for source in sources], situation, now),
        tried_before=failed_before(not_to_repeat, situation),
        alternatives=_to_alternatives(competing[:MAX_ALTERNATIVES], leading, situation)
        if leading and competing
        else (),
        rests_on=_rests_on(decision),
    )


def _relatives_of(leading: Hypothesis | None, relatives: Sequence[Evidence]) -> list[Evidence]:
    """Return the incidents that recurrence ties to the evidence of the leading cause, and that name no other one."""
    if leading is None:
        return []
    tied = {name for piece in leading.evidence for name in piece.tied_incidents}
    causes = {label for piece in leading.evidence if (label := normalized_label(piece))}
    return [piece for piece in relatives if piece.id in tied and _may_share_cause(piece, causes)]


def _may_share_cause(evidence: Evidence, causes: AbstractSet[str]) -> bool:
    """Return whether a piece of evidence has one of these cause labels, or labels can't tell."""
    label = normalized_label(evidence)
    return not label or not causes or label in causes


def _rests_on(decision: VerdictDecision) -> tuple[str, ...]:
    if decision.leading is not None:
        return tuple(piece.id for piece in decision.leading.evidence)
    return (decision.precedent.id,) if decision.precedent else ()


def step_keys(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Return the keys of all actions in the evidence: the records that `compose` asks for."""
    return tuple(dict.fromkeys(action.key for piece in evidence for action in extract_actions(piece)))


def _step_sources(
    situation: Situation, decision: VerdictDecision, evidence: Sequence[Evidence], thresholds: Thresholds
) -> list[Evidence]:
    """Return the evidence that steps may come from: that of the leading cause, then the runbooks for it."""
    leading = decision.leading
    if leading is None:
        return [decision.runbook] if decision.runbook else []
    matching = [
        piece for piece in leading.evidence if piece.score >= thresholds.similar or is_similar(piece, thresholds)
    ]
    return (matching or [leading.best]) + [piece for piece in evidence if _is_runbook_for(piece, leading, situation)]


def _is_runbook_for(evidence: Evidence, leading: Hypothesis, situation: Situation) -> bool:
    """Return whether a runbook is for the leading cause: by its own label, else by its title or its alert."""
    document = evidence.document
    if document is None:
        return False
    if label := document.labels.get("cause"):
        return normalize_label(label) == normalized_label(leading.best)
    about = set(extract_stems(leading.label or ""))
    return names_alert(document, situation) or (bool(about) and about <= set(extract_stems(document.title)))


def _to_alternatives(
    competing: Sequence[Hypothesis], leading: Hypothesis, situation: Situation
) -> tuple[Alternative, ...]:
    leading_observations = ObservationSet([leading])
    return tuple(
        Alternative(
            cause=cause.sentence or cause.name,
            evidence=tuple(piece.id for piece in cause.evidence),
            tell_apart=discriminating_observations(cause, leading_observations, situation),
        )
        for cause in competing
    )


def _describe_contradicted(
    evidence: Sequence[Evidence], contradicting: Mapping[str, str], thresholds: Thresholds
) -> str:
    """Describe evidence that matches well but was excluded because it contradicts the situation."""
    refused = next(
        (piece for piece in evidence if piece.id in contradicting and piece.score >= thresholds.similar), None
    )
    return (
        f"; {describe_evidence(refused)} looks similar ({refused.score:.2f}), but {contradicting[refused.id]}"
        if refused
        else ""
    )


def _never_seen_advice(
    situation: Situation,
    decision: VerdictDecision,
    refused: str,
    hypotheses: Sequence[Hypothesis],
    thresholds: Thresholds,
) -> Advice:
    near_misses = [cause for cause in hypotheses if cause.score >= NEAR_MISS_SHARE * thresholds.similar][
        :MAX_NEAR_MISSES
    ]
    discriminating = [
        observation
        for cause in near_misses
        for observation in discriminating_observations(
            cause, ObservationSet(rival for rival in near_misses if rival is not cause), situation
        )
    ]
    return Advice(
        verdict="never_seen",
        verdict_reason=decision.reason + refused,
        cause=None,
        tell_apart=tuple(discriminating),
    )
