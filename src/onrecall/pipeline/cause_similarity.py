"""How similar root causes are: by the informative terms of cause and steps, how each failed, and their embeddings."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from onrecall.domain.incident import Incident
from onrecall.pipeline.failure_modes import failure_modes, is_mode, mode_share
from onrecall.recurrences.clustering import is_uninformative
from onrecall.retrieval.tokenizer import STOP_WORDS, tokenize

MIN_TERMS = 2
"""Minimum number of informative terms of a root cause, and of terms that two must share; fewer match by chance."""
MODE_WEIGHT = 2.5
"""Weight of a failure mode beside that of a word that is as rare: it says in one term what words say in many ways."""
VECTOR_WEIGHT = 0.3
"""Weight of the cosine of two embeddings beside the cosine of their terms."""
MIN_VECTORS = 30
"""Minimum number of embeddings from which a mean is subtracted; cosines of fewer are not comparable between models."""
MIN_COUNTED = 30
"""Terms are weighed as if there were at least so many root causes: a word that three of four share tells what they have
in common, and not that everybody writes it."""
MIN_COMMON_TERM = 200
COMMON_SHARE = 4
"""A term in more than MIN_COMMON_TERM root causes and in more than one of COMMON_SHARE is no evidence."""
SHORT_TERMS = 12
"""Terms of a root cause of one sentence; of a longer one a mode says so much less."""
_CAUSE_STOP_WORDS = """
because caused cause root due after when which had has have been were its from did so than while
during since could would should too also only still all some any more most one two new old der die
das und ist war weil durch von zu le la les des une el los las por que we our us you your they he she
about ago between before instead together into out over under per via both many much few such own until within without
hour hours day days week weeks month months year years minute minutes second seconds ms million gb gib mb mib
wrong broken fixed corrected problem problems issue issues incident outage error errors
who what where how again back each every no none other same them there here now then first last
"""
"""Words that say nothing about a cause."""
UNINFORMATIVE_TERMS = frozenset(
    {*STOP_WORDS, *_CAUSE_STOP_WORDS.split(), *(term for word in _CAUSE_STOP_WORDS.split() for term in tokenize(word))}
)


def cause_words(incident: Incident) -> str | None:
    """Return the root cause to compare; None if it is missing, unconfirmed or has too few informative words."""
    resolution = incident.resolution
    if resolution is None or not resolution.confirmed or not is_explained(resolution.root_cause):
        return None
    return resolution.root_cause


def is_explained(root_cause: str) -> bool:
    """Return whether a root cause has enough informative words to be compared."""
    if is_uninformative(root_cause):
        return False
    return len(_informative_terms(root_cause)) >= MIN_TERMS


@lru_cache(maxsize=8192)
def _informative_terms(text: str) -> frozenset[str]:
    """Cached: each report compares mostly the same root causes."""
    return frozenset(tokenize(text)) - UNINFORMATIVE_TERMS


def cause_terms(incident: Incident) -> frozenset[str]:
    """Return the informative terms of root cause and steps, without those of the incident's own place, and its modes.

    What is named after a service or a host says where it failed, not why, and numbers say how much.
    """
    resolution = incident.resolution
    if resolution is None:
        return frozenset()
    text = " \n".join((resolution.root_cause, *(step.text for step in resolution.steps)))
    named = (term for term in _informative_terms(text) if not any(letter.isdigit() for letter in term))
    return (frozenset(named) - place_terms(incident)) | failure_modes(resolution.root_cause)


def place_terms(incident: Incident) -> frozenset[str]:
    """Return the terms of an incident's service and of its labels."""
    return frozenset(tokenize(" \n".join((incident.service or "", *incident.labels.values()))))


def term_weights(terms: Sequence[frozenset[str]]) -> Mapping[str, float]:
    """Return the inverse document frequency of each term, more for modes; terms that nearly all share are left out."""
    counted = Counter(term for row in terms for term in row)
    common, total = max(MIN_COMMON_TERM, len(terms) / COMMON_SHARE), max(MIN_COUNTED, len(terms))
    return {
        term: math.log(1 + total / count) * (MODE_WEIGHT * mode_share(term) if is_mode(term) else 1)
        for term, count in counted.items()
        if count <= common
    }


def similarities(
    terms: Sequence[frozenset[str]], weights: Mapping[str, float], vectors: Sequence[np.ndarray | None]
) -> np.ndarray:
    """Return the similarity of each pair of root causes, n × n: cosine of the terms, plus that of the embeddings.

    Args:
        terms: The informative terms of each root cause.
        weights: The weight of each term.
        vectors: The unit-length embedding of each root cause, if there is one.
    """
    matrix: np.ndarray = np.maximum(_term_cosines(terms, weights), _shared_modes(terms))
    if sum(vector is not None for vector in vectors) >= MIN_VECTORS:
        matrix += np.where(matrix > 0, VECTOR_WEIGHT * _centered_cosines(vectors), 0)
    return matrix


def _term_cosines(terms: Sequence[frozenset[str]], weights: Mapping[str, float]) -> np.ndarray:
    """Return the cosine of each pair by its terms; 0 for pairs that share fewer than MIN_TERMS and no mode."""
    lengths = [math.sqrt(sum(weights.get(term, 0.0) ** 2 for term in row)) or 1.0 for row in terms]
    postings: dict[str, list[int]] = {}
    for position, row in enumerate(terms):
        for term in row & weights.keys():
            postings.setdefault(term, []).append(position)
    matrix = np.zeros((len(terms), len(terms)), np.float32)
    shared = np.zeros((len(terms), len(terms)), np.uint16)
    for term in sorted(postings):
        rows = postings[term]
        if len(rows) > 1:
            block = np.ix_(rows, rows)
            values = np.array([weights[term] / lengths[position] for position in rows], np.float32)
            matrix[block] += np.outer(values, values)
            shared[block] += MIN_TERMS if is_mode(term) else 1
    matrix[shared < MIN_TERMS] = 0
    return matrix


def _shared_modes(terms: Sequence[frozenset[str]]) -> np.ndarray:
    """Return for each pair which share of their terms are modes that both show, 0 to 1, n × n.

    Where a mode is all that a short root cause says, the words beside it must not make two expired certificates unlike;
    in a long one it is an aside as often as the cause, and its words decide.
    """
    modes = sorted({term for row in terms for term in row if is_mode(term)})
    flags = [[mode in row for mode in modes] for row in terms]
    shown: np.ndarray = np.array(flags, np.float32).reshape(len(terms), len(modes))
    focus = np.array([min(1.0, SHORT_TERMS / max(1, len(row))) for row in terms], np.float32)
    weighed = shown * np.array([mode_share(mode) for mode in modes], np.float32)
    totals = shown.sum(axis=1)
    either = totals[:, None] + totals[None, :] - shown @ shown.T
    shared: np.ndarray = np.divide(weighed @ shown.T, np.maximum(either, 1))
    matrix: np.ndarray = shared * np.outer(focus, focus)
    return matrix


def _centered_cosines(vectors: Sequence[np.ndarray | None]) -> np.ndarray:
    """Return the cosine of each pair after the mean is subtracted; 0 where an embedding is missing."""
    present = [position for position, vector in enumerate(vectors) if vector is not None]
    stacked = np.stack([vector for vector in vectors if vector is not None])
    stacked = stacked - stacked.mean(axis=0)
    stacked /= np.maximum(np.linalg.norm(stacked, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    matrix = np.zeros((len(vectors), len(vectors)), np.float32)
    matrix[np.ix_(present, present)] = stacked @ stacked.T
    return matrix
