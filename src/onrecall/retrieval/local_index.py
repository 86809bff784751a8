"""The index in this process: a few runs of arrays in memory that follow the database's change log."""

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onrecall.domain.errors import Unavailable
from onrecall.retrieval import snapshot
from onrecall.retrieval.index import ChangeLog, Vector, VisibilityFilter
from onrecall.retrieval.postings import MAX_ROWS
from onrecall.retrieval.segment import NO_DISTANCE, Segment, binary_sketch, checksum

CHANGES_PER_READ = 8192
"""Changes read at a time."""
MAX_UNSAVED_CHANGES = 4096
"""Maximum number of unsaved changes, which a restart has to read again."""
OVERSAMPLING = 128
"""Candidates by signs alone for each one asked for; their vectors then pick among them."""
SAMPLE_SIZE = 64

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexState:
    """All passages up to a place in the change log."""

    segments: tuple[Segment, ...] = ()
    seq: int = 0

    def after(self, new_segment: Segment, removed_ids: Sequence[int]) -> "IndexState":
        """Return the state after more changes."""
        segments = self.segments
        if removed_ids:
            removed = np.array(sorted(removed_ids), np.int64)
            segments = tuple(segment.without(removed) for segment in segments)
        return IndexState(_compact((*segments, new_segment)), new_segment.last)

    def __len__(self) -> int:
        return sum(map(len, self.segments))


class LocalIndex:
    """Every thread asks a state that never changes; catching up puts a new one in its place.

    The file holds the state of some while ago, so that a start needs not read all passages. It is derived: deleted,
    damaged, outrun by another process or left from another database, it costs time and never an answer.
    """

    def __init__(self, changes: ChangeLog, model: str | None, path: Path | None = None) -> None:
        self._changes, self._model, self._path = changes, model, path
        self._lock = threading.Lock()
        stored = snapshot.load(path, model) if path else None
        self._state = IndexState(*stored) if stored else IndexState()
        self._saved = self._state.seq
        self._trusted = not stored
        self._is_kept = True
        """Whether the last state that was to be kept could be."""

    @property
    def limitation(self) -> None:
        """None: it always holds everything."""
        return

    def refresh(self) -> None:
        """Catch up with the change log; other threads wait, for they must see what was written before they asked."""
        if self._trusted and self._changes.last_seq() == self._state.seq:
            return
        with self._lock:
            self._catch_up()
            if not self._trusted and not self._matches_database():
                self._reset("it is of another database")
                self._catch_up()
            self._trusted = True
            self._save(MAX_UNSAVED_CHANGES)

    def close(self) -> None:
        """Save the state if enough has changed."""
        with self._lock:
            self._save(MAX_UNSAVED_CHANGES // 4)

    def forget_removed(self) -> None:
        """Leave nothing of removed passages in memory or in files, other than what other processes hold in memory.

        Files that cannot be rewritten are removed. Raises Unavailable if that fails, too.
        """
        self.refresh()
        with self._lock:
            self._drop_removed()
            while self._path and not self._keep(rewrite=True):
                self._drop_removed()
            if self._path is None or self._is_kept:
                return
            self._saved = 0
            if not snapshot.remove(self._path):
                raise Unavailable(
                    f"the index beside {self._path} can be neither rewritten nor deleted, so its files still hold "
                    "terms and vectors of what was removed; delete them, or erase again"
                )

    @property
    def storage_note(self) -> str | None:
        """Why the index is in the memory of each process alone; None: it is shared."""
        if self._path is None or (self._is_kept and os.access(self._path.parent, os.W_OK)):
            return None
        return f"the index cannot be stored in {self._path.parent}, so each process holds it in memory"

    def words(self, gains: Mapping[int, int], visible: VisibilityFilter, limit: int) -> list[int]:
        """Candidates by BM25 over the terms."""
        term_ids = np.array(sorted(gains), np.uint64)
        importance = np.array([gains[int(term)] for term in term_ids], np.float32)
        segments = [segment for segment in self._state.segments if segment.may_show(visible)]
        return _top_ids(segments, lambda segment: segment.scores(term_ids, importance, visible), limit)

    def meaning(self, vector: Vector, visible: VisibilityFilter, limit: int) -> list[int]:
        """Candidates by the signs of their vectors, the nearest thousands ranked by the vectors in bytes."""
        segments = [segment for segment in self._state.segments if segment.may_show(visible)]
        sketch = binary_sketch(vector)
        distances = [segment.distances(sketch, visible) for segment in segments]
        border = _distance_limit(distances, limit * OVERSAMPLING)
        ids, scores = [], []
        for segment, hamming in zip(segments, distances, strict=True):
            rows = np.flatnonzero(hamming <= border)
            ids.append(segment.ids[rows])
            scores.append(segment.similarities(rows, vector))
        return _rank_ids(ids, scores, limit)

    def _catch_up(self) -> None:
        newest = self._changes.last_seq()
        if newest < self._state.seq:
            self._reset("the database was set back")
        state = self._state
        while state.seq < newest and (changes := self._changes.changes(state.seq, CHANGES_PER_READ)):
            # A changed passage keeps its number but may have another vector, so older copies are removed.
            state = state.after(Segment.of(changes, self._model), [change.id for change in changes])
        self._state = IndexState(state.segments, max(state.seq, newest))

    def _reset(self, reason: str) -> None:
        _log.warning("rebuilding the local index: %s", reason)
        self._state, self._saved = IndexState(), 0
        if self._path:
            snapshot.remove(self._path)

    def _matches_database(self) -> bool:
        """Return whether a sample of passages has the same checksums in the database."""
        segments = self._state.segments
        sampled = {
            int(segment.ids[row]): int(segment.checks[row])
            for segment in segments
            for row in np.flatnonzero(~segment.dead)[:: -max(1, len(segment) * len(segments) // SAMPLE_SIZE)]
        }
        stored = self._changes.get(list(sampled))
        return all(number in stored and checksum(stored[number]) == expected for number, expected in sampled.items())

    def _drop_removed(self) -> None:
        segments = (Segment.merged([segment]) if segment.dead.any() else segment for segment in self._state.segments)
        self._state = IndexState(tuple(segment for segment in segments if len(segment)), self._state.seq)

    def _save(self, unsaved: int) -> None:
        if self._path and self._state.seq - self._saved >= unsaved:
            self._keep()

    def _keep(self, *, rewrite: bool = False) -> bool:
        """Keep the state; from then on its arrays are those that all processes share.

        False: another process was further, and its state is ours now.
        """
        assert self._path
        state = self._state
        stored = snapshot.save(self._path, self._model, state.segments, state.seq, rewrite=rewrite)
        self._is_kept, self._saved = stored is not None, state.seq
        if stored is None:
            return True
        segments, self._saved = stored
        self._state = IndexState(segments, self._saved)
        if self._saved == state.seq:
            return True
        if not self._matches_database():
            self._reset("what another process stored is of another database")
        self._catch_up()
        return False


def _compact(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Merge each segment into the one before it unless that is much larger, and leave out removed passages."""
    compacted: list[Segment] = []
    for segment in segments:
        parts = [segment] if segment.living else []
        while (
            parts
            and compacted
            and len(compacted[-1]) <= 2 * sum(map(len, parts))
            and _fits_one_segment([compacted[-1], *parts])
        ):
            parts.insert(0, compacted.pop())
        if len(parts) > 1 or (parts and 2 * segment.living < len(segment)):
            parts = [Segment.merged(parts)]
        compacted.extend(parts)
    return tuple(compacted)


def _fits_one_segment(parts: Sequence[Segment]) -> bool:
    return sum(part.living for part in parts) <= MAX_ROWS


def _top_ids(segments: Sequence[Segment], scored: Callable[[Segment], Vector], limit: int) -> list[int]:
    """Return the ids of the best rows; rows that score 0 are left out."""
    ids: list[npt.NDArray[np.int64]] = []
    best_scores: list[Vector] = []
    floor = np.float32(0)
    for segment in segments:
        scores = scored(segment)
        rows = np.flatnonzero((scores > 0) & (scores >= floor))
        if len(rows) > limit:
            rows = _best_rows(rows, scores[rows], limit)
        ids.append(segment.ids[rows])
        best_scores.append(scores[rows])
        if sum(map(len, best_scores)) >= limit:
            floor = np.partition(np.concatenate(best_scores), -limit)[-limit]
    return _rank_ids(ids, best_scores, limit)


def _best_rows(rows: npt.NDArray[np.intp], scores: Vector, limit: int) -> npt.NDArray[np.intp]:
    """Return the rows with the highest scores; of those that equal the last one, the first."""
    border = np.partition(scores, -limit)[-limit]
    better, equal = rows[scores > border], rows[scores == border]
    return np.concatenate((better, equal[: limit - len(better)]))


def _distance_limit(distances: Sequence[npt.NDArray[np.uint16]], count: int) -> int:
    """Return the distance within which `count` rows lie, or all rows if there are fewer."""
    if not distances:
        return 0
    nearest = np.concatenate(
        [np.partition(column, count - 1)[:count] if len(column) > count else column for column in distances]
    )
    if len(nearest) >= count:
        nearest = np.partition(nearest, count - 1)[:count]
    return min(int(nearest.max(initial=0)), int(NO_DISTANCE) - 1)


def _rank_ids(ids: Sequence[npt.NDArray[np.int64]], scores: Sequence[Vector], limit: int) -> list[int]:
    """Return the ids by descending score; ties go to the smaller id."""
    if not ids:
        return []
    numbers, values = np.concatenate(ids), np.concatenate(scores)
    if len(values) > limit:
        best = np.flatnonzero(values >= np.partition(values, -limit)[-limit])
        numbers, values = numbers[best], values[best]
    ranked: list[int] = numbers[np.lexsort((numbers, -values))[:limit]].tolist()
    return ranked
