"""The exact scorer: absolute, monotone where it must be, and the same whoever else is a candidate."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecall.domain.passage import Passage
from onrecall.retrieval import scoring, signatures, tokenizer
from onrecall.retrieval.fusion import WEIGHTS, Signals
from onrecall.retrieval.scoring import TermWeights

TEXTS = [
    "connection pool exhausted in checkout",
    "disk full on the kafka broker, connection refused",
    "certificate expired for the gateway",
    "connection pool exhausted: connection pool exhausted",
]


@dataclass
class Counted:
    """Statistics of some texts, one passage each."""

    texts: list[str]
    df: dict[int, int] = field(default_factory=dict)
    total_length: int = 0

    def __post_init__(self) -> None:
        for text in self.texts:
            for term, n in tokenizer.count_terms(text).items():
                self.df[term] = self.df.get(term, 0) + 1
                self.total_length += n
        self.df[scoring.DOC_MARKER_TERM] = self.documents

    @property
    def documents(self) -> int:
        return len(self.texts)


def passage(text: str, vector: np.ndarray | None = None, model: str = "m") -> Passage:
    packed_vector = None if vector is None else vector.astype("<f2").tobytes()
    return Passage(
        "o",
        "incident",
        "opening",
        0,
        text,
        1,
        terms=tokenizer.pack(tokenizer.count_terms(text)),
        vector=packed_vector,
        model=model,
    )


def by_words(query: str, texts: list[str]) -> list[float]:
    rarity = TermWeights.from_statistics(tokenizer.count_terms(query), Counted(TEXTS))
    return scoring.match_words(tokenizer.count_terms(query), rarity, [[passage(text)] for text in texts]).bm25.tolist()


def test_words_are_bm25_with_exact_counts() -> None:
    scores = by_words("connection pool", TEXTS)
    idf = [np.log(1 + (4 - 3 + 0.5) / 3.5), np.log(1 + (4 - 2 + 0.5) / 2.5)]
    average = Counted(TEXTS).total_length / 4
    norm = 2 * (1 - 0.9 + 0.9 * 4 / average)
    expected = sum(idf) * 3 / (1 + norm) / np.sqrt(sum(idf) * 3)
    assert scores[0] == pytest.approx(np.log1p(expected))
    assert scores[2] == 0
    assert scores[3] > scores[0] > scores[1] > 0


@pytest.mark.parametrize("times", [5, 40, 200, 5_000])
def test_words_that_every_record_has_still_match_and_less_than_rare_ones(times: int) -> None:
    words = tokenizer.count_terms("connection pool exhausted again")
    said = [TEXTS[0]] * times
    everywhere = TermWeights.from_statistics(words, Counted(said))
    rare = TermWeights.from_statistics(words, Counted([*said, *["quorum lost"] * 20 * times]))
    matches = [scoring.match_words(words, rarity, [[passage(said[0])]]).bm25[0] for rarity in (everywhere, rare)]
    assert 0.2 < matches[0] < matches[1]


def test_nobody_else_changes_a_score() -> None:
    # The last bit may differ, for sums are taken in other orders; the score that is shown has four decimals.
    assert by_words("connection pool", TEXTS[:1]) == pytest.approx(by_words("connection pool", TEXTS)[:1], rel=1e-12)
    importance = {"connection": 1.0, "pool": 2.0}
    alone = scoring.char_ngram_scores("connection pool", importance, TEXTS[:1])
    assert alone[0] == pytest.approx(scoring.char_ngram_scores("connection pool", importance, TEXTS)[0], rel=1e-12)


def test_nobody_else_changes_what_a_meaning_is_worth() -> None:
    draw = np.random.default_rng(7)
    question, *vectors = draw.normal(size=(60, 256)).astype(np.float32)
    owners = [[passage("", nearby)] for nearby in vectors]
    together = scoring.cosine_scores(question, "m", owners)[0]
    alone = [float(scoring.cosine_scores(question, "m", [owner])[0][0]) for owner in owners]
    assert alone == pytest.approx(together.tolist(), rel=1e-12)


def test_words_gather_over_the_passages_of_one_owner() -> None:
    query = tokenizer.count_terms("connection pool")
    rarity = TermWeights.from_statistics(query, Counted(TEXTS))
    owners = [
        [passage("connection lost"), passage("pool closed")],
        [passage("connection lost"), passage("disk closed")],
    ]
    matches = scoring.match_words(query, rarity, owners)
    (two_passages, one_passage), has = matches.bm25, matches.matched_terms
    assert two_passages > one_passage > 0
    assert has.sum(1).tolist() == [2, 1]


def test_no_words_no_owners_no_failure() -> None:
    rarity = TermWeights.from_statistics({}, Counted(TEXTS))
    assert scoring.match_words({}, rarity, [[passage("x")]]).bm25.tolist() == [0]
    assert (
        scoring.match_words(
            tokenizer.count_terms("x"), TermWeights.from_statistics(tokenizer.count_terms("x"), Counted([])), []
        ).bm25.tolist()
        == []
    )
    assert scoring.char_ngram_scores("", {}, ["x"]).tolist() == [0]
    assert scoring.char_ngram_scores("pool", {"pool": 1.0}, []).tolist() == []


def test_meaning_is_half_the_nearest_passage_and_half_the_whole() -> None:
    x, y = np.eye(8, dtype=np.float32)[:2]
    scores, has_meaning = scoring.cosine_scores(
        x, "m", [[passage("", x), passage("", y)], [passage("", y)], [passage("")], []]
    )
    assert has_meaning.tolist() == [True, True, False, False]
    assert scores == pytest.approx([(1 + 2**-0.5) / 2, 0, 0, 0], abs=1e-3)


def test_vectors_of_another_model_count_for_nothing() -> None:
    x = np.eye(8, dtype=np.float32)[0]
    assert scoring.cosine_scores(x, "m", [[passage("", x, "other")]])[0].tolist() == [0]
    longer = np.eye(16, dtype=np.float32)[0]
    assert scoring.cosine_scores(x, "m", [[passage("", longer)], [passage("", x)]])[0].tolist() == [0, 1]


def test_letters_find_what_words_miss() -> None:
    texts = ["the conection pools were exhausted", "certificate expired"]
    assert by_words("connection", texts) == [0, 0]
    near, far = scoring.char_ngram_scores("connection", {"connection": 1.0}, texts)
    assert near > 0.2 > far


@given(st.lists(st.text(max_size=40), max_size=5), st.text(max_size=30))
def test_letters_of_any_text_are_a_share(texts: list[str], query: str) -> None:
    importance = dict.fromkeys(scoring.normalize_words(query).split(), 1.0)
    scores = scoring.char_ngram_scores(query, importance, texts)
    assert ((scores >= 0) & (scores <= 1)).all()


@given(st.floats(0, 5), st.floats(-1, 1), st.sampled_from(sorted(WEIGHTS)), st.floats(0.01, 1))
def test_more_of_any_signal_is_a_better_match(words: float, meaning: float, name: str, more: float) -> None:
    less = Signals(words, meaning)
    raised = Signals(**{"words": words, "meaning": meaning, name: (getattr(less, name) or 0) + more})
    assert raised.strength > less.strength
    assert raised.score >= less.score
    assert 0 <= less.score <= 1


def test_without_a_model_the_other_signals_stand_for_meaning() -> None:
    assert Signals(2.0, None, 0.5).strength > Signals(2.0, 0.0, 0.5).strength
    assert Signals(2.0, None).shares["meaning"] == 0


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("it says ORA-00600 again", "ORA-00600"),
        ("connect ECONNREFUSED 10.0.0.1", "ECONNREFUSED"),
        ("deadlock, SQLSTATE 40P01", "SQLSTATE 40P01"),
        ("E11000 duplicate key", "E11000"),
        ("answered HTTP 503", "HTTP 503"),
        ("exited with code 137", "exited with code 137"),
        ("java.lang.OutOfMemoryError: heap", "OutOfMemoryError"),
        ("reason: CrashLoopBackOff", "CrashLoopBackOff"),
        ("0x80070005 denied", "0x80070005"),
    ],
)
def test_codes_are_found_as_written(text: str, written: str) -> None:
    assert written in signatures.find_codes(text).values()
    assert set(signatures.find_codes(text)) <= set(tokenizer.tokenize(text))


@pytest.mark.parametrize(
    "text", ["ERROR in the log", "an EVENT", "error handling is fine", "the code 12 m away", "Errors"]
)
def test_plain_words_are_no_codes(text: str) -> None:
    assert signatures.find_codes(text) == {}


def test_the_same_log_line_at_another_time_is_the_same_signature() -> None:
    first = signatures.extract_templates(["2024-05-01 12:00:00 ERROR pool-1 timed out after 30001 ms for order 4711"])
    second = signatures.extract_templates(["2025-01-01 01:02:03 ERROR pool-2 timed out after 17 ms for order 99"])
    assert first == second
    assert signatures.weighted_share(dict.fromkeys(first, 1.0), second) == 1


def test_a_rare_name_counts_more_than_a_common_one() -> None:
    weights = {"ORA-00600": 0.9, "HTTP 500": 0.1}
    assert signatures.weighted_share(weights, {"ORA-00600"}) == pytest.approx(0.81)
    assert signatures.weighted_share(weights, {"HTTP 500"}) == pytest.approx(0.01)
    assert signatures.weighted_share({}, {"HTTP 500"}) == 0
