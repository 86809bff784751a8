"""Fit the ranker's few weights on public tasks; each task is measured with weights that were chosen on the others."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from onrecall.benchmarks import ir_metrics
from onrecall.benchmarks.ir_metrics import Difference
from onrecall.benchmarks.public_tasks import read_tasks
from onrecall.benchmarks.task_memory import Progress, ignore_progress, task_memory
from onrecall.benchmarks.task_pairs import PublicTask
from onrecall.calibration.metrics import Floats
from onrecall.domain.situation import Situation
from onrecall.retrieval.embeddings import Embedder
from onrecall.retrieval.fusion import SHIPPED_RANKER, Ranker

CANDIDATES = 60
"""Candidates of a question that may change places."""
LENGTHS, OVERLAPS, WORDS = (0.0, 0.03, 0.06, 0.09), (0.0, 0.5, 1.0, 1.5), (0.0, 0.1, 0.2, 0.3)
"""The weights that are tried. They are bounded so that an order never goes far from the match that is shown with it."""
GRID = tuple(Ranker(*weights) for weights in itertools.product(LENGTHS, OVERLAPS, WORDS))
UNRANKED = Ranker(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class RankedQuestion:
    """A question's candidates as columns, best match first, with what each is worth."""

    ids: tuple[str, ...]
    terms: int
    strength: Floats
    words: Floats
    overlap: Floats
    length: Floats
    right: Mapping[str, float]

    def ndcg(self, ranker: Ranker) -> float:
        """nDCG@10 in the ranker's order; equals go by id, as they do everywhere."""
        ranks = ranker.rank(self.strength, self.words, self.overlap, self.length, self.terms)
        order = sorted(range(len(self.ids)), key=lambda place: (-round(float(ranks[place]), 9), self.ids[place]))
        return ir_metrics.ndcg([self.ids[place] for place in order], self.right)


@dataclass(frozen=True, slots=True)
class RankedTask:
    """What one task gains by a ranker that was chosen without it."""

    name: str
    kind: str
    source: str
    questions: int
    by_match: float
    """nDCG@10 in the order of the match score."""
    left_task_out: float
    left_source_out: float
    shipped: float


@dataclass(frozen=True, slots=True)
class RankerReport:
    """The weights that all tasks together choose, and what a ranker is worth on tasks that it was not chosen on."""

    chosen: Ranker
    tasks: tuple[RankedTask, ...]
    macro: RankedTask
    tests: tuple[Difference, ...]
    """Against the order of the match, question by question, each task weighing the same."""


def run(folder: Path, embedder: Embedder | None, progress: Progress = ignore_progress) -> RankerReport:
    """Fit and measure on the public text in a folder and the example history."""
    tasks = read_tasks(folder)
    return measure(tasks, {task.name: list(_questions(task, embedder)) for task in _report_tasks(tasks, progress)})


def measure(tasks: Sequence[PublicTask], questions: Mapping[str, Sequence[RankedQuestion]]) -> RankerReport:
    """Choose the weights on all tasks, and for each task on those without it; `questions` are by task name."""
    table = {
        name: np.array([[question.ndcg(ranker) for ranker in GRID] for question in task_questions])
        for name, task_questions in questions.items()
    }
    base = GRID.index(UNRANKED)
    by_task = {
        task.name: _choose(table, [other_task.name for other_task in tasks if other_task is not task]) for task in tasks
    }
    by_source = {
        task.name: _choose(table, [other_task.name for other_task in tasks if other_task.source != task.source])
        for task in tasks
    }
    shipped = {
        name: [question.ndcg(SHIPPED_RANKER) for question in task_questions]
        for name, task_questions in questions.items()
    }
    rows = [
        RankedTask(
            task.name,
            task.kind,
            task.source,
            len(table[task.name]),
            float(table[task.name][:, base].mean()),
            float(table[task.name][:, by_task[task.name]].mean()),
            float(table[task.name][:, by_source[task.name]].mean()),
            float(np.mean(shipped[task.name])),
        )
        for task in tasks
    ]
    tests = [
        ir_metrics.compare_tasks((name, "match"), _column(table, chosen), _column(table, dict.fromkeys(table, base)))
        for name, chosen in (("one task left out", by_task), ("one source left out", by_source))
    ]
    return RankerReport(GRID[_choose(table, list(table))], tuple(rows), _macro(rows), tuple(tests))


def _report_tasks(tasks: Sequence[PublicTask], progress: Progress) -> Iterator[PublicTask]:
    for number, task in enumerate(tasks, start=1):
        yield task
        progress("tasks", number, len(tasks))


def _questions(public: PublicTask, embedder: Embedder | None) -> Iterator[RankedQuestion]:
    with task_memory(public.task, embedder, embedder, ignore_progress) as recall:
        for query in public.task.queries:
            terms, candidates = recall.signals(Situation(query.text, exclude=query.exclude), CANDIDATES)
            columns = [(signals.strength, signals.words, signals.overlap, signals.length) for _, signals in candidates]
            table = np.array(columns, np.float64).reshape(len(columns), 4)
            strength, words, overlap, length = table.T
            ids, right = tuple(name for name, _ in candidates), public.task.right[query.id]
            yield RankedQuestion(ids, terms, strength, words, overlap, length, right)


def _choose(table: Mapping[str, Floats], names: Sequence[str]) -> int:
    """The weights with the best mean over these tasks, each task weighing the same."""
    return int(np.mean([table[name].mean(axis=0) for name in names], axis=0).argmax())


def _macro(rows: Sequence[RankedTask]) -> RankedTask:
    figures = np.mean([(row.by_match, row.left_task_out, row.left_source_out, row.shipped) for row in rows], axis=0)
    return RankedTask("macro mean", "", "", sum(row.questions for row in rows), *map(float, figures))


def _column(table: Mapping[str, Floats], chosen: Mapping[str, int]) -> dict[str, Floats]:
    """Each task's nDCG@10, question by question, with the weights chosen for it."""
    return {name: rows[:, chosen[name]] for name, rows in table.items()}
