"""How like a situation a candidate is: one exact measure, whichever index proposed the candidate.

Every signal is absolute: it depends on the situation, the candidate and how common words are, never on which other
candidates there are. So the fused score ranks, is comparable between situations, and is the same on every database.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from onrecall.incident import Passage
from onrecall.recall import terms

Scores = npt.NDArray[np.float64]

K1, B = 2.0, 0.9
"""BM25: incidents are long and repeat themselves, so counts saturate late and length counts almost in full."""
GRAMS = (4, 5)
LETTERS = 4_000
"""Characters of a candidate in which letter groups are looked for."""
USUAL = 1_000
"""Letter groups of a passage of usual length."""
_BUCKETS = 18
_NOT_WORD = re.compile(r"[\W_]+")


class Statistics(Protocol):
    """How common terms are."""

    @property
    def documents(self) -> int:
        """Passages in all."""

    @property
    def total_length(self) -> int:
        """Their terms in all."""

    @property
    def df(self) -> Mapping[int, int]:
        """In how many passages a term occurs."""


@dataclass(frozen=True, slots=True)
class Rarity:
    """How much each term of a situation says, and how long a passage is on average."""

    idf: Mapping[int, float]
    length: float

    @classmethod
    def of(cls, weights: Mapping[int, float], statistics: Statistics) -> "Rarity":
        """From exact counts; a term that occurs nowhere says most."""
        n = statistics.documents
        idf = {
            term: math.log(1 + (n - df + 0.5) / (df + 0.5)) for term in weights for df in [statistics.df.get(term, 0)]
        }
        return cls(idf, statistics.total_length / n if n else 1.0)


def words(
    weights: Mapping[int, float], rarity: Rarity, owners: Sequence[Sequence[Passage]]
) -> tuple[Scores, npt.NDArray[np.bool_]]:
    """BM25 of each owner, in units of what such a query can reach; and which terms each one has."""
    wanted = np.array(sorted(weights), np.uint32)
    gain = np.array([weights[term] * rarity.idf[term] for term in wanted.tolist()])
    counts, lengths = _count(wanted, owners)
    reach = math.sqrt((gain.sum() or 1.0) * (K1 + 1))
    norm = K1 * (1 - B + B * lengths / rarity.length)
    found = (
        (gain * counts * (K1 + 1) / (counts + norm[:, None])).sum(1) / reach if len(wanted) else np.zeros(len(owners))
    )
    return found, counts > 0


def _count(wanted: npt.NDArray[np.uint32], owners: Sequence[Sequence[Passage]]) -> tuple[Scores, Scores]:
    """How often each owner has each wanted term, and how long each owner is."""
    counts, lengths = np.zeros((len(owners), len(wanted))), np.ones(len(owners))
    packed = [(row, terms.unpack(passage.terms)) for row, passages in enumerate(owners) for passage in passages]
    if not packed:
        return counts, lengths
    rows = np.repeat([row for row, _ in packed], [len(numbers) for _, (numbers, _) in packed])
    numbers = np.concatenate([numbers for _, (numbers, _) in packed])
    often = np.concatenate([often for _, (_, often) in packed])
    lengths = np.maximum(np.bincount(rows, often, len(owners)), 1)
    if len(wanted):
        at = np.minimum(np.searchsorted(wanted, numbers), len(wanted) - 1)
        hit = wanted[at] == numbers
        np.add.at(counts, (rows[hit], at[hit]), often[hit])
    return counts, lengths


def meaning(vector: npt.NDArray[np.float32], model: str, owners: Sequence[Sequence[Passage]]) -> Scores:
    """Half the nearest passage, half the owner as a whole. Vectors of another model count for nothing."""
    found = np.zeros(len(owners))
    for row, passages in enumerate(owners):
        held = [passage.vector for passage in passages if passage.vector and passage.model == model]
        if held:
            vectors = np.frombuffer(b"".join(held), "<f2").reshape(len(held), -1).astype(np.float32)
            whole = vectors.mean(0)
            found[row] = ((vectors @ vector).max() + whole @ vector / (np.linalg.norm(whole) or 1.0)) / 2
    return found


def characters(query: str, importance: Mapping[str, float], texts: Sequence[str]) -> Scores:
    """The share of the query's letter groups that a text has, each by how much its word says: typos, inflections."""
    groups: dict[int, float] = {}
    for word in plain(query).split():
        for group in _groups(f" {word} ").tolist():
            groups[group] = max(groups.get(group, 0.0), importance.get(word, 0.0))
    total = sum(groups.values())
    if not total or not texts:
        return np.zeros(len(texts))
    place = np.full(1 << _BUCKETS, -1, np.int32)
    place[list(groups)] = np.arange(len(groups))
    said = [_groups(f" {plain(text[:LETTERS])} ") for text in texts]
    lengths = np.array([len(one) for one in said], float)
    rows = np.repeat(np.arange(len(texts)), [len(one) for one in said])
    at = place[np.concatenate(said)]
    hit = at >= 0
    counts = np.bincount(rows[hit] * len(groups) + at[hit], minlength=len(texts) * len(groups)).reshape(len(texts), -1)
    norm = K1 * (1 - B + B * lengths / USUAL)
    shares: Scores = (np.array(list(groups.values())) * counts / (counts + norm[:, None])).sum(1) / total
    return shares


def plain(text: str) -> str:
    """Lower case, blanks between words."""
    return _NOT_WORD.sub(" ", text.lower()).strip()


def _groups(text: str) -> npt.NDArray[np.uint32]:
    """The bucket of every group of letters within a word, its edges included."""
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    blank = letters == ord(" ")
    found = []
    for size in GRAMS:
        if len(letters) < size:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(letters, size)
        within = ~np.lib.stride_tricks.sliding_window_view(blank, size)[:, 1:-1].any(1)
        hashed = np.zeros(len(windows), np.uint32)
        for column in range(size):
            hashed = hashed * np.uint32(0x01000193) + windows[:, column]
        found.append((hashed[within] * np.uint32(0x9E3779B1)) >> np.uint32(32 - _BUCKETS))
    return np.concatenate(found) if found else np.zeros(0, np.uint32)
