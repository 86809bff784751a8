"""The extractive composer: from evidence to advice without any model, and where each word of it comes from."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from onrecall.domain.incident import Advice, Alternative, Evidence, Situation, TrackRecord
from onrecall.recommendation.actions import extract_actions
from onrecall.recommendation.causes import Hypothesis, label_of, rank
from onrecall.recommendation.discriminators import ObservationSet, tell_apart
from onrecall.recommendation.fault_types import contradiction
from onrecall.recommendation.merged_actions import merge_actions
from onrecall.recommendation.newest_word import contradictions, newest_word_first
from onrecall.recommendation.runbook import names_alert
from onrecall.recommendation.steps import failed_before, select_steps
from onrecall.recommendation.text_similarity import squash, words
from onrecall.recommendation.verdict import Thresholds, VerdictDecision, holds, judge, named, serves

ALTERNATIVES = 3
NEAREST = 3
"""Near misses between which a never-seen situation is told apart."""
FAR = 0.5
"""Below this share of the score that makes it similar, evidence is not even a near miss."""


def compose(
    situation: Situation,
    evidence: Sequence[Evidence],
    records: Mapping[str, TrackRecord],
    now: datetime,
    thresholds: Thresholds = Thresholds(),  # noqa: B008 (frozen)
) -> Advice:
    """Return what the evidence, best first, says about the situation.

    Every step is cited and belongs to the leading cause. Where a later incident, which matches about as well, reports
    that the leading cause's fix failed, the cause of that incident leads.
    """
    against = {piece.id: why for piece in evidence if (why := contradiction(situation, piece))}
    fitting = [piece for piece in evidence if piece.id not in against]
    actions = {piece.id: extract_actions(piece) for piece in evidence}
    hypotheses = newest_word_first(rank(fitting), actions, thresholds)
    judgement = judge(situation, fitting, hypotheses, thresholds)
    if judgement.verdict == "never_seen":
        return _never_seen(situation, judgement, _refused(evidence, against, thresholds), hypotheses, thresholds)
    leading = judgement.leading
    others = [cause for cause in hypotheses if cause is not leading and holds(cause, thresholds)]
    sources = _sources(situation, judgement, fitting, thresholds)
    used = {source.id for source in sources}
    merged = merge_actions(
        [actions[source.id] for source in sources],
        [action for piece in evidence if piece.id not in used for action in actions[piece.id]],
        contradictions(leading, others, actions, thresholds) if leading else (),
        records,
    )
    return Advice(
        verdict=judgement.verdict,
        verdict_reason=judgement.reason,
        cause=leading.sentence if leading else None,
        cause_label=leading.label if leading else None,
        cause_citation=leading.citation if leading else None,
        steps=select_steps(merged, [source.id for source in sources], situation, now),
        tried_before=failed_before(merged, situation),
        alternatives=_alternatives(others[:ALTERNATIVES], leading, situation) if leading and others else (),
    )


def step_keys(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Return the keys of all actions in the evidence: the records that `compose` asks for."""
    return tuple(dict.fromkeys(action.key for piece in evidence for action in extract_actions(piece)))


def _sources(
    situation: Situation, judgement: VerdictDecision, evidence: Sequence[Evidence], thresholds: Thresholds
) -> list[Evidence]:
    """The evidence that steps may come from: of the leading cause alone, then the runbooks for it."""
    leading = judgement.leading
    if leading is None:
        return [judgement.runbook] if judgement.runbook else []
    matching = [one for one in leading.evidence if one.score >= thresholds.similar or serves(one, thresholds)]
    return (matching or [leading.best]) + [one for one in evidence if _fits(one, leading, situation)]


def _fits(evidence: Evidence, leading: Hypothesis, situation: Situation) -> bool:
    """Whether a runbook is for the leading cause: by its own label, else by its title or its alert."""
    document = evidence.document
    if document is None:
        return False
    if label := document.labels.get("cause"):
        return squash(label) == label_of(leading.best)
    about = set(words(leading.label or ""))
    return names_alert(document, situation) or (bool(about) and about <= set(words(document.title)))


def _alternatives(others: Sequence[Hypothesis], leading: Hypothesis, situation: Situation) -> tuple[Alternative, ...]:
    theirs = ObservationSet([leading])
    return tuple(
        Alternative(
            cause=one.sentence or one.name,
            evidence=tuple(piece.id for piece in one.evidence),
            tell_apart=tell_apart(one, theirs, situation),
        )
        for one in others
    )


def _refused(evidence: Sequence[Evidence], against: Mapping[str, str], thresholds: Thresholds) -> str:
    """A sentence on evidence that looks alike and was refused nevertheless."""
    refused = next((one for one in evidence if one.id in against and one.score >= thresholds.similar), None)
    return f"; {named(refused)} looks alike ({refused.score:.2f}), but {against[refused.id]}" if refused else ""


def _never_seen(
    situation: Situation,
    judgement: VerdictDecision,
    refused: str,
    hypotheses: Sequence[Hypothesis],
    thresholds: Thresholds,
) -> Advice:
    near = [one for one in hypotheses if one.score >= FAR * thresholds.similar][:NEAREST]
    apart = [
        said
        for one in near
        for said in tell_apart(one, ObservationSet(rival for rival in near if rival is not one), situation)
    ]
    return Advice(
        verdict="never_seen",
        verdict_reason=judgement.reason + refused,
        cause=None,
        tell_apart=tuple(apart),
    )
