"""Describe the evidence for an answer in eleven numbers, the inputs of the confidence model."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from onrecall.domain.evidence import Evidence
from onrecall.domain.recommendation import Advice, Recommendation

MAX_LOG_AGE = math.log1p(3650)
"""An age of ten years or more counts as 1."""
MAX_LOG_SUPPORT = math.log1p(20)
"""Twenty incidents or more of the same cause count as 1."""
UNKNOWN = 0.5
MAX_LOG_ODDS_GAP = 10.0
"""A difference of so much in log odds counts as 1."""
MIN_PROBABILITY = 0.01
"""Clip match scores to this distance from 0 and 1, where log odds are infinite."""

DESCRIPTIONS: Mapping[str, str] = {
    "match": "match score of the best evidence",
    "margin": "match of the best evidence for the named cause, minus that of the best evidence for any other cause",
    "agreement": "share of the squared match scores that belongs to evidence for the named cause",
    "signals": "share of the signals (words, meaning, …) that rank evidence for the named cause first",
    "support": "number of resolved incidents for the named cause, family members included (log scale, 20 is 1)",
    "resolved": "share of the evidence with a resolution from a person or an import",
    "age": "age of the best evidence for the named cause (log of days, 10 years is 1); 0.5 if it has no date",
    "track": "how often advice based on this evidence helped, shrunk towards 0.5 while outcomes are few",
    "apart": "log odds of the best match, minus those of the mean match of evidence for other causes (10 is 1)",
    "letters": "share of its match that the best evidence owes to spelling, minus the mean share of the others",
    "service": "1 if the best evidence for the named cause is of the same service, 0 if of another, 0.5 if unknown",
}
FEATURE_NAMES = tuple(DESCRIPTIONS)
PUBLIC = "public"
"""Stored beside them: the probability of the shipped prior that the answer is right, if the evidence allows one."""
LOWER_BOUNDS: Mapping[str, float] = {"margin": -1.0, "letters": -1.0}
"""All are 0..1 but these."""


def extract_features(
    evidence: Sequence[Evidence], advice: Advice, as_of: datetime, service: str | None = None
) -> dict[str, float]:
    """The features of an answer, from the evidence (best first) and what was advised on it; never a NaN."""
    if not evidence:
        return {**dict.fromkeys(FEATURE_NAMES, 0.0), "age": UNKNOWN, "track": UNKNOWN, "service": UNKNOWN}
    supporting = supporting_evidence(evidence, advice)
    opposing = [item for item in evidence if item not in supporting]
    best = max(supporting, key=lambda item: item.score)
    first = max(evidence, key=lambda item: item.score)
    values = {
        "match": first.score,
        "margin": best.score - max((item.score for item in opposing), default=0.0),
        "agreement": _share(_sum_of_squares(supporting), _sum_of_squares(evidence)),
        "signals": _signal_agreement(evidence, supporting),
        "support": math.log1p(sum(1 + len(item.family) for item in supporting if _is_confirmed(item)))
        / MAX_LOG_SUPPORT,
        "resolved": _share(sum(map(_is_confirmed, evidence)), len(evidence)),
        "age": _log_age(best, as_of),
        "track": _success_rate(supporting),
        "apart": _margin_over_rest(first, evidence),
        "letters": _spelling_margin(first, evidence),
        "service": _service_match(best, service),
    }
    return {name: _clamp(values[name], LOWER_BOUNDS.get(name, 0.0)) for name in FEATURE_NAMES}


def supporting_evidence(evidence: Sequence[Evidence], advice: Advice | Recommendation) -> list[Evidence]:
    """Return the evidence for the named cause; if there is none, the best piece of evidence alone."""
    supports = _has_label(advice.cause_label) if advice.cause_label else _has_root_cause(advice.cause)
    cited = advice.cause_citation.evidence_id if advice.cause_citation else None
    supporting = [item for item in evidence if item.id == cited or (_is_confirmed(item) and supports(item))]
    return supporting or [max(evidence, key=lambda item: item.score)]


def _has_label(label: str) -> Callable[[Evidence], bool]:
    normalized = _normalize(label)
    return lambda item: bool(
        item.resolution and item.resolution.cause and _normalize(item.resolution.cause) == normalized
    )


def _has_root_cause(cause: str | None) -> Callable[[Evidence], bool]:
    normalized = _normalize(cause or "")
    return lambda item: bool(
        normalized and item.resolution and _normalize(item.resolution.root_cause).startswith(normalized)
    )


def _normalize(text: str) -> str:
    """A label or sentence without case, blanks, punctuation and the mark of a cut."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _is_confirmed(evidence: Evidence) -> bool:
    return evidence.resolution is not None and evidence.resolution.confirmed


def _sum_of_squares(evidence: Sequence[Evidence]) -> float:
    return sum(item.score * item.score for item in evidence)


def _signal_agreement(evidence: Sequence[Evidence], supporting: Sequence[Evidence]) -> float:
    names = sorted({name for item in evidence for name, value in item.signals.items() if value > 0})
    firsts = [max(evidence, key=lambda item: (item.signals.get(name, 0.0), item.score)) for name in names]
    return _share(sum(first in supporting for first in firsts), len(firsts))


def _log_age(evidence: Evidence, as_of: datetime) -> float:
    dated = (
        evidence.document.dated if evidence.document else evidence.incident.started_at if evidence.incident else None
    )
    if dated is None:
        return UNKNOWN
    return math.log1p(max(0.0, (as_of - dated).total_seconds() / 86_400)) / MAX_LOG_AGE


def _success_rate(evidence: Sequence[Evidence]) -> float:
    worked = sum(item.record.worked for item in evidence)
    failed = sum(item.record.failed for item in evidence)
    return (worked + 1) / (worked + failed + 2)


def _margin_over_rest(first: Evidence, evidence: Sequence[Evidence]) -> float:
    """Return how far the best match stands out; if all matches are similar, a high one means little."""
    others = [item for item in evidence if item is not first and item.id not in first.near_duplicates]
    other_scores = [item.score for item in others if not _same_cause(item, first)]
    return (
        _log_odds(first.score) - _log_odds(sum(other_scores) / len(other_scores) if other_scores else 0.0)
    ) / MAX_LOG_ODDS_GAP


def _same_cause(first: Evidence, second: Evidence) -> bool:
    if not (_is_confirmed(first) and _is_confirmed(second)):
        return False
    first_resolution, second_resolution = first.resolution, second.resolution
    if first_resolution is None or second_resolution is None:
        return False
    if first_resolution.cause and second_resolution.cause:
        return _normalize(first_resolution.cause) == _normalize(second_resolution.cause)
    return _normalize(first_resolution.root_cause) == _normalize(second_resolution.root_cause)


def _log_odds(score: float) -> float:
    bounded = min(1 - MIN_PROBABILITY, max(MIN_PROBABILITY, score)) if math.isfinite(score) else MIN_PROBABILITY
    return math.log(bounded / (1 - bounded))


def _spelling_margin(first: Evidence, evidence: Sequence[Evidence]) -> float:
    other_scores = [item.signals.get("characters", 0.0) for item in evidence if item is not first]
    return first.signals.get("characters", 0.0) - (sum(other_scores) / len(other_scores) if other_scores else 0.0)


def _service_match(evidence: Evidence, service: str | None) -> float:
    record = evidence.incident or evidence.document
    if not service or record is None or not record.service:
        return UNKNOWN
    return float(_normalize(record.service) == _normalize(service))


def _share(part: float, total: float) -> float:
    return part / total if total else 0.0


def _clamp(value: float, low: float) -> float:
    """Within its bounds whatever comes in; what is no number counts as nothing."""
    return min(1.0, max(low, value)) if math.isfinite(value) else 0.0
