"""Misspelt words are read as words of the memory; words that are spelled right stay what they are."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecall.domain.situation import Situation
from onrecall.retrieval import spelling_correction, tokenizer
from onrecall.retrieval.query import parse_situation

DICTIONARY = frozenset(
    ["database", "connection", "refused", "certificate", "stove", "store", "ready", "printer", "print"]
)
MEMORY = {
    "database": 7,
    "connection": 3,
    "refused": 2,
    "certificate": 1,
    "store": 4,
    "ready": 5,
    "kubelet": 2,
    "print": 1,
}
PASSAGES = {tokenizer.term_id(term): n for word, n in MEMORY.items() for term in tokenizer.expand_plain_word(word)}


def corrections(question: str, dictionary: frozenset[str] = DICTIONARY) -> dict[str, str]:
    query = parse_situation(Situation(question))
    return spelling_correction.find_corrections(
        query, PASSAGES, lambda: dictionary, lambda terms: {term: PASSAGES.get(term, 0) for term in terms}
    )


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("databse", "database"),
        ("conection", "connection"),
        ("refsued", "refused"),
        ("Certifcate", "certificate"),
        ("certifiacet", "certificate"),
        ("DATABSE", "database"),
        ("kublet", "kubelet"),
    ],
)
def test_the_nearest_word_of_the_memory_is_meant(written, word):
    assert corrections(f"{written} trouble") == {written.lower(): word}


@pytest.mark.parametrize(
    "right", ["database", "stove", "printer", "redis", "databse-01", "databse7", "DataBse", "datb", "/databse/x"]
)
def test_what_is_right_a_name_or_short_stays(right):
    assert corrections(right) == {}


def test_a_stem_that_is_no_word_is_not_read():
    assert "readis" not in corrections("readdis").values()


def test_without_a_dictionary_nothing_is_read_otherwise():
    assert corrections("databse conection", frozenset()) == {}


def test_long_texts_are_taken_as_they_are():
    assert corrections("databse " + "word " * spelling_correction.MAX_QUESTION_WORDS) == {}


def test_the_corrected_word_counts_less_than_the_word_itself_and_the_unknown_one_stays():
    original = parse_situation(Situation("databse refused"))
    corrected = parse_situation(Situation("database refused"))
    weights = spelling_correction.weigh_corrections(original, corrected)
    (database,), (unknown,) = (
        map(tokenizer.term_id, tokenizer.expand_plain_word(word)) for word in ("database", "databse")
    )
    assert weights[database] == pytest.approx(corrected.weights[database] * spelling_correction.CORRECTED_WEIGHT)
    assert 0 < weights[unknown] < original.weights[unknown]


def test_words_are_replaced_whole_and_names_are_left_alone():
    read = spelling_correction.replace_words("Databse on databse-01: databse!", {"databse": "database"})
    assert read == "database on databse-01: database!"


words = st.text("abcde", max_size=7)


@given(words, words)
def test_the_distance_is_symmetric_and_zero_for_the_same(first, second):
    distance = spelling_correction.edit_distance(first, second)
    assert distance == spelling_correction.edit_distance(second, first)
    assert (distance == 0) == (first == second)
    assert abs(len(first) - len(second)) <= distance <= max(len(first), len(second))


@given(words, words)
def test_the_distance_is_the_fewest_edits(first, second):
    assert spelling_correction.edit_distance(first, second) == fewest_edits(first, second)


@cache
def fewest_edits(first, second):
    """The optimal string alignment distance by its definition."""
    if not first or not second:
        return len(first) + len(second)
    choices = [
        fewest_edits(first[:-1], second) + 1,
        fewest_edits(first, second[:-1]) + 1,
        fewest_edits(first[:-1], second[:-1]) + (first[-1] != second[-1]),
    ]
    if first[-2:] == second[-2:][::-1] and len(first) > 1 and len(second) > 1:
        choices.append(fewest_edits(first[:-2], second[:-2]) + 1)
    return min(choices)
