"""Which terms of a question propose candidates, and what they count: the same for every index."""

from dataclasses import dataclass, field

import pytest

from onrecall.domain.term_impacts import LARGEST
from onrecall.retrieval import term_gains
from onrecall.retrieval.scoring import TermWeights
from onrecall.storage import postgres_search


@dataclass
class Counted:
    documents: int = 100_000
    total_length: int = 5_000_000
    df: dict[int, int] = field(default_factory=dict)


def gains(weights: dict[int, float], df: dict[int, int]) -> dict[int, int]:
    return term_gains.term_gains(weights, TermWeights.from_statistics(weights, Counted(df=df)))


def test_a_term_counts_by_its_rarity_and_by_what_the_question_says() -> None:
    found = gains({1: 1.0, 2: 1.0, 3: 2.0}, {1: 10, 2: 1_000, 3: 1_000})
    assert found == {1: round(9.1635 * 64), 2: round(4.6047 * 64), 3: round(2 * 4.6047 * 64)}


def test_the_rarest_terms_within_the_budget_are_asked_for() -> None:
    df = {1: 29_000, 2: 600, 3: 400, 4: 30}
    assert list(gains(dict.fromkeys(df, 1.0), df)) == [4, 3, 2]
    assert list(gains({1: 1.0, 3: 1.0, 4: 1.0}, df)) == [4, 3, 1], "29,430 passages have them"


def test_a_term_that_alone_exceeds_the_budget_is_asked_for_where_there_is_no_other() -> None:
    assert list(gains({1: 1.0, 2: 1.0}, {1: 60_000, 2: 50_000})) == [2]


def test_a_term_that_nothing_has_is_not_asked_for() -> None:
    assert gains({1: 1.0, 2: 1.0}, {2: 5}).keys() == {2}


def test_no_term_counts_nothing() -> None:
    assert gains({1: 0.001}, {1: 99_999}) == {1: 1}


@pytest.mark.parametrize("weights", [dict.fromkeys(range(300), 2.0), {1: 640.0}, {1: 640.0, 2: 1.0, 3: 0.001}])
def test_the_sums_of_a_long_question_are_exact_in_single_precision(weights: dict[int, float]) -> None:
    found = gains(weights, dict.fromkeys(weights, 5))
    assert found.keys() == weights.keys()
    assert 1 << 23 < sum(found.values()) * LARGEST <= 1 << 24
    assert all(found[first] >= found[second] for first in found for second in found if weights[first] > weights[second])


@pytest.mark.postgres
def test_the_database_reads_what_is_asked_for() -> None:
    assert postgres_search.BUDGET == term_gains.BUDGET
