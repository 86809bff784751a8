"""Impacts: what a term counts in a passage, as one byte that every index stores, so that all propose alike."""

import numpy as np
import numpy.typing as npt

K1, B = 2.0, 0.9
"""BM25: incidents are long and repeat themselves, so counts saturate late and length counts almost in full."""
USUAL_LENGTH = 100
"""Terms of a passage of middling length. Another value is much the same as another k1."""
LARGEST = 255


def impacts(counts: npt.NDArray[np.floating], lengths: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Return BM25's share for terms that occur so often in passages of so many terms, from 1 to 255.

    Migration 0039 computes the same in SQL, to the last bit.
    """
    scale = K1 * (1 - B + B * lengths / USUAL_LENGTH)
    return np.clip(np.rint(LARGEST * counts / (counts + scale)), 1, LARGEST).astype(np.uint8)
