"""Whether a system's best score tells what it holds from what it does not: new in the same domain, and foreign."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from onrecall.benchmarks import baselines, recipe
from onrecall.benchmarks.baselines import Scores
from onrecall.benchmarks.beir import Task
from onrecall.calibration import reliability
from onrecall.calibration.metrics import Floats
from onrecall.retrieval.embeddings import Embedder

PASS_RATE = 0.9
"""A threshold is set so that this share of the right first answers pass."""
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BaselineScores:
    """What the systems beside ours score; a row for each question, a column for each document of the task."""

    task: Task
    bm25: Scores
    minilm: Scores | None
    signals: tuple[Scores, ...]
    """Those of the recipe; none without a sentence model."""

    @classmethod
    def of(cls, task: Task, embedder: Embedder | None) -> "BaselineScores":
        """Score every document for every question."""
        if embedder is None:
            return cls(task, baselines.bm25(task), None, ())
        return cls(task, baselines.bm25(task), baselines.cosine(task, embedder), recipe.signals(task, embedder))

    def tables(self, hidden: Mask | None = None) -> dict[str, Scores]:
        """Each system's scores as if the hidden documents were not there: these have the least score of all."""
        mask = np.zeros(self.bm25.shape, bool) if hidden is None else hidden
        scores_by_system = {"bm25": _mask_scores(self.bm25, mask)}
        if self.minilm is not None:
            scores_by_system["minilm"] = _mask_scores(self.minilm, mask)
            scores_by_system["rrf"] = _mask_scores(
                baselines.reciprocal_rank_fusion(scores_by_system["bm25"], scores_by_system["minilm"]), mask
            )
            scores_by_system["recipe"] = recipe.combine(self.signals, mask)
        return scores_by_system

    def novelty(self) -> dict[str, float | None]:
        """How often a question's best score is above that of one whose right documents are taken out."""
        rows = [row for row, query in enumerate(self.task.queries) if query.id in self.task.right]
        truths = [True] * len(rows) + [False] * len(rows)
        as_asked = self.tables(self._hidden(right=False))
        removed = self.tables(self._hidden(right=True))
        return {
            name: reliability.auroc(
                [*_best_scores(as_asked[name])[rows], *_best_scores(removed[name])[rows]], truths
            ).value
            for name in as_asked
        }

    def foreign_passes(self, foreign: Sequence[Task], embedder: Embedder | None) -> dict[str, float]:
        """For each system the share of foreign questions above the score that most right first answers reach."""
        queries = tuple(query for task in foreign for query in task.queries)
        if not queries:
            return {}
        strange = BaselineScores.of(replace(self.task, queries=queries, right={}), embedder).tables()
        as_asked = self.tables(self._hidden(right=False))
        return {
            name: passes(self._right_scores(as_asked[name]), _best_scores(table), len(queries))
            for name, table in strange.items()
        }

    def _hidden(self, *, right: bool) -> Mask:
        """What may not answer a question: the question itself, and on demand what is right."""
        column = {entry.id: place for place, entry in enumerate(self.task.corpus)}
        mask = np.zeros(self.bm25.shape, bool)
        for row, query in enumerate(self.task.queries):
            names = query.exclude | (self.task.right.get(query.id, {}).keys() if right else frozenset())
            mask[row, [column[name] for name in names if name in column]] = True
        return mask

    def _right_scores(self, table: Scores) -> Floats:
        firsts = (self.task.corpus[place].id for place in np.argmax(table, axis=1).tolist())
        right = [
            name in self.task.right.get(query.id, ()) for name, query in zip(firsts, self.task.queries, strict=True)
        ]
        right_scores: Floats = _best_scores(table)[np.array(right, bool)]
        return right_scores


def passes(right: Floats, foreign: Floats, questions: int) -> float:
    """The share of foreign questions whose score reaches what `PASS_RATE` of the right ones reach; 1 if none is right.

    A question that nothing at all was recalled for has no score and does not pass.
    """
    return float((foreign >= np.quantile(right, 1 - PASS_RATE)).sum()) / questions if len(right) else 1.0


def _mask_scores(table: Scores, mask: Mask) -> Scores:
    return np.where(mask, -np.inf, table).astype(np.float32)


def _best_scores(table: Scores) -> Floats:
    best: Floats = table.max(axis=1).astype(np.float64)
    return best
