"""The last stage of an answer: what was found and what it means become a recommendation with id, times and digest."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from onrecall.domain.evidence import Evidence, Ongoing, ServiceIncident, TrackRecord
from onrecall.domain.recommendation import (
    Advice,
    Confidence,
    DiagnosticCheck,
    Latency,
    NearestRates,
    Recommendation,
)
from onrecall.domain.situation import Situation


@dataclass(frozen=True, slots=True)
class Findings:
    """What recall found for a situation."""

    evidence: tuple[Evidence, ...]
    ongoing: tuple[Ongoing, ...]
    suggestions: tuple[Evidence, ...]
    limitation: str | None
    """Why the whole index could not be used; None: it was."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the evidence says about a situation, how sure that is, and what stands beside it."""

    advice: Advice
    features: Mapping[str, float]
    confidence: Confidence | None
    confidence_reason: str | None
    step_records: Mapping[str, TrackRecord]
    """How often each step in the evidence helped."""
    checks: tuple[DiagnosticCheck, ...] = ()
    nearest_rates: NearestRates | None = None
    service_incidents: tuple[ServiceIncident, ...] = ()


class Stopwatch:
    """Measures the stages of an answer."""

    def __init__(self) -> None:
        """Start."""
        self._marks = [time.perf_counter()]

    def mark(self) -> None:
        """Note that a stage is over: recall at first, then composing."""
        self._marks.append(time.perf_counter())

    def latency(self) -> Latency:
        """Return what both stages took, and everything until now, in milliseconds."""
        started, recalled, composed = self._marks
        ends = ((started, recalled), (recalled, composed), (started, time.perf_counter()))
        return Latency(*(round((end - start) * 1000, 2) for start, end in ends))


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an answer is given for, and when."""

    incident: str | None
    now: datetime
    watch: Stopwatch


def assemble(situation: Situation, findings: Findings, judgement: Judgement, occasion: Occasion) -> Recommendation:
    """Return the recommendation; its id follows from the incident and from all that the answer depends on."""
    digest = digest_inputs(situation, findings, judgement)
    stated = Recommendation(
        id=f"rec-{hashlib.sha256(f'{occasion.incident}|{digest}'.encode()).hexdigest()[:16]}",
        incident=occasion.incident,
        verdict=judgement.advice.verdict,
        verdict_reason="; ".join(filter(None, (judgement.advice.verdict_reason, findings.limitation))),
        cause=judgement.advice.cause,
        confidence=judgement.confidence,
        confidence_reason=judgement.confidence_reason,
        evidence=findings.evidence,
        latency_ms=occasion.watch.latency(),
        created_at=occasion.now,
        as_of=situation.as_of or occasion.now,
        inputs_hash=digest,
    )
    return _add_context(_add_advice(stated, judgement.advice), findings, judgement)


def _add_advice(stated: Recommendation, advice: Advice) -> Recommendation:
    return replace(
        stated,
        cause_label=advice.cause_label,
        cause_citation=advice.cause_citation,
        steps=advice.steps,
        tried_before=advice.tried_before,
        alternatives=advice.alternatives,
        tell_apart=advice.tell_apart,
    )


def _add_context(stated: Recommendation, findings: Findings, judgement: Judgement) -> Recommendation:
    return replace(
        stated,
        degraded=findings.limitation,
        features=judgement.features,
        checks=judgement.checks,
        ongoing=findings.ongoing,
        suggestions=findings.suggestions,
        nearest_rates=judgement.nearest_rates,
        service_incidents=judgement.service_incidents,
    )


def digest_inputs(situation: Situation, findings: Findings, judgement: Judgement) -> str:
    """Hash everything the answer depends on except the clock, and the ids that are shown beside it."""
    context = (situation.text, situation.service, sorted(situation.labels.items()), situation.only, situation.as_of)
    beside = list(_describe_context(findings, judgement))
    inputs = {
        "situation": repr(context),
        "evidence": [
            (
                item.id,
                round(item.score, 6),
                repr(item.resolution),
                repr(item.document or item.report),
                repr(item.record),
            )
            for item in findings.evidence
        ],
        "records": repr(judgement.step_records),
        **({"beside": beside} if beside else {}),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _describe_context(findings: Findings, judgement: Judgement) -> Iterator[str]:
    yield from (f"{item.id} {item.status}" for item in findings.ongoing)
    yield from (item.id for item in findings.suggestions)
    if findings.limitation:
        yield "degraded"
    yield from (check.reason for check in judgement.checks)
    yield from (f"{other.id} {other.status}" for other in judgement.service_incidents)
    if judgement.nearest_rates:
        yield repr(judgement.nearest_rates)
