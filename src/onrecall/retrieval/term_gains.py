"""Which terms of a question propose candidates, and how much each counts: the same whichever index is asked."""

from collections.abc import Mapping

from onrecall.retrieval.scoring import TermWeights

BUDGET = 30_000
"""Passages that the terms may have between them, which bounds the time of a question at any size."""
STEPS = 64
"""Gains are whole 64ths. So the sums of gains and impacts are exact in any order, and engines agree on ties, too."""


def term_gains(weights: Mapping[int, float], rarity: TermWeights) -> dict[int, int]:
    """Return what each of the rarest terms within the budget counts, at least one: its weight times its rarity."""
    gains: dict[int, int] = {}
    total = 0
    for term in sorted(weights, key=lambda term: (rarity.df[term], term)):
        total += rarity.df[term]
        if gains and total > BUDGET:
            break
        if rarity.df[term]:
            gains[term] = max(1, round(weights[term] * rarity.idf[term] * STEPS))
    return gains
