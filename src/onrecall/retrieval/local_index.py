"""The index in this process: a few runs of arrays in memory that follow the database's change log."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onrecall.retrieval import snapshot
from onrecall.retrieval.index import ChangeLog, Vector, Visible
from onrecall.retrieval.postings import ROWS
from onrecall.retrieval.segment import FAR, Segment, check, signs

AT_ONCE = 8192
"""Changes read at a time."""
UNSAVED = 4096
"""Changes that a restart may have to read again: a moment's work."""
WIDE = 4
"""Candidates by signs alone for each one asked for; the better measure then picks among them."""
SAMPLE = 64

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """All passages up to a place in the change log."""

    segments: tuple[Segment, ...] = ()
    seq: int = 0

    def after(self, fresh: Segment, gone: Sequence[int]) -> "State":
        """The state after some more changes."""
        segments = self.segments
        if gone:
            leaving = np.array(sorted(gone), np.int64)
            segments = tuple(segment.without(leaving) for segment in segments)
        return State(_tidy((*segments, fresh)), fresh.last)

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
        self._state = State(*stored) if stored else State()
        self._saved = self._state.seq
        self._trusted = not stored

    def refresh(self) -> None:
        """Catch up with the change log; other threads wait, for they must see what was written before they asked."""
        if self._trusted and self._changes.last_seq() == self._state.seq:
            return
        with self._lock:
            self._catch_up()
            if not self._trusted and not self._genuine():
                self._begin_anew("it is of another database")
                self._catch_up()
            self._trusted = True
            self._save(UNSAVED)

    def close(self) -> None:
        """Keep what was learned, where it is worth the while."""
        with self._lock:
            self._save(UNSAVED // 4)

    def words(self, terms: Mapping[int, float], visible: Visible, limit: int) -> list[int]:
        """Candidates by BM25 over the terms."""
        state = self._state
        wanted = np.array(sorted(terms), np.uint64)
        having = sum((segment.words.counts(wanted) for segment in state.segments), np.zeros(len(wanted), np.int64))
        rarity = np.log1p((len(state) - having + 0.5) / (having + 0.5))
        importance = (rarity * [terms[int(term)] for term in wanted]).astype(np.float32)
        return _best(state.segments, lambda segment: segment.scores(wanted, importance, visible), limit)

    def meaning(self, vector: Vector, visible: Visible, limit: int) -> list[int]:
        """Candidates by the signs of their vectors, the nearest few ranked by the vector itself against those signs."""
        segments, wanted = self._state.segments, signs(vector)
        distances = [segment.distances(wanted, visible) for segment in segments]
        border = _border(distances, limit * WIDE)
        ids, likeness = [], []
        for segment, far in zip(segments, distances, strict=True):
            rows = np.flatnonzero(far <= border)
            ids.append(segment.ids[rows])
            likeness.append(segment.likeness(rows, vector))
        return _ranked(ids, likeness, limit)

    def _catch_up(self) -> None:
        newest = self._changes.last_seq()
        if newest < self._state.seq:
            self._begin_anew("the database was set back")
        state = self._state
        while state.seq < newest and (found := self._changes.changes(state.seq, AT_ONCE)):
            # What came anew is another now: the same number may stand for another vector.
            state = state.after(Segment.of(found, self._model), [change.id for change in found])
        self._state = State(state.segments, max(state.seq, newest))

    def _begin_anew(self, reason: str) -> None:
        _log.warning("rebuilding the local index: %s", reason)
        self._state, self._saved = State(), 0
        if self._path:
            snapshot.remove(self._path)

    def _genuine(self) -> bool:
        """Whether passages picked from all over are in the database as they are here."""
        segments = self._state.segments
        known = {
            int(segment.ids[row]): int(segment.checks[row])
            for segment in segments
            for row in np.flatnonzero(~segment.dead)[:: -max(1, len(segment) * len(segments) // SAMPLE)]
        }
        there = self._changes.passages(list(known))
        return all(number in there and check(there[number]) == wanted for number, wanted in known.items())

    def _save(self, unsaved: int) -> None:
        state = self._state
        if self._path and state.seq - self._saved >= unsaved:
            snapshot.save(self._path, self._model, state.segments, state.seq)
            self._saved = state.seq


def _tidy(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Few segments: one is merged into that before it while that is not much bigger, and what is gone is left out."""
    kept: list[Segment] = []
    for segment in segments:
        parts = [segment] if segment.living else []
        while parts and kept and len(kept[-1]) <= 2 * sum(map(len, parts)) and _fit([kept[-1], *parts]):
            parts.insert(0, kept.pop())
        if len(parts) > 1 or (parts and 2 * segment.living < len(segment)):
            parts = [Segment.merged(parts)]
        kept.extend(parts)
    return tuple(kept)


def _fit(parts: Sequence[Segment]) -> bool:
    return sum(part.living for part in parts) <= ROWS


def _best(segments: Sequence[Segment], scored: Callable[[Segment], Vector], limit: int) -> list[int]:
    """The ids of the rows that score best, those that score nothing left out."""
    ids: list[npt.NDArray[np.int64]] = []
    found: list[Vector] = []
    floor = np.float32(0)
    for segment in segments:
        scores = scored(segment)
        rows = np.flatnonzero(scores > floor)
        if len(rows) > limit:
            rows = rows[np.argpartition(scores[rows], -limit)[-limit:]]
        ids.append(segment.ids[rows])
        found.append(scores[rows])
        if sum(map(len, found)) >= limit:
            floor = np.partition(np.concatenate(found), -limit)[-limit]
    return _ranked(ids, found, limit)


def _border(distances: Sequence[npt.NDArray[np.uint16]], many: int) -> int:
    """The distance within which there are so many rows, or all."""
    if not distances:
        return 0
    nearest = np.concatenate([np.partition(one, many - 1)[:many] if len(one) > many else one for one in distances])
    if len(nearest) >= many:
        nearest = np.partition(nearest, many - 1)[:many]
    return min(int(nearest.max(initial=0)), int(FAR) - 1)


def _ranked(ids: Sequence[npt.NDArray[np.int64]], scores: Sequence[Vector], limit: int) -> list[int]:
    """The ids by falling score, of equal ones the earlier first."""
    if not ids:
        return []
    numbers, values = np.concatenate(ids), np.concatenate(scores)
    found: list[int] = numbers[np.lexsort((numbers, -values))[:limit]].tolist()
    return found
