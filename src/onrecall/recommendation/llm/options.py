"""What a model may choose from: causes with their steps, and the lines of evidence that it may cite. Nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from onrecall.domain.evidence import Citation, Evidence, TrackRecord
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Alternative, FailedStep, Recommendation, Step
from onrecall.domain.situation import Situation
from onrecall.recommendation.actions import extract_actions
from onrecall.recommendation.causes import Hypothesis, cite_cause, rank_causes
from onrecall.recommendation.fault_types import find_contradiction
from onrecall.recommendation.llm.prompt_injection import addresses_model, gives_instructions
from onrecall.recommendation.merged_actions import merge_actions
from onrecall.recommendation.steps import failed_before, select_steps
from onrecall.recommendation.thresholds import Thresholds

MAX_LINES = 24
"""The most lines of one piece of evidence that are shown to a model."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause that the evidence speaks for, with the steps for it."""

    name: str
    """The name the model uses for it: C1, C2 …"""
    sentence: str | None
    label: str | None
    citation: Citation | None
    evidence: tuple[str, ...]
    steps: Mapping[str, Step] = field(default_factory=dict)
    """By the name a model calls them: S1, S2 …"""
    tried: tuple[FailedStep, ...] = ()
    alternative: Alternative | None = None
    """The alternative it was in the answer without a model; None for the leading cause."""


@dataclass(frozen=True, slots=True)
class Options:
    """All that a model is given, besides what is going on."""

    causes: Mapping[str, Cause]
    lines: Mapping[str, Citation]
    """What may be cited, by the name a model calls it: E1.12 is line 12 of the first evidence."""
    evidence: Mapping[str, Evidence]
    """By E1, E2 …"""
    fields: Mapping[str, str]
    """The incident's own values, which alone may fill a placeholder."""
    situation: Situation
    addressed: bool = False
    """Whether the cause or its steps speak to a model: then none is asked."""
    conflict: str | None = None
    """Why the evidence speaks for several causes, where it does."""

    @property
    def steps(self) -> dict[str, tuple[Cause, Step]]:
        """Every step with the cause it is for."""
        return {name: (cause, step) for cause in self.causes.values() for name, step in cause.steps.items()}


def build_options(
    answer: Recommendation,
    situation: Situation,
    records: Mapping[str, TrackRecord],
    thresholds: Thresholds,
    incident: Incident | None = None,
) -> Options:
    """Build what a model may choose from to refine an answer, from the same evidence."""
    hypotheses = rank_causes([piece for piece in answer.evidence if find_contradiction(situation, piece) is None])
    causes = _offered_causes(answer, situation, hypotheses, records, answer.as_of)
    evidence = {f"E{n}": piece for n, piece in enumerate(answer.evidence, start=1)}
    return Options(
        causes={cause.name: cause for cause in causes},
        lines=dict(line for name, piece in evidence.items() for line in _citable_lines(name, piece)),
        evidence=evidence,
        fields=_incident_fields(situation, incident),
        situation=situation,
        addressed=bool(causes) and _addresses_model(causes[0]),
        conflict=_find_conflict(answer, hypotheses, thresholds) if len(causes) > 1 else None,
    )


def _offered_causes(
    answer: Recommendation,
    situation: Situation,
    hypotheses: Sequence[Hypothesis],
    records: Mapping[str, TrackRecord],
    now: datetime,
) -> tuple[Cause, ...]:
    """Return the leading cause as answered; alternatives only if the verdict is `similar`."""
    if answer.cause is None and not answer.steps:
        return ()
    ids = tuple(dict.fromkeys(step.citation.evidence_id for step in answer.steps))
    steps = _name_steps(answer.steps, 1)
    causes = [
        Cause("C1", answer.cause, answer.cause_label, answer.cause_citation, ids, steps, answer.tried_before),
    ]
    by_evidence = {tuple(piece.id for piece in hypothesis.evidence): hypothesis for hypothesis in reversed(hypotheses)}
    for alternative in answer.alternatives if answer.verdict == "similar" else ():
        hypothesis = by_evidence.get(alternative.evidence)
        if hypothesis is None or hypothesis.sentence is None or gives_instructions(hypothesis.sentence):
            continue
        merged = merge_actions([extract_actions(piece) for piece in hypothesis.evidence], (), (), records)
        first = 1 + sum(len(cause.steps) for cause in causes)
        steps = _name_steps(select_steps(merged, alternative.evidence, situation, now), first)
        failed = failed_before(merged, situation)
        causes.append(_alternative_cause(f"C{len(causes) + 1}", hypothesis, alternative, steps, failed))
    return tuple(causes)


def _alternative_cause(
    name: str,
    hypothesis: Hypothesis,
    alternative: Alternative,
    steps: Mapping[str, Step],
    failed: tuple[FailedStep, ...],
) -> Cause:
    place = cite_cause(hypothesis.best) or hypothesis.citation
    return Cause(name, hypothesis.sentence, hypothesis.label, place, alternative.evidence, steps, failed, alternative)


def _addresses_model(cause: Cause) -> bool:
    texts = [*(part for step in cause.steps.values() for part in (step.text, step.command or ""))]
    return gives_instructions(cause.sentence or "") or any(addresses_model(text) for text in texts)


def _name_steps(steps: Sequence[Step], first: int) -> dict[str, Step]:
    return {f"S{n}": step for n, step in enumerate(steps, start=first)}


def _find_conflict(answer: Recommendation, hypotheses: Sequence[Hypothesis], thresholds: Thresholds) -> str | None:
    """Whether another cause weighs nearly as much as the leading one."""
    if answer.cause is None or len(hypotheses) < 2:
        return None
    first, second = hypotheses[0], hypotheses[1]
    if second.weight < thresholds.contested * first.weight or second.score < thresholds.similar:
        return None
    return f"the evidence supports two causes ({first.best.id}, {second.best.id})"


def _citable_lines(name: str, evidence: Evidence) -> Iterator[tuple[str, Citation]]:
    """Yield the lines that state the cause and what was done; what an alert or a log said may not be cited."""
    citations = [cite_cause(evidence), *(action.citation for action in extract_actions(evidence))]
    for citation in [
        candidate for candidate in citations if candidate is not None and not addresses_model(candidate.quote)
    ][:MAX_LINES]:
        yield f"{name}.{citation.line}", citation


def _incident_fields(situation: Situation, incident: Incident | None) -> dict[str, str]:
    own = {
        "service": situation.service,
        "environment": incident.environment if incident else None,
        "incident": incident.id if incident else None,
        **{f"label {name}": value for name, value in situation.labels.items()},
    }
    return {name: value for name, value in own.items() if value}
