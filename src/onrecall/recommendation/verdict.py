"""The verdict: whether this was seen before, something like it, or never; by absolute scores and by agreement."""

from collections.abc import Sequence
from dataclasses import dataclass

from onrecall.domain.incident import Evidence, Situation, Verdict
from onrecall.recommendation.causes import Hypothesis, has_usable_resolution
from onrecall.recommendation.runbook import names_alert
from onrecall.recommendation.sanitize import sentence


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the verdict changes. The defaults are starting points; measured ones are passed in."""

    similar: float = 0.5
    """Match score from which evidence is about something like this; below it, it is a near miss."""
    known: float = 0.8
    """Match score from which it is the same."""
    contested: float = 0.7
    """Another cause that weighs at least this share of the first contests it: both are only similar."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict with its reason, and what the answer may rest on."""

    verdict: Verdict
    reason: str
    leading: Hypothesis | None = None
    runbook: Evidence | None = None


def judge(
    situation: Situation, evidence: Sequence[Evidence], hypotheses: Sequence[Hypothesis], thresholds: Thresholds
) -> Judgement:
    """What the evidence allows to say; first by causes, then by what was never resolved, then by documents."""
    leading = next((one for one in hypotheses if one.score >= thresholds.similar), None)
    if leading is not None:
        return _by_cause(leading, [one for one in hypotheses if one is not leading], evidence, thresholds)
    runbook = next((one for one in evidence if _is_runbook(one) and _serves(one, situation, thresholds)), None)
    if runbook and runbook.document and names_alert(runbook.document, situation):
        return Judgement("known", f"the runbook {named(runbook)} is for this very alert", runbook=runbook)
    seen = next((one for one in evidence if one.score >= thresholds.similar and not _is_runbook(one)), None)
    if seen is not None:
        return _by_unresolved(seen, runbook, thresholds)
    if runbook is not None:
        reason = f"no incident like this is on record; the runbook {named(runbook)} is about something like it"
        return Judgement("similar", reason, runbook=runbook)
    return Judgement("never_seen", never(evidence, thresholds))


def never(evidence: Sequence[Evidence], thresholds: Thresholds) -> str:
    """Why nothing counts as seen."""
    if not evidence:
        return "nothing like this was seen before"
    nearest = max(evidence, key=lambda one: one.score)
    return (
        f"nothing like this was seen before: the nearest, {named(nearest)}, matches {nearest.score:.2f}, "
        f"and it takes {thresholds.similar:.2f}"
    )


def named(evidence: Evidence) -> str:
    """The evidence by its id and title."""
    return f"{evidence.id} “{sentence(evidence.title, 100)}”"


def _by_cause(
    leading: Hypothesis, others: Sequence[Hypothesis], evidence: Sequence[Evidence], thresholds: Thresholds
) -> Judgement:
    best = max(leading.evidence, key=lambda one: one.score)
    more = sum(1 + len(one.family) for one in leading.evidence) - 1
    agree = f", and {more} more incident{'s' * (more > 1)} of the same cause" if more else ""
    match = f"{named(best)} matches {best.score:.2f}{agree}"
    if nearer := next((one for one in evidence if one.score > best.score and _unresolved(one)), None):
        match += f"; {named(nearer)} is nearer ({nearer.score:.2f}), but its resolution {_gap(nearer)}"
    rival = next((one for one in others if one.weight >= thresholds.contested * leading.weight), None)
    if best.score < thresholds.known:
        return Judgement("similar", f"like it, not the same: {match}", leading)
    if rival is not None:
        return Judgement(
            "similar", f"{match}, but {named(rival.best)} with another cause matches {rival.score:.2f}", leading
        )
    return Judgement("known", f"seen before: {match}", leading)


def _by_unresolved(seen: Evidence, runbook: Evidence | None, thresholds: Thresholds) -> Judgement:
    verdict: Verdict = "known" if seen.score >= thresholds.known and seen.kind == "incident" else "similar"
    if seen.kind == "document":
        reason = f"no resolved incident is like this; {named(seen)} tells of something like it ({seen.score:.2f})"
    else:
        reason = f"seen before as {named(seen)} ({seen.score:.2f}), whose resolution {_gap(seen)}"
    if runbook is not None:
        reason += f"; the steps are those of the runbook {named(runbook)}"
    return Judgement(verdict, reason, runbook=runbook)


def _unresolved(evidence: Evidence) -> bool:
    return evidence.kind == "incident" and not has_usable_resolution(evidence)


def _gap(evidence: Evidence) -> str:
    provenance = evidence.resolution.provenance if evidence.resolution else None
    if provenance == "suggested":
        return "was suggested and nobody confirmed it"
    return "was written by a model and does not count" if provenance == "model" else "is not on record"


def _is_runbook(evidence: Evidence) -> bool:
    return evidence.document is not None and evidence.document.kind == "runbook"


def _serves(evidence: Evidence, situation: Situation, thresholds: Thresholds) -> bool:
    assert evidence.document is not None
    return evidence.score >= thresholds.similar or names_alert(evidence.document, situation)
