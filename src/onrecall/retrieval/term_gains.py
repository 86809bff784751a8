"""Which terms of a question propose candidates, and how much each counts: the same whichever index is asked."""

from collections.abc import Mapping

from onrecall.domain.term_impacts import LARGEST
from onrecall.retrieval.scoring import TermWeights

BUDGET = 30_000
"""Passages that the terms may have between them, which bounds the time of a question at any size."""
STEPS = 64
"""Gains are whole 64ths. So the sums of gains and impacts are exact in any order, and engines agree on ties, too."""
MAX_TOTAL = (1 << 24) // LARGEST
"""The largest sum of gains whose sums with impacts are exact in single precision, in which two engines add them up.

Long questions have coarser steps to stay within it.
"""


def term_gains(weights: Mapping[int, float], rarity: TermWeights) -> dict[int, int]:
    """Return what each of the rarest terms within the budget counts, at least one: its weight times its rarity."""
    chosen = {term: weights[term] * rarity.idf[term] for term in _rarest_terms(weights, rarity)}
    steps = min(STEPS, (MAX_TOTAL - len(chosen)) / max(sum(chosen.values()), 1))
    return {term: max(1, round(gain * steps)) for term, gain in chosen.items()}


def _rarest_terms(weights: Mapping[int, float], rarity: TermWeights) -> list[int]:
    """Return the rarest of the terms that occur, the rarest first: at least one, else as many as the budget allows."""
    chosen: list[int] = []
    total = 0
    for term in sorted(weights, key=lambda term: (rarity.df[term], term)):
        total += rarity.df[term]
        if chosen and total > BUDGET:
            break
        if rarity.df[term]:
            chosen.append(term)
    return chosen
