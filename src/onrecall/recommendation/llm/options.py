"""What a model may choose from: causes with their steps, and the lines of evidence that it may cite. Nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from onrecall.domain.incident import (
    Alternative,
    Citation,
    Evidence,
    FailedStep,
    Incident,
    Recommendation,
    Situation,
    Step,
    TrackRecord,
)
from onrecall.recommendation.actions import extract_actions
from onrecall.recommendation.causes import Hypothesis, cited, rank
from onrecall.recommendation.fault_types import contradiction
from onrecall.recommendation.llm.prompt_injection import speaks_to_a_model, steers
from onrecall.recommendation.merged_actions import merge_actions
from onrecall.recommendation.steps import failed_before, select_steps
from onrecall.recommendation.verdict import Thresholds

LINES = 24
"""The most lines of one piece of evidence that are shown to a model."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause that the evidence speaks for, with the steps for it."""

    name: str
    """How a model calls it: C1, C2 …"""
    sentence: str | None
    label: str | None
    citation: Citation | None
    evidence: tuple[str, ...]
    steps: Mapping[str, Step] = field(default_factory=dict)
    """By the name a model calls them: S1, S2 …"""
    tried: tuple[FailedStep, ...] = ()
    alternative: Alternative | None = None
    """What it was in the answer without a model, where it was not the leading one."""


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


def options(
    answer: Recommendation,
    situation: Situation,
    records: Mapping[str, TrackRecord],
    thresholds: Thresholds,
    incident: Incident | None = None,
) -> Options:
    """What may be chosen in place of an answer that was made without a model, of the same evidence."""
    hypotheses = rank([one for one in answer.evidence if contradiction(situation, one) is None])
    causes = _causes(answer, situation, hypotheses, records, answer.as_of)
    evidence = {f"E{n}": one for n, one in enumerate(answer.evidence, start=1)}
    return Options(
        causes={cause.name: cause for cause in causes},
        lines=dict(line for name, one in evidence.items() for line in _receipts(name, one)),
        evidence=evidence,
        fields=_fields(situation, incident),
        situation=situation,
        addressed=bool(causes) and _addressed(causes[0]),
        conflict=_conflict(answer, hypotheses, thresholds) if len(causes) > 1 else None,
    )


def _causes(
    answer: Recommendation,
    situation: Situation,
    hypotheses: Sequence[Hypothesis],
    records: Mapping[str, TrackRecord],
    now: datetime,
) -> tuple[Cause, ...]:
    """The leading one as it was answered; others only where it was not sure that it had been seen before."""
    if answer.cause is None and not answer.steps:
        return ()
    ids = tuple(dict.fromkeys(step.citation.evidence_id for step in answer.steps))
    named = _named(answer.steps, 1)
    found = [
        Cause("C1", answer.cause, answer.cause_label, answer.cause_citation, ids, named, answer.tried_before),
    ]
    for other in answer.alternatives if answer.verdict == "similar" else ():
        same = next((one for one in hypotheses if tuple(each.id for each in one.evidence) == other.evidence), None)
        if same is None or same.sentence is None or steers(same.sentence):
            continue
        made = merge_actions([extract_actions(one) for one in same.evidence], (), (), records)
        first = 1 + sum(len(cause.steps) for cause in found)
        found.append(
            Cause(
                f"C{len(found) + 1}",
                same.sentence,
                same.label,
                cited(same.best) or same.citation,
                other.evidence,
                _named(select_steps(made, other.evidence, situation, now), first),
                failed_before(made, situation),
                other,
            )
        )
    return tuple(found)


def _addressed(cause: Cause) -> bool:
    told = [*(part for step in cause.steps.values() for part in (step.text, step.command or ""))]
    return steers(cause.sentence or "") or any(speaks_to_a_model(one) for one in told)


def _named(found: Sequence[Step], first: int) -> dict[str, Step]:
    return {f"S{n}": step for n, step in enumerate(found, start=first)}


def _conflict(answer: Recommendation, hypotheses: Sequence[Hypothesis], thresholds: Thresholds) -> str | None:
    """Whether another cause weighs nearly as much as the leading one."""
    if answer.cause is None or len(hypotheses) < 2:
        return None
    first, second = hypotheses[0], hypotheses[1]
    if second.weight < thresholds.contested * first.weight or second.score < thresholds.similar:
        return None
    return f"the evidence speaks for two causes ({first.best.id}, {second.best.id})"


def _receipts(name: str, evidence: Evidence) -> Iterator[tuple[str, Citation]]:
    """The lines that tell the cause and what was done: what an alert or a log said then may not be cited."""
    told = [cited(evidence), *(deed.citation for deed in extract_actions(evidence))]
    for citation in [one for one in told if one is not None and not speaks_to_a_model(one.quote)][:LINES]:
        yield f"{name}.{citation.line}", citation


def _fields(situation: Situation, incident: Incident | None) -> dict[str, str]:
    own = {
        "service": situation.service,
        "environment": incident.environment if incident else None,
        "incident": incident.id if incident else None,
        **{f"label {name}": value for name, value in situation.labels.items()},
    }
    return {name: value for name, value in own.items() if value}
