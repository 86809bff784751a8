"""How well OnRecall recalls on a task, beside BM25, a sentence model, their fusion and a recipe; all in one run.

What is measured is the product itself: a store, the local index and `Retriever`, as they answer everywhere else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from onrecall.benchmarks import baselines
from onrecall.benchmarks import beir as task
from onrecall.benchmarks import ir_metrics as measures
from onrecall.benchmarks.beir import Task
from onrecall.benchmarks.first_answers import AnswerQuality, measure_answers
from onrecall.benchmarks.ir_metrics import Difference
from onrecall.benchmarks.novelty import BaselineScores
from onrecall.benchmarks.prior import PublicAnswer, ask_twice
from onrecall.benchmarks.task_memory import Progress, ignore_progress, task_memory
from onrecall.benchmarks.task_pairs import PublicTask
from onrecall.calibration import prior
from onrecall.domain.situation import Situation
from onrecall.retrieval import Retriever
from onrecall.retrieval.embeddings import Embedder

Ranked = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class SystemScore:
    """How well one system does; `low` and `high` bound its nDCG@10 with 95 % confidence."""

    name: str
    ndcg_at_10: float
    recall_at_1: float
    recall_at_3: float
    recall_at_10: float
    mrr: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """The best match of a query: how good, how far before the second, and whether it is right (None: nothing is)."""

    query: str
    top_score: float
    margin: float
    correct: bool | None


@dataclass(frozen=True, slots=True)
class RecallReport:
    """A task's outcome."""

    task: str
    queries: int
    documents: int
    systems: tuple[SystemScore, ...]
    tests: tuple[Difference, ...]
    scores: tuple[Score, ...]
    baseline_scores: dict[str, tuple[Score, ...]]
    """The best matches of the other systems, on their own scales."""
    answers: AnswerQuality | None
    """What the first answers are worth by the shipped prior; each question is asked again without its right documents.

    None where nothing is judged.
    """
    novelty: Mapping[str, float | None]
    """For the other systems, how often a question's best score is above that of one without its right documents."""


def run(
    folder: Path,
    embedder: Embedder | None,
    corpus: Path | None = None,
    progress: Progress | None = None,
    asking: Embedder | None = None,
) -> RecallReport:
    """Measure a task; the corpus may come from another task's folder. `asking` is the model as questions have it."""
    benchmark = task.read(folder, corpus)
    report_progress = progress or ignore_progress
    with task_memory(benchmark, embedder, asking, report_progress) as recall:
        ours = _rank(benchmark, recall, report_progress)
        answers = list(ask_twice(PublicTask(benchmark, "given", benchmark.name), recall))
    rivals = BaselineScores.of(benchmark, embedder)
    rankings = {"onrecall": ours}
    for name, table in rivals.tables().items():
        rankings[name] = [best_documents(benchmark, row, scores) for row, scores in enumerate(table)]
    systems, tests = _judge(benchmark, rankings) if benchmark.right else ((), ())
    return RecallReport(
        task=benchmark.name,
        queries=len(benchmark.queries),
        documents=len(benchmark.corpus),
        systems=systems,
        tests=tests,
        scores=_scores(benchmark, ours),
        baseline_scores={name: _scores(benchmark, ranked) for name, ranked in rankings.items() if name != "onrecall"},
        answers=_answer_quality(answers, embedder),
        novelty=rivals.novelty() if benchmark.right else {},
    )


def _rank(benchmark: Task, recall: Retriever, report_progress: Progress) -> list[Ranked]:
    ranked: list[Ranked] = []
    for n, query in enumerate(benchmark.queries, start=1):
        evidence = recall.recall(Situation(query.text, exclude=query.exclude), measures.DEPTH)
        ranked.append([(item.id, item.score) for item in evidence])
        report_progress("asking", n, len(benchmark.queries))
    return ranked


def _judge(
    benchmark: Task, rankings: Mapping[str, Sequence[Ranked]]
) -> tuple[tuple[SystemScore, ...], tuple[Difference, ...]]:
    """Return the figures of each system, and how ours compares with each of the others."""
    gains = {
        name: [
            measures.ndcg([document for document, _ in rows], right)
            for rows, right in _judged_rankings(benchmark, ranked)
        ]
        for name, ranked in rankings.items()
    }
    systems = tuple(_system(benchmark, name, ranked, gains[name]) for name, ranked in rankings.items())
    others = [name for name in rankings if name != "onrecall"]
    return systems, tuple(measures.compare(("onrecall", name), gains["onrecall"], gains[name]) for name in others)


def _answer_quality(answers: Sequence[PublicAnswer], embedder: Embedder | None) -> AnswerQuality | None:
    if not answers:
        return None
    model = prior.load_shipped().with_meaning if embedder else prior.load_shipped().by_words
    return measure_answers(answers, np.array([model.probability(answer.ranking) for answer in answers]))


def best_documents(benchmark: Task, row: int, scores: baselines.Scores) -> Ranked:
    """The best documents of one question, with their scores."""
    exclude = benchmark.queries[row].exclude
    order = np.argsort(-scores, kind="stable")[: measures.DEPTH + len(exclude)].tolist()
    ranked = [(benchmark.corpus[place].id, float(scores[place])) for place in order]
    return [document for document in ranked if document[0] not in exclude][: measures.DEPTH]


def _judged_rankings(benchmark: Task, ranked: Sequence[Ranked]) -> Iterator[tuple[Ranked, dict[str, float]]]:
    for query, rows in zip(benchmark.queries, ranked, strict=True):
        if query.id in benchmark.right:
            yield rows, dict(benchmark.right[query.id])


def _system(benchmark: Task, name: str, ranked: Sequence[Ranked], gains: Sequence[float]) -> SystemScore:
    judged = [([document for document, _ in rows], right) for rows, right in _judged_rankings(benchmark, ranked)]
    at = {within: float(np.mean([measures.recall_at(*pair, within) for pair in judged])) for within in (1, 3, 10)}
    mrr = float(np.mean([measures.reciprocal_rank(*pair) for pair in judged]))
    sure = measures.bootstrap_interval(gains)
    return SystemScore(name, sure.mean, at[1], at[3], at[10], mrr, sure.low, sure.high)


def _scores(benchmark: Task, ranked: Sequence[Ranked]) -> tuple[Score, ...]:
    scores = []
    for query, rows in zip(benchmark.queries, ranked, strict=True):
        first, second = ([score for _, score in rows] + [0.0, 0.0])[:2]
        right = benchmark.right.get(query.id)
        scores.append(Score(query.id, first, first - second, (bool(rows) and rows[0][0] in right) if right else None))
    return tuple(scores)
