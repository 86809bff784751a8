"""Agglomerative clustering with average linkage: clusters whose members are similar on average."""

from collections.abc import Sequence

import numpy as np


def cluster(similarity: np.ndarray, threshold: float) -> tuple[tuple[int, ...], ...]:
    """Merge the two most similar clusters until no two have a mean similarity of `threshold` or more.

    Args:
        similarity: Symmetric matrix, n × n; the diagonal is ignored.
        threshold: Minimum mean similarity between the members of two clusters that are merged.

    Returns:
        The clusters as ascending row numbers, in the order of their first member; single rows included.
    """
    matrix = similarity.astype(np.float32, copy=True)
    np.fill_diagonal(matrix, -np.inf)
    members: dict[int, list[int]] = {row: [row] for row in range(len(matrix))}
    nearest = matrix.max(axis=1, initial=-np.inf)
    while len(members) > 1:
        first = int(nearest.argmax())
        if nearest[first] < threshold:
            break
        second = int(matrix[first].argmax())
        _merge(matrix, nearest, members, min(first, second), max(first, second))
    return tuple(tuple(sorted(rows)) for _, rows in sorted(members.items()))


def _merge(matrix: np.ndarray, nearest: np.ndarray, members: dict[int, list[int]], target: int, absorbed: int) -> None:
    """Absorb one cluster into another, and keep the matrix of mean similarities and its row maxima current."""
    stale = np.flatnonzero((nearest == matrix[:, target]) | (nearest == matrix[:, absorbed]))
    target_size, absorbed_size = len(members[target]), len(members[absorbed])
    mean = (target_size * matrix[target] + absorbed_size * matrix[absorbed]) / (target_size + absorbed_size)
    mean[[target, absorbed]] = -np.inf
    matrix[target], matrix[:, target] = mean, mean
    matrix[absorbed], matrix[:, absorbed] = -np.inf, -np.inf
    members[target] += members.pop(absorbed)
    np.maximum(nearest, mean, out=nearest)
    rows: Sequence[int] = [*stale.tolist(), target, absorbed]
    nearest[rows] = matrix[rows].max(axis=1)
