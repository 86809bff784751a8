"""Read misspelt words of a question as words that the memory knows.

A word is corrected only if the memory has it nowhere and the dictionary, the vocabulary of the sentence model, has it
neither: without a dictionary nothing is. The nearest word that the memory
has takes its place, and counts less than a word that is spelled right. Which words are near is found without a list of
the memory's words: the spellings one edit away are looked up by their terms, in one query for the whole question.
"""

import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from onrecall.domain.word_file import read_words
from onrecall.retrieval import tokenizer
from onrecall.retrieval.query import Query

CORRECTED_WEIGHT = 0.8
"""Share of a misspelt word's weight that the word it is read as gets; the rest stays that of an unknown word."""
SHORTEST = 5
"""Letters of the shortest word that is corrected: shorter ones are near too many others."""
SHORTEST_REPLACED = 7
"""Letters from which on a letter may be another; `stove` and `store` are two words."""
SHORTEST_TWICE = 8
"""Letters from which on two letters may be wrong, if the corrected word stands in the dictionary."""
TWO = 2
"""Edits by which a word of the dictionary may differ from a long word."""
PAIRS_OF_TWO_EDITS = 5
"""Neighbouring letters that two edits may part."""
MAX_QUESTION_WORDS = 60
"""Words of the longest question that is corrected: people type short ones, and machines spell their logs right."""
MAX_CORRECTIONS = 6
"""Words of one question that are corrected."""

_WordsOfLength = tuple[Sequence[tuple[str, frozenset[str]]], npt.NDArray[np.uint64]]
_NO_WORDS: _WordsOfLength = ((), np.empty(0, np.uint64))
_PLAIN_WORD = re.compile(r"[a-z\u00df-\u00f6\u00f8-\u00ff]+")


@runtime_checkable
class Dictionary(Protocol):
    """Something that knows which words are spelled right, such as the vocabulary of a sentence model."""

    @property
    def words(self) -> frozenset[str]:
        """Words in small letters; empty if it knows none."""


def find_corrections(
    query: Query,
    frequencies: Mapping[int, int],
    dictionary: Callable[[], frozenset[str]],
    count_passages: Callable[[Sequence[int]], Mapping[int, int]],
) -> dict[str, str]:
    """Return the words of a question that are misspelt, each with the word that it is read as, in small letters.

    Args:
        query: The question.
        frequencies: In how many passages its terms occur; those that occur nowhere are absent or 0.
        dictionary: Returns words that are spelled right; asked for only where a word is absent.
        count_passages: Returns in how many passages terms occur.
    """
    if len(query.text.split()) > MAX_QUESTION_WORDS or not (absent := _absent_words(query, frequencies)):
        return {}
    known_words = dictionary()
    if not known_words:
        return {}
    misspelt = [word for word in absent if word not in known_words and word not in _product_names()][:MAX_CORRECTIONS]
    spellings = {word: _near_spellings(word, known_words) for word in misspelt}
    terms = {spelling: _terms(spelling) for near in spellings.values() for spelling in near}
    if not terms:
        return {}
    counted = count_passages(sorted({term for own in terms.values() for term in own}))
    passages = {spelling: min((counted.get(term, 0) for term in own), default=0) for spelling, own in terms.items()}
    corrections = {}
    for word, near in spellings.items():
        known = [spelling for spelling in near if passages[spelling] and _may_be_written(spelling, known_words)]
        if known:
            corrections[word] = min(known, key=lambda spelling: _rank(word, spelling, passages[spelling], known_words))
    return corrections


def replace_words(text: str, corrections: Mapping[str, str]) -> str:
    """Return a text with each misspelt word, however it is capitalised, replaced."""
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, corrections))})(?![\w-])", re.IGNORECASE)
    return pattern.sub(lambda word: corrections[word[0].lower()], text)


def weigh_corrections(original: Query, corrected: Query) -> dict[int, float]:
    """Return the weights of the corrected question, with part of each corrected word's weight left where it was."""
    weights = dict(corrected.weights)
    for term, weight in corrected.weights.items():
        if term not in original.weights and term in corrected.spelled:
            weights[term] = weight * CORRECTED_WEIGHT
    for term, weight in original.weights.items():
        if term not in corrected.weights and term in original.spelled:
            weights[term] = weight * (1 - CORRECTED_WEIGHT)
    return weights


@cache
def _product_names() -> frozenset[str]:
    return read_words("onrecall.retrieval", "product_names.txt")


def _absent_words(query: Query, frequencies: Mapping[int, int]) -> list[str]:
    """Return the plain words of which no term occurs anywhere."""
    occurs: dict[str, bool] = {}
    for term, written in query.spelled.items():
        word = written.lower()
        is_present = frequencies.get(term, 0) > 0 or term in query.codes or not _is_plain(written)
        occurs[word] = occurs.get(word, False) or is_present
    return [word for word, is_present in occurs.items() if not is_present and len(word) >= SHORTEST]


def _is_plain(written: str) -> bool:
    """Return whether a word consists of letters in one case, or begins with a capital: no name of a thing."""
    regular = written.islower() or written.isupper() or (written[1:].islower() and written[0].isupper())
    return regular and _PLAIN_WORD.fullmatch(written.lower()) is not None


def _near_spellings(word: str, dictionary: frozenset[str]) -> frozenset[str]:
    return frozenset((*_one_edit_away(word), *_two_edits_away(word, dictionary)))


def _one_edit_away(word: str) -> Iterator[str]:
    """Yield the spellings with two letters swapped, one too many or one missing, and, of long words, one other.

    The first letter stays: it is seldom the wrong one.
    """
    for at in range(1, len(word)):
        head, tail = word[:at], word[at:]
        yield head + tail[1:]
        if len(tail) > 1 and tail[0] != tail[1]:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in string.ascii_lowercase:
            yield head + letter + tail
            if len(word) >= SHORTEST_REPLACED and letter != tail[0]:
                yield head + letter + tail[1:]
    yield from (word + letter for letter in string.ascii_lowercase)


def _two_edits_away(word: str, dictionary: frozenset[str]) -> Iterator[str]:
    """Yield the words of the dictionary that differ in two edits at most and begin with the same letter."""
    if len(word) < SHORTEST_TWICE:
        return
    pairs, letters = _letter_pairs(word), _letter_set(word)
    for length in range(len(word) - TWO, len(word) + TWO + 1):
        words, letter_sets = _words_with(word[0], dictionary).get(length, _NO_WORDS)
        missing, added = np.bitwise_count(letters & ~letter_sets), np.bitwise_count(letter_sets & ~letters)
        for at in np.flatnonzero((missing <= TWO) & (added <= TWO)).tolist():
            candidate, candidate_pairs = words[at]
            if len(pairs - candidate_pairs) <= PAIRS_OF_TWO_EDITS and edit_distance(word, candidate) <= TWO:
                yield candidate


@lru_cache(maxsize=64)
def _words_with(letter: str, dictionary: frozenset[str]) -> "Mapping[int, _WordsOfLength]":
    """Return the words of a dictionary that begin with a letter by their length.

    Each comes with its pairs of letters, and beside the words stand the sets of their letters: an edit brings at most
    one new letter and takes at most one away, so these sets leave few words to compare.
    """
    by_length: dict[int, list[tuple[str, frozenset[str]]]] = {}
    for word in dictionary:
        if word[0] == letter and len(word) >= SHORTEST_TWICE - TWO:
            by_length.setdefault(len(word), []).append((word, _letter_pairs(word)))
    return {
        length: (words, np.array([_letter_set(word) for word, _ in words], np.uint64))
        for length, words in by_length.items()
    }


def _letter_set(word: str) -> np.uint64:
    """Return which letters a word has, each as one of 64 bits; two rare letters may share one."""
    return np.uint64(sum(1 << number for number in {ord(letter) % 64 for letter in word}))


def _letter_pairs(word: str) -> frozenset[str]:
    return frozenset(map("".join, pairwise(word)))


def edit_distance(first: str, second: str) -> int:
    """Return how many letters must be added, left out, replaced or swapped with their neighbour.

    The optimal string alignment distance by Hyyrö's bit vectors (2003): a column of the table is two whole numbers,
    which tell in which rows the distance rises or falls by one; one step a letter of `second`.
    """
    if not first:
        return len(second)
    places: dict[str, int] = {}
    for row, letter in enumerate(first):
        places[letter] = places.get(letter, 0) | 1 << row
    last_row, distance = 1 << (len(first) - 1), len(first)
    rises, falls, diagonal, before = (1 << len(first)) - 1, 0, 0, 0
    for letter in second:
        matches = places.get(letter, 0)
        swapped = ((~diagonal & matches) << 1) & before
        diagonal = (((matches & rises) + rises) ^ rises) | matches | falls | swapped
        grows, shrinks = falls | ~(diagonal | rises), diagonal & rises
        distance += bool(grows & last_row) - bool(shrinks & last_row)
        grows, shrinks = grows << 1 | 1, shrinks << 1
        rises, falls, before = shrinks | ~(diagonal | grows), diagonal & grows, matches
    return distance


def _terms(spelling: str) -> tuple[int, ...]:
    return tuple(tokenizer.term_id(term) for term in tokenizer.expand_plain_word(spelling))


def _may_be_written(spelling: str, dictionary: frozenset[str]) -> bool:
    """Return whether a spelling can be a word that the memory has, of whose words only the stems are known.

    Of names, which no dictionary has, the stem is the name: `readis` has the stem of `ready` and is no name.
    """
    stem = next(iter(tokenizer.expand_plain_word(spelling)), "")
    return spelling in dictionary or spelling == stem or (spelling in (f"{stem}s", f"{stem}es") and stem[-1] != "i")


def _rank(word: str, spelling: str, passages: int, dictionary: frozenset[str]) -> tuple[int, int, bool, str]:
    """The nearest spelling first; of equals the one that most passages have, then a word of the dictionary."""
    return edit_distance(word, spelling), -passages, spelling not in dictionary, spelling
