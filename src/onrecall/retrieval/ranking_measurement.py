"""How the best of what was ranked stand among all candidates, and which of them tell the same."""

from collections.abc import Mapping, Sequence

from onrecall.domain.incident import Incident
from onrecall.retrieval import spelling_correction
from onrecall.retrieval.candidates import PreparedQuery, RankedCandidate
from onrecall.retrieval.near_duplicates import read_opening
from onrecall.retrieval.ranking_features import CandidateSignals, QuestionTerms, ranking_features

MeasuredRanking = tuple[Mapping[str, float], tuple[str, ...]]
"""A candidate's numbers, and the ids of the others that tell the same."""


def measure_ranking(prepared: PreparedQuery, ranked: Sequence[RankedCandidate], limit: int) -> list[MeasuredRanking]:
    """Return how each of the first `limit` candidates stands among all, and which of these tell the same."""
    compared = [_to_signals(candidate) for candidate in ranked]
    numbers = ranking_features(compared, _question_terms(prepared), limit)
    best = list(zip(compared, (candidate.record.id for candidate in ranked[:limit]), strict=False))
    return [
        (ranking, tuple(name for other, name in best if other is not candidate and candidate.is_near_duplicate(other)))
        for ranking, (candidate, _) in zip(numbers, best, strict=True)
    ]


def _question_terms(prepared: PreparedQuery) -> QuestionTerms:
    """Return the terms that were written in the question, with what each tells."""
    idf, most = prepared.rarity.idf, prepared.rarity.most
    spelled, weighed = prepared.query.spelled, prepared.query.weights.items()
    weights = {
        term: weight * idf[term]
        for term, weight in weighed
        if term in spelled and weight >= spelling_correction.CORRECTED_WEIGHT
    }
    return QuestionTerms(weights, {term: idf[term] / most for term in weights if idf[term] < most})


def _to_signals(candidate: RankedCandidate) -> CandidateSignals:
    record = candidate.record
    return CandidateSignals(
        candidate.signals,
        candidate.candidate.matched_terms,
        record.document if isinstance(record, Incident) else candidate.owner[1],
        read_opening(record),
    )
