"""The extractive composer: from evidence to advice without any model, and where each word of it comes from."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from onrecall.domain.incident import Advice, Alternative, Evidence, Record, Situation
from onrecall.recommendation.actions import EvidenceAction, extract_actions
from onrecall.recommendation.causes import SCORE_TEMPERATURE, Hypothesis, label_of, rank
from onrecall.recommendation.discriminators import Seen, tell_apart
from onrecall.recommendation.fault_types import contradiction
from onrecall.recommendation.merged_actions import LONG_AGO, last_reports, merge_actions
from onrecall.recommendation.runbook import names_alert
from onrecall.recommendation.steps import failed_before, select_steps
from onrecall.recommendation.text_similarity import squash, words
from onrecall.recommendation.verdict import Judgement, Thresholds, judge, named

ALTERNATIVES = 3
NEAREST = 3
"""Near misses between which a never-seen situation is told apart."""
FAR = 0.5
"""Below this share of the score that makes it similar, evidence is not even a near miss."""


def compose(
    situation: Situation,
    evidence: Sequence[Evidence],
    records: Mapping[str, Record],
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
    hypotheses = _newest_word_first(rank(fitting), actions, thresholds)
    judgement = judge(situation, fitting, hypotheses, thresholds)
    if judgement.verdict == "never_seen":
        return _never_seen(situation, judgement, _refused(evidence, against, thresholds), hypotheses, thresholds)
    leading = judgement.leading
    others = [cause for cause in hypotheses if cause is not leading and cause.score >= thresholds.similar]
    sources = _sources(situation, judgement, fitting, thresholds)
    used = {source.id for source in sources}
    merged = merge_actions(
        [actions[source.id] for source in sources],
        [action for piece in evidence if piece.id not in used for action in actions[piece.id]],
        _contradictions(leading, others, actions, thresholds) if leading else (),
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


_Actions = Mapping[str, Sequence[EvidenceAction]]


def _newest_word_first(
    hypotheses: Sequence[Hypothesis], actions: _Actions, thresholds: Thresholds
) -> tuple[Hypothesis, ...]:
    """The causes in their order, but one whose incident refutes the fix of the leading one comes before it."""
    order = list(hypotheses)
    for _ in hypotheses:
        leading = next((cause for cause in order if cause.score >= thresholds.similar), None)
        if leading is None:
            break
        later = _refuting(leading, [cause for cause in order if cause is not leading], actions, thresholds)
        if later is None:
            break
        order.remove(later)
        order.insert(0, later)
    return tuple(order)


def _refuting(
    leading: Hypothesis, others: Sequence[Hypothesis], actions: _Actions, thresholds: Thresholds
) -> Hypothesis | None:
    """The cause of the newest incident that reports a failure of what the leading cause would have done, and a fix."""
    merged = merge_actions(
        [actions[piece.id] for piece in leading.evidence if piece.score >= thresholds.similar],
        (),
        _contradictions(leading, others, actions, thresholds),
        {},
    )
    found = [(action.latest_failure, action.contradictions) for action in merged]
    failures = [failure for failure, against in found if failure is not None and failure in against]
    newest = max(failures, key=lambda failure: failure.at or LONG_AGO, default=None)
    if newest is None:
        return None
    reporting = (cause for cause in others if any(piece.id == newest.source.id for piece in cause.evidence))
    return next((cause for cause in reporting if _fixes(cause, actions)), None)


def _fixes(cause: Hypothesis, actions: _Actions) -> bool:
    return any(action.outcome == "worked" for piece in cause.evidence for action in actions[piece.id])


def _contradictions(
    leading: Hypothesis, others: Sequence[Hypothesis], actions: _Actions, thresholds: Thresholds
) -> list[EvidenceAction]:
    """The failures that incidents of other causes report, if they match about as well as the leading cause."""
    enough = max(thresholds.similar, leading.score - SCORE_TEMPERATURE)
    near = [piece for cause in others for piece in cause.evidence if piece.score >= enough]
    return [action for piece in near for action in last_reports(actions[piece.id]) if action.failed]


def _sources(
    situation: Situation, judgement: Judgement, evidence: Sequence[Evidence], thresholds: Thresholds
) -> list[Evidence]:
    """The evidence that steps may come from: of the leading cause alone, then the runbooks for it."""
    leading = judgement.leading
    if leading is None:
        return [judgement.runbook] if judgement.runbook else []
    matching = [one for one in leading.evidence if one.score >= thresholds.similar]
    return matching + [one for one in evidence if _fits(one, leading, situation)]


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
    theirs = Seen([leading])
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
    situation: Situation, judgement: Judgement, refused: str, hypotheses: Sequence[Hypothesis], thresholds: Thresholds
) -> Advice:
    near = [one for one in hypotheses if one.score >= FAR * thresholds.similar][:NEAREST]
    apart = [
        said for one in near for said in tell_apart(one, Seen(rival for rival in near if rival is not one), situation)
    ]
    return Advice(
        verdict="never_seen",
        verdict_reason=judgement.reason + refused,
        cause=None,
        tell_apart=tuple(apart),
    )
