"""What the evidence for an answer looks like in eleven numbers: what confidence is measured on."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from onrecall.domain.incident import Advice, Evidence, Recommendation

OLD = math.log1p(3650)
"""An age of ten years or more counts as 1."""
MANY = math.log1p(20)
"""Twenty incidents or more of the same cause count as 1."""
UNKNOWN = 0.5
FAR_APART = 10.0
"""A difference of so much in log odds counts as 1."""
SURE = 0.01
"""Match scores count as no nearer than this to 0 and 1, where odds have no end."""

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
NAMES = tuple(DESCRIPTIONS)
LOWEST: Mapping[str, float] = {"margin": -1.0, "letters": -1.0}
"""All are 0..1 but these."""


def of(evidence: Sequence[Evidence], advice: Advice, as_of: datetime, service: str | None = None) -> dict[str, float]:
    """The features of an answer, from the evidence (best first) and what was advised on it; never a NaN."""
    if not evidence:
        return {**dict.fromkeys(NAMES, 0.0), "age": UNKNOWN, "track": UNKNOWN, "service": UNKNOWN}
    mine = speaking_for(evidence, advice)
    others = [one for one in evidence if one not in mine]
    best = max(mine, key=lambda one: one.score)
    first = max(evidence, key=lambda one: one.score)
    values = {
        "match": first.score,
        "margin": best.score - max((one.score for one in others), default=0.0),
        "agreement": _share(_squares(mine), _squares(evidence)),
        "signals": _signals(evidence, mine),
        "support": math.log1p(sum(1 + len(one.family) for one in mine if _stood_for(one))) / MANY,
        "resolved": _share(sum(map(_stood_for, evidence)), len(evidence)),
        "age": _age(best, as_of),
        "track": _track(mine),
        "apart": _apart(first, evidence),
        "letters": _letters_ahead(first, evidence),
        "service": _service(best, service),
    }
    return {name: _bounded(values[name], LOWEST.get(name, 0.0)) for name in NAMES}


def speaking_for(evidence: Sequence[Evidence], advice: Advice | Recommendation) -> list[Evidence]:
    """The evidence for the cause that was named; where none was, the best alone."""
    same = _same_label(advice.cause_label) if advice.cause_label else _same_sentence(advice.cause)
    cited = advice.cause_citation.evidence_id if advice.cause_citation else None
    found = [one for one in evidence if one.id == cited or (_stood_for(one) and same(one))]
    return found or [max(evidence, key=lambda one: one.score)]


def _same_label(label: str) -> Callable[[Evidence], bool]:
    wanted = _letters(label)
    return lambda one: bool(one.resolution and one.resolution.cause and _letters(one.resolution.cause) == wanted)


def _same_sentence(cause: str | None) -> Callable[[Evidence], bool]:
    wanted = _letters(cause or "")
    return lambda one: bool(wanted and one.resolution and _letters(one.resolution.root_cause).startswith(wanted))


def _letters(text: str) -> str:
    """A label or sentence without case, blanks, punctuation and the mark of a cut."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _stood_for(evidence: Evidence) -> bool:
    return evidence.resolution is not None and evidence.resolution.confirmed


def _squares(evidence: Sequence[Evidence]) -> float:
    return sum(one.score * one.score for one in evidence)


def _signals(evidence: Sequence[Evidence], mine: Sequence[Evidence]) -> float:
    names = sorted({name for one in evidence for name, value in one.signals.items() if value > 0})
    firsts = [max(evidence, key=lambda one: (one.signals.get(name, 0.0), one.score)) for name in names]
    return _share(sum(first in mine for first in firsts), len(firsts))


def _age(evidence: Evidence, as_of: datetime) -> float:
    dated = (
        evidence.document.dated if evidence.document else evidence.incident.started_at if evidence.incident else None
    )
    if dated is None:
        return UNKNOWN
    return math.log1p(max(0.0, (as_of - dated).total_seconds() / 86_400)) / OLD


def _track(evidence: Sequence[Evidence]) -> float:
    worked = sum(one.record.worked for one in evidence)
    failed = sum(one.record.failed for one in evidence)
    return (worked + 1) / (worked + failed + 2)


def _apart(first: Evidence, evidence: Sequence[Evidence]) -> float:
    """How far the best match stands out: where everything is alike, a high match says little."""
    others = [one.score for one in evidence if one is not first and not _of_one_cause(one, first)]
    return (_odds(first.score) - _odds(sum(others) / len(others) if others else 0.0)) / FAR_APART


def _of_one_cause(one: Evidence, other: Evidence) -> bool:
    if not (_stood_for(one) and _stood_for(other)):
        return False
    mine, its = one.resolution, other.resolution
    if mine is None or its is None:
        return False
    if mine.cause and its.cause:
        return _letters(mine.cause) == _letters(its.cause)
    return _letters(mine.root_cause) == _letters(its.root_cause)


def _odds(score: float) -> float:
    bounded = min(1 - SURE, max(SURE, score)) if math.isfinite(score) else SURE
    return math.log(bounded / (1 - bounded))


def _letters_ahead(first: Evidence, evidence: Sequence[Evidence]) -> float:
    others = [one.signals.get("characters", 0.0) for one in evidence if one is not first]
    return first.signals.get("characters", 0.0) - (sum(others) / len(others) if others else 0.0)


def _service(evidence: Evidence, service: str | None) -> float:
    thing = evidence.incident or evidence.document
    if not service or thing is None or not thing.service:
        return UNKNOWN
    return float(_letters(thing.service) == _letters(service))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _bounded(value: float, low: float) -> float:
    """Within its bounds whatever comes in; what is no number counts as nothing."""
    return min(1.0, max(low, value)) if math.isfinite(value) else 0.0
