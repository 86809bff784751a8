"""How a candidate stands among the others, in numbers: what the chance that the first precedent is right rests on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from onrecall.retrieval.fusion import Signals
from onrecall.retrieval.near_duplicates import Opening

NEIGHBOURS = 9
"""Candidates beside the one looked at that its surroundings are measured on."""
COMPARED_SIGNALS = ("words", "meaning", "characters")
"""Signals whose leads are taken; a model's absence leaves out the second."""
USUAL_RIVAL = Signals(words=0.75, meaning=0.42, characters=0.08)
"""A rival such as memories of some size hold for any question: stands in where a memory has fewer than the neighbours,
for a lead over nothing says nothing. Medians over public tasks."""
LOG_SCALE = 5.0
"""How soon standing further apart says little more."""
MAX_LOG_TERMS = math.log1p(600)
"""A question of as many different terms counts as 1: the most that is compared."""
RAREST_TERMS = 5
"""The rarest terms of a question, which say what sets it apart."""


@dataclass(frozen=True, slots=True)
class CandidateSignals:
    """One candidate: its signals, and which of the question's terms it has."""

    signals: Signals
    matched_terms: frozenset[int]
    document: str | None = None
    """The document that it is, or that an incident was read from: those two are one answer and never rivals."""
    opening: Opening | None = None
    """What it said when it opened, if it is an incident: one that tells the same speaks for it, not against it."""

    def is_rival(self, other: "CandidateSignals") -> bool:
        """Whether another candidate is another answer."""
        is_report = self.document is not None and other.document == self.document
        return other is not self and not is_report and not self.is_near_duplicate(other)

    def is_near_duplicate(self, other: "CandidateSignals") -> bool:
        """Whether both are incidents that tell the same."""
        return self.opening is not None and other.opening is not None and self.opening.is_near_duplicate(other.opening)


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """The terms of a question that were written in it."""

    weights: Mapping[int, float]
    """How much each term tells: its count by its inverse document frequency."""
    rarity: Mapping[int, float]
    """How rare each term is that stands anywhere in the memory: 0 to 1, where 1 stands nowhere."""

    @property
    def rarest(self) -> list[int]:
        """The terms that stand somewhere, the rarest first."""
        return sorted(self.rarity, key=lambda term: (-self.rarity[term], term))


def ranking_features(
    candidates: Sequence[CandidateSignals], question: QuestionTerms, limit: int
) -> list[Mapping[str, float]]:
    """The numbers of the first `limit` candidates, best first.

    Distances are in units of the fused strength, in the order of the ranker; usual rivals stand for missing ones.
    Without a sentence model the numbers that rest on meaning are absent.
    """
    best = candidates[:limit]
    rarest = question.rarest
    length = math.log1p(len(question.weights)) / MAX_LOG_TERMS
    return [
        {
            **_signal_leads(candidate.signals, [rival.signals for rival in rivals]),
            "covered": _coverage(question.weights, candidate),
            "length": length,
            "telling": _coverage({term: question.rarity[term] for term in rarest[:RAREST_TERMS]}, candidate),
            "rival_term": _rarest_of_rivals(candidate, rivals, question.rarity, rarest),
        }
        for candidate, rivals in zip(best, (_rivals(candidate, candidates) for candidate in best), strict=True)
    ]


def _coverage(weights: Mapping[int, float], candidate: CandidateSignals) -> float:
    """The share of the terms' weight that a candidate has."""
    return _share(sum(weights.get(term, 0.0) for term in candidate.matched_terms), sum(weights.values()))


def _rarest_of_rivals(
    candidate: CandidateSignals,
    rivals: Sequence[CandidateSignals],
    rarity: Mapping[int, float],
    rarest: Sequence[int],
) -> float:
    """How rare the rarest term is that a rival has and the candidate lacks; 0 where there is none."""
    elsewhere = frozenset().union(*(rival.matched_terms for rival in rivals)) - candidate.matched_terms
    return next((rarity[term] for term in rarest if term in elsewhere), 0.0)


def _rivals(candidate: CandidateSignals, candidates: Sequence[CandidateSignals]) -> list[CandidateSignals]:
    """Return the best rivals, of those that tell the same only the best: what happened often is one rival."""
    rivals: list[CandidateSignals] = []
    for rival in filter(candidate.is_rival, candidates):
        if not any(rival.is_near_duplicate(other) for other in rivals):
            rivals.append(rival)
            if len(rivals) == NEIGHBOURS:
                break
    return rivals


def _signal_leads(signals: Signals, present: Sequence[Signals]) -> dict[str, float]:
    """How far a candidate leads its rivals; usual ones stand for missing ones."""
    usual = replace(USUAL_RIVAL, meaning=None) if signals.meaning is None else USUAL_RIVAL
    rivals = [*present, *[usual] * (NEIGHBOURS - len(present))]
    ranks = [rival.rank for rival in rivals]
    names = [name for name in COMPARED_SIGNALS if name != "meaning" or signals.meaning is not None]
    apart = signals.rank - _mean(ranks)
    own_values = {name: _signal_value(signals, name) for name in names}
    rival_values = {name: [_signal_value(rival, name) for rival in rivals] for name in names}
    numbers = {
        "strength": signals.strength,
        "reach": signals.reach / 10,
        "apart": apart,
        "apart_log": math.log1p(max(apart, 0.0) * LOG_SCALE),
        "overlap": signals.overlap,
        "size": signals.length,
        **own_values,
        **{f"{name}_lead": own_values[name] - max(rival_values[name]) for name in names},
    }
    return {**numbers, "crowd": _mean(rival_values["meaning"])} if "meaning" in rival_values else numbers


def _signal_value(signals: Signals, name: str) -> float:
    return float(getattr(signals, name) or 0.0)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _share(part: float, total: float) -> float:
    return part / total if total else 0.0
