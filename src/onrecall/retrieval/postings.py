"""Which rows have a term, and how much it weighs there: an inverted index of up to 65,536 rows in a few arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MAX_ROWS = 1 << 16
"""The most rows there can be, so that a row takes two bytes."""
COMMON_TERM_RATIO = 6
"""A term in at least one of this many rows is stored as a full weight vector: adding it beats gathering rows."""

Keys = npt.NDArray[np.uint64]
Terms = npt.NDArray[np.uint64]
Scores = npt.NDArray[np.float32]


def pack_keys(terms: Terms, rows: npt.NDArray[np.integer], weights: npt.NDArray[np.integer]) -> Keys:
    """Term (40 bits), row (16) and weight (8) in one number each: to sort them is all it takes to index them."""
    return np.asarray((terms << np.uint64(24)) | (rows.astype(np.uint64) << np.uint64(8)) | weights.astype(np.uint64))


def _unpack_rows(packed: Keys) -> npt.NDArray[np.int64]:
    return ((packed >> np.uint64(8)) & np.uint64(MAX_ROWS - 1)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Postings:
    """The terms of some rows. Weights are 1..255; what a term weighs altogether is the question's affair."""

    terms: Terms
    """The terms that few rows have, sorted."""
    starts: npt.NDArray[np.int64]
    """Where the rows of each of them start, and where the last ones end."""
    rows: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.uint8]
    common: Terms
    """The terms that many rows have, sorted."""
    spread: npt.NDArray[np.int64]
    """In how many rows each of them is."""
    grid: npt.NDArray[np.uint8]
    """For each of them its weight in every row, 0 where the row has it not."""

    @classmethod
    def of(cls, packed: Keys, size: int) -> "Postings":
        """Index the keys of this many rows."""
        packed = np.sort(packed)
        terms = packed >> np.uint64(24)
        first = np.flatnonzero(np.concatenate((np.ones(len(terms[:1]), np.bool_), terms[1:] != terms[:-1])))
        unique, counts = terms[first], np.diff(first, append=len(terms))
        common = counts * COMMON_TERM_RATIO > size
        grid = np.zeros((int(common.sum()), size), np.uint8)
        in_grid = np.repeat(common, counts)
        heavy = packed[in_grid]
        grid[np.repeat(np.arange(len(grid)), counts[common]), _unpack_rows(heavy)] = heavy & np.uint64(255)
        light = packed[~in_grid]
        return cls(
            terms=unique[~common],
            starts=np.concatenate(([0], np.cumsum(counts[~common]))).astype(np.int64),
            rows=_unpack_rows(light).astype(np.uint16),
            weights=(light & np.uint64(255)).astype(np.uint8),
            common=unique[common],
            spread=counts[common],
            grid=grid,
        )

    @classmethod
    def merged(cls, parts: Sequence["Postings"], places: npt.NDArray[np.int64], size: int) -> "Postings":
        """Merge postings into one of `size` rows; `places` maps old rows, in turn, to new ones (-1: left out)."""
        before = np.cumsum([0, *(part.grid.shape[1] for part in parts[:-1])])
        every = [part.keys() for part in parts]
        rows = np.concatenate(
            [places[_unpack_rows(packed) + start] for packed, start in zip(every, before, strict=True)]
        )
        cleared = np.concatenate(every)[rows >= 0] & ~np.uint64((MAX_ROWS - 1) << 8)
        return cls.of(cleared | (rows[rows >= 0].astype(np.uint64) << np.uint64(8)), size)

    def keys(self) -> Keys:
        """Return the packed keys of these postings."""
        line, row = np.nonzero(self.grid)
        light = pack_keys(np.repeat(self.terms, np.diff(self.starts)), self.rows, self.weights)
        return np.concatenate((light, pack_keys(self.common[line], row, self.grid[line, row])))

    def counts(self, term_ids: Terms) -> npt.NDArray[np.int64]:
        """How many rows have each of the terms."""
        counts = np.zeros(len(term_ids), np.int64)
        places, matched = _find_terms(self.terms, term_ids)
        counts[matched] = self.starts[places + 1] - self.starts[places]
        places, matched = _find_terms(self.common, term_ids)
        counts[matched] = self.spread[places]
        return counts

    def scores(self, term_ids: Terms, importance: Scores) -> Scores:
        """Return each row's sum of weights for these terms, each multiplied by its importance."""
        scores = np.zeros(self.grid.shape[1], np.float32)
        products = np.empty_like(scores)
        places, matched = _find_terms(self.terms, term_ids)
        for start, end, factor in zip(self.starts[places], self.starts[places + 1], importance[matched], strict=True):
            np.add.at(scores, self.rows[start:end], self.weights[start:end] * factor)
        places, matched = _find_terms(self.common, term_ids)
        for place, factor in zip(places, importance[matched], strict=True):
            scores += np.multiply(self.grid[place], factor, out=products)
        return scores

    def contains(self, term: int) -> bool:
        """Return whether any row has the term."""
        return bool(self.counts(np.array([term], np.uint64))[0])

    def having(self, term: int) -> npt.NDArray[np.bool_]:
        """Which rows have the term."""
        term_ids = np.array([term], np.uint64)
        places, _ = _find_terms(self.common, term_ids)
        if len(places):
            return np.asarray(self.grid[places[0]] != 0)
        mask = np.zeros(self.grid.shape[1], np.bool_)
        places, _ = _find_terms(self.terms, term_ids)
        if len(places):
            mask[self.rows[self.starts[places[0]] : self.starts[places[0] + 1]]] = True
        return mask


def _find_terms(terms: Terms, term_ids: Terms) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the positions of `term_ids` in `terms`, and the indices of those that were found."""
    if not len(terms):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    places = np.minimum(np.searchsorted(terms, term_ids), len(terms) - 1)
    matched = np.flatnonzero(terms[places] == term_ids)
    return places[matched], matched
