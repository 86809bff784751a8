"""The verdict: whether this was seen before, something like it, or never; by absolute scores and by agreement."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from onrecall.domain.cause_label import is_about_cause
from onrecall.domain.count_noun import count_noun
from onrecall.domain.evidence import Evidence
from onrecall.domain.id_shape import looks_like_id
from onrecall.domain.recommendation import Confidence, Verdict
from onrecall.domain.situation import Situation
from onrecall.recommendation.causes import Hypothesis, has_usable_resolution
from onrecall.recommendation.language import detect_language
from onrecall.recommendation.other_subject import has_other_subject
from onrecall.recommendation.runbook import is_for_alert, names_alert
from onrecall.recommendation.sanitize import sentence
from onrecall.recommendation.text_similarity import normalize_label
from onrecall.recommendation.thresholds import Thresholds, show_threshold


@dataclass(frozen=True, slots=True)
class VerdictDecision:
    """The verdict with its reason, and what the answer may rest on."""

    verdict: Verdict
    reason: str
    leading: Hypothesis | None = None
    runbook: Evidence | None = None
    precedent: Evidence | None = None
    """What it rests on where no cause leads."""


def decide_verdict(
    situation: Situation,
    evidence: Sequence[Evidence],
    hypotheses: Sequence[Hypothesis],
    thresholds: Thresholds,
    own: Confidence | None = None,
) -> VerdictDecision:
    """Decide the verdict: by causes first, then by unresolved incidents, then by documents.

    `own` is what the own history says of this very answer; once it speaks, its probability decides what is known.
    """
    decision = _decide_by_evidence(situation, evidence, hypotheses, thresholds, own)
    if decision.verdict == "known":
        return decision
    return replace(decision, reason=decision.reason + _language_warning(situation, evidence))


def _decide_by_evidence(
    situation: Situation,
    evidence: Sequence[Evidence],
    hypotheses: Sequence[Hypothesis],
    thresholds: Thresholds,
    own: Confidence | None,
) -> VerdictDecision:
    unattributed = sum(piece.probability or 0.0 for piece in evidence if not has_usable_resolution(piece))
    leading = next((cause for cause in hypotheses if explains_situation(cause, thresholds, unattributed)), None)
    if leading is None:
        return _decide_without_cause(situation, evidence, thresholds, own)
    decision = _decide_by_leading(leading, situation, evidence, hypotheses, thresholds, own)
    chance, length = _cause_probability(leading, unattributed), question_length(leading.best.ranking)
    weak = _describe_weak_match(leading.score, chance, thresholds, length)
    return replace(decision, reason=decision.reason + weak)


def _decide_without_cause(
    situation: Situation, evidence: Sequence[Evidence], thresholds: Thresholds, own: Confidence | None
) -> VerdictDecision:
    """Decide by incidents whose cause is not on record, then by documents."""
    runbook = next((piece for piece in evidence if _is_applicable_runbook(piece, situation, thresholds)), None)
    if runbook and runbook.document and is_for_alert(runbook.document, situation):
        reason = f"the runbook {describe_evidence(runbook)} is written for this alert"
        return VerdictDecision("known", reason, runbook=runbook, precedent=runbook)
    unresolved = next((piece for piece in evidence if is_similar(piece, thresholds) and not _is_runbook(piece)), None)
    if unresolved is not None:
        is_other = has_other_subject(situation, unresolved, evidence)
        return _decide_by_unresolved(unresolved, runbook, thresholds, own, is_other=is_other)
    if runbook is not None:
        reason = f"no similar incident is on record; the runbook {describe_evidence(runbook)} covers something similar"
        weak = _describe_weak_piece(runbook, thresholds) if is_similar(runbook, thresholds) else ""
        return VerdictDecision("similar", reason + weak, runbook=runbook)
    return _call_never_seen(situation, evidence, thresholds)


def _call_never_seen(situation: Situation, evidence: Sequence[Evidence], thresholds: Thresholds) -> VerdictDecision:
    reason = never_seen_reason(evidence, thresholds)
    named = next((piece for piece in evidence if _is_named(piece, situation)), None)
    return VerdictDecision(
        "never_seen", f"the question names {describe_evidence(named)}; besides that, {reason}" if named else reason
    )


def _decide_by_leading(
    leading: Hypothesis,
    situation: Situation,
    evidence: Sequence[Evidence],
    hypotheses: Sequence[Hypothesis],
    thresholds: Thresholds,
    own: Confidence | None,
) -> VerdictDecision:
    is_named = any(_is_same_name(situation, piece) for piece in leading.evidence)
    is_other = has_other_subject(situation, _best_match(leading), evidence)
    probability = _backed_probability(leading, evidence)
    by_public = thresholds.knows(leading.score, probability, is_named=is_named) and not is_other
    sure = thresholds.knows(leading.score, own.probability) if own else by_public
    competing = [cause for cause in hypotheses if cause is not leading]
    decision = _decide_by_cause(leading, competing, evidence, thresholds, sure=sure or by_public, is_other=is_other)
    return _doubt(decision, own) if own and not sure else decision


def _is_named(evidence: Evidence, situation: Situation) -> bool:
    """Return whether the situation names evidence by its id or by its key in the tool it comes from."""
    keys = (evidence.id, evidence.incident.source_id if evidence.incident else None)
    return any(
        re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", situation.text, re.IGNORECASE)
        for key in keys
        if key and _KEY.fullmatch(key) and looks_like_id(key)
    )


_KEY = re.compile(r"(?=.*\d)[A-Za-z][\w#-]*")
"""A key that stands in a question as one word."""


def _is_same_name(situation: Situation, evidence: Evidence) -> bool:
    """Return whether an incident bears the very title of what is asked, and no other service."""
    if evidence.incident is None:
        return False
    title = normalize_label(situation.text.partition("\n")[0])
    services = {situation.service, evidence.incident.service} - {None}
    return bool(title) and title == normalize_label(evidence.title) and len(services) <= 1


def never_seen_reason(evidence: Sequence[Evidence], thresholds: Thresholds) -> str:
    """Return the reason for a `never_seen` verdict."""
    if not evidence:
        return "nothing like this was seen before"
    nearest = max(evidence, key=lambda piece: piece.score)
    others = [piece for piece in evidence if piece is not nearest]
    shortfall = _describe_shortfall(nearest, others, thresholds)
    return f"nothing like this was seen before: the nearest, {describe_evidence(nearest)}, matches {shortfall}"


def _describe_shortfall(nearest: Evidence, others: Sequence[Evidence], thresholds: Thresholds) -> str:
    """Return the match of the nearest evidence and what it lacks, by the rule that the verdict goes by."""
    score, probability, length = nearest.score, nearest.shared_probability, question_length(nearest.ranking)
    if probability is None or thresholds.needed_probability(score, length) is None:
        least = thresholds.similar if probability is None else thresholds.least_match(length)
        return f"{_show_match(score, least)}; at least {show_threshold(least)} is needed"
    match, chance = _show_match(score, thresholds.similar), thresholds.describe_probability(score, probability, length)
    if score < thresholds.similar:
        return f"{match}; {chance}"
    return f"{match}, but {_why_unsure(nearest, others, thresholds, 'about as well')}: {chance}"


def _show_match(score: float, limit: float) -> str:
    """Return a score with two digits, or as many as show that it is below a limit, if it is."""
    if score >= limit:
        return f"{score:.2f}"
    return next(text for digits in range(2, 17) if float(text := f"{score:.{digits}f}") < limit or digits == 16)


def _describe_weak_match(score: float, probability: float | None, thresholds: Thresholds, length: float) -> str:
    """Return why a match below the usual threshold is enough; nothing where it is not below."""
    if probability is None or score >= thresholds.similar:
        return ""
    return f"; {thresholds.describe_probability(score, probability, length)}"


def _describe_weak_piece(evidence: Evidence, thresholds: Thresholds) -> str:
    """Return why the weak match of similar evidence is enough."""
    length = question_length(evidence.ranking)
    return _describe_weak_match(evidence.score, evidence.shared_probability, thresholds, length)


def _why_unsure(best: Evidence, others: Sequence[Evidence], thresholds: Thresholds, how_well: str) -> str:
    """Return why the best match is not surely the right one: others come near it, or it says too little itself."""
    if any(piece.score >= thresholds.contested * best.score for piece in others):
        return f"other records match {how_well}"
    return "matches like this one are often wrong"


def is_similar(evidence: Evidence, thresholds: Thresholds) -> bool:
    """Return whether a piece of evidence is about something like this."""
    return thresholds.serves(evidence.score, evidence.shared_probability, question_length(evidence.ranking))


def explains_situation(hypothesis: Hypothesis, thresholds: Thresholds, unattributed: float = 0.0) -> bool:
    """Return whether a cause explains something like this.

    `unattributed` is the total probability of the evidence that names no cause.
    """
    probability = _cause_probability(hypothesis, unattributed)
    return thresholds.serves(hypothesis.score, probability, question_length(hypothesis.best.ranking))


def question_length(ranking: Mapping[str, float]) -> float:
    """Return how long the question was, by the numbers of its evidence; one of unknown length is not terse."""
    return ranking.get("length", 1.0)


def _language_warning(situation: Situation, evidence: Sequence[Evidence]) -> str:
    """Return a hint if question and evidence are in different languages: the shipped model knows English only."""
    query_language = detect_language(situation.text)
    evidence_languages = {detect_language(piece.excerpt.text) for piece in evidence if piece.excerpt} - {None}
    if query_language is None or query_language == "English" or query_language in evidence_languages:
        return ""
    return (
        f"; the question is in {query_language}: the shipped sentence model knows English only, so recall compares "
        "only words unless another model is in use; ask in English, too"
    )


def describe_evidence(evidence: Evidence) -> str:
    """Return the evidence's id and title."""
    return f"{evidence.id} “{sentence(evidence.title, 100)}”"


def _cause_probability(hypothesis: Hypothesis, unattributed: float) -> float | None:
    """Return the probability that it was seen before, if the cause is what it was.

    Evidence that names no cause does not speak against it, nor does what tells the same and names another one.
    """
    chance = hypothesis.probability
    if chance is None:
        return None
    return min(1.0, max(chance + unattributed, *(piece.shared_probability or 0.0 for piece in hypothesis.evidence)))


def _backed_probability(hypothesis: Hypothesis, evidence: Sequence[Evidence]) -> float | None:
    """Return the probability that an incident of the cause or a document about it is right.

    The confidence of the answer is the same number, so what counts as known is never shown as doubtful.
    """
    documents = sum(piece.probability or 0.0 for piece in evidence if is_about_cause(piece, hypothesis.label))
    return None if hypothesis.probability is None else min(1.0, hypothesis.probability + documents)


OTHER_SUBJECT = "the question has other words in place of some that are in all titles of what tells the same"


def _best_match(hypothesis: Hypothesis) -> Evidence:
    """Return the evidence for a cause that matches best."""
    return max(hypothesis.evidence, key=lambda piece: piece.score)


def _decide_by_cause(
    leading: Hypothesis,
    competing: Sequence[Hypothesis],
    evidence: Sequence[Evidence],
    thresholds: Thresholds,
    *,
    sure: bool,
    is_other: bool,
) -> VerdictDecision:
    best = _best_match(leading)
    match = _describe_match(leading, best, evidence, thresholds)
    rival = next((cause for cause in competing if cause.weight >= thresholds.contested * leading.weight), None)
    if not sure and best.score < thresholds.known:
        return VerdictDecision("similar", f"similar, not the same: {match}", leading)
    if rival is not None:
        return VerdictDecision(
            "similar",
            f"{match}, but {describe_evidence(rival.best)} with another cause matches {rival.score:.2f}",
            leading,
        )
    if not sure:
        of_cause = [*leading.evidence, *(piece for piece in evidence if is_about_cause(piece, leading.label))]
        others = [piece for piece in evidence if piece not in of_cause]
        doubt = OTHER_SUBJECT if is_other else _why_unsure(best, others, thresholds, "almost as well")
        return VerdictDecision("similar", f"similar, but {doubt}: {match}", leading)
    return VerdictDecision("known", f"seen before: {match}", leading)


def _describe_match(leading: Hypothesis, best: Evidence, evidence: Sequence[Evidence], thresholds: Thresholds) -> str:
    """Return what matches, how many more agree, and what matches better without a resolution."""
    more = sum(1 + len(piece.family) for piece in leading.evidence) - 1
    agree = f", and {more} more incident{'s' * (more > 1)} of the same cause" if more else ""
    match = f"{describe_evidence(best)} matches {_show_match(best.score, thresholds.similar)}{agree}"
    if nearer := next((piece for piece in evidence if piece.score > best.score and _is_unresolved(piece)), None):
        gap = _resolution_gap(nearer)
        match += f"; {describe_evidence(nearer)} matches better ({nearer.score:.2f}), but its resolution {gap}"
    return match


def _doubt(decision: VerdictDecision, own: Confidence) -> VerdictDecision:
    """Return a known answer as similar, because the own history says that such answers are often wrong."""
    if decision.verdict != "known":
        return decision
    reason = decision.reason.replace("seen before", "similar", 1)
    counts = f"answers like this one were right {own.right} of {count_noun(own.of, 'time')} here"
    return replace(decision, verdict="similar", reason=f"{reason}; not called known, because {counts}")


def _decide_by_unresolved(
    unresolved: Evidence,
    runbook: Evidence | None,
    thresholds: Thresholds,
    own: Confidence | None,
    *,
    is_other: bool,
) -> VerdictDecision:
    probability = own.probability if own else unresolved.shared_probability
    is_known = unresolved.kind == "incident" and thresholds.knows(unresolved.score, probability)
    is_known = is_known and not (is_other and own is None)
    verdict: Verdict = "known" if is_known else "similar"
    reason = _describe_unresolved(unresolved, thresholds, is_other=is_other and not is_known)
    reason += _describe_weak_piece(unresolved, thresholds)
    if runbook is not None:
        reason += f"; the steps are those of the runbook {describe_evidence(runbook)}"
    return VerdictDecision(verdict, reason, runbook=runbook, precedent=unresolved)


def _describe_unresolved(unresolved: Evidence, thresholds: Thresholds, *, is_other: bool) -> str:
    name, match = describe_evidence(unresolved), _show_match(unresolved.score, thresholds.similar)
    if unresolved.kind == "document":
        return f"no resolved incident is similar; {name} reports something similar ({match})"
    more = f" and {len(unresolved.near_duplicates)} more that tell the same" if unresolved.near_duplicates else ""
    seen = f"similar, but {OTHER_SUBJECT}:" if is_other else "seen before as"
    return f"{seen} {name}{more} ({match}), whose resolution {_resolution_gap(unresolved)}"


def _is_unresolved(evidence: Evidence) -> bool:
    return evidence.kind == "incident" and not has_usable_resolution(evidence)


def _resolution_gap(evidence: Evidence) -> str:
    provenance = evidence.resolution.provenance if evidence.resolution else None
    if provenance == "suggested":
        return "was suggested but not confirmed"
    return "was written by a model and does not count" if provenance == "model" else "is not on record"


def _is_runbook(evidence: Evidence) -> bool:
    return evidence.document is not None and evidence.document.kind == "runbook"


def _is_applicable_runbook(evidence: Evidence, situation: Situation, thresholds: Thresholds) -> bool:
    if evidence.document is None or not _is_runbook(evidence):
        return False
    return is_similar(evidence, thresholds) or names_alert(evidence.document, situation)
